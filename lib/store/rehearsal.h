#pragma once
/* Rehearsals: what each perspective sees of a name now, kept for the page and for nothing else. The
 * last one of each name, and for REHEARSAL_KEPT_SECONDS; no evidence is ever made of it. */
#include "lib/store/challenge.h"

enum { REHEARSAL_KEPT_SECONDS = 3600 };

struct rehearsal_row {
    char name[HOST_NAME_MAX_LENGTH + 1];
    uint8_t nonce[NONCE_BYTES]; /* of the challenge that it was asked for */
    int64_t asked;
    int64_t due; /* when it is to be made; 0: it was */
    bool put_off;
    int64_t made; /* 0: not yet */
    bool passes;  /* a check would have */
};

struct sight_row {
    char name[HOST_NAME_MAX_LENGTH + 1];
    char perspective[PERSPECTIVE_ID_MAX];
    bool answered; /* else the next three mean nothing */
    enum dcv_result dcv;
    enum caa_result caa;
    enum dnssec_state dnssec;
    struct span report; /* lib/wire's, DER */
};

/* Every challenge that has not passed is to be rehearsed; what was seen before is forgotten. Does
 * nothing while one is waiting or under way, and says so by `ret_asked`. ERR_CONFLICT if there is
 * nothing to rehearse. */
enum err store_rehearsal_ask(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, bool *ret_asked) MUST_USE;
/* Has what is due at `now` wait until then, and notes that it has its place. */
enum err store_rehearsal_postpone(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, int64_t until) MUST_USE;
/* By name. */
enum err store_rehearsal_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct rehearsal_row **ret_rows, size_t *ret_count) MUST_USE;
/* By name, then by perspective. */
enum err store_sight_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct sight_row **ret_rows, size_t *ret_count) MUST_USE;
/* This name's was made. ERR_NOT_FOUND if it isn't waited for any more, or is for another challenge.
 */
enum err store_rehearsal_put(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct rehearsal_row *row) MUST_USE;
/* Behind store_rehearsal_put of its name. */
enum err store_sight_put(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct sight_row *row) MUST_USE;
/* All of the enrolment's: a check has been asked for, or what is to be placed has changed. */
enum err store_rehearsal_forget(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES]) MUST_USE;
/* Those asked for before `time`. */
enum err store_rehearsal_sweep(struct store *store, int64_t time) MUST_USE;
