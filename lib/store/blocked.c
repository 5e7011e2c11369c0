/* Blocked keys. */
#include "lib/store/blocked.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

enum err store_blocked_add(struct store *store, const struct act *act,
    const uint8_t spki_hash[HASH_BYTES], const char *reason)
{
    AUTO(query)
    query = query_write(store, "INSERT INTO blocked_key (spki_hash, reason, time) VALUES (?, ?, ?)"
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
