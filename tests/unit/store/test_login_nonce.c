#include "lib/store/login_nonce.h"
#include "tests/unit/store/fixture.h"

enum { NOW = 100000 };

static const uint8_t hash[HASH_BYTES] = { 1, 2, 3 };
static const uint8_t later[HASH_BYTES] = { 4 };

struct event {
    const uint8_t *hash;
    int64_t now;
};

static enum err add(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    return store_login_nonce_add(store, event->hash, event->now, event->now + LOGIN_NONCE_SECONDS);
}

static enum err spend(struct store *store, void *ctx)
{
    const struct event *event = ctx;
    return store_login_nonce_spend(store, event->hash, event->now);
}

static void a_nonce_is_good_once(void **state)
{
    struct fixture *fixture = *state;
    struct event event = { hash, NOW };
    assert_int_equal(store_transact(fixture->store, spend, &event), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, add, &event), OK);
    assert_int_equal(store_transact(fixture->store, spend, &event), OK);
    assert_int_equal(store_transact(fixture->store, spend, &event), ERR_NOT_FOUND);
}

static void a_nonce_is_good_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    struct event first = { hash, NOW };
    struct event last = { hash, NOW + LOGIN_NONCE_SECONDS - 1 };
    struct event late = { hash, NOW + LOGIN_NONCE_SECONDS };
    assert_int_equal(store_transact(fixture->store, add, &first), OK);
    assert_int_equal(store_transact(fixture->store, spend, &late), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, spend, &last), OK);
}

static void what_is_over_is_forgotten_with_the_next_one(void **state)
{
    struct fixture *fixture = *state;
    struct event first = { hash, NOW };
    struct event second = { later, NOW + LOGIN_NONCE_SECONDS };
    assert_int_equal(store_transact(fixture->store, add, &first), OK);
    assert_int_equal(store_transact(fixture->store, add, &first), ERR_CONFLICT);
    assert_int_equal(store_transact(fixture->store, add, &second), OK);
    assert_int_equal(store_transact(fixture->store, spend, &first), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, add, &first), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_nonce_is_good_once),
        TEST(a_nonce_is_good_for_a_while),
        TEST(what_is_over_is_forgotten_with_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
