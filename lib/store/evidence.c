/* Observations are kept for ever: years later they prove that a certificate was rightly issued. */
#include "lib/store/evidence.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

static enum err observations_list(
    struct query *query, struct arena *arena, struct observation_row **ret_rows, size_t *ret_count);
static enum err observation_row_read(struct query *query, struct arena *arena, void *row);
static enum err evidence_row_read(struct query *query, struct arena *arena, void *row);

enum err store_observation_insert(struct store *store, const struct observation_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO observation (attempt, name, perspective, enrolment, der, report, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_bytes(&query, SPAN_OF(row->attempt));
    bind_text(&query, row->name);
    bind_text(&query, row->perspective);
    bind_bytes(&query, SPAN_OF(row->enrolment));
    bind_bytes(&query, row->der);
    bind_bytes(&query, row->report);
    bind_int64(&query, row->time);
    return query_run(&query);
}

enum err store_observation_list(struct store *store, const uint8_t attempt[ATTEMPT_BYTES],
    const char *name, struct arena *arena, struct observation_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT attempt, enrolment, name, perspective, der, report, time FROM observation"
        " WHERE attempt = ? AND name = ? ORDER BY perspective");
    bind_bytes(&query, span_make(attempt, ATTEMPT_BYTES));
    bind_text(&query, name);
    return observations_list(&query, arena, ret_rows, ret_count);
}

/* Two attempts may fall into one second: then the one that was stored later is the last. */
enum err store_report_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct observation_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT attempt, enrolment, name, perspective, der, report, time FROM observation AS here"
        " WHERE enrolment = ? AND attempt = (SELECT attempt FROM observation AS last"
        " WHERE last.enrolment = here.enrolment AND last.name = here.name"
        " ORDER BY time DESC, rowid DESC LIMIT 1) ORDER BY name, perspective");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return observations_list(&query, arena, ret_rows, ret_count);
}

static enum err observations_list(
    struct query *query, struct arena *arena, struct observation_row **ret_rows, size_t *ret_count)
{
    struct query_list list = {
        .row_size = sizeof **ret_rows,
        .limit = (APPLICATION_NAMES_MAX + 1) * PERSPECTIVES_MAX,
        .read = observation_row_read,
    };
    void *rows = NULL;
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err observation_row_read(struct query *query, struct arena *arena, void *row)
{
    struct observation_row *observation = row;
    TRY(column_fixed(query, 0, observation->attempt, sizeof observation->attempt));
    TRY(column_fixed(query, 1, observation->enrolment, sizeof observation->enrolment));
    TRY(column_cstring(query, 2, observation->name, sizeof observation->name));
    TRY(column_cstring(query, 3, observation->perspective, sizeof observation->perspective));
    TRY(column_bytes(query, 4, arena, &observation->der));
    TRY(column_bytes(query, 5, arena, &observation->report));
    observation->time = column_int64(query, 6);
    return OK;
}

enum err store_evidence_put(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct evidence_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO evidence (enrolment, name, attempt, method, time, caa_attempt, caa_time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (enrolment, name) DO UPDATE SET"
        " attempt = excluded.attempt, method = excluded.method, time = excluded.time,"
        " caa_attempt = excluded.caa_attempt, caa_time = excluded.caa_time");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, row->name);
    bind_bytes(&query, SPAN_OF(row->attempt));
    bind_int64(&query, row->method);
    bind_int64(&query, row->time);
    bind_bytes_or_null(&query, row->has_caa ? SPAN_OF(row->caa_attempt) : (struct span){ 0 });
    bind_int64(&query, row->has_caa ? row->caa_time : 0);
    TRY(query_run(&query));
    return store_audit_add_id(
        store, act, "evidence.found", span_make(enrolment, ENROLMENT_ID_BYTES), row->name);
}

enum err store_evidence_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct evidence_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT name, attempt, method, time, caa_attempt, caa_time FROM evidence"
                          " WHERE enrolment = ? ORDER BY name");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    struct query_list list = {
        .row_size = sizeof **ret_rows,
        .limit = APPLICATION_NAMES_MAX + 1,
        .read = evidence_row_read,
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

/* A challenge stands beside its evidence until both are forgotten, and says whose it is and which
 * key it serves. */
enum err store_evidence_earlier(struct store *store, const struct earlier_question *question,
    struct arena *arena, struct evidence_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT evidence.name, evidence.attempt, evidence.method, evidence.time, NULL, 0"
        " FROM challenge JOIN evidence"
        " ON evidence.enrolment = challenge.enrolment AND evidence.name = challenge.name"
        " JOIN enrolment ON enrolment.id = challenge.enrolment"
        " JOIN application ON application.id = enrolment.application"
        " WHERE challenge.srn = ? AND challenge.srn <> '' AND challenge.name = ?"
        " AND (challenge.spki_hash IS NULL OR challenge.spki_hash = ?) AND challenge.enrolment <> "
        "? AND evidence.time >= ?"
        " AND application.subscriber = ? AND application.state = 'approved'"
        " ORDER BY evidence.time DESC, evidence.attempt LIMIT ?");
    bind_text(&query, question->srn);
    bind_text(&query, question->name);
    bind_bytes_or_null(&query, question->spki_hash == NULL
                                   ? (struct span){ 0 }
                                   : span_make(question->spki_hash, HASH_BYTES));
    bind_bytes(&query, span_make(question->enrolment, ENROLMENT_ID_BYTES));
    bind_int64(&query, question->since);
    bind_text(&query, question->organisation);
    bind_int64(&query, EARLIER_EVIDENCE_MAX);
    struct query_list list = {
        .row_size = sizeof **ret_rows,
        .limit = EARLIER_EVIDENCE_MAX,
        .read = evidence_row_read,
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err evidence_row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct evidence_row *evidence = row;
    TRY(column_cstring(query, 0, evidence->name, sizeof evidence->name));
    TRY(column_fixed(query, 1, evidence->attempt, sizeof evidence->attempt));
    evidence->method = (enum dcv_method)column_int64(query, 2);
    evidence->time = column_int64(query, 3);
    evidence->has_caa = !column_is_null(query, 4);
    if (evidence->has_caa) {
        TRY(column_fixed(query, 4, evidence->caa_attempt, sizeof evidence->caa_attempt));
        evidence->caa_time = column_int64(query, 5);
    }
    return OK;
}

enum err store_evidence_forget(
    struct store *store, const struct act *act, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    AUTO(query) query = query_write(store, "DELETE FROM evidence WHERE enrolment = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_run(&query));
    return store_evidence_recheck(store, act, enrolment);
}

enum err store_evidence_recheck(
    struct store *store, const struct act *act, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    AUTO(query) again = query_write(
        store, "UPDATE challenge SET state = 'checking', next_check = ? WHERE enrolment = ?");
    bind_int64(&again, act->time);
    bind_bytes(&again, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_run(&again));
    return store_audit_add_id(
        store, act, "evidence.lapsed", span_make(enrolment, ENROLMENT_ID_BYTES), NULL);
}
