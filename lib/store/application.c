/* Applications and approvals. */
#include "lib/store/application.h"
#include "lib/store/audit.h"
#include "lib/store/query.h"

static const char *const state_ids[APPLICATION_STATE_COUNT] = {
    [APPLICATION_DRAFT] = "draft",
    [APPLICATION_VETTED] = "vetted",
    [APPLICATION_APPROVED] = "approved",
    [APPLICATION_RETURNED] = "returned",
    [APPLICATION_WITHDRAWN] = "withdrawn",
};

static const struct {
    const char *id, *action;
} return_steps[RETURN_STEP_COUNT] = {
    [RETURN_AT_DETAILS] = { "details", "enrolment.rejected" },
    [RETURN_AT_CERTIFICATE] = { "certificate", "certificate.refused" },
};

/* What an approval does, by its role. */
static const struct {
    enum application_state from;
    enum application_state to;
    const char *action;
} steps[] = {
    [APPROVAL_VETTED] = { APPLICATION_DRAFT, APPLICATION_VETTED, "application.vetted" },
    [APPROVAL_APPROVED] = { APPLICATION_VETTED, APPLICATION_APPROVED, "application.approved" },
};

static enum err application_read(struct query *query, struct arena *arena, void *row);
static enum err approval_row_read(struct query *query, struct arena *arena, void *row);
static enum err state_from_id(const char *id, enum application_state *ret_state);
static enum err state_move(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    enum application_state from, enum application_state to);

const char *application_state_id(enum application_state state)
{
    return state_ids[state];
}

const char *return_step_id(enum return_step step)
{
    return return_steps[step].id;
}

enum err store_application_insert(
    struct store *store, const struct act *act, const struct application_row *row)
{
    AUTO(query) query = query_write(store, "INSERT INTO application (id, hash, der, state, created,"
                                           " subscriber) VALUES (?, ?, ?, ?, ?, ?)");
    bind_bytes(&query, SPAN_OF(row->id));
    bind_bytes(&query, SPAN_OF(row->hash));
    bind_bytes(&query, row->der);
    bind_text(&query, state_ids[APPLICATION_DRAFT]);
    bind_int64(&query, row->created);
    bind_text(&query, row->subscriber == NULL ? "" : row->subscriber);
    TRY(query_run(&query));
    char hash[2 * HASH_BYTES + 1];
    hex_format(SPAN_OF(row->hash), hash);
    return store_audit_add_id(store, act, "application.entered", SPAN_OF(row->id), hash);
}

enum err store_application_get(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct application_row *ret_row)
{
    AUTO(query) query =
        query_read(store, "SELECT id, hash, der, state, created FROM application WHERE id = ?");
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    TRY(query_row(&query));
    return application_read(&query, arena, ret_row);
}

enum err store_application_by_hash(
    struct store *store, const uint8_t hash[HASH_BYTES], uint8_t ret_id[APPLICATION_ID_BYTES])
{
    AUTO(query) query = query_read(store, "SELECT id FROM application WHERE hash = ?");
    bind_bytes(&query, span_make(hash, HASH_BYTES));
    TRY(query_row(&query));
    return column_fixed(&query, 0, ret_id, APPLICATION_ID_BYTES);
}

enum err store_application_list(struct store *store, size_t from, size_t limit, struct arena *arena,
    struct application_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(store,
        "SELECT id, hash, der, state, created FROM application ORDER BY created DESC, id"
        " LIMIT -1 OFFSET ?");
    bind_int64(&query, (int64_t)from);
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = limit, .read = application_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err application_read(struct query *query, struct arena *arena, void *row)
{
    struct application_row *application = row;
    char state[16];
    TRY(column_fixed(query, 0, application->id, sizeof application->id));
    TRY(column_fixed(query, 1, application->hash, sizeof application->hash));
    TRY(column_bytes(query, 2, arena, &application->der));
    TRY(column_cstring(query, 3, state, sizeof state));
    application->created = column_int64(query, 4);
    return state_from_id(state, &application->state);
}

static enum err state_from_id(const char *id, enum application_state *ret_state)
{
    for (int state = 0; state < APPLICATION_STATE_COUNT; state++) {
        if (strcmp(id, state_ids[state]) == 0) {
            *ret_state = (enum application_state)state;
            return OK;
        }
    }
    return ERR_IO;
}

enum err store_application_add_approval(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], const struct approval_row *approval)
{
    TRY(state_move(store, id, steps[approval->role].from, steps[approval->role].to));
    AUTO(query) query = query_write(store,
        "INSERT INTO approval (application, role, key_id, time, der) VALUES (?, ?, ?, ?, ?)");
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    bind_int64(&query, approval->role);
    bind_bytes(&query, SPAN_OF(approval->key_id));
    bind_int64(&query, approval->time);
    bind_bytes(&query, approval->der);
    TRY(query_run(&query));
    char key_id[2 * HASH_BYTES + 1];
    hex_format(SPAN_OF(approval->key_id), key_id);
    return store_audit_add_id(
        store, act, steps[approval->role].action, span_make(id, APPLICATION_ID_BYTES), key_id);
}

/* ERR_NOT_FOUND if there is no such application, ERR_CONFLICT if it is in another state. */
static enum err state_move(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    enum application_state from, enum application_state to)
{
    AUTO(query) query = query_write(
        store, "UPDATE application SET state = ? WHERE id = ? AND state = ? RETURNING id");
    bind_text(&query, state_ids[to]);
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    bind_text(&query, state_ids[from]);
    enum err err = query_row(&query);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    AUTO(query) there = query_read(store, "SELECT 1 FROM application WHERE id = ?");
    bind_bytes(&there, span_make(id, APPLICATION_ID_BYTES));
    TRY(query_row(&there));
    return ERR_CONFLICT;
}

enum err store_application_approvals(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct approval_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(
        store, "SELECT role, key_id, time, der FROM approval WHERE application = ? ORDER BY role");
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    struct query_list list = {
        .row_size = sizeof **ret_rows, .limit = APPROVALS_MAX, .read = approval_row_read
    };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err approval_row_read(struct query *query, struct arena *arena, void *row)
{
    struct approval_row *approval = row;
    int64_t role = column_int64(query, 0);
    if (role != APPROVAL_VETTED && role != APPROVAL_APPROVED) {
        return ERR_IO;
    }
    approval->role = (enum approval_role)role;
    TRY(column_fixed(query, 1, approval->key_id, sizeof approval->key_id));
    approval->time = column_int64(query, 2);
    return column_bytes(query, 3, arena, &approval->der);
}

enum err store_application_set_state(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], enum application_state state)
{
    bool returned = state == APPLICATION_RETURNED;
    if (!returned && state != APPLICATION_WITHDRAWN) {
        return ERR_CONFLICT;
    }
    struct application_row row = { 0 };
    AUTO(arena) arena = arena_make(MESSAGE_MAX_BYTES);
    TRY(store_application_get(store, id, &arena, &row));
    if (row.state == APPLICATION_WITHDRAWN || row.state == state) {
        return ERR_CONFLICT;
    }
    TRY(state_move(store, id, row.state, state));
    return store_audit_add_id(store, act,
        returned ? "application.returned" : "application.withdrawn",
        span_make(id, APPLICATION_ID_BYTES), NULL);
}

enum err store_application_return(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], enum return_step step, const char *reason)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO returned (application, step, reason, actor, time) VALUES (?, ?, ?, ?, ?)");
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    bind_text(&query, return_steps[step].id);
    bind_text(&query, reason);
    bind_text(&query, act->actor);
    bind_int64(&query, act->time);
    TRY(query_run(&query));
    return store_audit_add_id(
        store, act, return_steps[step].action, span_make(id, APPLICATION_ID_BYTES), reason);
}

enum err store_application_returned(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct return_row *ret_row)
{
    char step[16];
    struct return_row row = { 0 };
    AUTO(query) query =
        query_read(store, "SELECT step, reason, actor, time FROM returned WHERE application = ?");
    bind_bytes(&query, span_make(id, APPLICATION_ID_BYTES));
    TRY(query_row(&query));
    TRY(column_cstring(&query, 0, step, sizeof step));
    TRY(column_text(&query, 1, arena, &row.reason));
    TRY(column_text(&query, 2, arena, &row.actor));
    row.time = column_int64(&query, 3);
    bool details = strcmp(step, return_steps[RETURN_AT_DETAILS].id) == 0;
    row.step = details ? RETURN_AT_DETAILS : RETURN_AT_CERTIFICATE;
    *ret_row = row;
    return OK;
}
