#include "tests/unit/store/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 10, TRIES = 20 };

struct attempt {
    struct fixture *fixture;
    unsigned left;
    atomic_int granted;
};

static enum err attempt_spend(struct store *store, void *ctx)
{
    struct attempt *attempt = ctx;
    return store_enrolment_spend_attempt(store, &act, attempt->fixture->enrolment, &attempt->left);
}

static void *guess(void *ctx)
{
    struct attempt *shared = ctx;
    struct attempt own = { .fixture = shared->fixture };
    for (int i = 0; i < TRIES; i++) {
        if (store_transact(shared->fixture->store, attempt_spend, &own) == OK) {
            atomic_fetch_add(&shared->granted, 1);
        }
    }
    return NULL;
}

static void hundreds_of_parallel_guesses_get_exactly_the_budget(void **state)
{
    struct attempt attempt = { .fixture = *state };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &attempt), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(attempt.granted, PIN_ATTEMPTS_MAX);
    struct enrolment_row row = { 0 };
    assert_int_equal(
        store_enrolment_get(attempt.fixture->store, attempt.fixture->enrolment, &row), OK);
    assert_int_equal(row.attempts_left, 0);
}

static enum err attempts_restore(struct store *store, void *ctx)
{
    struct fixture *fixture = ctx;
    return store_enrolment_restore_attempts(store, &act, fixture->enrolment);
}

static void the_right_pin_gives_the_budget_back(void **state)
{
    struct attempt attempt = { .fixture = *state };
    struct store *store = attempt.fixture->store;
    for (unsigned left = PIN_ATTEMPTS_MAX; left-- > 0;) {
        assert_int_equal(store_transact(store, attempt_spend, &attempt), OK);
        assert_int_equal(attempt.left, left);
    }
    assert_int_equal(store_transact(store, attempt_spend, &attempt), ERR_DENIED);
    assert_int_equal(store_transact(store, attempts_restore, attempt.fixture), OK);
    assert_int_equal(store_transact(store, attempt_spend, &attempt), OK);
    assert_int_equal(attempt.left, PIN_ATTEMPTS_MAX - 1);
}

struct advance {
    struct fixture *fixture;
    enum enrolment_event event;
    enum enrolment_state state;
};

static enum err advance_run(struct store *store, void *ctx)
{
    struct advance *advance = ctx;
    return store_enrolment_advance(
        store, &act, advance->fixture->enrolment, advance->event, &advance->state);
}

static void an_enrolment_moves_only_as_the_table_allows(void **state)
{
    struct fixture *fixture = *state;
    struct advance skip = { .fixture = fixture, .event = ENROLMENT_SUBMIT_CSR };
    assert_int_equal(store_transact(fixture->store, advance_run, &skip), ERR_CONFLICT);
    struct advance confirm = { .fixture = fixture, .event = ENROLMENT_CONFIRM };
    assert_int_equal(store_transact(fixture->store, advance_run, &confirm), OK);
    assert_int_equal(confirm.state, ENROLMENT_CONFIRMED);
    assert_int_equal(store_transact(fixture->store, advance_run, &confirm), ERR_CONFLICT);
}

static void a_declined_key_begins_the_next_certificate(void **state)
{
    static const enum enrolment_event way[] = { ENROLMENT_CONFIRM, ENROLMENT_EVIDENCE,
        ENROLMENT_SUBMIT_CSR, ENROLMENT_CERTIFICATE, ENROLMENT_DECLINE_KEY };
    struct fixture *fixture = *state;
    struct enrolment_row row = { 0 };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        assert_int_equal(store_enrolment_get(fixture->store, fixture->enrolment, &row), OK);
        assert_int_equal(row.ordinal, 1);
        struct advance step = { .fixture = fixture, .event = way[i] };
        assert_int_equal(store_transact(fixture->store, advance_run, &step), OK);
    }
    assert_int_equal(store_enrolment_get(fixture->store, fixture->enrolment, &row), OK);
    assert_int_equal(row.ordinal, 2);
    assert_int_equal(row.state, ENROLMENT_VALIDATED);
}

static void a_rejected_enrolment_returns_its_application(void **state)
{
    struct fixture *fixture = *state;
    struct application_row row = { 0 };
    AUTO(arena) arena = arena_make(4096);
    struct advance reject = { .fixture = fixture, .event = ENROLMENT_REJECT };
    assert_int_equal(store_transact(fixture->store, advance_run, &reject), OK);
    assert_int_equal(store_application_get(fixture->store, fixture->application, &arena, &row), OK);
    assert_int_equal(row.state, APPLICATION_RETURNED);
}

static void a_reference_number_belongs_to_one_enrolment(void **state)
{
    struct fixture *fixture = *state;
    struct enrolment_row row = { 0 };
    assert_int_equal(store_enrolment_by_reference(fixture->store, "123456789", &row), OK);
    assert_memory_equal(row.id, fixture->enrolment, sizeof row.id);
    assert_int_equal(
        store_enrolment_by_reference(fixture->store, "123456780", &row), ERR_NOT_FOUND);
    struct fixture other = *fixture;
    memset(other.application, 0xa2, sizeof other.application);
    memset(other.enrolment, 0xe2, sizeof other.enrolment);
    assert_int_equal(store_transact(fixture->store, enrolment_make, &other), ERR_CONFLICT);
    AUTO(arena) arena = arena_make(4096);
    struct application_row application = { 0 };
    assert_int_equal(store_application_get(fixture->store, other.application, &arena, &application),
        ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            hundreds_of_parallel_guesses_get_exactly_the_budget, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            the_right_pin_gives_the_budget_back, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            an_enrolment_moves_only_as_the_table_allows, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_declined_key_begins_the_next_certificate, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_rejected_enrolment_returns_its_application, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_reference_number_belongs_to_one_enrolment, fixture_enrol, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
