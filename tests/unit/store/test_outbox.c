#include "lib/store/outbox.h"
#include "tests/unit/store/fixture.h"

static enum err add(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    struct outbox_row row = { .kind = "csr-invitation",
        .recipient = "ar@shop.example",
        .language = "zh-HK",
        .parameters = "{}" };
    memcpy(row.enrolment, fixture->enrolment, sizeof row.enrolment);
    return store_outbox_add(store, &act, &row);
}

static enum err done(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_done(store, &act, *id);
}

static enum err retry(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_retry(store, *id, act.time + 300);
}

static size_t due(struct fixture *fixture, int64_t now, int64_t *ret_id)
{
    AUTO(arena) arena = arena_make(65536);
    struct outbox_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_outbox_due(fixture->store, now, 10, &arena, &rows, &count), OK);
    *ret_id = count > 0 ? rows[0].id : 0;
    return count;
}

static void the_same_mail_is_queued_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = 0;
    int64_t waiting = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(due(fixture, act.time - 1, &id), 0);
    assert_int_equal(store_outbox_count(fixture->store, &waiting), OK);
    assert_int_equal(waiting, 1);
}

static void a_sent_mail_is_never_due_again(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = 0;
    int64_t none = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(store_transact(fixture->store, done, &id), OK);
    assert_int_equal(store_transact(fixture->store, done, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, retry, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time + 1000000, &none), 0);
}

static void a_mail_that_failed_waits_for_its_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(store_transact(fixture->store, retry, &id), OK);
    assert_int_equal(due(fixture, act.time + 299, &id), 0);
    assert_int_equal(due(fixture, act.time + 300, &id), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_mail_is_queued_once),
        TEST(a_sent_mail_is_never_due_again),
        TEST(a_mail_that_failed_waits_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
