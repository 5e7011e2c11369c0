/* A counter that each thread takes its next job from. */
#include "cli/ecert/crew.h"

#include <pthread.h>
#include <stdatomic.h>

struct crew {
    atomic_size_t next;
    size_t count;
    void (*job)(size_t index, void *ctx);
    void *ctx;
};

static void *work(void *ctx)
{
    struct crew *crew = ctx;
    for (size_t i; (i = atomic_fetch_add(&crew->next, 1)) < crew->count;) {
        crew->job(i, crew->ctx);
    }
    return NULL;
}

void crew_run(size_t count, size_t threads, void (*job)(size_t index, void *ctx), void *ctx)
{
    struct crew crew = { .count = count, .job = job, .ctx = ctx };
    pthread_t others[CREW_MAX];
    size_t started = 0, wanted = threads < count ? threads : count;
    while (started < CREW_MAX && started + 1 < wanted &&
           pthread_create(&others[started], /* attr= */ NULL, work, &crew) == 0) {
        started++;
    }
    work(&crew);
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(others[i], /* retval= */ NULL);
    }
}
