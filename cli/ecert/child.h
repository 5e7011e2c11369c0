#pragma once
/* A program of the system's, run to its end: fixed words, no shell, what it reads given on its
 * standard input, its last words kept for the person, and never longer than a deadline. */
#include "lib/base/bytes.h"

struct child_request {
    const char *const *words; /* end with NULL; the first is looked for in PATH */
    bool own_environment;     /* ours as it is (ssh needs HOME and the agent); else a clean one */
    struct span input;
    int64_t seconds;
};

struct child_end {
    int code;                    /* of its exit; 128 + N: a signal ended it */
    char said[REASON_TEXT_MAX];  /* the last line on its standard error */
    char words[REASON_TEXT_MAX]; /* the beginning of all of it, lines joined by "; " */
};

/* ERR_TIMEOUT (it has been ended), or what starting it failed of; ERR_NOT_FOUND: there is no such
 * program. OK whatever its exit code. May run in several threads at once. */
enum err child_run(const struct child_request *request, struct child_end *ret_end) MUST_USE;
