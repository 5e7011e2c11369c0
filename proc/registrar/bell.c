/* The bell: a counter under a lock. Whoever read the counter before looking at the store can't miss
 * a ring that came while it looked. */
#include "proc/registrar/bell.h"

#include <time.h>

void bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->count++;
    pthread_cond_broadcast(&bell->rung);
    pthread_mutex_unlock(&bell->mutex);
}

uint64_t bell_count(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    uint64_t count = bell->count;
    pthread_mutex_unlock(&bell->mutex);
    return count;
}

void bell_wait(struct bell *bell, uint64_t count, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int result = 0;
    pthread_mutex_lock(&bell->mutex);
    while (bell->count == count && result == 0) {
        result = pthread_cond_timedwait(&bell->rung, &bell->mutex, &until);
    }
    pthread_mutex_unlock(&bell->mutex);
}
