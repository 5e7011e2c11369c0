/* Budgets in fixed windows: one row a bucket, which begins anew with each window. */
#include "lib/store/throttle.h"
#include "lib/store/query.h"

enum err store_throttle_spend(struct store *store, const struct throttle *throttle, int64_t now)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO throttle (bucket, count, window) VALUES (?, 1, ?) ON CONFLICT (bucket)"
        " DO UPDATE SET count = CASE WHEN window = excluded.window THEN count + 1 ELSE 1 END,"
        " window = excluded.window WHERE window <> excluded.window OR count < ?"
        " RETURNING count");
    bind_text(&query, throttle->bucket);
    bind_int64(&query, now - now % throttle->window);
    bind_int64(&query, throttle->budget);
    enum err err = query_row(&query);
    return err == ERR_NOT_FOUND ? ERR_LIMIT : err;
}

enum err store_throttle_sweep(struct store *store, int64_t time)
{
    AUTO(query) query = query_write(store, "DELETE FROM throttle WHERE window < ?");
    bind_int64(&query, time);
    return query_run(&query);
}
