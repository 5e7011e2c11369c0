/* Who shares a sync with whom. Time stands still here: patience is over when the test says so. */
#include "lib/base/err.h"
#include "lib/journal/record.h"
#include "proc/signer/journal.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

static char folder[] = "gather-test-XXXXXX";
static char path[PATH_MAX];
static struct journal *journal;
static sem_t asleep; /* once for everybody who begins to wait with patience */
static atomic_bool impatient, failing;
static atomic_uint syncs;

int __wrap_sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until);
int __wrap_fdatasync(int fd);

int __wrap_sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    (void)clock;
    (void)until;
    sem_post(&asleep);
    if (atomic_load(&impatient)) {
        errno = ETIMEDOUT;
        return -1;
    }
    return sem_wait(semaphore);
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    atomic_fetch_add(&syncs, 1);
    errno = EIO;
    return atomic_load(&failing) ? -1 : 0;
}

static enum err nothing(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

static int setup(void **state)
{
    struct reason reason;
    (void)state;
    sem_init(&asleep, 0, 0);
    atomic_store(&impatient, false);
    atomic_store(&failing, false);
    unlink(path);
    assert_int_equal(journal_open(path, NULL, nothing, NULL, &journal, NULL, &reason), OK);
    atomic_store(&syncs, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    journal_free(journal);
    sem_destroy(&asleep);
    return 0;
}

static struct journal_ticket add(uint8_t what)
{
    struct journal_ticket ticket = { 0 };
    const struct record_withdrawn record = { { what } };
    assert_int_equal(
        journal_add(journal, JOURNAL_WITHDRAWN, NOW, record_withdrawn_write, &record, &ticket), OK);
    return ticket;
}

/* A call from its beginning to its end, with one record. */
static void *call_run(void *argument)
{
    enum err *fate = argument;
    journal_enter(journal);
    struct journal_ticket ticket = add(1);
    *fate = journal_gather(journal, &ticket);
    journal_leave(journal);
    return NULL;
}

static int64_t on_disk(void)
{
    struct journal_state state;
    journal_look(journal, &state);
    return state.records;
}

/* `count` calls that sleep by the time this returns. */
static void calls_begin(pthread_t *threads, enum err *fates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fates[i] = ERR_AGAIN;
        assert_int_equal(pthread_create(&threads[i], NULL, call_run, &fates[i]), 0);
        sem_wait(&asleep);
    }
}

static void calls_end(pthread_t *threads, const enum err *fates, size_t count, enum err expected)
{
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(fates[i], expected);
    }
}

static void alone_nobody_is_waited_for(void **state)
{
    enum err fate = ERR_AGAIN;
    (void)state;
    call_run(&fate);
    assert_int_equal(fate, OK);
    assert_int_equal(on_disk(), 1);
}

static void six_of_seven_share_a_sync(void **state)
{
    pthread_t threads[5];
    enum err fates[6];
    (void)state;
    journal_enter(journal);
    calls_begin(threads, fates, 5);
    assert_int_equal(on_disk(), 0);
    call_run(&fates[5]);
    calls_end(threads, fates, 5, OK);
    assert_int_equal(on_disk(), 6);
    assert_int_equal(atomic_load(&syncs), 1);
    journal_leave(journal);
}

static void who_ends_without_a_record_is_not_waited_for_any_more(void **state)
{
    pthread_t threads[2];
    enum err fates[2];
    (void)state;
    journal_enter(journal);
    calls_begin(threads, fates, 2);
    assert_int_equal(on_disk(), 0);
    journal_leave(journal);
    calls_end(threads, fates, 2, OK);
    assert_int_equal(atomic_load(&syncs), 1);
}

/* doc/threats.md S17. */
static void a_revocation_waits_for_nobody_and_takes_the_others_along(void **state)
{
    pthread_t threads[2];
    enum err fates[2];
    (void)state;
    journal_enter(journal);
    calls_begin(threads, fates, 2);
    struct journal_ticket ticket = add(2);
    assert_int_equal(journal_wait(journal, &ticket), OK);
    calls_end(threads, fates, 2, OK);
    assert_int_equal(on_disk(), 3);
    assert_int_equal(atomic_load(&syncs), 1);
    journal_leave(journal);
}

static void patience_has_an_end(void **state)
{
    enum err fate = ERR_AGAIN;
    (void)state;
    journal_enter(journal);
    atomic_store(&impatient, true);
    call_run(&fate);
    assert_int_equal(fate, OK);
    assert_int_equal(on_disk(), 1);
    journal_leave(journal);
}

static void whoever_waited_hears_of_a_failing_disk(void **state)
{
    pthread_t threads[2];
    enum err fates[2];
    (void)state;
    journal_enter(journal);
    calls_begin(threads, fates, 2);
    atomic_store(&failing, true);
    struct journal_ticket ticket = add(2);
    assert_int_equal(journal_wait(journal, &ticket), ERR_IO);
    calls_end(threads, fates, 2, ERR_IO);
    assert_int_equal(on_disk(), 0);
    journal_leave(journal);
}

/* A caller who sleeps while another thread queues his record. */
struct served {
    struct journal_waiter waiter;
    enum err fate;
};

static void *served_run(void *argument)
{
    struct served *served = argument;
    served->fate = journal_await(journal, &served->waiter);
    return NULL;
}

static void served_begin(struct served *served, pthread_t *thread)
{
    served->fate = ERR_AGAIN;
    journal_waiter_init(&served->waiter);
    journal_enter(journal);
    assert_int_equal(pthread_create(thread, NULL, served_run, served), 0);
    sem_wait(&asleep);
}

static void who_enlists_a_caller_writes_nothing_for_him(void **state)
{
    struct served served;
    pthread_t thread;
    (void)state;
    journal_enter(journal);
    served_begin(&served, &thread);
    struct journal_ticket ticket = add(1);
    journal_enlist(journal, &served.waiter, &ticket);
    assert_int_equal(atomic_load(&syncs), 0);
    journal_leave(journal); /* the last at work: the batch is due, and the caller's to write */
    pthread_join(thread, NULL);
    assert_int_equal(served.fate, OK);
    assert_int_equal(on_disk(), 1);
    journal_leave(journal);
}

static void who_is_dismissed_waits_for_no_disk(void **state)
{
    struct served served;
    pthread_t thread;
    (void)state;
    served_begin(&served, &thread);
    journal_dismiss(&served.waiter);
    pthread_join(thread, NULL);
    assert_int_equal(served.fate, OK);
    assert_int_equal(atomic_load(&syncs), 0);
    journal_leave(journal);
}

static void who_was_enlisted_hears_of_a_failing_disk(void **state)
{
    struct served served;
    pthread_t thread;
    (void)state;
    served_begin(&served, &thread);
    struct journal_ticket ticket = add(1);
    atomic_store(&failing, true);
    journal_enlist(journal, &served.waiter, &ticket);
    pthread_join(thread, NULL);
    assert_int_equal(served.fate, ERR_IO);
    journal_leave(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone_nobody_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(six_of_seven_share_a_sync, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_ends_without_a_record_is_not_waited_for_any_more, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_revocation_waits_for_nobody_and_takes_the_others_along, setup, teardown),
        cmocka_unit_test_setup_teardown(patience_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(whoever_waited_hears_of_a_failing_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_enlists_a_caller_writes_nothing_for_him, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_dismissed_waits_for_no_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_enlisted_hears_of_a_failing_disk, setup, teardown),
    };
    if (mkdtemp(folder) == NULL) {
        return EXIT_FAILURE;
    }
    snprintf(path, sizeof path, "%s/journal", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
