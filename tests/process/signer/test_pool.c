/* Who computes for whom, in which order, and how many at once. */
#include "proc/signer/pool.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 2, TASKS = 8 };

/* Each task says that it has begun, and ends when it is let go. */
static struct work {
    struct pool_task task;
    pthread_t by;
} works[TASKS];
static sem_t begun, go, ended;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t order[TASKS], begun_count;

static void work_do(void *ctx)
{
    struct work *work = ctx;
    work->by = pthread_self();
    pthread_mutex_lock(&mutex);
    order[begun_count++] = (size_t)(work - works);
    pthread_mutex_unlock(&mutex);
    sem_post(&begun);
    sem_wait(&go);
    sem_post(&ended);
}

static int setup(void **state)
{
    (void)state;
    begun_count = 0;
    sem_init(&begun, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&ended, 0, 0);
    for (size_t i = 0; i < TASKS; i++) {
        works[i] = (struct work){ .task = { .work = work_do, .ctx = &works[i] } };
    }
    return 0;
}

static void without_a_pool_it_is_done_here_and_now(void **state)
{
    (void)state;
    sem_post(&go);
    pool_ask(NULL, &works[0].task);
    assert_int_equal(begun_count, 1);
    assert_true(pthread_equal(works[0].by, pthread_self()) != 0);
}

static void as_many_at_once_as_there_are_threads_and_the_others_in_order(void **state)
{
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(pool_start(THREADS, &pool), OK);
    for (size_t i = 0; i < TASKS; i++) {
        pool_ask(pool, &works[i].task);
    }
    for (size_t i = 0; i < THREADS; i++) {
        sem_wait(&begun);
    }
    pthread_mutex_lock(&mutex);
    assert_int_equal(begun_count, THREADS);
    pthread_mutex_unlock(&mutex);
    for (size_t i = THREADS; i < TASKS; i++) {
        sem_post(&go);
        sem_wait(&begun);
        assert_int_equal(order[i], i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        sem_post(&go);
    }
    for (size_t i = 0; i < TASKS; i++) {
        sem_wait(&ended);
        assert_false(pthread_equal(works[i].by, pthread_self()) != 0);
    }
    pool_stop(pool);
}

static void what_was_asked_is_done_before_the_pool_ends(void **state)
{
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(pool_start(1, &pool), OK);
    for (size_t i = 0; i < TASKS; i++) {
        sem_post(&go);
        pool_ask(pool, &works[i].task);
    }
    pool_stop(pool);
    assert_int_equal(begun_count, TASKS);
}

static void a_pool_of_none_has_one(void **state)
{
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(pool_start(0, &pool), OK);
    sem_post(&go);
    pool_ask(pool, &works[0].task);
    sem_wait(&ended);
    pool_stop(pool);
    pool_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_pool_it_is_done_here_and_now, setup),
        cmocka_unit_test_setup(as_many_at_once_as_there_are_threads_and_the_others_in_order, setup),
        cmocka_unit_test_setup(what_was_asked_is_done_before_the_pool_ends, setup),
        cmocka_unit_test_setup(a_pool_of_none_has_one, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
