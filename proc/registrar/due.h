#pragma once
/* An enrolment's turn to be checked: out of the queue, and past the caps for what it looks at. */
#include "lib/store/challenge.h"
#include "proc/registrar/registrar.h"

/* Waits for a turn and gives the due challenges of the enrolment whose it is; *ret_count is 0 where
 * it waits for others of its domain, or was put off with the reason in the
 * store. What was found is to be given back by due_done. */
enum err due_take(struct registrar *registrar, enum queue_lane lane, struct arena *arena,
    struct challenge_row **ret_rows, size_t *ret_count, struct queue_turn *ret_turn) MUST_USE;
/* What each of these looks at: its registrable domain; where there is none, its name. */
void due_targets(const struct registrar *registrar, const struct challenge_row *rows, size_t count,
    uint64_t *ret_targets);
/* As queue_done. */
void due_done(
    struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES], bool made, bool slow);
