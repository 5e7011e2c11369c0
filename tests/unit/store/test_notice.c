#include "lib/store/notice.h"
#include "tests/unit/store/fixture.h"

static const struct notice said = { .from = 10, .until = 20, .texts = { "One", "一", "壹" } };

static enum err add(struct store *store, void *ctx)
{
    return store_notice_add(store, &act, &said, ctx);
}

static enum err take_away(struct store *store, void *ctx)
{
    return store_notice_remove(store, &act, *(int64_t *)ctx);
}

static void what_was_added_is_listed_newest_first(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(1024 * 1024);
    struct notice *rows = NULL;
    size_t count = 0;
    int64_t first = 0;
    int64_t second = 0;
    assert_int_equal(store_transact(fixture->store, add, &first), OK);
    assert_int_equal(store_transact(fixture->store, add, &second), OK);
    assert_int_equal(store_notice_list(fixture->store, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].id, second);
    assert_int_equal(rows[1].id, first);
    assert_int_equal(rows[1].until, 20);
    assert_string_equal(rows[1].texts[NOTICE_ZH_CN], "壹");
}

static void a_number_is_never_given_twice(void **state)
{
    struct fixture *fixture = *state;
    int64_t first = 0;
    int64_t second = 0;
    assert_int_equal(store_transact(fixture->store, add, &first), OK);
    assert_int_equal(store_transact(fixture->store, take_away, &first), OK);
    assert_int_equal(store_transact(fixture->store, take_away, &first), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, add, &second), OK);
    assert_true(second > first);
}

static void there_is_room_for_so_many(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = 0;
    for (size_t i = 0; i < NOTICES_MAX; i++) {
        assert_int_equal(store_transact(fixture->store, add, &id), OK);
    }
    assert_int_equal(store_transact(fixture->store, add, &id), ERR_LIMIT);
}

static void what_cannot_be_read_is_no_notice(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    struct notice notice = said;
    assert_int_equal(notice_check(&notice, &reason), OK);
    notice.until = 10;
    assert_int_equal(notice_check(&notice, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "notice.time");
    static const char *const bad[] = { "", "\xff", "a\tb", "\x1b[2J", "a\rb" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        notice = said;
        snprintf(notice.texts[NOTICE_ZH_HK], NOTICE_TEXT_MAX, "%s", bad[i]);
        assert_int_equal(notice_check(&notice, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "notice.text");
        assert_string_equal(reason.field, "zh-HK");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_added_is_listed_newest_first),
        TEST(a_number_is_never_given_twice),
        TEST(there_is_room_for_so_many),
        cmocka_unit_test(what_cannot_be_read_is_no_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
