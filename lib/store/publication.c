/* The repository's CA certificates and CRLs. */
#include "lib/store/publication.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

static const char *const kind_ids[PUBLICATION_KIND_COUNT] = {
    [PUBLICATION_CERTIFICATE] = "certificate",
    [PUBLICATION_CRL] = "crl",
};

static enum err replaceable(
    const struct publication_row *before, const struct publication_row *row, bool *ret_same);
static enum err row_write(struct store *store, const struct publication_row *row);
enum { PUBLICATIONS_MAX = 256 };

static enum err row_read(struct query *query, struct arena *arena, void *row);
static enum err whole_row_read(struct query *query, struct arena *arena, void *row);

int64_t publication_age_percent(const struct publication_row *row, int64_t now)
{
    int64_t life = row->next_update - row->this_update;
    int64_t age = now - row->this_update;
    return life <= 0 ? 100 : age <= 0 ? 0 : age * 100 / life;
}

enum err store_publication_put(
    struct store *store, const struct act *act, const struct publication_row *row)
{
    struct publication_row before = { 0 };
    bool same = false;
    AUTO(arena) arena = arena_make(FILE_MAX_BYTES);
    enum err err = store_publication_get(store, row->kind, row->name, &arena, &before);
    if (err == OK) {
        TRY(replaceable(&before, row, &same));
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (same) {
        return OK;
    }
    TRY(row_write(store, row));
    char detail[64];
    snprintf(detail, sizeof detail, "%s %lld", kind_ids[row->kind], (long long)row->number);
    return store_audit_add(store, act, "publication.put", row->name, detail);
}

static enum err replaceable(
    const struct publication_row *before, const struct publication_row *row, bool *ret_same)
{
    *ret_same = span_equal(before->der, row->der);
    bool older = row->kind == PUBLICATION_CRL && row->number <= before->number;
    return older && !*ret_same ? ERR_CONFLICT : OK;
}

static enum err row_write(struct store *store, const struct publication_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO publication (name, kind, der, number, this_update, next_update)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET der = excluded.der,"
        " number = excluded.number, this_update = excluded.this_update,"
        " next_update = excluded.next_update");
    bind_text(&query, row->name);
    bind_text(&query, kind_ids[row->kind]);
    bind_bytes(&query, row->der);
    bind_int64(&query, row->number);
    bind_int64(&query, row->this_update);
    bind_int64(&query, row->next_update);
    return query_run(&query);
}

enum err store_publication_get(struct store *store, enum publication_kind kind, const char *name,
    struct arena *arena, struct publication_row *ret_row)
{
    struct publication_row row = { 0 };
    AUTO(query) query = query_read(store,
        "SELECT name, kind, number, this_update, next_update, der FROM publication"
        " WHERE kind = ? AND name = ?");
    bind_text(&query, kind_ids[kind]);
    bind_text(&query, name);
    TRY(query_row(&query));
    TRY(row_read(&query, arena, &row));
    TRY(column_bytes(&query, 5, arena, &row.der));
    *ret_row = row;
    return OK;
}

enum err store_publication_number(
    struct store *store, enum publication_kind kind, const char *name, int64_t *ret_number)
{
    AUTO(query) query =
        query_read(store, "SELECT number FROM publication WHERE kind = ? AND name = ?");
    bind_text(&query, kind_ids[kind]);
    bind_text(&query, name);
    TRY(query_row(&query));
    *ret_number = column_int64(&query, 0);
    return OK;
}

enum err store_publication_list(
    struct store *store, struct arena *arena, struct publication_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT name, kind, number, this_update, next_update FROM publication"
                          " ORDER BY kind, name");
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = PUBLICATIONS_MAX, .read = row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

enum err store_publication_certificates(
    struct store *store, struct arena *arena, struct publication_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT name, kind, number, this_update, next_update, der FROM publication"
        " WHERE kind = ? ORDER BY name");
    bind_text(&query, kind_ids[PUBLICATION_CERTIFICATE]);
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = PUBLICATIONS_MAX, .read = whole_row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err whole_row_read(struct query *query, struct arena *arena, void *row)
{
    struct publication_row *publication = row;
    TRY(row_read(query, arena, row));
    return column_bytes(query, 5, arena, &publication->der);
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct publication_row *publication = row;
    char kind[16];
    TRY(column_cstring(query, 0, publication->name, sizeof publication->name));
    TRY(column_cstring(query, 1, kind, sizeof kind));
    bool crl = strcmp(kind, kind_ids[PUBLICATION_CRL]) == 0;
    publication->kind = crl ? PUBLICATION_CRL : PUBLICATION_CERTIFICATE;
    publication->number = column_int64(query, 2);
    publication->this_update = column_int64(query, 3);
    publication->next_update = column_int64(query, 4);
    return OK;
}
