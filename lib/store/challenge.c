/* Challenges and how far checking them has come. */
#include "lib/store/challenge.h"
#include "lib/store/audit.h"
#include "lib/store/mailing.h"
#include "lib/store/query.h"
#include "lib/store/rehearsal.h"

#define CHALLENGE_COLUMNS                                                                          \
    "enrolment, application_hash, name, method, created, nonce, spki_hash, state, next_check,"     \
    " attempts, domain, srn"

static const char *const state_ids[CHALLENGE_STATE_COUNT] = {
    [CHALLENGE_PENDING] = "pending",
    [CHALLENGE_CHECKING] = "checking",
    [CHALLENGE_PASSED] = "passed",
    [CHALLENGE_FAILED] = "failed",
};

static enum err enrolment_forget(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES]);
static enum err method_set(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct challenge *challenge);
static enum err challenge_insert(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct challenge *challenge, size_t place);
static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct challenge_row **ret_rows, size_t *ret_count);
static enum err row_read(struct query *query, struct arena *arena, void *row);
static enum err state_from_id(const char *id, enum challenge_state *ret_state);
static struct span spki_of(const struct challenge *challenge);

const char *challenge_state_id(enum challenge_state state)
{
    return state_ids[state];
}

enum err store_challenge_replace_all(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct challenge *challenges, size_t count)
{
    if (count == 0) {
        return ERR_INPUT;
    }
    TRY(enrolment_forget(store, enrolment));
    TRY(method_set(store, act, enrolment, &challenges[0]));
    for (size_t i = 0; i < count; i++) {
        TRY(challenge_insert(store, enrolment, &challenges[i], i));
    }
    return store_audit_add_id(store, act, "challenge.created",
        span_make(enrolment, ENROLMENT_ID_BYTES), dcv_method_id(challenges[0].method));
}

enum err store_challenge_clear(
    struct store *store, const struct act *act, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    TRY(enrolment_forget(store, enrolment));
    AUTO(query) query =
        query_write(store, "UPDATE enrolment SET dcv_method = 0, spki_hash = NULL, updated = ?,"
                           " version = version + 1 WHERE id = ?");
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_change(&query));
    return store_audit_add_id(
        store, act, "challenge.cleared", span_make(enrolment, ENROLMENT_ID_BYTES), NULL);
}

static enum err enrolment_forget(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES])
{
    AUTO(query) challenges = query_write(store, "DELETE FROM challenge WHERE enrolment = ?");
    bind_bytes(&challenges, span_make(enrolment, ENROLMENT_ID_BYTES));
    TRY(query_run(&challenges));
    TRY(store_mailing_forget(store, enrolment));
    TRY(store_rehearsal_forget(store, enrolment));
    AUTO(query) evidence = query_write(store, "DELETE FROM evidence WHERE enrolment = ?");
    bind_bytes(&evidence, span_make(enrolment, ENROLMENT_ID_BYTES));
    return query_run(&evidence);
}

static enum err method_set(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct challenge *challenge)
{
    AUTO(query) query = query_write(store,
        "UPDATE enrolment SET dcv_method = ?, spki_hash = ?, updated = ?, version = version + 1"
        " WHERE id = ?");
    bind_int64(&query, challenge->method);
    bind_bytes_or_null(&query, spki_of(challenge));
    bind_int64(&query, act->time);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    return query_change(&query);
}

static enum err challenge_insert(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct challenge *challenge, size_t place)
{
    AUTO(query) query = query_write(store,
        "INSERT INTO challenge (enrolment, place, application_hash, name, method, created, nonce,"
        " spki_hash, state, next_check, attempts, domain, srn)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_int64(&query, (int64_t)place);
    bind_bytes(&query, SPAN_OF(challenge->application_hash));
    bind_text(&query, challenge->name);
    bind_int64(&query, challenge->method);
    bind_int64(&query, challenge->created);
    bind_bytes(&query, SPAN_OF(challenge->nonce));
    bind_bytes_or_null(&query, spki_of(challenge));
    bind_text(&query, state_ids[CHALLENGE_PENDING]);
    bind_text(&query, challenge->domain);
    bind_text(&query, challenge->srn);
    return query_run(&query);
}

static struct span spki_of(const struct challenge *challenge)
{
    return challenge->has_spki ? SPAN_OF(challenge->spki_hash) : (struct span){ 0 };
}

enum err store_challenge_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct challenge_row **ret_rows, size_t *ret_count)
{
    AUTO(query) query = query_read(
        store, "SELECT " CHALLENGE_COLUMNS " FROM challenge WHERE enrolment = ? ORDER BY place");
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    /* A wildcard's bare name is one more than the application's names. */
    return rows_list(&query, APPLICATION_NAMES_MAX + 1, arena, ret_rows, ret_count);
}

enum err store_challenge_request_check(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t now)
{
    AUTO(query) query = query_write(
        store, "UPDATE challenge SET state = ?, next_check = ? WHERE enrolment = ? AND state <> ?");
    bind_text(&query, state_ids[CHALLENGE_CHECKING]);
    bind_int64(&query, now);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, state_ids[CHALLENGE_PASSED]);
    enum err err = query_change(&query);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

enum err store_challenge_request_check_of(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name, int64_t now)
{
    AUTO(query) query = query_write(store, "UPDATE challenge SET state = ?, next_check = ?"
                                           " WHERE enrolment = ? AND name = ? AND state <> ?");
    bind_text(&query, state_ids[CHALLENGE_CHECKING]);
    bind_int64(&query, now);
    bind_bytes(&query, span_make(enrolment, ENROLMENT_ID_BYTES));
    bind_text(&query, name);
    bind_text(&query, state_ids[CHALLENGE_PASSED]);
    enum err err = query_change(&query);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

static enum err rows_list(struct query *query, size_t limit, struct arena *arena,
    struct challenge_row **ret_rows, size_t *ret_count)
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
    struct challenge_row *ret = row;
    struct challenge *challenge = &ret->challenge;
    char state[16];
    TRY(column_fixed(query, 0, ret->enrolment, sizeof ret->enrolment));
    TRY(column_fixed(query, 1, challenge->application_hash, HASH_BYTES));
    TRY(column_cstring(query, 2, challenge->name, sizeof challenge->name));
    challenge->method = (enum dcv_method)column_int64(query, 3);
    challenge->created = column_int64(query, 4);
    TRY(column_fixed(query, 5, challenge->nonce, sizeof challenge->nonce));
    challenge->has_spki = !column_is_null(query, 6);
    if (challenge->has_spki) {
        TRY(column_fixed(query, 6, challenge->spki_hash, HASH_BYTES));
    }
    TRY(column_cstring(query, 7, state, sizeof state));
    ret->next_check = column_int64(query, 8);
    ret->attempts = (unsigned)column_int64(query, 9);
    TRY(column_cstring(query, 10, challenge->domain, sizeof challenge->domain));
    TRY(column_cstring(query, 11, challenge->srn, sizeof challenge->srn));
    return state_from_id(state, &ret->state);
}

static enum err state_from_id(const char *id, enum challenge_state *ret_state)
{
    for (int state = 0; state < CHALLENGE_STATE_COUNT; state++) {
        if (strcmp(id, state_ids[state]) == 0) {
            *ret_state = (enum challenge_state)state;
            return OK;
        }
    }
    return ERR_IO;
}

enum err store_challenge_set_result(struct store *store, const struct challenge_row *row,
    enum challenge_state state, int64_t next_check)
{
    AUTO(query) query =
        query_write(store, "UPDATE challenge SET state = ?, next_check = ?, attempts = attempts + 1"
                           " WHERE enrolment = ? AND name = ? AND nonce = ?");
    bind_text(&query, state_ids[state]);
    bind_int64(&query, next_check);
    bind_bytes(&query, SPAN_OF(row->enrolment));
    bind_text(&query, row->challenge.name);
    bind_bytes(&query, SPAN_OF(row->challenge.nonce));
    return query_change(&query);
}
