#include "lib/store/blocked.h"
#include "tests/unit/store/fixture.h"

static const uint8_t one[HASH_BYTES] = { 1 }, two[HASH_BYTES] = { 2 };

static enum err add_both(struct store *store, void *ctx)
{
    (void)ctx;
    TRY(store_blocked_add(store, &act, one, "pasted"));
    TRY(store_blocked_add(store, &act, two, "reported"));
    return store_blocked_add(store, &act, one, "another reason");
}

static enum err settle(struct store *store, void *ctx)
{
    return store_blocked_settle(store, &act, ctx);
}

static enum err again(struct store *store, void *ctx)
{
    return store_blocked_again(store, ctx);
}

static size_t due(struct fixture *fixture, struct arena *arena)
{
    struct blocked_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_blocked_due(fixture->store, 10, arena, &rows, &count), OK);
    return count;
}

static void a_key_is_due_until_it_is_settled_and_the_first_reason_stays(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct blocked_row *rows = NULL;
    size_t count = 0;
    uint8_t hash[HASH_BYTES] = { 1 };
    assert_int_equal(store_transact(fixture->store, add_both, NULL), OK);
    assert_int_equal(due(fixture, &arena), 2);
    assert_int_equal(store_transact(fixture->store, settle, hash), OK);
    assert_int_equal(due(fixture, &arena), 1);
    assert_int_equal(store_blocked_list(fixture->store, 0, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_memory_equal(rows[0].spki_hash, one, HASH_BYTES);
    assert_string_equal(rows[0].reason, "pasted");
    assert_true(rows[0].settled);
    assert_false(rows[1].settled);
    assert_int_equal(store_blocked_list(fixture->store, 1, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_blocked_list(fixture->store, 2, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 0);
}

static void a_late_certificate_makes_it_due_once_more(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(1024 * 1024);
    uint8_t hash[HASH_BYTES] = { 1 }, unknown[HASH_BYTES] = { 3 };
    assert_int_equal(store_transact(fixture->store, add_both, NULL), OK);
    assert_int_equal(store_transact(fixture->store, settle, hash), OK);
    assert_int_equal(store_transact(fixture->store, again, hash), OK);
    assert_int_equal(due(fixture, &arena), 2);
    assert_int_equal(store_transact(fixture->store, again, unknown), OK);
    assert_int_equal(due(fixture, &arena), 2);
}

static void what_is_not_blocked_cannot_be_settled(void **state)
{
    struct fixture *fixture = *state;
    bool blocked = true;
    uint8_t unknown[HASH_BYTES] = { 3 };
    assert_int_equal(store_transact(fixture->store, settle, unknown), ERR_NOT_FOUND);
    assert_int_equal(store_blocked_contains(fixture->store, unknown, &blocked), OK);
    assert_false(blocked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_due_until_it_is_settled_and_the_first_reason_stays),
        TEST(a_late_certificate_makes_it_due_once_more),
        TEST(what_is_not_blocked_cannot_be_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
