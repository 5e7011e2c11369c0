#pragma once
/* In which order, and how soon, checks that are due are made: what the registrar's queue is filled
 * from, and what it remembers of an enrolment for the next time and for the page that waits. */
#include "lib/base/err.h"
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

struct pacing_due {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    uint64_t subscriber; /* the same for enrolments of one organisation; never 0 */
    bool slow;           /* its last check had to be waited for */
};

struct pacing {
    bool slow;
    char reason[REASON_CODE_MAX]; /* why its next check was put off, a message id; or empty */
};

/* Enrolments with a challenge that is due at `now` and was not before `since`, longest waiting
 * first.
 */
enum err store_pacing_due(struct store *store, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count) MUST_USE;
/* The same of rehearsals, none of which counts as slow. */
enum err store_pacing_due_rehearsals(struct store *store, int64_t since, int64_t now, size_t limit,
    struct arena *arena, struct pacing_due **ret_rows, size_t *ret_count) MUST_USE;
/* What is remembered; nothing remembered is neither slow nor put off. */
enum err store_pacing_get(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct pacing *ret_pacing) MUST_USE;
enum err store_pacing_set(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const struct pacing *pacing) MUST_USE;
/* Puts the enrolment's checks that are due at `now` off until then. */
enum err store_pacing_postpone(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, int64_t until, const struct pacing *pacing) MUST_USE;
/* How many other enrolments have been due for longer than this one. */
enum err store_pacing_ahead(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, int64_t *ret_count) MUST_USE;
