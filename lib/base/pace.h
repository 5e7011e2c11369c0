#pragma once
/* How often something may be done to each of many: a bucket for each key that fills evenly (the
 * generic cell rate algorithm), in bounded memory. Where more keys are active than there is room
 * for, the one that has been quiet for longest is forgotten. Used by several threads. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACE_KEYS_MAX = 4096 };

struct pace {
    unsigned per_minute; /* in the long run */
    unsigned burst;      /* at once, after a quiet time */
    pthread_mutex_t mutex;
    struct {
        uint64_t key;
        int64_t full_ms; /* when all that was taken has been given back */
    } buckets[PACE_KEYS_MAX];
};

/* Static initialisation of a pace that nobody has used. */
#define PACE_INIT(per_minute_, burst_)                                                             \
    {                                                                                              \
        .per_minute = (per_minute_), .burst = (burst_), .mutex = PTHREAD_MUTEX_INITIALIZER         \
    }

/* Takes `count` for this key at `now_ms` of a clock that doesn't go back. 0: done. Else the
 * milliseconds after which it may be done; then it is taken for that time already if `reserve`, and
 * not taken at all otherwise. A count beyond the burst counts as the burst. */
int64_t pace_take(struct pace *pace, uint64_t key, unsigned count, int64_t now_ms, bool reserve);
/* A key from a text, FNV-1a; `text` is that of lower case. */
uint64_t pace_key(const void *bytes, size_t len);
