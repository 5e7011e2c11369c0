#pragma once
/* The wall clock, watched by the time since boot (doc/threats.md S8). What the two say must agree
 * but for small steps; where it doesn't, somebody set the clock, or the machine was put to sleep as
 * an image and woken elsewhere (S9), and the wall clock is not believed until it agrees again. */
#include "lib/base/clock.h"

#include <pthread.h>

/* A step back or forward that is a correction and no jump. */
#define WATCH_BACK_SECONDS    INT64_C(60)
#define WATCH_FORWARD_SECONDS INT64_C(300)

struct watch {
    struct clock wall, elapsed;
    pthread_mutex_t mutex;
    int64_t wall_at, elapsed_at; /* when they last agreed */
};

/* `elapsed`: seconds since boot, sleep included; without a function nothing is watched. */
void watch_init(struct watch *watch, const struct clock *wall, const struct clock *elapsed);
void watch_release(struct watch *watch);
/* Wall time while it agrees, and what it would be otherwise: what is recorded meanwhile is not
 * dated by a clock that somebody turned, or the journal would have seen the wrong day for ever. */
struct clock watch_clock(struct watch *watch);
/* ERR_AGAIN "clock.jumped" (seen: the wall clock; expected: what it should be). */
enum err watch_check(struct watch *watch, struct reason *ret_reason) MUST_USE;
