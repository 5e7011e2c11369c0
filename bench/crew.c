/* Threads that wait at one barrier for their work and at another for each other. */
#include "bench/crew.h"

#include <assert.h>
#include <stdlib.h>

struct member {
    struct crew *crew;
    size_t index;
};

static void *member_run(void *argument)
{
    struct member member = *(struct member *)argument;
    struct crew *crew = member.crew;
    free(argument);
    for (;;) {
        pthread_barrier_wait(&crew->begun);
        if (crew->over) {
            return NULL;
        }
        crew->work(crew->ctx, member.index);
        pthread_barrier_wait(&crew->ended);
    }
}

bool crew_start(struct crew *crew, size_t count)
{
    assert(count > 0 && count <= CREW_MAX);
    *crew = (struct crew){ .count = count };
    pthread_barrier_init(&crew->begun, NULL, (unsigned)count + 1);
    pthread_barrier_init(&crew->ended, NULL, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        struct member *member = malloc(sizeof *member);
        if (member == NULL) {
            return false;
        }
        *member = (struct member){ crew, i };
        if (pthread_create(&crew->threads[i], NULL, member_run, member) != 0) {
            free(member);
            return false;
        }
    }
    return true;
}

void crew_stop(struct crew *crew)
{
    crew->over = true;
    pthread_barrier_wait(&crew->begun);
    for (size_t i = 0; i < crew->count; i++) {
        pthread_join(crew->threads[i], NULL);
    }
    pthread_barrier_destroy(&crew->begun);
    pthread_barrier_destroy(&crew->ended);
}

void crew_run(struct crew *crew, void (*work)(void *ctx, size_t index), void *ctx)
{
    crew->work = work;
    crew->ctx = ctx;
    pthread_barrier_wait(&crew->begun);
    pthread_barrier_wait(&crew->ended);
}
