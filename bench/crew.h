#pragma once
/* Threads that live as long as what is measured, as a service's do: nobody's rate is to hold what
 * it costs to start one. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { CREW_MAX = 64 };

struct crew {
    pthread_t threads[CREW_MAX];
    size_t count;
    pthread_barrier_t begun, ended;
    void (*work)(void *ctx, size_t index);
    void *ctx;
    bool over;
};

/* False if a thread can't be had: then it is of no use. The caller's memory stays where it is. */
bool crew_start(struct crew *crew, size_t count);
void crew_stop(struct crew *crew);
/* Has each of them do the work, called with its number, and returns when all have done it. */
void crew_run(struct crew *crew, void (*work)(void *ctx, size_t index), void *ctx);
