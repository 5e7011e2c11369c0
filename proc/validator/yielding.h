#pragma once
/* Checks that let others go first (doc/threats.md D19): those of names that had to be waited for
 * before, and those that are being waited for now. */
#include "proc/validator/check.h"

/* So long a check goes with all others. It is what its registrar calls waited for, too. */
enum { YIELDING_AFTER_MS = 1000 };

/* As check_run, in a thread of its own: from the first question on, where the check says that it
 * yields, else from the first answer after YIELDING_AFTER_MS on, at the lowest ordinary priority of
 * the processors, with what the resolver then starts; where nobody else wants them, no later than
 * that. Where there is no thread to be had, as check_run. */
enum err yielding_check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason) MUST_USE;
