/* A queue of tasks that lie in their callers' frames, and the threads that take them from it. */
#include "proc/signer/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { THREADS_MAX = 64 };

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    struct pool_task *first, **end;
    bool over;
    pthread_t threads[THREADS_MAX];
    size_t count;
};

static void *member_run(void *argument)
{
    struct pool *pool = argument;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->first == NULL && !pool->over) {
            pthread_cond_wait(&pool->asked, &pool->mutex);
        }
        struct pool_task *task = pool->first;
        if (task == NULL) {
            break;
        }
        pool->first = task->next;
        pool->end = pool->first == NULL ? &pool->first : pool->end;
        pthread_mutex_unlock(&pool->mutex);
        task->work(task->ctx);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

enum err pool_start(size_t count, struct pool **ret_pool)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return ERR_MEMORY;
    }
    pool->end = &pool->first;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->asked, NULL);
    count = count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : count;
    while (pool->count < count) {
        if (pthread_create(&pool->threads[pool->count], NULL, member_run, pool) != 0) {
            pool_stop(pool);
            return ERR_AGAIN;
        }
        pool->count++;
    }
    *ret_pool = pool;
    return OK;
}

void pool_stop(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->over = true;
    pthread_cond_broadcast(&pool->asked);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    pthread_cond_destroy(&pool->asked);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void pool_ask(struct pool *pool, struct pool_task *task)
{
    if (pool == NULL) {
        task->work(task->ctx);
        return;
    }
    task->next = NULL;
    pthread_mutex_lock(&pool->mutex);
    *pool->end = task;
    pool->end = &task->next;
    pthread_cond_signal(&pool->asked);
    pthread_mutex_unlock(&pool->mutex);
}
