/* Blocked keys. */
#include "lib/store/blocked.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

enum err store_blocked_add(struct store *store, const struct act *act,
    const uint8_t spki_hash[HASH_BYTES], const char *reason)
{
    AUTO(query) query =
        query_write(store, "INSERT INTO blocked_key (spki_hash, reason, time) VALUES (?, ?, ?)"
                           " ON CONFLICT DO NOTHING RETURNING time");
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    bind_text(&query, reason);
    bind_int64(&query, act->time);
    enum err err = query_row(&query);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    return store_audit_add_id(store, act, "key.blocked", span_make(spki_hash, HASH_BYTES), reason);
}

enum err store_blocked_contains(
    struct store *store, const uint8_t spki_hash[HASH_BYTES], bool *ret_blocked)
{
    AUTO(query) query = query_read(store, "SELECT 1 FROM blocked_key WHERE spki_hash = ?");
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    enum err err = query_row(&query);
    if (err != OK && err != ERR_NOT_FOUND) {
        return err;
    }
    *ret_blocked = err == OK;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct blocked_row *blocked = row;
    TRY(column_fixed(query, 0, blocked->spki_hash, HASH_BYTES));
    TRY(column_cstring(query, 1, blocked->reason, sizeof blocked->reason));
    blocked->time = column_int64(query, 2);
    blocked->settled = column_int64(query, 3) != 0;
    return OK;
}

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct blocked_row **ret_rows, size_t *ret_count)
{
    struct query_list list = { .row_size = sizeof **ret_rows, .limit = limit, .read = row_read };
    void *rows = NULL;
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

enum err store_blocked_list(struct store *store, size_t from, size_t limit, struct arena *arena,
    struct blocked_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store, "SELECT spki_hash, reason, time, settled FROM blocked_key"
                                          " ORDER BY time DESC, spki_hash LIMIT -1 OFFSET ?");
    bind_int64(&query, (int64_t)from);
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_blocked_due(struct store *store, size_t limit, struct arena *arena,
    struct blocked_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store, "SELECT spki_hash, reason, time, settled FROM blocked_key"
                                          " WHERE settled = 0 ORDER BY time");
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_blocked_settle(
    struct store *store, const struct act *act, const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query =
        query_write(store, "UPDATE blocked_key SET settled = 1 WHERE spki_hash = ?");
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    TRY(query_change(&query));
    return store_audit_add_id(store, act, "key.settled", span_make(spki_hash, HASH_BYTES), "");
}

enum err store_blocked_again(struct store *store, const uint8_t spki_hash[HASH_BYTES])
{
    AUTO(query) query =
        query_write(store, "UPDATE blocked_key SET settled = 0 WHERE spki_hash = ?");
    bind_bytes(&query, span_make(spki_hash, HASH_BYTES));
    enum err err = query_change(&query);
    return err == ERR_NOT_FOUND ? OK : err;
}
