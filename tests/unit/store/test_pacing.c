/* What the registrar's queue is filled from (doc/threats.md D19, D30). */
#include "lib/store/pacing.h"
#include "lib/store/challenge.h"
#include "tests/unit/store/fixture.h"

enum { NOW = 1795000000, LIMIT = 100 };

/* An enrolment of some subscriber with one or two names, which are due at these times (0: never).
 */
struct enrolled {
    uint8_t id;
    const char *subscriber;
    int64_t due[2];
};

static void id_make(uint8_t id, uint8_t ret_enrolment[ENROLMENT_ID_BYTES])
{
    memset(ret_enrolment, id, ENROLMENT_ID_BYTES);
}

static enum err enrolled_make(struct store *store, void *ctx)
{
    const struct enrolled *enrolled = ctx;
    struct fixture made = { 0 };
    memset(made.application, enrolled->id, sizeof made.application);
    struct application_row application = {
        .der = SPAN_LITERAL("application"), .created = NOW, .subscriber = enrolled->subscriber
    };
    struct enrolment_row enrolment = { .subscription_end = NOW + 1000 };
    struct challenge names[2] = { { .method = DCV_DNS, .created = NOW, .name = "a.example" },
        { .method = DCV_DNS, .created = NOW, .name = "b.example" } };
    memcpy(application.id, made.application, sizeof application.id);
    memset(application.hash, enrolled->id, sizeof application.hash);
    TRY(store_application_insert(store, &act, &application));
    TRY(approval_add(store, &made, APPROVAL_VETTED, 1));
    TRY(approval_add(store, &made, APPROVAL_APPROVED, 2));
    id_make(enrolled->id, enrolment.id);
    memcpy(enrolment.application, made.application, sizeof enrolment.application);
    snprintf(enrolment.reference, sizeof enrolment.reference, "%09u", enrolled->id);
    TRY(store_enrolment_insert(store, &act, &enrolment));
    memset(names[0].nonce, 1, sizeof names[0].nonce);
    memset(names[1].nonce, 2, sizeof names[1].nonce);
    TRY(store_challenge_replace_all(store, &act, enrolment.id, names, 2));
    for (size_t i = 0; i < 2; i++) {
        struct challenge_row row = { .challenge = names[i] };
        memcpy(row.enrolment, enrolment.id, sizeof row.enrolment);
        TRY(store_challenge_set_result(store, &row, CHALLENGE_FAILED, enrolled->due[i]));
    }
    return OK;
}

static void enrol(struct fixture *fixture, uint8_t id, const char *subscriber, int64_t first_due,
    int64_t second_due)
{
    struct enrolled enrolled = { id, subscriber, { first_due, second_due } };
    assert_int_equal(store_transact(fixture->store, enrolled_make, &enrolled), OK);
}

/* The first byte of each enrolment that is due, in their order, as a text. */
static const char *due_ids(struct fixture *fixture, int64_t since, int64_t now, size_t limit)
{
    static char ids[LIMIT + 1];
    AUTO(arena) arena = arena_make(65536);
    struct pacing_due *rows = NULL;
    size_t count = 0;
    assert_int_equal(
        store_pacing_due(fixture->store, since, now, limit, &arena, &rows, &count), OK);
    for (size_t i = 0; i < count; i++) {
        ids[i] = (char)rows[i].enrolment[0];
    }
    ids[count] = '\0';
    return ids;
}

static struct pacing_due due_one(struct fixture *fixture, size_t index)
{
    AUTO(arena) arena = arena_make(65536);
    struct pacing_due *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_pacing_due(fixture->store, 0, NOW, LIMIT, &arena, &rows, &count), OK);
    assert_true(index < count);
    return rows[index];
}

struct change {
    uint8_t id;
    struct pacing pacing;
    int64_t until; /* 0: only remembered */
};

static enum err change_make(struct store *store, void *ctx)
{
    const struct change *change = ctx;
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    id_make(change->id, enrolment);
    return change->until == 0
               ? store_pacing_set(store, enrolment, &change->pacing)
               : store_pacing_postpone(store, enrolment, NOW, change->until, &change->pacing);
}

static void remember(struct fixture *fixture, struct change change)
{
    assert_int_equal(store_transact(fixture->store, change_make, &change), OK);
}

static struct pacing remembered(struct fixture *fixture, uint8_t id)
{
    struct pacing pacing = { .slow = true, .reason = "untouched" };
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    id_make(id, enrolment);
    assert_int_equal(store_pacing_get(fixture->store, enrolment, &pacing), OK);
    return pacing;
}

static int64_t ahead_of(struct fixture *fixture, uint8_t id)
{
    int64_t count = -1;
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    id_make(id, enrolment);
    assert_int_equal(store_pacing_ahead(fixture->store, enrolment, NOW, &count), OK);
    return count;
}

static void the_longest_waiting_comes_first_each_once(void **state)
{
    enrol(*state, 'c', "C", NOW - 10, NOW - 10);
    enrol(*state, 'a', "A", NOW - 20, 0);
    enrol(*state, 'b', "B", NOW, NOW - 30);
    assert_string_equal(due_ids(*state, 0, NOW, LIMIT), "bac");
}

static void what_is_not_due_does_not_come(void **state)
{
    enrol(*state, 'a', "A", 0, 0);
    enrol(*state, 'b', "B", NOW + 1, NOW + 1);
    assert_string_equal(due_ids(*state, 0, NOW, LIMIT), "");
    assert_string_equal(due_ids(*state, 0, NOW + 1, LIMIT), "b");
}

static void who_asks_for_what_is_new_gets_that_alone(void **state)
{
    enrol(*state, 'a', "A", NOW - 10, NOW - 10);
    enrol(*state, 'b', "B", NOW - 9, NOW - 9);
    assert_string_equal(due_ids(*state, NOW - 9, NOW, LIMIT), "b");
    assert_string_equal(due_ids(*state, NOW - 8, NOW, LIMIT), "");
}

static void no_more_come_than_were_asked_for(void **state)
{
    for (uint8_t i = 0; i < 5; i++) {
        enrol(*state, (uint8_t)('a' + i), "A", NOW - 50 + i, 0);
    }
    assert_string_equal(due_ids(*state, 0, NOW, 3), "abc");
}

static void d19_enrolments_of_one_subscriber_are_known_as_such(void **state)
{
    enrol(*state, 'a', "Tar Pits", NOW - 30, 0);
    enrol(*state, 'b', "Tar Pits", NOW - 20, 0);
    enrol(*state, 'c', "Shop Example", NOW - 10, 0);
    uint64_t first = due_one(*state, 0).subscriber;
    assert_true(first != 0);
    assert_true(due_one(*state, 1).subscriber == first);
    assert_true(due_one(*state, 2).subscriber != first);
}

static void d19_where_no_subscriber_was_kept_everybody_is_his_own(void **state)
{
    enrol(*state, 'a', "", NOW - 30, 0);
    enrol(*state, 'b', "", NOW - 20, 0);
    assert_true(due_one(*state, 0).subscriber != due_one(*state, 1).subscriber);
    assert_true(due_one(*state, 0).subscriber != 0);
}

static void d19_who_was_slow_comes_as_slow_until_it_is_quick_again(void **state)
{
    enrol(*state, 'a', "A", NOW - 30, 0);
    enrol(*state, 'b', "A", NOW - 20, 0);
    remember(*state, (struct change){ .id = 'a', .pacing = { .slow = true } });
    assert_true(due_one(*state, 0).slow);
    assert_false(due_one(*state, 1).slow);
    remember(*state, (struct change){ .id = 'a', .pacing = { .slow = false } });
    assert_false(due_one(*state, 0).slow);
}

static void nothing_remembered_is_neither_slow_nor_put_off(void **state)
{
    enrol(*state, 'a', "A", NOW, 0);
    struct pacing pacing = remembered(*state, 'a');
    assert_false(pacing.slow);
    assert_string_equal(pacing.reason, "");
}

static void d30_what_is_put_off_comes_at_its_time_and_says_why(void **state)
{
    enrol(*state, 'a', "A", NOW, NOW - 5);
    enrol(*state, 'b', "B", NOW, 0);
    remember(*state, (struct change){ .id = 'a',
                         .pacing = { .slow = true, .reason = "dcv.waits_target" },
                         .until = NOW + 7 });
    assert_string_equal(due_ids(*state, 0, NOW + 6, LIMIT), "b");
    assert_string_equal(due_ids(*state, NOW + 7, NOW + 7, LIMIT), "a");
    assert_string_equal(remembered(*state, 'a').reason, "dcv.waits_target");
    assert_true(remembered(*state, 'a').slow);
    assert_string_equal(remembered(*state, 'b').reason, "");
}

/* A name that is to be checked later, or only when asked, isn't drawn to an earlier time. */
static void d30_only_what_is_due_is_put_off(void **state)
{
    enrol(*state, 'a', "A", NOW, NOW + 100);
    enrol(*state, 'b', "B", 0, NOW);
    const struct pacing pacing = { .reason = "dcv.waits_target" };
    remember(*state, (struct change){ .id = 'a', .pacing = pacing, .until = NOW + 7 });
    remember(*state, (struct change){ .id = 'b', .pacing = pacing, .until = NOW + 7 });
    AUTO(arena) arena = arena_make(65536);
    struct challenge_row *rows = NULL;
    size_t count = 0;
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    struct fixture *fixture = *state;
    id_make('a', enrolment);
    assert_int_equal(store_challenge_list(fixture->store, enrolment, &arena, &rows, &count), OK);
    assert_int_equal(rows[0].next_check, NOW + 7);
    assert_int_equal(rows[1].next_check, NOW + 100);
    id_make('b', enrolment);
    assert_int_equal(store_challenge_list(fixture->store, enrolment, &arena, &rows, &count), OK);
    assert_int_equal(rows[0].next_check, 0);
    assert_int_equal(rows[1].next_check, NOW + 7);
}

static void those_that_wait_longer_are_ahead(void **state)
{
    enrol(*state, 'a', "A", NOW - 30, NOW - 30); /* counts once */
    enrol(*state, 'b', "B", NOW - 20, 0);
    enrol(*state, 'c', "C", NOW - 20, 0); /* as long: not ahead */
    enrol(*state, 'd', "D", NOW + 1, 0);
    enrol(*state, 'e', "E", 0, 0);
    assert_int_equal(ahead_of(*state, 'a'), 0);
    assert_int_equal(ahead_of(*state, 'b'), 1);
    assert_int_equal(ahead_of(*state, 'd'), 3);
    assert_int_equal(ahead_of(*state, 'e'), 0); /* waits for nobody */
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(the_longest_waiting_comes_first_each_once),
        CASE(what_is_not_due_does_not_come),
        CASE(who_asks_for_what_is_new_gets_that_alone),
        CASE(no_more_come_than_were_asked_for),
        CASE(d19_enrolments_of_one_subscriber_are_known_as_such),
        CASE(d19_where_no_subscriber_was_kept_everybody_is_his_own),
        CASE(d19_who_was_slow_comes_as_slow_until_it_is_quick_again),
        CASE(nothing_remembered_is_neither_slow_nor_put_off),
        CASE(d30_what_is_put_off_comes_at_its_time_and_says_why),
        CASE(d30_only_what_is_due_is_put_off),
        CASE(those_that_wait_longer_are_ahead),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
