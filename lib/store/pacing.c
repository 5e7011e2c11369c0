/* The pace of checks. */
#include "lib/store/pacing.h"
#include "lib/base/pace.h"
#include "lib/store/query.h"

enum { SUBSCRIBER_TEXT_MAX = 512 };

static enum err due_list(struct query *query, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count);
static enum err due_read(struct query *query, struct arena *arena, void *row);

enum err store_pacing_due(struct store *store, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT challenge.enrolment, application.subscriber, coalesce(pacing.slow, 0) FROM "
        "challenge"
        " JOIN enrolment ON enrolment.id = challenge.enrolment"
        " JOIN application ON application.id = enrolment.application"
        " LEFT JOIN pacing ON pacing.enrolment = challenge.enrolment"
        " WHERE challenge.next_check > 0 AND challenge.next_check >= ? AND challenge.next_check <= "
        "?"
        " GROUP BY challenge.enrolment ORDER BY min(challenge.next_check), challenge.enrolment");
    return due_list(&query, since, now, limit, arena, ret_rows, ret_count);
}

enum err store_pacing_due_rehearsals(struct store *store, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT rehearsal.enrolment, application.subscriber, 0 FROM rehearsal"
        " JOIN enrolment ON enrolment.id = rehearsal.enrolment"
        " JOIN application ON application.id = enrolment.application"
        " WHERE rehearsal.due > 0 AND rehearsal.due >= ? AND rehearsal.due <= ?"
        " GROUP BY rehearsal.enrolment ORDER BY min(rehearsal.due), rehearsal.enrolment");
    return due_list(&query, since, now, limit, arena, ret_rows, ret_count);
}

static enum err due_list(struct query *query, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count)
{
    struct query_list list = { .row_size = sizeof **ret_rows, .limit = limit, .read = due_read };
    void *rows = NULL;
    bind_int64(query, since);
    bind_int64(query, now);
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

/* Where no subscriber was kept, everybody is his own. */
static enum err due_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct pacing_due *due = row;
    char subscriber[SUBSCRIBER_TEXT_MAX];
    TRY(column_fixed(query, 0, due->enrolment, sizeof due->enrolment));
    TRY(column_cstring(query, 1, subscriber, sizeof subscriber));
    struct span key = subscriber[0] != '\0' ? span_from_text(subscriber) : SPAN_OF(due->enrolment);
    due->subscriber = pace_key(key.data, key.len) | 1; /* two that fall together share a turn */
    due->slow = column_int64(query, 2) != 0;
    return OK;
}

enum err store_pacing_get(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], struct pacing *ret_pacing)
{
    AUTO(query) query = query_read(store, "SELECT slow, reason FROM pacing WHERE enrolment = ?");
    struct pacing pacing = { 0 };
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    enum err err = query_row(&query);
    if (err == OK) {
        pacing.slow = column_int64(&query, 0) != 0;
        TRY(column_cstring(&query, 1, pacing.reason, sizeof pacing.reason));
    }
    TRY(err == ERR_NOT_FOUND ? OK : err);
    *ret_pacing = pacing;
    return OK;
}

enum err store_pacing_set(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct pacing *pacing)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO pacing (enrolment, slow, reason) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET slow = excluded.slow, reason = excluded.reason");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_int64(&query, pacing->slow);
    bind_text(&query, pacing->reason);
    return query_run(&query);
}

enum err store_pacing_postpone(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, int64_t until, const struct pacing *pacing)
{
    AUTO(query) query = query_write(store, "UPDATE challenge SET next_check = ?"
                                           " WHERE enrolment = ? AND next_check > 0"
                                           " AND next_check <= ?");
    bind_int64(&query, until);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_int64(&query, now);
    TRY(query_run(&query));
    return store_pacing_set(store, enrolment, pacing);
}

enum err store_pacing_ahead(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, int64_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT count(DISTINCT enrolment) FROM challenge WHERE next_check > 0 AND next_check <= ?"
        " AND next_check < (SELECT min(next_check) FROM challenge WHERE enrolment = ?"
        " AND next_check > 0)");
    bind_int64(&query, now);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_row(&query));
    *ret_count = column_int64(&query, 0);
    return OK;
}
