#include "lib/store/anchor.h"
#include "lib/store/audit.h"
#include "tests/unit/store/fixture.h"

static struct anchor anchor_at(int64_t records)
{
    struct anchor anchor = { .records = records, .last_offset = 100 * records };
    memset(anchor.head, (int)records, sizeof anchor.head);
    return anchor;
}

static enum err put(struct store *store, void *ctx)
{
    return store_anchor_put(store, &act, ctx);
}

static void a_store_without_anchors_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct anchor last = anchor_at(3);
    assert_int_equal(store_anchor_last(fixture->store, &last), OK);
    assert_int_equal(last.records, 0);
}

static void the_last_anchor_is_the_farthest(void **state)
{
    static const int64_t puts[] = { 7, 7, 12, 9, 0 };
    struct fixture *fixture = *state;
    struct reason reason = { 0 };
    struct anchor last, *list = NULL;
    size_t count = 0;
    int64_t after = 0, rows = 0;
    uint8_t head[HASH_BYTES];
    AUTO(arena) arena = arena_make(1 << 20);
    for (size_t i = 0; i < sizeof puts / sizeof puts[0]; i++) {
        struct anchor anchor = anchor_at(puts[i]);
        assert_int_equal(store_transact(fixture->store, put, &anchor), OK);
    }
    assert_int_equal(store_anchor_last(fixture->store, &last), OK);
    const struct anchor expected = anchor_at(12);
    assert_memory_equal(&last, &expected, sizeof last);
    assert_int_equal(store_anchor_list(fixture->store, 0, 10, &arena, &list, &count, &after), OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].records, 7);
    assert_int_equal(list[1].records, 12);
    assert_int_equal(
        store_anchor_list(fixture->store, after, 10, &arena, &list, &count, &after), OK);
    assert_int_equal(count, 0);
    assert_int_equal(store_audit_verify(fixture->store, &rows, head, &reason), OK);
    assert_int_equal(rows, 2);
}

static void a_store_opened_for_reading_reads_and_makes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct reason reason = { 0 };
    struct anchor anchor = anchor_at(5), last;
    struct store *reading = NULL;
    char nowhere[128];
    assert_int_equal(store_transact(fixture->store, put, &anchor), OK);
    assert_int_equal(store_open_reading(fixture->path, &reading, &reason), OK);
    assert_int_equal(store_anchor_last(reading, &last), OK);
    assert_int_equal(last.records, 5);
    store_free(reading);
    snprintf(nowhere, sizeof nowhere, "%s/none", fixture->directory);
    assert_int_equal(store_open_reading(nowhere, &reading, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "store.open");
    assert_int_not_equal(access(nowhere, F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(a_store_without_anchors_says_nothing),
        TEST(the_last_anchor_is_the_farthest),
        TEST(a_store_opened_for_reading_reads_and_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
