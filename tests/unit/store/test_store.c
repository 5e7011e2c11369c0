#include "lib/store/blocked.h"
#include "lib/store/throttle.h"
#include "lib/base/clock.h"
#include "tests/unit/store/fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { THREADS = 8, ROUNDS = 25, PROCESSES = 2 };

static const struct throttle counter = { .bucket = "counter", .budget = 1000000, .window = 1 };

static enum err count_one(struct store *store, void *ctx)
{
    (void)ctx;
    return store_throttle_spend(store, &counter, 0);
}

static enum err count_and_fail(struct store *store, void *ctx)
{
    TRY(count_one(store, ctx));
    return ERR_DENIED;
}

static enum err block_key(struct store *store, void *ctx)
{
    uint8_t *hash = ctx;
    return store_blocked_add(store, &act, hash, "test");
}

static int64_t number_in(const char *path, const char *sql)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

static int64_t counted(const struct fixture *fixture)
{
    return number_in(fixture->path, "SELECT coalesce(max(count), 0) FROM throttle");
}

static void the_database_is_opened_as_the_threats_ask(void **state)
{
    struct fixture *fixture = *state;
    struct reason reason = { 0 };
    assert_int_equal(store_check(fixture->store, &reason), OK);
    assert_int_equal(number_in(fixture->path, "PRAGMA user_version"), 5);
    assert_int_equal(
        number_in(fixture->path,
            "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 0"
            " AND name NOT LIKE 'sqlite_%' AND type = 'table'"),
        0);
}

static void a_store_made_by_a_later_version_is_refused(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *database = NULL;
    struct store *again = NULL;
    struct reason reason = { 0 };
    assert_int_equal(sqlite3_open(fixture->path, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(database, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    assert_int_equal(store_open(fixture->path, &again, &reason), ERR_UNSUPPORTED);
    assert_string_equal(reason.code, "store.newer");
    assert_null(again);
}

static void a_store_in_no_folder_cannot_be_opened(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct reason reason = { 0 };
    assert_int_equal(store_open("/nowhere/at/all/ecert.db", &store, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "store.open");
}

static void a_change_that_fails_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(store_transact(fixture->store, count_and_fail, NULL), ERR_DENIED);
    assert_int_equal(counted(fixture), 0);
    assert_int_equal(store_transact(fixture->store, count_one, NULL), OK);
    assert_int_equal(counted(fixture), 1);
}

static void *count_often(void *ctx)
{
    struct store *store = ctx;
    intptr_t failures = 0;
    for (int i = 0; i < ROUNDS; i++) {
        failures += store_transact(store, count_one, NULL) != OK;
        failures += store_transact(store, count_and_fail, NULL) != ERR_DENIED;
    }
    return (void *)failures;
}

static intptr_t threads_run(struct store *store)
{
    pthread_t threads[THREADS];
    intptr_t failures = 0;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_often, store), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        failures += (intptr_t)result;
    }
    return failures;
}

static void threads_that_commit_together_lose_nothing_and_fail_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(threads_run(fixture->store), 0);
    assert_int_equal(counted(fixture), THREADS * ROUNDS);
}

/* In a process of its own: opens the store and writes until the time is over; prints nothing. */
static void write_for_a_while(const char *path, int report_fd)
{
    struct store *store = NULL;
    int64_t done = 0;
    int64_t longest = 0;
    if (store_open(path, &store, NULL) != OK) {
        _exit(1);
    }
    int64_t end = clock_monotonic_ms() + 400;
    for (int64_t now = clock_monotonic_ms(); now < end;) {
        if (store_transact(store, count_one, NULL) != OK) {
            _exit(1);
        }
        int64_t after = clock_monotonic_ms();
        longest = after - now > longest ? after - now : longest;
        now = after;
        done++;
    }
    store_free(store);
    int64_t report[2] = { done, longest };
    _exit(write(report_fd, report, sizeof report) == sizeof report ? 0 : 1);
}

static void two_processes_take_turns_and_neither_starves(void **state)
{
    struct fixture *fixture = *state;
    int64_t reports[PROCESSES][2] = { 0 };
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            write_for_a_while(fixture->path, pipes[1]);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        wait(&status);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(read(pipes[0], reports[i], sizeof reports[i]), sizeof reports[i]);
    }
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(counted(fixture), reports[0][0] + reports[1][0]);
    int64_t fewer = reports[0][0] < reports[1][0] ? reports[0][0] : reports[1][0];
    int64_t more = reports[0][0] + reports[1][0] - fewer;
    assert_true(fewer * 3 > more);
}

static void a_writer_killed_in_its_turn_gives_it_back(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            int sink[2];
            write_for_a_while(fixture->path, pipe(sink) == 0 ? sink[1] : -1);
        }
        usleep(40000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_int_equal(store_transact(fixture->store, count_one, NULL), OK);
    }
    assert_int_equal(store_check(fixture->store, NULL), OK);
}

static enum err write_much(struct store *store, void *ctx)
{
    static uint8_t der[1 << 16];
    const struct fixture *fixture = ctx;
    struct application_row row = { .der = SPAN_OF(der), .created = 1 };
    memcpy(row.id, fixture->application, sizeof row.id);
    return store_application_insert(store, &act, &row);
}

static void a_full_disk_changes_nothing_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before = { 0 };
    assert_int_equal(store_transact(fixture->store, count_one, NULL), OK);
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = { .rlim_cur = 40960, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum err full = store_transact(fixture->store, write_much, fixture);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(full, ERR_NO_SPACE);
    assert_int_equal(number_in(fixture->path, "SELECT count(*) FROM application"), 0);
    assert_int_equal(number_in(fixture->path, "SELECT count(*) FROM audit"), 0);
    assert_int_equal(store_transact(fixture->store, write_much, fixture), OK);
    assert_int_equal(store_check(fixture->store, NULL), OK);
}

static void a_transaction_sees_its_own_writes_and_readers_see_them_after_it(void **state)
{
    struct fixture *fixture = *state;
    uint8_t hash[HASH_BYTES] = { 7 };
    bool blocked = true;
    assert_int_equal(store_blocked_contains(fixture->store, hash, &blocked), OK);
    assert_false(blocked);
    assert_int_equal(store_transact(fixture->store, block_key, hash), OK);
    assert_int_equal(store_transact(fixture->store, block_key, hash), OK);
    assert_int_equal(store_blocked_contains(fixture->store, hash, &blocked), OK);
    assert_true(blocked);
}

static enum err spend(struct store *store, void *ctx)
{
    static const struct throttle throttle = { .bucket = "login", .budget = 3, .window = 60 };
    const int64_t *now = ctx;
    return store_throttle_spend(store, &throttle, *now);
}

static void a_spent_budget_returns_with_the_next_window(void **state)
{
    struct fixture *fixture = *state;
    int64_t now = 120;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_transact(fixture->store, spend, &now), OK);
    }
    now = 179;
    assert_int_equal(store_transact(fixture->store, spend, &now), ERR_LIMIT);
    now = 180;
    assert_int_equal(store_transact(fixture->store, spend, &now), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_database_is_opened_as_the_threats_ask, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_store_made_by_a_later_version_is_refused, fixture_open, fixture_close),
        cmocka_unit_test(a_store_in_no_folder_cannot_be_opened),
        cmocka_unit_test_setup_teardown(
            a_change_that_fails_changes_nothing, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            threads_that_commit_together_lose_nothing_and_fail_alone, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            two_processes_take_turns_and_neither_starves, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_writer_killed_in_its_turn_gives_it_back, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_full_disk_changes_nothing_and_says_so, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_transaction_sees_its_own_writes_and_readers_see_them_after_it, fixture_open,
            fixture_close),
        cmocka_unit_test_setup_teardown(
            a_spent_budget_returns_with_the_next_window, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
