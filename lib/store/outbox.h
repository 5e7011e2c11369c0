#pragma once
/* Mail to be sent, committed together with what it is about; the courier sends and marks it. */
#include "lib/ca/enrolment.h"
#include "lib/ca/warrant.h"
#include "lib/store/session.h"
#include "lib/store/store.h"

enum { OUTBOX_KIND_MAX = 32, EMAIL_MAX = 254, OUTBOX_PARAMETERS_MAX = 4096 };

struct outbox_row {
    int64_t id;
    char kind[OUTBOX_KIND_MAX]; /* "csr-invitation", "certificate-issued", … */
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    bool to_operator; /* about no enrolment: all of its id is zero */
    char recipient[EMAIL_MAX + 1];
    char language[LANGUAGE_TAG_MAX];
    const char *parameters; /* a JSON object of strings */
    unsigned attempts;
    int64_t next_try;
    /* Of a row that is due: since when, and where what it is about stands by now. */
    int64_t queued;
    enum enrolment_state enrolment_state;
    bool withdrawn; /* the application */
};

/* A mail that has not arrived. */
struct outbox_undelivered {
    int64_t id;
    char kind[OUTBOX_KIND_MAX];
    char recipient[EMAIL_MAX + 1];
    bool to_operator;
    uint8_t application[APPLICATION_ID_BYTES];  /* zero: the operator's */
    char server_name[HOST_NAME_MAX_LENGTH + 1]; /* or empty */
    int64_t queued;
    unsigned attempts;
    int64_t next_try; /* 0: given up */
    char problem[REASON_CODE_MAX], seen[REASON_TEXT_MAX];
};

enum outbox_end {
    OUTBOX_GIVEN_UP, /* it could not be delivered: somebody has to see to it */
    OUTBOX_LAPSED,   /* what it says is over */
};

struct outbox_count {
    int64_t waiting, late, given_up; /* late: of those who wait, what an attempt failed for */
};

/* Due at `act->time`. The same kind for the same enrolment and parameters is added once. */
enum err store_outbox_add(
    struct store *store, const struct act *act, const struct outbox_row *row) MUST_USE;
enum err store_outbox_due(struct store *store, int64_t now, size_t limit, struct arena *arena,
    struct outbox_row **ret_rows, size_t *ret_count) MUST_USE;
enum err store_outbox_done(struct store *store, const struct act *act, int64_t id) MUST_USE;
/* Another attempt at `next_try`; the reason says why the last one failed. */
enum err store_outbox_retry(
    struct store *store, int64_t id, int64_t next_try, const struct reason *reason) MUST_USE;
/* No more attempts. */
enum err store_outbox_end(struct store *store, const struct act *act, int64_t id,
    enum outbox_end end, const struct reason *reason) MUST_USE;
/* Newest first, those that were given up and those that are late; `from` the how manieth, at most
 * `limit`. */
enum err store_outbox_undelivered(struct store *store, size_t from, size_t limit,
    struct arena *arena, struct outbox_undelivered **ret_rows, size_t *ret_count) MUST_USE;
/* As if it had been queued at `act->time`; id 0: all that were given up. ERR_NOT_FOUND if nothing
 * of that id is late or given up. */
enum err store_outbox_again(struct store *store, const struct act *act, int64_t id) MUST_USE;
/* A person has seen to it otherwise: neither sent nor listed any more. ERR_NOT_FOUND likewise. */
enum err store_outbox_forget(struct store *store, const struct act *act, int64_t id) MUST_USE;
/* Whether this mail was added before, sent or not. */
enum err store_outbox_contains(
    struct store *store, const struct outbox_row *row, bool *ret_contains) MUST_USE;
/* Whether anybody was sent, or is to be sent, a mail of this kind about this enrolment. */
enum err store_outbox_told(
    struct store *store, const struct outbox_row *row, bool *ret_told) MUST_USE;
enum err store_outbox_count(struct store *store, struct outbox_count *ret_count) MUST_USE;
