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

static enum err add_for_operator(struct store *store, void *ctx)
{
    const char *day = ctx;
    struct outbox_row row = { .kind = "list-ageing",
        .to_operator = true,
        .recipient = "operator@shop.example",
        .language = "en",
        .parameters = day };
    return store_outbox_add(store, &act, &row);
}

static void the_operator_s_mail_is_about_no_enrolment_and_also_queued_once(void **state)
{
    struct fixture *fixture = *state;
    char today[] = "{\"day\":\"27/11/2026\"}", tomorrow[] = "{\"day\":\"28/11/2026\"}";
    AUTO(arena) arena = arena_make(65536);
    struct outbox_row *rows = NULL;
    size_t count = 0;
    bool told = false;
    assert_int_equal(store_transact(fixture->store, add_for_operator, today), OK);
    assert_int_equal(store_transact(fixture->store, add_for_operator, today), OK);
    assert_int_equal(store_outbox_due(fixture->store, act.time, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_true(rows[0].to_operator);
    assert_int_equal(store_outbox_contains(fixture->store, &rows[0], &told), OK);
    assert_true(told);
    rows[0].to_operator = false; /* nor is it any enrolment's */
    assert_int_equal(store_outbox_contains(fixture->store, &rows[0], &told), OK);
    assert_false(told);
    assert_int_equal(store_transact(fixture->store, add_for_operator, tomorrow), OK);
    assert_int_equal(store_outbox_due(fixture->store, act.time, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
}

static void whom_a_mail_about_an_enrolment_has_told_is_known(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(65536);
    struct outbox_row *rows = NULL;
    size_t count = 0;
    bool told = false;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(store_outbox_due(fixture->store, act.time, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    rows[0].parameters = "{\"server_name\":\"another.example.com\"}";
    for (unsigned sent = 0; sent < 2; sent++) {
        struct outbox_row other = rows[0];
        assert_int_equal(store_outbox_told(fixture->store, &rows[0], &told), OK);
        assert_true(told);
        snprintf(other.recipient, sizeof other.recipient, "nobody@shop.example");
        assert_int_equal(store_outbox_told(fixture->store, &other, &told), OK);
        assert_true(told);
        other = rows[0];
        snprintf(other.kind, sizeof other.kind, "caa-refused");
        assert_int_equal(store_outbox_told(fixture->store, &other, &told), OK);
        assert_false(told);
        other = rows[0];
        other.enrolment[0] ^= 1;
        assert_int_equal(store_outbox_told(fixture->store, &other, &told), OK);
        assert_false(told);
        assert_int_equal(sent == 0 ? store_transact(fixture->store, done, &rows[0].id) : OK, OK);
    }
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
        TEST(the_operator_s_mail_is_about_no_enrolment_and_also_queued_once),
        TEST(whom_a_mail_about_an_enrolment_has_told_is_known),
        TEST(a_sent_mail_is_never_due_again),
        TEST(a_mail_that_failed_waits_for_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
