#pragma once
/* Checks that let others go first (doc/threats.md D19): those of names that had to be waited for.
 */
#include "proc/validator/check.h"

/* As check_run, with the resolver's work, at the lowest ordinary priority of the processors; where
 * nobody else wants them, no later than that. */
enum err yielding_check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason) MUST_USE;
