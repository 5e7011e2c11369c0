#include "lib/store/session.h"
#include "tests/unit/store/fixture.h"

enum { NOW = 100000 };

static const uint8_t token[HASH_BYTES] = { 1, 2, 3 };
static const uint8_t unknown[HASH_BYTES] = { 3, 2, 1 };

struct event {
    const struct fixture *fixture;
    int64_t now;
};

static enum err insert(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    struct session_row row = { .created = event->now, .seen = event->now, .language = "zh-HK" };
    memcpy(row.enrolment, event->fixture->enrolment, sizeof row.enrolment);
    return store_session_insert(store, token, &row);
}

static enum err touch(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    return store_session_touch(store, token, event->now);
}

static enum err sweep(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    return store_session_sweep(store, event->now);
}

static enum err end(struct store *store, void *ctx)
{
    (void)ctx;
    return store_session_delete(store, token);
}

static enum err look(struct fixture *fixture, int64_t now)
{
    struct session_row row = { 0 };
    return store_session_get(fixture->store, token, now, &row);
}

static int fixture_log_in(void **state)
{
    fixture_enrol(state);
    struct fixture *fixture = *state;
    struct event event = { fixture, NOW };
    return store_transact(fixture->store, insert, &event) != OK;
}

static void a_session_ends_after_twenty_idle_minutes(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(look(fixture, NOW + SESSION_IDLE_SECONDS - 1), OK);
    assert_int_equal(look(fixture, NOW + SESSION_IDLE_SECONDS), ERR_NOT_FOUND);
    struct event late = { fixture, NOW + SESSION_IDLE_SECONDS };
    assert_int_equal(store_transact(fixture->store, touch, &late), ERR_NOT_FOUND);
}

static void a_touched_session_lives_on(void **state)
{
    struct fixture *fixture = *state;
    struct event event = { fixture, NOW + 600 };
    assert_int_equal(store_transact(fixture->store, touch, &event), OK);
    assert_int_equal(look(fixture, NOW + 600 + SESSION_IDLE_SECONDS - 1), OK);
    struct session_row row = { 0 };
    assert_int_equal(store_session_get(fixture->store, token, NOW + 600, &row), OK);
    assert_false(session_wants_touch(&row, NOW + 610));
    assert_true(session_wants_touch(&row, NOW + 640));
    struct event back = { fixture, NOW };
    assert_int_equal(store_transact(fixture->store, touch, &back), OK);
    assert_int_equal(look(fixture, NOW + 600 + SESSION_IDLE_SECONDS - 1), OK);
}

static void a_token_that_was_never_given_opens_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct session_row row = { 0 };
    assert_int_equal(store_session_get(fixture->store, unknown, NOW, &row), ERR_NOT_FOUND);
    struct event again = { fixture, NOW };
    assert_int_equal(store_transact(fixture->store, insert, &again), ERR_CONFLICT);
}

static void a_session_that_was_left_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct session_row row = { 0 };
    assert_int_equal(store_session_get(fixture->store, token, NOW, &row), OK);
    assert_string_equal(row.language, "zh-HK");
    assert_int_equal(store_transact(fixture->store, end, NULL), OK);
    assert_int_equal(look(fixture, NOW), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, end, NULL), OK);
}

static void sweeping_takes_only_what_is_over(void **state)
{
    struct fixture *fixture = *state;
    struct event early = { fixture, NOW + 10 };
    struct event late = { fixture, NOW + SESSION_IDLE_SECONDS };
    assert_int_equal(store_transact(fixture->store, sweep, &early), OK);
    assert_int_equal(look(fixture, NOW), OK);
    assert_int_equal(store_transact(fixture->store, sweep, &late), OK);
    assert_int_equal(look(fixture, NOW), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_log_in, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_ends_after_twenty_idle_minutes),
        TEST(a_touched_session_lives_on),
        TEST(a_token_that_was_never_given_opens_nothing),
        TEST(a_session_that_was_left_is_gone),
        TEST(sweeping_takes_only_what_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
