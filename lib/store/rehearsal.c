/* What a rehearsal leaves: nothing that the signer would read, and nothing for long. */
#include "lib/store/rehearsal.h"
#include "lib/store/query.h"

static enum err waits(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool *ret_waits);
static enum err rehearsal_read(struct query *query, struct arena *arena, void *row);
static enum err sight_read(struct query *query, struct arena *arena, void *row);

enum err store_rehearsal_ask(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t now, bool *ret_asked)
{
    bool waiting = false;
    TRY(waits(store, enrolment, &waiting));
    *ret_asked = !waiting;
    if (waiting) {
        return OK;
    }
    TRY(store_rehearsal_forget(store, enrolment));
    AUTO(query) query = query_write(store,
        "INSERT INTO rehearsal (enrolment, name, nonce, asked, due, put_off, made, passes)"
        " SELECT enrolment, name, nonce, ?, ?, 0, 0, 0 FROM challenge"
        " WHERE enrolment = ? AND state <> 'passed'");
    bind_int64(&query, now);
    bind_int64(&query, now);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    enum err err = query_change(&query);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

static enum err waits(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool *ret_waits)
{
    AUTO(query) query =
        query_read(store, "SELECT count(*) FROM rehearsal WHERE enrolment = ? AND due > 0");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_row(&query));
    *ret_waits = column_int64(&query, 0) > 0;
    return OK;
}

enum err store_rehearsal_postpone(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t now, int64_t until)
{
    AUTO(query) query = query_write(store, "UPDATE rehearsal SET due = ?, put_off = 1"
                                           " WHERE enrolment = ? AND due > 0 AND due <= ?");
    bind_int64(&query, until);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_int64(&query, now);
    return query_run(&query);
}

enum err store_rehearsal_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct rehearsal_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT name, nonce, asked, due, put_off, made, passes FROM rehearsal WHERE enrolment = ?"
        " ORDER BY name");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = APPLICATION_NAMES_MAX + 1, .read = rehearsal_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err rehearsal_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct rehearsal_row *rehearsal = row;
    TRY(column_cstring(query, 0, rehearsal->name, sizeof rehearsal->name));
    TRY(column_fixed(query, 1, rehearsal->nonce, sizeof rehearsal->nonce));
    rehearsal->asked = column_int64(query, 2);
    rehearsal->due = column_int64(query, 3);
    rehearsal->put_off = column_int64(query, 4) != 0;
    rehearsal->made = column_int64(query, 5);
    rehearsal->passes = column_int64(query, 6) != 0;
    return OK;
}

enum err store_sight_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct sight_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query =
        query_read(store, "SELECT name, perspective, dcv, caa, dnssec, report FROM rehearsal_sight"
                          " WHERE enrolment = ? ORDER BY name, perspective");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    struct query_list list = { .row_size = sizeof **ret_rows,
        .limit = (APPLICATION_NAMES_MAX + 1) * PERSPECTIVES_MAX,
        .read = sight_read };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err sight_read(struct query *query, struct arena *arena, void *row)
{
    struct sight_row *sight = row;
    TRY(column_cstring(query, 0, sight->name, sizeof sight->name));
    TRY(column_cstring(query, 1, sight->perspective, sizeof sight->perspective));
    sight->answered = !column_is_null(query, 2);
    sight->dcv = (enum dcv_result)column_int64(query, 2);
    sight->caa = (enum caa_result)column_int64(query, 3);
    sight->dnssec = (enum dnssec_state)column_int64(query, 4);
    return column_bytes(query, 5, arena, &sight->report);
}

enum err store_rehearsal_put(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct rehearsal_row *row)
{
    AUTO(query) query =
        query_write(store, "UPDATE rehearsal SET due = 0, made = ?, passes = ?"
                           " WHERE enrolment = ? AND name = ? AND nonce = ? AND due > 0");
    bind_int64(&query, row->made);
    bind_int64(&query, row->passes);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, row->name);
    bind_bytes(&query, SPAN_OF(row->nonce));
    return query_change(&query);
}

enum err store_sight_put(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct sight_row *row)
{
    AUTO(query) query = query_write(store, "INSERT OR REPLACE INTO rehearsal_sight (enrolment, "
                                           "name, perspective, dcv, caa, dnssec, report)"
                                           " SELECT ?, ?, ?, iif(?, ?, NULL), ?, ?, ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, row->name);
    bind_text(&query, row->perspective);
    bind_int64(&query, row->answered);
    bind_int64(&query, row->dcv);
    bind_int64(&query, row->caa);
    bind_int64(&query, row->dnssec);
    bind_bytes(&query, row->report);
    return query_run(&query);
}

enum err store_rehearsal_forget(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    AUTO(query) query = query_write(store, "DELETE FROM rehearsal WHERE enrolment = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return query_run(&query);
}

enum err store_rehearsal_sweep(struct store *store, int64_t time)
{
    AUTO(query) query = query_write(store, "DELETE FROM rehearsal WHERE asked < ?");
    bind_int64(&query, time);
    return query_run(&query);
}
