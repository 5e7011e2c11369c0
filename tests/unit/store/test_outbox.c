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

static const struct reason later = { "smtp.later", "127.0.0.25:25", "451", "" };
static const struct reason refused = { "smtp.refused", "127.0.0.25:25", "550", "" };

static enum err retry(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_retry(store, *id, act.time + 300, &later);
}

static enum err give_up(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_end(store, &act, *id, OUTBOX_GIVEN_UP, &refused);
}

static enum err lapse(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_end(store, &act, *id, OUTBOX_LAPSED, &(struct reason){ "" });
}

static enum err again(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    struct act tomorrow = { act.actor, act.time + 86400 };
    return store_outbox_again(store, &tomorrow, *id);
}

static enum err forget(struct store *store, void *ctx)
{
    const int64_t *id = ctx;
    return store_outbox_forget(store, &act, *id);
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

static void counted(struct fixture *fixture, int64_t waiting, int64_t late, int64_t given_up)
{
    struct outbox_count count = { -1, -1, -1 };
    assert_int_equal(store_outbox_count(fixture->store, &count), OK);
    assert_int_equal(count.waiting, waiting);
    assert_int_equal(count.late, late);
    assert_int_equal(count.given_up, given_up);
}

static size_t undelivered(struct fixture *fixture, struct outbox_undelivered *ret_first)
{
    AUTO(arena) arena = arena_make(65536);
    struct outbox_undelivered *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_outbox_undelivered(fixture->store, 0, 10, &arena, &rows, &count), OK);
    *ret_first = count > 0 ? rows[0] : (struct outbox_undelivered){ 0 };
    return count;
}

static void the_same_mail_is_queued_once(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(due(fixture, act.time - 1, &id), 0);
    counted(fixture, 1, 0, 0);
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

static void a_mail_that_was_given_up_is_listed_until_somebody_has_seen_to_it(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_undelivered row;
    int64_t id = 0, none = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(undelivered(fixture, &row), 0); /* nothing failed yet */
    assert_int_equal(store_transact(fixture->store, forget, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, again, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, again, &none), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, retry, &id), OK);
    assert_int_equal(undelivered(fixture, &row), 1);
    assert_int_equal(row.next_try, act.time + 300);
    assert_string_equal(row.problem, "smtp.later");
    counted(fixture, 1, 1, 0);
    assert_int_equal(store_transact(fixture->store, give_up, &id), OK);
    assert_int_equal(store_transact(fixture->store, give_up, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, done, &id), ERR_NOT_FOUND);
    assert_int_equal(due(fixture, act.time + 1000000, &none), 0);
    assert_int_equal(undelivered(fixture, &row), 1);
    assert_int_equal(row.next_try, 0);
    assert_int_equal(row.attempts, 2);
    assert_int_equal(row.queued, act.time);
    assert_string_equal(row.recipient, "ar@shop.example");
    assert_string_equal(row.problem, "smtp.refused");
    assert_string_equal(row.seen, "550");
    assert_memory_equal(row.application, fixture->application, sizeof row.application);
    counted(fixture, 0, 0, 1);
    assert_int_equal(store_transact(fixture->store, again, &none), OK);
    assert_int_equal(due(fixture, act.time + 86399, &none), 0);
    assert_int_equal(due(fixture, act.time + 86400, &none), 1);
    counted(fixture, 1, 0, 0);
    assert_int_equal(store_transact(fixture->store, give_up, &id), OK);
    assert_int_equal(store_transact(fixture->store, forget, &id), OK);
    assert_int_equal(store_transact(fixture->store, forget, &id), ERR_NOT_FOUND);
    assert_int_equal(undelivered(fixture, &row), 0);
    counted(fixture, 0, 0, 0);
}

static void a_mail_whose_purpose_is_over_is_neither_sent_nor_listed(void **state)
{
    struct fixture *fixture = *state;
    struct outbox_undelivered row;
    int64_t id = 0, none = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    assert_int_equal(due(fixture, act.time, &id), 1);
    assert_int_equal(store_transact(fixture->store, lapse, &id), OK);
    assert_int_equal(due(fixture, act.time + 1000000, &none), 0);
    assert_int_equal(undelivered(fixture, &row), 0);
    assert_int_equal(store_transact(fixture->store, again, &id), ERR_NOT_FOUND);
    assert_int_equal(store_transact(fixture->store, again, &none), ERR_NOT_FOUND);
    counted(fixture, 0, 0, 0);
}

static enum err withdraw(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_application_set_state(store, &act, fixture->application, APPLICATION_WITHDRAWN);
}

static void where_its_enrolment_stands_comes_with_a_mail_that_is_due(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(65536);
    struct outbox_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_transact(fixture->store, add, fixture), OK);
    for (int withdrawn = 0; withdrawn < 2; withdrawn++) {
        assert_int_equal(store_outbox_due(fixture->store, act.time, 10, &arena, &rows, &count), OK);
        assert_int_equal(count, 1);
        assert_int_equal(rows[0].enrolment_state, ENROLMENT_OPEN);
        assert_int_equal(rows[0].withdrawn, withdrawn);
        assert_int_equal(rows[0].queued, act.time);
        assert_int_equal(
            withdrawn == 0 ? store_transact(fixture->store, withdraw, fixture) : OK, OK);
    }
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
        TEST(a_mail_that_was_given_up_is_listed_until_somebody_has_seen_to_it),
        TEST(a_mail_whose_purpose_is_over_is_neither_sent_nor_listed),
        TEST(where_its_enrolment_stands_comes_with_a_mail_that_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
