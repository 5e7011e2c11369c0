#pragma once
/* Budgets per bucket and window: log-ins per network, checks per enrolment. */
#include "lib/store/store.h"

struct throttle {
    const char *bucket; /* "login:192.0.2.0/24" */
    unsigned budget;
    int64_t window; /* seconds; windows begin at multiples of it */
};

/* ERR_LIMIT once the bucket's budget for this window is spent. */
enum err store_throttle_spend(
    struct store *store, const struct throttle *throttle, int64_t now) MUST_USE;
/* Forgets the buckets whose window began before `time`: strangers make them as they like. */
enum err store_throttle_sweep(struct store *store, int64_t time) MUST_USE;
