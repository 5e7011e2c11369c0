#pragma once
/* Workers sleep until something rings or a second has passed: what falls due by itself is late by
 * no more. */
#include <pthread.h>
#include <stdint.h>

enum { IDLE_WAIT_MS = 1000 };

struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t rung;
    uint64_t count;
};

void bell_ring(struct bell *bell);
uint64_t bell_count(struct bell *bell);
/* Returns at once if it rang since `count` was read. */
void bell_wait(struct bell *bell, uint64_t count, int64_t timeout_ms);
