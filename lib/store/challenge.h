#pragma once
/* What the subscriber was told to place, per name, and how checking it stands. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum challenge_state {
    CHALLENGE_PENDING,  /* told, never checked */
    CHALLENGE_CHECKING, /* a check is asked for and not answered yet */
    CHALLENGE_PASSED,
    CHALLENGE_FAILED, /* the last check said no; the next is at next_check */
    CHALLENGE_STATE_COUNT,
};

struct challenge_row {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    struct challenge challenge;
    enum challenge_state state;
    int64_t next_check; /* 0: only when asked */
    unsigned attempts;
};

/* "pending", "checking", "passed", "failed". */
const char *challenge_state_id(enum challenge_state state);

/* Forgets the enrolment's challenges and evidence and begins with these, all of one method. */
enum err store_challenge_replace_all(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct challenge *challenges,
    size_t count) MUST_USE;
/* Forgets challenges, evidence and the method: the choice is open again. */
enum err store_challenge_clear(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES]) MUST_USE;
enum err store_challenge_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct challenge_row **ret_rows, size_t *ret_count) MUST_USE;
/* Everything not passed yet becomes due now. ERR_CONFLICT if there is nothing to check. */
enum err store_challenge_request_check(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t now) MUST_USE;
/* The same of one name alone. */
enum err store_challenge_request_check_of(struct store *store,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name, int64_t now) MUST_USE;
/* The outcome of a check; ERR_NOT_FOUND if the challenge (by its nonce) was replaced meanwhile. */
enum err store_challenge_set_result(struct store *store, const struct challenge_row *row,
    enum challenge_state state, int64_t next_check) MUST_USE;
