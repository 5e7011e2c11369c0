#include "lib/store/challenge.h"
#include "lib/store/evidence.h"
#include "tests/unit/store/fixture.h"

enum { NOW = 5000 };

static struct challenge challenge_of(const char *name, uint8_t nonce)
{
    struct challenge challenge = { .method = DCV_DNS, .created = NOW };
    snprintf(challenge.name, sizeof challenge.name, "%s", name);
    memset(challenge.nonce, nonce, sizeof challenge.nonce);
    return challenge;
}

static enum err two_make(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    struct challenge both[] = { challenge_of("a.example", 1), challenge_of("b.example", 2) };
    return store_challenge_replace_all(store, &act, fixture->enrolment, both, 2);
}

static enum err one_make(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    struct challenge one = challenge_of("a.example", 3);
    one.has_spki = true;
    memset(one.spki_hash, 9, sizeof one.spki_hash);
    return store_challenge_replace_all(store, &act, fixture->enrolment, &one, 1);
}

static enum err none_make(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_challenge_replace_all(store, &act, fixture->enrolment, NULL, 0);
}

static enum err check_request(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_challenge_request_check(store, fixture->enrolment, NOW);
}

struct result {
    const struct challenge_row *row;
    enum challenge_state state;
    int64_t next;
};

static enum err result_set(struct store *store, void *ctx)
{
    const struct result *result = ctx;
    return store_challenge_set_result(store, result->row, result->state, result->next);
}

static size_t due(
    struct fixture *fixture, int64_t now, struct arena *arena, struct challenge_row **ret_rows)
{
    size_t count = 99, due = 0;
    assert_int_equal(
        store_challenge_list(fixture->store, fixture->enrolment, arena, ret_rows, &count), OK);
    for (size_t i = 0; i < count; i++) {
        struct challenge_row row = (*ret_rows)[i];
        if (row.next_check > 0 && row.next_check <= now) {
            (*ret_rows)[due++] = row;
        }
    }
    return due;
}

static void nothing_is_due_before_it_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct challenge_row *rows = NULL;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_transact(fixture->store, check_request, fixture), ERR_CONFLICT);
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(due(fixture, NOW + 1000000, &arena, &rows), 0);
    assert_int_equal(store_transact(fixture->store, check_request, fixture), OK);
    assert_int_equal(due(fixture, NOW - 1, &arena, &rows), 0);
    assert_int_equal(due(fixture, NOW, &arena, &rows), 2);
    assert_string_equal(rows[0].challenge.name, "a.example");
    assert_int_equal(rows[1].state, CHALLENGE_CHECKING);
}

static void a_passed_challenge_is_not_checked_again(void **state)
{
    struct fixture *fixture = *state;
    struct challenge_row *rows = NULL;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(store_transact(fixture->store, check_request, fixture), OK);
    assert_int_equal(due(fixture, NOW, &arena, &rows), 2);
    struct result passed = { &rows[0], CHALLENGE_PASSED, 0 };
    struct result failed = { &rows[1], CHALLENGE_FAILED, NOW + 60 };
    assert_int_equal(store_transact(fixture->store, result_set, &passed), OK);
    assert_int_equal(store_transact(fixture->store, result_set, &failed), OK);
    assert_int_equal(due(fixture, NOW + 59, &arena, &rows), 0);
    assert_int_equal(due(fixture, NOW + 60, &arena, &rows), 1);
    assert_int_equal(rows[0].attempts, 1);
    assert_int_equal(store_transact(fixture->store, check_request, fixture), OK);
    assert_int_equal(due(fixture, NOW, &arena, &rows), 1);
}

static void a_result_for_a_replaced_challenge_goes_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct challenge_row *rows = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(
        store_challenge_list(fixture->store, fixture->enrolment, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    struct result late = { &rows[0], CHALLENGE_PASSED, 0 };
    assert_int_equal(store_transact(fixture->store, one_make, fixture), OK);
    assert_int_equal(store_transact(fixture->store, result_set, &late), ERR_NOT_FOUND);
    assert_int_equal(
        store_challenge_list(fixture->store, fixture->enrolment, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].state, CHALLENGE_PENDING);
    assert_true(rows[0].challenge.has_spki);
    assert_int_equal(store_transact(fixture->store, none_make, fixture), ERR_INPUT);
}

static enum err evidence_make(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    static const char *const perspectives[] = { "primary", "remote", "remote" };
    struct evidence_row evidence = { .name = "a.example", .method = DCV_DNS, .time = NOW };
    memset(evidence.attempt, 4, sizeof evidence.attempt);
    for (size_t i = 0; i < 3; i++) {
        struct observation_row row = { .name = "a.example",
            .der = SPAN_LITERAL("signed"),
            .report = SPAN_LITERAL("steps"),
            .time = NOW };
        memset(row.attempt, i == 2 ? 3 : 4, sizeof row.attempt);
        row.time = i == 2 ? NOW - 1 : NOW;
        memcpy(row.enrolment, fixture->enrolment, sizeof row.enrolment);
        snprintf(row.perspective, sizeof row.perspective, "%s", perspectives[i]);
        TRY(store_observation_insert(store, &row));
        TRY(store_observation_insert(store, &row));
    }
    TRY(store_evidence_put(store, &act, fixture->enrolment, &evidence));
    return store_evidence_put(store, &act, fixture->enrolment, &evidence);
}

static enum err evidence_forget(struct store *store, void *ctx)
{
    const struct fixture *fixture = ctx;
    return store_evidence_forget(store, &act, fixture->enrolment);
}

static void reports_are_those_of_the_last_attempt(void **state)
{
    struct fixture *fixture = *state;
    struct observation_row *rows = NULL;
    struct evidence_row *evidence = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_transact(fixture->store, evidence_make, fixture), OK);
    assert_int_equal(
        store_report_list(fixture->store, fixture->enrolment, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].perspective, "primary");
    assert_int_equal(
        store_evidence_list(fixture->store, fixture->enrolment, &arena, &evidence, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_observation_list(
                         fixture->store, evidence[0].attempt, "a.example", &arena, &rows, &count),
        OK);
    assert_int_equal(count, 2);
    assert_int_equal(store_observation_list(
                         fixture->store, evidence[0].attempt, "b.example", &arena, &rows, &count),
        OK);
    assert_int_equal(count, 0);
}

struct attempts {
    const struct fixture *fixture;
    uint8_t first, second; /* what their ids are filled with */
};

static enum err attempts_make(struct store *store, void *ctx)
{
    const struct attempts *attempts = ctx;
    for (unsigned i = 0; i < 2; i++) {
        struct observation_row row = { .name = "a.example",
            .perspective = "primary",
            .der = SPAN_LITERAL("signed"),
            .report = SPAN_LITERAL("steps"),
            .time = NOW };
        memset(row.attempt, i == 0 ? attempts->first : attempts->second, sizeof row.attempt);
        memcpy(row.enrolment, attempts->fixture->enrolment, sizeof row.enrolment);
        TRY(store_observation_insert(store, &row));
    }
    return OK;
}

static void bug_of_two_attempts_in_one_second_the_first_was_reported(void **state)
{
    struct fixture *fixture = *state;
    struct observation_row *rows = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(65536);
    struct attempts orders[] = { { fixture, 7, 6 }, { fixture, 8, 9 } };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(store_transact(fixture->store, attempts_make, &orders[i]), OK);
        assert_int_equal(
            store_report_list(fixture->store, fixture->enrolment, &arena, &rows, &count), OK);
        assert_int_equal(count, 1);
        assert_int_equal(rows[0].attempt[0], orders[i].second);
    }
}

static void forgotten_evidence_makes_its_challenges_due(void **state)
{
    struct fixture *fixture = *state;
    struct evidence_row *evidence = NULL;
    struct challenge_row *rows = NULL;
    size_t count = 1;
    AUTO(arena) arena = arena_make(65536);
    assert_int_equal(store_transact(fixture->store, two_make, fixture), OK);
    assert_int_equal(store_transact(fixture->store, evidence_make, fixture), OK);
    assert_int_equal(store_transact(fixture->store, evidence_forget, fixture), OK);
    assert_int_equal(
        store_evidence_list(fixture->store, fixture->enrolment, &arena, &evidence, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(due(fixture, act.time, &arena, &rows), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_due_before_it_is_asked_for),
        TEST(a_passed_challenge_is_not_checked_again),
        TEST(a_result_for_a_replaced_challenge_goes_nowhere),
        TEST(reports_are_those_of_the_last_attempt),
        TEST(bug_of_two_attempts_in_one_second_the_first_was_reported),
        TEST(forgotten_evidence_makes_its_challenges_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
