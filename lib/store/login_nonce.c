/* Nonces: rows that come and go without a trace in the audit; the log-in itself is audited. */
#include "lib/store/login_nonce.h"

#include "lib/store/query.h"

static enum err sweep(struct store *store, int64_t now);

enum err store_login_nonce_add(
    struct store *store, const uint8_t hash[HASH_BYTES], int64_t now, int64_t until)
{
    TRY(sweep(store, now));
    AUTO(query) query =
        query_write(store, "INSERT INTO login_nonce (hash, until_time) VALUES (?, ?)");
    bind_bytes(&query, span_make(hash, HASH_BYTES));
    bind_int64(&query, until);
    return query_run(&query);
}

enum err store_login_nonce_spend(struct store *store, const uint8_t hash[HASH_BYTES], int64_t now)
{
    AUTO(query) query =
        query_write(store, "DELETE FROM login_nonce WHERE hash = ? AND until_time > ?");
    bind_bytes(&query, span_make(hash, HASH_BYTES));
    bind_int64(&query, now);
    return query_change(&query);
}

static enum err sweep(struct store *store, int64_t now)
{
    AUTO(query) query = query_write(store, "DELETE FROM login_nonce WHERE until_time <= ?");
    bind_int64(&query, now);
    return query_run(&query);
}
