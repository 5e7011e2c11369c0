#include "tests/unit/store/fixture.h"

struct signing {
    struct fixture *fixture;
    enum approval_role role;
    uint8_t officer;
};

static enum err signing_run(struct store *store, void *ctx)
{
    const struct signing *signing = ctx;
    return approval_add(store, signing->fixture, signing->role, signing->officer);
}

static enum err sign(struct fixture *fixture, enum approval_role role, uint8_t officer)
{
    struct signing signing = { fixture, role, officer };
    return store_transact(fixture->store, signing_run, &signing);
}

static enum application_state state_of(struct fixture *fixture)
{
    AUTO(arena) arena = arena_make(4096);
    struct application_row row = { 0 };
    assert_int_equal(store_application_get(fixture->store, fixture->application, &arena, &row), OK);
    return row.state;
}

static int fixture_apply(void **state)
{
    fixture_open(state);
    struct fixture *fixture = *state;
    return store_transact(fixture->store, application_make, fixture) != OK;
}

/* doc/threats.md P12, S14: every sequence of four signatures by one officer. */
static void one_officer_alone_never_reaches_approved(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned sequence = 0; sequence < 16; sequence++) {
        struct fixture own = *fixture;
        own.application[0] = (uint8_t)sequence;
        assert_int_equal(store_transact(fixture->store, application_make, &own), OK);
        for (unsigned step = 0; step < 4; step++) {
            bool approve = (sequence >> step & 1) != 0;
            (void)sign(&own, approve ? APPROVAL_APPROVED : APPROVAL_VETTED, 1);
        }
        assert_int_not_equal(state_of(&own), APPLICATION_APPROVED);
    }
}

static void two_officers_reach_it_in_one_order_only(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 2), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 1), OK);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 2), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 1), ERR_CONFLICT);
    assert_int_equal(state_of(fixture), APPLICATION_VETTED);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 2), OK);
    assert_int_equal(state_of(fixture), APPLICATION_APPROVED);
    assert_int_equal(sign(fixture, APPROVAL_APPROVED, 3), ERR_CONFLICT);
}

struct moving {
    struct fixture *fixture;
    enum application_state state;
};

static enum err moving_run(struct store *store, void *ctx)
{
    const struct moving *moving = ctx;
    return store_application_set_state(store, &act, moving->fixture->application, moving->state);
}

static enum err move(struct fixture *fixture, enum application_state state)
{
    struct moving moving = { fixture, state };
    return store_transact(fixture->store, moving_run, &moving);
}

static void a_withdrawn_application_stays_withdrawn(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(move(fixture, APPLICATION_APPROVED), ERR_CONFLICT);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), OK);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), ERR_CONFLICT);
    assert_int_equal(move(fixture, APPLICATION_WITHDRAWN), OK);
    assert_int_equal(move(fixture, APPLICATION_RETURNED), ERR_CONFLICT);
    assert_int_equal(sign(fixture, APPROVAL_VETTED, 1), ERR_CONFLICT);
    assert_int_equal(state_of(fixture), APPLICATION_WITHDRAWN);
}

static void the_same_application_is_entered_once(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(store_transact(fixture->store, application_make, fixture), ERR_CONFLICT);
    AUTO(arena) arena = arena_make(4096);
    struct application_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_application_list(fixture->store, 0, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_application_list(fixture->store, 1, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 0);
    struct application_row row = { 0 };
    static const uint8_t nobody[APPLICATION_ID_BYTES];
    assert_int_equal(store_application_get(fixture->store, nobody, &arena, &row), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_apply, fixture_close)

static enum err return_write(struct store *store, void *ctx)
{
    struct fixture *fixture = ctx;
    return store_application_return(
        store, &act, fixture->application, RETURN_AT_CERTIFICATE, "The branch has moved.\nTwice.");
}

static void why_it_was_returned_is_kept_once_and_word_for_word(void **state)
{
    struct fixture *fixture = *state;
    struct return_row row = { 0 };
    AUTO(arena) arena = arena_make(4096);
    assert_int_equal(store_application_returned(fixture->store, fixture->application, &arena, &row),
        ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, return_write, fixture), OK);
    assert_int_equal(
        store_application_returned(fixture->store, fixture->application, &arena, &row), OK);
    assert_string_equal(return_step_id(row.step), "certificate");
    assert_string_equal(row.reason, "The branch has moved.\nTwice.");
    assert_string_equal(row.actor, act.actor);
    assert_int_equal(row.time, act.time);
    assert_int_equal(store_transact(fixture->store, return_write, fixture), ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            why_it_was_returned_is_kept_once_and_word_for_word, fixture_enrol, fixture_close),
        TEST(one_officer_alone_never_reaches_approved),
        TEST(two_officers_reach_it_in_one_order_only),
        TEST(a_withdrawn_application_stays_withdrawn),
        TEST(the_same_application_is_entered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
