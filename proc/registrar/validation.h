#pragma once
/* Checks that subscribers asked for, or that are due by themselves. */
#include "proc/registrar/perspective.h"
#include "proc/registrar/due.h"

struct validation {
    struct perspective_link links[PERSPECTIVES_MAX]; /* this worker's own */
    size_t link_count;
    enum queue_lane lane;
};

/* How long a check may take where others wait behind it (proc/registrar/queue.h). What needs more
 * is not judged by that, but checked again where there is time. */
enum { PROMPT_PATIENCE_MS = 4000, SLOW_MS = 3000 };

/* One enrolment's due challenges, by all perspectives, each in a thread of its own. */
enum err validation_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked) MUST_USE;
