#pragma once
/* Mail to be sent, committed together with what it is about; the courier sends and marks it. */
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
};

/* Due at `act->time`. The same kind for the same enrolment and parameters is added once. */
enum err store_outbox_add(
    struct store *store, const struct act *act, const struct outbox_row *row) MUST_USE;
enum err store_outbox_due(struct store *store, int64_t now, size_t limit, struct arena *arena,
    struct outbox_row **ret_rows, size_t *ret_count) MUST_USE;
enum err store_outbox_done(struct store *store, const struct act *act, int64_t id) MUST_USE;
/* Another attempt at `next_try`. */
enum err store_outbox_retry(struct store *store, int64_t id, int64_t next_try) MUST_USE;
/* Whether this mail was added before, sent or not. */
enum err store_outbox_contains(
    struct store *store, const struct outbox_row *row, bool *ret_contains) MUST_USE;
/* Whether anybody was sent, or is to be sent, a mail of this kind about this enrolment. */
enum err store_outbox_told(
    struct store *store, const struct outbox_row *row, bool *ret_told) MUST_USE;
/* How many wait to be sent. */
enum err store_outbox_count(struct store *store, int64_t *ret_count) MUST_USE;
