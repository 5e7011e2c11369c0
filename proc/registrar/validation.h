#pragma once
/* Checks that subscribers asked for, or that are due by themselves. */
#include "proc/registrar/perspective.h"

struct validation {
    struct perspective_link links[PERSPECTIVES_MAX]; /* this worker's own */
    size_t link_count;
    struct share share;
};

/* One enrolment's due challenges, by all perspectives, each in a thread of its own. */
enum err validation_step(
    struct registrar *registrar, struct validation *validation, bool *ret_worked) MUST_USE;
