#pragma once
/* Several threads that share a row of jobs. */
#include <stddef.h>

enum { CREW_MAX = 64 };

/* Calls `job` for each index below `count`, in at most `threads` threads at once, and returns when
 * all are done. Where no thread can be had the caller does the work itself. */
void crew_run(size_t count, size_t threads, void (*job)(size_t index, void *ctx), void *ctx);
