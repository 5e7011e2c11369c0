/* Mailings, by enrolment and name. */
#include "lib/store/mailing.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

enum { DUE_AT_ONCE = 0 };

#define MAILING_COLUMNS "enrolment, name, address, typed, state, seen, attempts, next_try, sent"

static const char *const state_ids[MAILING_STATE_COUNT] = {
    [MAILING_ASKED] = "asked",
    [MAILING_SENT] = "sent",
    [MAILING_REFUSED] = "refused",
};

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct mailing_row **ret_rows, size_t *ret_count);
static enum err row_read(struct query *query, struct arena *arena, void *row);

const char *mailing_state_id(enum mailing_state state)
{
    return state_ids[state];
}

enum err store_mailing_ask(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name, const char *address)
{
    AUTO(query) query = query_write(store, "INSERT OR REPLACE INTO mailing (" MAILING_COLUMNS ")"
                                           " VALUES (?, ?, ?, '', ?, '', 0, ?, 0)");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, name);
    bind_text(&query, address);
    bind_text(&query, state_ids[MAILING_ASKED]);
    bind_int64(&query, DUE_AT_ONCE);
    TRY(query_run(&query));
    return store_audit_add_id(
        store, act, "mailing.asked", span_make(enrolment, ENROLMENT_ID_BYTES), address);
}

enum err store_mailing_type(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const char *name, const char *typed)
{
    AUTO(query) query = query_write(
        store, "UPDATE mailing SET typed = ? WHERE enrolment = ? AND name = ? AND sent > 0");
    bind_text(&query, typed);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, name);
    enum err err = query_change(&query);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

enum err store_mailing_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct mailing_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(
        store, "SELECT " MAILING_COLUMNS " FROM mailing WHERE enrolment = ? ORDER BY name");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return rows_list(&query, APPLICATION_NAMES_MAX + 1, arena, ret_rows, ret_count);
}

enum err store_mailing_due(struct store *store, int64_t now, size_t limit, struct arena *arena,
    struct mailing_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT " MAILING_COLUMNS " FROM mailing WHERE state = 'asked' AND next_try <= ?"
        " ORDER BY next_try, enrolment, name");
    bind_int64(&query, now);
    return rows_list(&query, limit, arena, ret_rows, ret_count);
}

enum err store_mailing_set_result(
    struct store *store, const struct act *act, const struct mailing_row *row)
{
    AUTO(query) query = query_write(store,
        "UPDATE mailing SET state = ?, seen = ?, attempts = attempts + 1, next_try = ?, sent = ?"
        " WHERE enrolment = ? AND name = ? AND address = ? AND state = 'asked'");
    bind_text(&query, state_ids[row->state]);
    bind_text(&query, row->seen);
    bind_int64(&query, row->next_try);
    bind_int64(&query, row->sent);
    bind_bytes(&query, SPAN_OF(row->enrolment));
    bind_text(&query, row->name);
    bind_text(&query, row->address);
    TRY(query_change(&query));
    return store_audit_add_id(store, act,
        row->state == MAILING_SENT ? "mailing.sent" : "mailing.not_sent", SPAN_OF(row->enrolment),
        row->address);
}

enum err store_mailing_forget(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    AUTO(query) query = query_write(store, "DELETE FROM mailing WHERE enrolment = ?");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return query_run(&query);
}

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct mailing_row **ret_rows, size_t *ret_count)
{
    struct query_list list = { .row_size = sizeof **ret_rows, .limit = limit, .read = row_read };
    void *rows = NULL;
    TRY(query_list(query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    (void)arena;
    struct mailing_row *ret = row;
    char state[16];
    TRY(column_fixed(query, 0, ret->enrolment, sizeof ret->enrolment));
    TRY(column_cstring(query, 1, ret->name, sizeof ret->name));
    TRY(column_cstring(query, 2, ret->address, sizeof ret->address));
    TRY(column_cstring(query, 3, ret->typed, sizeof ret->typed));
    TRY(column_cstring(query, 4, state, sizeof state));
    TRY(column_cstring(query, 5, ret->seen, sizeof ret->seen));
    ret->attempts = (unsigned)column_int64(query, 6);
    ret->next_try = column_int64(query, 7);
    ret->sent = column_int64(query, 8);
    for (int i = 0; i < MAILING_STATE_COUNT; i++) {
        if (strcmp(state, state_ids[i]) == 0) {
            ret->state = (enum mailing_state)i;
            return OK;
        }
    }
    return ERR_IO;
}
