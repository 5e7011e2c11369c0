/* From a row that was asked for to a mail that was sent, or to why not. */
#include "proc/registrar/mailing.h"

#include "lib/base/log.h"
#include "lib/store/challenge.h"
#include "lib/store/mailing.h"

#include <stdio.h>

enum { RETRY_FIRST_SECONDS = 5, RETRY_DOUBLINGS_MAX = 8, ATTEMPTS_MAX = 12 };

struct sending {
    struct registrar *registrar;
    struct mailing_row row;
};

static enum err challenge_find(const struct registrar *registrar, const struct mailing_row *row,
    struct arena *arena, struct challenge *ret_challenge);
static void outcome_fill(
    struct mailing_row *row, enum err err, const struct reason *reason, int64_t now);
static enum err outcome_commit(struct store *store, void *ctx);

enum err mailing_step(
    struct registrar *registrar, struct perspective_link *primary, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct mailing_row *rows = NULL;
    size_t count = 0;
    struct validator_mail mail = { 0 };
    struct reason reason = { 0 };
    int64_t now = clock_now(&registrar->clock);
    TRY(store_mailing_due(registrar->store, now, 1, &arena, &rows, &count));
    *ret_worked = count > 0;
    if (count == 0) {
        return OK;
    }
    struct sending sending = { registrar, rows[0] };
    TRY(challenge_find(registrar, &sending.row, &arena, &mail.challenge));
    snprintf(mail.address, sizeof mail.address, "%s", sending.row.address);
    enum err err = validator_call_mail(&primary->client, &mail, &reason);
    outcome_fill(&sending.row, err, &reason, clock_now(&registrar->clock));
    log_event(LOG_INFO, "mailing.done", "name", sending.row.name, "address", sending.row.address,
        "state", mailing_state_id(sending.row.state), "code", reason.code, "seen", reason.seen,
        NULL);
    err = store_transact(registrar->store, outcome_commit, &sending);
    /* Another address was asked for while this mail went out. */
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err challenge_find(const struct registrar *registrar, const struct mailing_row *row,
    struct arena *arena, struct challenge *ret_challenge)
{
    struct challenge_row *rows = NULL;
    size_t count = 0;
    TRY(store_challenge_list(registrar->store, row->enrolment, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].challenge.name, row->name) == 0) {
            *ret_challenge = rows[i].challenge;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

static void outcome_fill(
    struct mailing_row *row, enum err err, const struct reason *reason, int64_t now)
{
    unsigned doublings = row->attempts < RETRY_DOUBLINGS_MAX ? row->attempts : RETRY_DOUBLINGS_MAX;
    bool final = err == ERR_DENIED || err == ERR_INPUT || err == ERR_UNSUPPORTED ||
                 row->attempts + 1 >= ATTEMPTS_MAX;
    row->state = err == OK ? MAILING_SENT : final ? MAILING_REFUSED : MAILING_ASKED;
    row->sent = err == OK ? now : row->sent;
    row->next_try = now + ((int64_t)RETRY_FIRST_SECONDS << doublings);
    snprintf(row->seen, sizeof row->seen, "%.63s", err == OK ? "" : reason->seen);
}

static enum err outcome_commit(struct store *store, void *ctx)
{
    const struct sending *sending = ctx;
    struct act act = registrar_act(sending->registrar);
    return store_mailing_set_result(store, &act, &sending->row);
}

enum err mailing_proof(const struct registrar *registrar,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name, struct mail_proof *ret_proof)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct mailing_row *rows = NULL;
    size_t count = 0;
    TRY(store_mailing_list(registrar->store, enrolment, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            snprintf(ret_proof->address, sizeof ret_proof->address, "%s", rows[i].address);
            snprintf(ret_proof->code, sizeof ret_proof->code, "%s", rows[i].typed);
        }
    }
    return OK;
}
