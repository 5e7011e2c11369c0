/* Binding, stepping and reading columns. */
#include "lib/store/query.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

static int bind_index(struct query *query);
static void bind_result(struct query *query, int result);
static enum err rows_grow(
    const struct query_list *list, struct arena *arena, void **rows, size_t *capacity);

struct query query_on(struct connection *connection, const char *sql)
{
    struct query query = { .connection = connection };
    query.failed = connection_statement(connection, sql, &query.statement);
    return query;
}

void query_release(struct query *query)
{
    if (query->statement != NULL) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
}

void bind_int64(struct query *query, int64_t value)
{
    int index = bind_index(query);
    if (index > 0) {
        bind_result(query, sqlite3_bind_int64(query->statement, index, value));
    }
}

void bind_bytes(struct query *query, struct span bytes)
{
    int index = bind_index(query);
    if (index > 0) {
        const void *data = bytes.len == 0 ? (const void *)"" : bytes.data;
        bind_result(
            query, sqlite3_bind_blob64(query->statement, index, data, bytes.len, SQLITE_STATIC));
    }
}

void bind_bytes_or_null(struct query *query, struct span bytes)
{
    if (bytes.len > 0) {
        bind_bytes(query, bytes);
    } else {
        (void)bind_index(query); /* what is never bound is NULL */
    }
}

void bind_text(struct query *query, const char *text)
{
    int index = bind_index(query);
    if (index > 0) {
        bind_result(query, sqlite3_bind_text64(query->statement, index, text, strlen(text),
                               SQLITE_STATIC, SQLITE_UTF8));
    }
}

/* 0 on a failed query. */
static int bind_index(struct query *query)
{
    return query->failed == OK ? ++query->bound : 0;
}

static void bind_result(struct query *query, int result)
{
    query->failed = connection_err(result);
}

enum err query_run(struct query *query)
{
    enum err err = query_row(query);
    while (err == OK) {
        err = query_row(query);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err query_change(struct query *query)
{
    TRY(query_run(query));
    return sqlite3_changes64(query->connection->database) > 0 ? OK : ERR_NOT_FOUND;
}

enum err query_row(struct query *query)
{
    TRY(query->failed);
    assert(query->bound == sqlite3_bind_parameter_count(query->statement));
    int result = sqlite3_step(query->statement);
    if (result == SQLITE_ROW) {
        return OK;
    }
    if (result == SQLITE_DONE) {
        return ERR_NOT_FOUND;
    }
    query->failed = connection_err(result);
    return query->failed;
}

int64_t column_int64(struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

enum err column_fixed(struct query *query, int column, uint8_t *ret_bytes, size_t len)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    if (bytes == NULL || (size_t)sqlite3_column_bytes(query->statement, column) != len) {
        return ERR_IO;
    }
    memcpy(ret_bytes, bytes, len);
    return OK;
}

enum err column_cstring(struct query *query, int column, char *ret_text, size_t size)
{
    const unsigned char *text = sqlite3_column_text(query->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
    if (text == NULL || len >= size) {
        return ERR_IO;
    }
    memcpy(ret_text, text, len + 1);
    return OK;
}

enum err column_bytes(struct query *query, int column, struct arena *arena, struct span *ret_bytes)
{
    const void *bytes = sqlite3_column_blob(query->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
    if (bytes == NULL || len == 0) {
        *ret_bytes = (struct span){ 0 };
        return OK;
    }
    struct span copy = arena_span(arena, span_make(bytes, len));
    if (copy.data == NULL) {
        return ERR_MEMORY;
    }
    *ret_bytes = copy;
    return OK;
}

enum err column_text(struct query *query, int column, struct arena *arena, const char **ret_text)
{
    const unsigned char *text = sqlite3_column_text(query->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(query->statement, column);
    const char *copy = arena_text(arena, span_make(text == NULL ? (const void *)"" : text, len));
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    *ret_text = copy;
    return OK;
}

bool column_is_null(struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

enum err query_list(struct query *query, const struct query_list *list, struct arena *arena,
    void **ret_rows, size_t *ret_count)
{
    void *rows = arena_alloc(arena, 0, list->row_size);
    size_t capacity = 0;
    size_t count = 0;
    while (count < list->limit) {
        enum err err = query_row(query);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        TRY(err);
        if (count == capacity) {
            TRY(rows_grow(list, arena, &rows, &capacity));
        }
        TRY(list->read(query, arena, (uint8_t *)rows + count * list->row_size));
        count++;
    }
    *ret_rows = rows;
    *ret_count = count;
    return OK;
}

/* Doubles; what was there stays behind in the arena. */
static enum err rows_grow(
    const struct query_list *list, struct arena *arena, void **rows, size_t *capacity)
{
    size_t larger = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = arena_alloc(arena, larger, list->row_size);
    if (grown == NULL) {
        return ERR_MEMORY;
    }
    if (*capacity > 0) {
        memcpy(grown, *rows, *capacity * list->row_size);
    }
    *rows = grown;
    *capacity = larger;
    return OK;
}
