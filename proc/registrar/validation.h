#pragma once
/* Checks that subscribers asked for, or that are due by themselves. */
#include "proc/registrar/perspective.h"
#include "proc/registrar/due.h"

struct validation {
    struct perspective_link links[PERSPECTIVES_MAX]; /* this worker's own */
    size_t link_count;
    enum queue_lane lane;
    struct queue_turn turn; /* the one under way */
};

/* Waits for the next enrolment whose turn it is; then its due challenges, by all perspectives, each
 * in a thread of its own. */
enum err validation_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked) MUST_USE;
