/* Enrolments. Every change raises the row's version; the state moves only by enrolment_next. */
#include "lib/store/enrolment.h"
#include "lib/store/application.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

#include <stdio.h>

#define ENROLMENT_COLUMNS                                                                          \
    "id, application, reference, pin_hash, attempts_left, state, chinese, ordinal, dcv_method,"    \
    " spki_hash, subscription_end, updated, version, problem_code, problem_field, problem_seen,"   \
    " problem_expected"

static enum err row_read(struct query *query, struct enrolment_row *ret_row);
static enum err problem_read(struct query *query, int column, struct reason *ret_problem);
static enum err list_row_read(struct query *query, struct arena *arena, void *row);
static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct enrolment_row **ret_rows, size_t *ret_count);
static enum err state_set(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], enum enrolment_state state, unsigned ordinal);
static enum err application_return(
    struct store *store, const struct act *act, const struct enrolment_row *row);

enum err store_enrolment_insert(
    struct store *store, const struct act *act, const struct enrolment_row *row)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO enrolment (id, application, reference, pin_hash, attempts_left, state,"
        " chinese, ordinal, dcv_method, subscription_end, updated, version)"
        " VALUES (?, ?, ?, '', 0, ?, 0, 1, 0, ?, ?, 1)");
    bind_bytes(&query, SPAN_OF(row->id));
    bind_bytes(&query, SPAN_OF(row->application));
    bind_text(&query, row->reference);
    bind_text(&query, enrolment_state_id(ENROLMENT_OPEN));
    bind_int64(&query, row->subscription_end);
    bind_int64(&query, act->time);
    TRY(query_run(&query));
    return store_audit_add_id(store, act, "enrolment.opened", SPAN_OF(row->id), row->reference);
}

enum err store_enrolment_set_subscription(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], int64_t subscription_end)
{
    AUTO(query) query = query_write(store, "UPDATE enrolment SET subscription_end = ?, updated = ?,"
                                           " version = version + 1 WHERE id = ?");
    bind_int64(&query, subscription_end);
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    TRY(query_change(&query));
    return store_audit_add_id(
        store, act, "enrolment.subscribed", span_make(id, ENROLMENT_ID_BYTES), NULL);
}

enum err store_enrolment_get(
    struct store *store, const uint8_t id[ENROLMENT_ID_BYTES], struct enrolment_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE id = ?");
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    TRY(query_row(&query));
    return row_read(&query, ret_row);
}

enum err store_enrolment_by_reference(
    struct store *store, const char *reference, struct enrolment_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE reference = ?");
    bind_text(&query, reference);
    TRY(query_row(&query));
    return row_read(&query, ret_row);
}

enum err store_enrolment_by_application(struct store *store,
    const uint8_t application[APPLICATION_ID_BYTES], struct enrolment_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE application = ?");
    bind_bytes(&query, span_make(application, APPLICATION_ID_BYTES));
    TRY(query_row(&query));
    return row_read(&query, ret_row);
}

enum err store_enrolment_list(struct store *store, enum enrolment_state state, size_t limit,
    struct arena *arena, struct enrolment_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE state = ? AND EXISTS (SELECT 1"
        " FROM application WHERE application.id = enrolment.application AND"
        " application.state = 'approved') ORDER BY updated");
    bind_text(&query, enrolment_state_id(state));
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_enrolment_without_pin(struct store *store, size_t limit, struct arena *arena,
    struct enrolment_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT " ENROLMENT_COLUMNS " FROM enrolment WHERE pin_hash = '' AND EXISTS (SELECT 1"
        " FROM application WHERE application.id = enrolment.application AND"
        " application.state = 'approved') ORDER BY updated");
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct enrolment_row **ret_rows, size_t *ret_count)
{
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = limit, .read = list_row_read
    };
    void *rows = NULL;
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err list_row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    return row_read(query, row);
}

static enum err row_read(struct query *query, struct enrolment_row *ret_row)
{
    struct enrolment_row row = { 0 };
    char state[16];
    TRY(column_fixed(query, 0, row.id, sizeof row.id));
    TRY(column_fixed(query, 1, row.application, sizeof row.application));
    TRY(column_cstring(query, 2, row.reference, sizeof row.reference));
    TRY(column_cstring(query, 3, row.pin_hash, sizeof row.pin_hash));
    row.attempts_left = (unsigned)column_int64(query, 4);
    TRY(column_cstring(query, 5, state, sizeof state));
    TRY(enrolment_state_from_id(state, &row.state));
    row.chinese = column_int64(query, 6) != 0;
    row.ordinal = (unsigned)column_int64(query, 7);
    row.dcv_method = (unsigned)column_int64(query, 8);
    row.has_spki = !column_is_null(query, 9);
    if (row.has_spki) {
        TRY(column_fixed(query, 9, row.spki_hash, sizeof row.spki_hash));
    }
    row.subscription_end = column_int64(query, 10);
    row.updated = column_int64(query, 11);
    row.version = column_int64(query, 12);
    TRY(problem_read(query, 13, &row.problem));
    *ret_row = row;
    return OK;
}

static enum err problem_read(struct query *query, int column, struct reason *ret_problem)
{
    TRY(column_cstring(query, column, ret_problem->code, sizeof ret_problem->code));
    TRY(column_cstring(query, column + 1, ret_problem->field, sizeof ret_problem->field));
    TRY(column_cstring(query, column + 2, ret_problem->seen, sizeof ret_problem->seen));
    return column_cstring(query, column + 3, ret_problem->expected, sizeof ret_problem->expected);
}

enum err store_enrolment_set_pin(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], const char *pin_hash)
{
    AUTO(query) query = query_write(store,
        "UPDATE enrolment SET pin_hash = ?, attempts_left = ?, updated = ?, version = version + 1"
        " WHERE id = ?");
    bind_text(&query, pin_hash);
    bind_int64(&query, PIN_ATTEMPTS_MAX);
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    TRY(query_change(&query));
    return store_audit_add_id(
        store, act, "enrolment.pin_made", span_make(id, ENROLMENT_ID_BYTES), NULL);
}

enum err store_enrolment_spend_attempt(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], unsigned *ret_left)
{
    AUTO(query) query = query_write(store,
        "UPDATE enrolment SET attempts_left = attempts_left - 1, version = version + 1"
        " WHERE id = ? AND attempts_left > 0 RETURNING attempts_left");
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    enum err err = query_row(&query);
    if (err == ERR_NOT_FOUND) {
        return ERR_DENIED;
    }
    TRY(err);
    unsigned left = (unsigned)column_int64(&query, 0);
    char detail[16];
    snprintf(detail, sizeof detail, "%u left", left);
    TRY(store_audit_add_id(
        store, act, "enrolment.attempt", span_make(id, ENROLMENT_ID_BYTES), detail));
    *ret_left = left;
    return OK;
}

enum err store_enrolment_restore_attempts(
    struct store *store, const struct act *act, const uint8_t id[ENROLMENT_ID_BYTES])
{
    AUTO(query) query = query_write(
        store, "UPDATE enrolment SET attempts_left = ?, version = version + 1 WHERE id = ?");
    bind_int64(&query, PIN_ATTEMPTS_MAX);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    TRY(query_change(&query));
    return store_audit_add_id(
        store, act, "enrolment.login", span_make(id, ENROLMENT_ID_BYTES), NULL);
}

enum err store_enrolment_advance(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], enum enrolment_event event,
    enum enrolment_state *ret_state)
{
    struct enrolment_row row = { 0 };
    enum enrolment_state to = ENROLMENT_OPEN;
    TRY(store_enrolment_get(store, id, &row));
    TRY(enrolment_next(row.state, event, &to));
    bool next_certificate =
        event == ENROLMENT_DECLINE_KEY || event == ENROLMENT_NEXT || event == ENROLMENT_ABANDON;
    TRY(state_set(store, act, id, to, row.ordinal + (next_certificate ? 1U : 0U)));
    if (event == ENROLMENT_REJECT || event == ENROLMENT_DECLINE_DETAILS) {
        TRY(application_return(store, act, &row));
    }
    char detail[64];
    snprintf(
        detail, sizeof detail, "%s to %s", enrolment_state_id(row.state), enrolment_state_id(to));
    TRY(store_audit_add_id(
        store, act, "enrolment.advanced", span_make(id, ENROLMENT_ID_BYTES), detail));
    *ret_state = to;
    return OK;
}

static enum err state_set(struct store *store, const struct act *act,
    const uint8_t id[ENROLMENT_ID_BYTES], enum enrolment_state state, unsigned ordinal)
{
    AUTO(query) query = query_write(store,
        "UPDATE enrolment SET state = ?, ordinal = ?, updated = ?, version = version + 1,"
        " problem_code = '', problem_field = '', problem_seen = '', problem_expected = ''"
        " WHERE id = ?");
    bind_text(&query, enrolment_state_id(state));
    bind_int64(&query, ordinal);
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    return query_change(&query);
}

/* A withdrawn application stays withdrawn. */
static enum err application_return(
    struct store *store, const struct act *act, const struct enrolment_row *row)
{
    enum err err = store_application_set_state(store, act, row->application, APPLICATION_RETURNED);
    return err == ERR_CONFLICT ? OK : err;
}

enum err store_enrolment_set_chinese(
    struct store *store, const uint8_t id[ENROLMENT_ID_BYTES], bool chinese)
{
    AUTO(query) query =
        query_write(store, "UPDATE enrolment SET chinese = ?, version = version + 1 WHERE id = ?");
    bind_int64(&query, chinese ? 1 : 0);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    return query_change(&query);
}

enum err store_enrolment_set_problem(
    struct store *store, const uint8_t id[ENROLMENT_ID_BYTES], const struct reason *problem)
{
    AUTO(query) query = query_write(store,
        "UPDATE enrolment SET problem_code = ?, problem_field = ?, problem_seen = ?,"
        " problem_expected = ?, version = version + 1 WHERE id = ?");
    bind_text(&query, problem->code);
    bind_text(&query, problem->field);
    bind_text(&query, problem->seen);
    bind_text(&query, problem->expected);
    bind_bytes(&query, span_make(id, ENROLMENT_ID_BYTES));
    return query_change(&query);
}
