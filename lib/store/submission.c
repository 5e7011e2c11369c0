/* Rows beside the certificate's own, which is theirs in all else. */
#include "lib/store/submission.h"

#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

static enum err request_read(struct query *query, struct arena *arena, void *row);
static enum err row_read(struct query *query, struct arena *arena, void *row);

static void bind_request(struct query *query, const struct request_id *request)
{
    bind_bytes(query, SPAN_OF(request->enrolment));
    bind_int64(query, request->ordinal);
}

enum err store_precertificate_put(
    struct store *store, const struct act *act, const struct request_id *request, struct span der)
{
    struct precertificate_row known = { .attempts = 0 };
    AUTO(arena) arena = arena_make(4 * CERTIFICATE_MAX_BYTES);
    char object[2 * ENROLMENT_ID_BYTES + 1 + 16];
    enum err err = store_precertificate_get(store, request, &arena, &known);
    if (err != ERR_NOT_FOUND) {
        TRY(err);
        return span_equal(known.der, der) ? OK : ERR_CONFLICT;
    }
    AUTO(query) query = query_write(store,
        "INSERT INTO precertificate (enrolment, ordinal, der, signed, attempts, next_try)"
        " VALUES (?, ?, ?, ?, 0, 0)");
    bind_request(&query, request);
    bind_bytes(&query, der);
    bind_int64(&query, act->time);
    TRY(query_change(&query));
    hex_format(SPAN_OF(request->enrolment), object);
    snprintf(object + 2 * ENROLMENT_ID_BYTES, 16, "/%u", request->ordinal);
    return store_audit_add(store, act, "precertificate.signed", object, "");
}

enum err store_precertificate_get(struct store *store, const struct request_id *request,
    struct arena *arena, struct precertificate_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT der, signed, attempts, next_try FROM precertificate"
                          " WHERE enrolment = ? AND ordinal = ?");
    bind_request(&query, request);
    TRY(query_row(&query));
    TRY(column_bytes(&query, 0, arena, &ret_row->der));
    ret_row->signed_ = column_int64(&query, 1);
    ret_row->attempts = column_int64(&query, 2);
    ret_row->next_try = column_int64(&query, 3);
    return OK;
}

enum err store_precertificate_retry(
    struct store *store, const struct request_id *request, int64_t next_try)
{
    AUTO(query) query =
        query_write(store, "UPDATE precertificate SET attempts = attempts + 1, next_try = ?"
                           " WHERE enrolment = ? AND ordinal = ?");
    bind_int64(&query, next_try);
    bind_request(&query, request);
    return query_change(&query);
}

enum err store_precertificate_stranded(struct store *store, size_t limit, struct arena *arena,
    struct request_id **ret_requests, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT p.enrolment, p.ordinal FROM precertificate p"
        " JOIN certificate c ON c.enrolment = p.enrolment AND c.ordinal = p.ordinal"
        " JOIN enrolment e ON e.id = p.enrolment JOIN application a ON a.id = e.application"
        " WHERE c.state = 'reserved' AND a.state <> 'approved' ORDER BY p.signed");
    struct query_list list = {
        .row_size = sizeof **ret_requests, .limit = limit, .read = request_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_requests = rows;
    return OK;
}

static enum err request_read(struct query *query, struct arena *arena, void *row)
{
    struct request_id *request = row;
    (void)arena;
    TRY(column_fixed(query, 0, request->enrolment, ENROLMENT_ID_BYTES));
    request->ordinal = (unsigned)column_int64(query, 1);
    return OK;
}

enum err store_submission_put(
    struct store *store, const struct request_id *request, const struct submission_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO submission (enrolment, ordinal, log, sct, problem, seen, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (enrolment, ordinal, log) DO UPDATE"
        " SET sct = excluded.sct, problem = excluded.problem, seen = excluded.seen,"
        " time = excluded.time WHERE length(excluded.sct) > 0 OR length(sct) = 0"
        " RETURNING ordinal");
    bind_request(&query, request);
    bind_text(&query, row->log);
    bind_bytes(&query, row->sct.data == NULL ? SPAN_LITERAL("") : row->sct);
    bind_text(&query, row->problem.code);
    bind_text(&query, row->problem.seen);
    bind_int64(&query, row->time);
    enum err err = query_row(&query);
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err store_submission_list(struct store *store, const struct request_id *request,
    struct arena *arena, struct submission_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT log, sct, problem, seen, time FROM submission"
                          " WHERE enrolment = ? AND ordinal = ? ORDER BY time, log");
    bind_request(&query, request);
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = CT_LOGS_MAX, .read = row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    struct submission_row *submission = row;
    TRY(column_cstring(query, 0, submission->log, sizeof submission->log));
    TRY(column_bytes(query, 1, arena, &submission->sct));
    TRY(column_cstring(query, 2, submission->problem.code, sizeof submission->problem.code));
    TRY(column_cstring(query, 3, submission->problem.seen, sizeof submission->problem.seen));
    snprintf(submission->problem.field, sizeof submission->problem.field, "%s", submission->log);
    submission->time = column_int64(query, 4);
    return OK;
}
