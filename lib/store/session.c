/* Sessions: rows that come and go without a trace in the audit; the log-in itself is audited. */
#include "lib/store/session.h"
#include "lib/store/query.h"

enum { TOUCH_SECONDS = 30 };

static enum err row_read(struct query *query, struct session_row *ret_row);

enum err store_session_insert(
    struct store *store, const uint8_t token_hash[HASH_BYTES], const struct session_row *row)
{
    AUTO(query) query =
        query_write(store, "INSERT INTO session (token_hash, enrolment, created, seen, language,"
                           " spki_hash) VALUES (?, ?, ?, ?, ?, ?)");
    bind_bytes(&query, span_make(token_hash, HASH_BYTES));
    bind_bytes(&query, SPAN_OF(row->enrolment));
    bind_int64(&query, row->created);
    bind_int64(&query, row->seen);
    bind_text(&query, row->language);
    bind_bytes_or_null(&query, span_make(row->spki_hash, row->has_key ? HASH_BYTES : 0));
    return query_run(&query);
}

enum err store_session_get(struct store *store, const uint8_t token_hash[HASH_BYTES], int64_t now,
    struct session_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT enrolment, created, seen, language, spki_hash FROM session"
                          " WHERE token_hash = ? AND seen > ? AND created > ?");
    bind_bytes(&query, span_make(token_hash, HASH_BYTES));
    bind_int64(&query, now - SESSION_IDLE_SECONDS);
    bind_int64(&query, now - SESSION_LIFE_SECONDS);
    TRY(query_row(&query));
    return row_read(&query, ret_row);
}

static enum err row_read(struct query *query, struct session_row *ret_row)
{
    struct session_row row = { 0 };
    TRY(column_fixed(query, 0, row.enrolment, sizeof row.enrolment));
    row.created = column_int64(query, 1);
    row.seen = column_int64(query, 2);
    TRY(column_cstring(query, 3, row.language, sizeof row.language));
    row.has_key = !column_is_null(query, 4);
    if (row.has_key) {
        TRY(column_fixed(query, 4, row.spki_hash, sizeof row.spki_hash));
    }
    *ret_row = row;
    return OK;
}

bool session_wants_touch(const struct session_row *row, int64_t now)
{
    return now - row->seen >= TOUCH_SECONDS;
}

enum err store_session_touch(struct store *store, const uint8_t token_hash[HASH_BYTES], int64_t now)
{
    AUTO(query) query = query_write(
        store, "UPDATE session SET seen = max(seen, ?) WHERE token_hash = ? AND seen > ?");
    bind_int64(&query, now);
    bind_bytes(&query, span_make(token_hash, HASH_BYTES));
    bind_int64(&query, now - SESSION_IDLE_SECONDS);
    return query_change(&query);
}

enum err store_session_last_seen(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t *ret_seen)
{
    AUTO(query) query = query_read(store, "SELECT max(seen) FROM session WHERE enrolment = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_row(&query));
    *ret_seen = column_is_null(&query, 0) ? 0 : column_int64(&query, 0);
    return OK;
}

enum err store_session_delete(struct store *store, const uint8_t token_hash[HASH_BYTES])
{
    AUTO(query) query = query_write(store, "DELETE FROM session WHERE token_hash = ?");
    bind_bytes(&query, span_make(token_hash, HASH_BYTES));
    return query_run(&query);
}

enum err store_session_sweep(struct store *store, int64_t now)
{
    AUTO(query) query = query_write(store, "DELETE FROM session WHERE seen <= ? OR created <= ?");
    bind_int64(&query, now - SESSION_IDLE_SECONDS);
    bind_int64(&query, now - SESSION_LIFE_SECONDS);
    return query_run(&query);
}
