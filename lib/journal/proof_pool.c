/* Threads and two queues. */
#include "lib/journal/proof_pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 64, JOBS_PER_THREAD = 32 };

struct proof_pool {
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
    pthread_mutex_t mutex;
    pthread_cond_t work;             /* there is some, or the end has come */
    pthread_cond_t done;             /* one is done */
    struct proof_job *first, **last; /* to be done, in order */
    struct proof_job *finished;
    size_t on_their_way; /* to be done or being done */
    bool end;
};

static void *worker(void *ctx);

enum err proof_job_new(struct span intent_body, struct proof_job **ret_job)
{
    struct proof_job *job = calloc(1, sizeof *job);
    uint8_t *copy = malloc(intent_body.len + 1);
    if (job == NULL || copy == NULL) {
        free(job);
        free(copy);
        return ERR_MEMORY;
    }
    memcpy(copy, intent_body.data, intent_body.len);
    job->intent_body = copy;
    enum err err = record_intent_read(span_make(copy, intent_body.len), &job->of.intent);
    if (err != OK) {
        proof_job_free(job);
        return err;
    }
    *ret_job = job;
    return OK;
}

static enum err copy_keep(struct span bytes, uint8_t **ret_copy, struct span *ret_span)
{
    uint8_t *copy = malloc(bytes.len + 1);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    memcpy(copy, bytes.data, bytes.len);
    *ret_copy = copy;
    *ret_span = span_make(copy, bytes.len);
    return OK;
}

enum err proof_job_certify(struct proof_job *job, struct span certificate)
{
    return copy_keep(certificate, &job->certificate, &job->of.certificate);
}

enum err proof_job_precertify(struct proof_job *job, struct span precertificate)
{
    return copy_keep(precertificate, &job->precertificate, &job->of.precertificate);
}

enum err proof_job_complete(struct proof_job *job, struct span tbs)
{
    return copy_keep(tbs, &job->completion, &job->of.completion);
}

void proof_job_free(struct proof_job *job)
{
    if (job != NULL) {
        free(job->intent_body);
        free(job->certificate);
        free(job->precertificate);
        free(job->completion);
        free(job);
    }
}

enum err proof_pool_new(unsigned threads, struct proof_pool **ret_pool)
{
    struct proof_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->last = &pool->first;
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    while (pool->thread_count < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, worker, pool) == 0) {
        pool->thread_count++;
    }
    if (pool->thread_count == 0) {
        proof_pool_free(pool);
        return ERR_AGAIN;
    }
    *ret_pool = pool;
    return OK;
}

static void jobs_free(struct proof_job *job)
{
    while (job != NULL) {
        struct proof_job *next = job->next;
        proof_job_free(job);
        job = next;
    }
}

void proof_pool_free(struct proof_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->end = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        pthread_join(pool->threads[i], NULL);
    }
    jobs_free(pool->first);
    jobs_free(pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void proof_pool_put(struct proof_pool *pool, struct proof_job *job)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->on_their_way >= (size_t)pool->thread_count * JOBS_PER_THREAD) {
        pthread_cond_wait(&pool->done, &pool->mutex);
    }
    job->next = NULL;
    *pool->last = job;
    pool->last = &job->next;
    pool->on_their_way++;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

struct proof_job *proof_pool_take(struct proof_pool *pool, bool wait)
{
    pthread_mutex_lock(&pool->mutex);
    while (wait && pool->finished == NULL && pool->on_their_way > 0) {
        pthread_cond_wait(&pool->done, &pool->mutex);
    }
    struct proof_job *job = pool->finished;
    if (job != NULL) {
        pool->finished = job->next;
    }
    pthread_mutex_unlock(&pool->mutex);
    return job;
}

static void *worker(void *ctx)
{
    struct proof_pool *pool = ctx;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->first == NULL && !pool->end) {
            pthread_cond_wait(&pool->work, &pool->mutex);
        }
        if (pool->end) {
            break;
        }
        struct proof_job *job = pool->first;
        pool->first = job->next;
        pool->last = pool->first == NULL ? &pool->first : pool->last;
        pthread_mutex_unlock(&pool->mutex);
        job->err = proof_certificate(&job->of, &job->outcome, &job->reason);
        pthread_mutex_lock(&pool->mutex);
        job->next = pool->finished;
        pool->finished = job;
        pool->on_their_way--;
        pthread_cond_broadcast(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}
