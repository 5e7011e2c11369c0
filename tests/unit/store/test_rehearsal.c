#include "lib/store/rehearsal.h"
#include "lib/store/pacing.h"
#include "tests/unit/store/fixture.h"

enum { NOW = 5000 };

static enum err two_make(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    struct challenge both[] = {
        { .name = "a.example", .method = DCV_DNS, .created = NOW, .nonce = { 1 } },
        { .name = "b.example", .method = DCV_DNS, .created = NOW, .nonce = { 2 } },
    };
    return store_challenge_replace_all(store, &act, fixture->enrolment, both, 2);
}

static enum err first_pass(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    struct challenge_row row = { .challenge = { .name = "a.example", .nonce = { 1 } } };
    memcpy(row.enrolment, fixture->enrolment, sizeof row.enrolment);
    return store_challenge_set_result(store, &row, CHALLENGE_PASSED, 0);
}

struct asking {
    const struct fixture *fixture;
    int64_t now;
    bool asked;
};

static enum err rehearsal_ask(struct store *store, void *ctx)
{
    struct asking *asking = ctx;
    return store_rehearsal_ask(store, asking->fixture->enrolment, asking->now, &asking->asked);
}

static enum err ask(struct fixture *fixture, int64_t now, bool *ret_asked)
{
    struct asking asking = { fixture, now, false };
    TRY(store_transact(fixture->store, rehearsal_ask, &asking));
    *ret_asked = asking.asked;
    return OK;
}

struct making {
    const struct fixture *fixture;
    struct rehearsal_row row;
    struct sight_row sight;
};

static enum err rehearsal_make(struct store *store, void *ctx)
{
    const struct making *making = ctx;
    TRY(store_rehearsal_put(store, making->fixture->enrolment, &making->row));
    return store_sight_put(store, making->fixture->enrolment, &making->sight);
}

static enum err make(struct fixture *fixture, const char *name, uint8_t nonce)
{
    struct making making = { .fixture = fixture,
        .row = { .nonce = { nonce }, .made = NOW + 3, .passes = true },
        .sight = { .perspective = "primary",
            .answered = nonce == 2,
            .caa = CAA_PROHIBITS,
            .report = SPAN_LITERAL("report") } };
    snprintf(making.row.name, sizeof making.row.name, "%s", name);
    snprintf(making.sight.name, sizeof making.sight.name, "%s", name);
    return store_transact(fixture->store, rehearsal_make, &making);
}

static enum err postpone(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_rehearsal_postpone(store, fixture->enrolment, NOW, NOW + 60);
}

static enum err sweep(struct store *store, void *ctx)
{
    return store_rehearsal_sweep(store, *(const int64_t *)ctx);
}

static size_t due(struct fixture *fixture, int64_t since, int64_t now)
{
    AUTO(arena) arena = arena_make(64 * 1024);
    struct pacing_due *rows = NULL;
    size_t count = 99;
    assert_int_equal(
        store_pacing_due_rehearsals(fixture->store, since, now, 10, &arena, &rows, &count), OK);
    return count;
}

static size_t listed(struct fixture *fixture, struct arena *arena, struct rehearsal_row **ret_rows)
{
    size_t count = 99;
    assert_int_equal(
        store_rehearsal_list(fixture->store, fixture->enrolment, arena, ret_rows, &count), OK);
    return count;
}

static size_t sights(struct fixture *fixture, struct arena *arena, struct sight_row **ret_rows)
{
    size_t count = 99;
    assert_int_equal(
        store_sight_list(fixture->store, fixture->enrolment, arena, ret_rows, &count), OK);
    return count;
}

static void without_challenges_there_is_nothing_to_rehearse(void **state)
{
    struct fixture *fixture = *state;
    bool asked = false;
    assert_int_equal(ask(fixture, NOW, &asked), ERR_CONFLICT);
    assert_int_equal(due(fixture, 0, NOW), 0);
}

static void what_has_passed_is_not_rehearsed(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct rehearsal_row *rows = NULL;
    bool asked = false;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(store_transact(fixture->store, first_pass, fixture), OK);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_true(asked);
    assert_int_equal(listed(fixture, &arena, &rows), 1);
    assert_string_equal(rows[0].name, "b.example");
    assert_int_equal(rows[0].due, NOW);
    assert_int_equal(due(fixture, 0, NOW), 1);
    assert_int_equal(due(fixture, 0, NOW - 1), 0);
    assert_int_equal(due(fixture, NOW + 1, NOW + 1), 0);
}

static void who_asks_while_one_waits_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct rehearsal_row *rows = NULL;
    bool asked = false;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_int_equal(store_transact(fixture->store, postpone, fixture), OK);
    assert_int_equal(ask(fixture, NOW + 5, &asked), OK);
    assert_false(asked);
    assert_int_equal(listed(fixture, &arena, &rows), 2);
    assert_int_equal(rows[0].due, NOW + 60);
    assert_true(rows[0].put_off);
    assert_int_equal(due(fixture, 0, NOW + 59), 0);
    assert_int_equal(due(fixture, 0, NOW + 60), 1);
}

static void what_was_seen_is_kept_until_the_next_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct rehearsal_row *rows = NULL;
    struct sight_row *seen = NULL;
    bool asked = false;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_int_equal(make(fixture, "a.example", 1), OK);
    assert_int_equal(make(fixture, "b.example", 2), OK);
    assert_int_equal(due(fixture, 0, NOW + 1000), 0);
    assert_int_equal(listed(fixture, &arena, &rows), 2);
    assert_int_equal(rows[1].made, NOW + 3);
    assert_true(rows[1].passes);
    assert_int_equal(sights(fixture, &arena, &seen), 2);
    assert_false(seen[0].answered);
    assert_true(seen[1].answered);
    assert_int_equal(seen[1].caa, CAA_PROHIBITS);
    assert_true(span_equal_text(seen[1].report, "report"));
    assert_int_equal(ask(fixture, NOW + 9, &asked), OK);
    assert_true(asked);
    assert_int_equal(sights(fixture, &arena, &seen), 0);
}

static void what_was_seen_of_another_challenge_is_not_taken(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct rehearsal_row *rows = NULL;
    bool asked = false;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(make(fixture, "a.example", 1), ERR_NOT_FOUND);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_int_equal(make(fixture, "a.example", 7), ERR_NOT_FOUND);
    assert_int_equal(make(fixture, "c.example", 1), ERR_NOT_FOUND);
    assert_int_equal(make(fixture, "a.example", 1), OK);
    assert_int_equal(make(fixture, "a.example", 1), ERR_NOT_FOUND);
    /* New values: nobody needs to know any more. */
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(listed(fixture, &arena, &rows), 0);
    assert_int_equal(make(fixture, "b.example", 2), ERR_NOT_FOUND);
}

static void challenges_and_their_attempts_stay_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct challenge_row *before = NULL, *after = NULL;
    size_t count = 0;
    bool asked = false;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(
        store_challenge_list(fixture->store, fixture->enrolment, &arena, &before, &count), OK);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_int_equal(make(fixture, "a.example", 1), OK);
    assert_int_equal(
        store_challenge_list(fixture->store, fixture->enrolment, &arena, &after, &count), OK);
    assert_int_equal(count, 2);
    assert_memory_equal(before, after, 2 * sizeof *before);
}

static void it_is_swept_with_all_that_was_seen(void **state)
{
    struct fixture *fixture = *state;
    AUTO(arena) arena = arena_make(64 * 1024);
    struct rehearsal_row *rows = NULL;
    struct sight_row *seen = NULL;
    bool asked = false;
    int64_t before = NOW;
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(ask(fixture, NOW, &asked), OK);
    assert_int_equal(make(fixture, "b.example", 2), OK);
    assert_int_equal(store_transact(fixture->store, sweep, &before), OK);
    assert_int_equal(listed(fixture, &arena, &rows), 2);
    before++;
    assert_int_equal(store_transact(fixture->store, sweep, &before), OK);
    assert_int_equal(listed(fixture, &arena, &rows), 0);
    assert_int_equal(sights(fixture, &arena, &seen), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_challenges_there_is_nothing_to_rehearse),
        TEST(what_has_passed_is_not_rehearsed),
        TEST(who_asks_while_one_waits_changes_nothing),
        TEST(what_was_seen_is_kept_until_the_next_is_asked_for),
        TEST(what_was_seen_of_another_challenge_is_not_taken),
        TEST(challenges_and_their_attempts_stay_as_they_are),
        TEST(it_is_swept_with_all_that_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
