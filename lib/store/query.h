#pragma once
/* One use of one prepared statement: parameters are bound in their order, failures stick and are
 * returned by query_run or query_row, and the end of the scope resets the statement. */
#include "lib/base/arena.h"
#include "lib/store/connection.h"
#include "lib/store/store.h"

struct query {
    struct connection *connection;
    sqlite3_stmt *statement; /* NULL if it could not be prepared */
    int bound;
    enum err failed;
};

/* `sql` must be static. */
struct query query_on(struct connection *connection, const char *sql);
/* For reading: the thread's own connection, or the transaction's. */
struct query query_read(struct store *store, const char *sql);
/* For writing: asserts that `store` is a transaction's. */
struct query query_write(struct store *store, const char *sql);
void query_release(struct query *query);
AUTO_DEFINE(query, query_release)

void bind_int64(struct query *query, int64_t value);
/* The bytes must stay until query_run or query_row has been called. */
void bind_bytes(struct query *query, struct span bytes);
/* The same, but an empty span is NULL. */
void bind_bytes_or_null(struct query *query, struct span bytes);
void bind_text(struct query *query, const char *text);

/* Runs to the end. */
enum err query_run(struct query *query) MUST_USE;
/* query_run, and ERR_NOT_FOUND if no row was changed. */
enum err query_change(struct query *query) MUST_USE;
/* The next row, or ERR_NOT_FOUND if there is none. */
enum err query_row(struct query *query) MUST_USE;

int64_t column_int64(struct query *query, int column);
/* ERR_IO if the column's length is not `len`: the database is not ours. */
enum err column_fixed(struct query *query, int column, uint8_t *ret_bytes, size_t len) MUST_USE;
enum err column_cstring(struct query *query, int column, char *ret_text, size_t size) MUST_USE;
/* Empty for NULL. */
enum err column_bytes(
    struct query *query, int column, struct arena *arena, struct span *ret_bytes) MUST_USE;
enum err column_text(
    struct query *query, int column, struct arena *arena, const char **ret_text) MUST_USE;
bool column_is_null(struct query *query, int column);

/* Reads every row into one array in the arena. `read` is called with a zeroed element. */
struct query_list {
    size_t row_size;
    size_t limit;
    enum err (*read)(struct query *query, struct arena *arena, void *row);
};
enum err query_list(struct query *query, const struct query_list *list, struct arena *arena,
    void **ret_rows, size_t *ret_count) MUST_USE;
