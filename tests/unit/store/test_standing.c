#include "lib/store/standing.h"
#include "lib/base/limits.h"
#include "lib/store/evidence.h"
#include "tests/unit/store/fixture.h"

enum { CREATED = 1795000000 };

/* Two names whose challenges stand so, with evidence for some of them. */
struct scene {
    struct fixture *fixture;
    enum dcv_method method;
    enum challenge_state states[2];
    size_t evidence;
    int64_t proved;
};

static enum err scene_make(struct store *store, void *ctx)
{
    const struct scene *scene = ctx;
    const uint8_t *enrolment = scene->fixture->enrolment;
    static const char *const names[] = { "a.example", "b.example" };
    struct challenge_row rows[2] = { 0 };
    struct challenge both[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        both[i] = (struct challenge){ .method = scene->method, .created = CREATED };
        snprintf(both[i].name, sizeof both[i].name, "%s", names[i]);
        rows[i].challenge = both[i];
        memcpy(rows[i].enrolment, enrolment, sizeof rows[i].enrolment);
    }
    TRY(store_challenge_replace_all(store, &act, enrolment, both, 2));
    for (size_t i = 0; i < 2; i++) {
        bool failed = scene->states[i] == CHALLENGE_FAILED;
        TRY(store_challenge_set_result(
            store, &rows[i], scene->states[i], failed ? CREATED + 60 + (int64_t)i : 0));
    }
    for (size_t i = 0; i < scene->evidence; i++) {
        /* The second name was proved a minute after the first. */
        struct evidence_row row = { .method = scene->method,
            .time = scene->proved + 60 * (int64_t)i };
        snprintf(row.name, sizeof row.name, "%s", names[i]);
        TRY(store_evidence_put(store, &act, enrolment, &row));
    }
    return OK;
}

static struct standing standing_at(struct scene *scene, int64_t now)
{
    struct standing standing = { 0 };
    assert_int_equal(store_transact(scene->fixture->store, scene_make, scene), OK);
    assert_int_equal(
        store_standing(scene->fixture->store, scene->fixture->enrolment, now, &standing), OK);
    return standing;
}

static void nothing_asked_for_is_due(void **state)
{
    struct fixture *fixture = *state;
    struct standing standing = { .kind = STANDING_PROVED };
    assert_int_equal(store_standing(fixture->store, fixture->enrolment, CREATED, &standing), OK);
    assert_int_equal(standing.kind, STANDING_DUE);
    assert_int_equal(standing.method, 0);
}

static void the_weakest_name_decides(void **state)
{
    static const struct {
        enum challenge_state one, other;
        enum standing_kind kind;
    } cases[] = {
        { CHALLENGE_PENDING, CHALLENGE_PENDING, STANDING_PENDING },
        { CHALLENGE_PASSED, CHALLENGE_PENDING, STANDING_PENDING },
        { CHALLENGE_PASSED, CHALLENGE_CHECKING, STANDING_CHECKING },
        { CHALLENGE_FAILED, CHALLENGE_CHECKING, STANDING_CHECKING },
        { CHALLENGE_PASSED, CHALLENGE_FAILED, STANDING_FAILED },
        { CHALLENGE_FAILED, CHALLENGE_FAILED, STANDING_FAILED },
        { CHALLENGE_PASSED, CHALLENGE_PASSED, STANDING_PROVED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = { *state, DCV_DNS, { cases[i].one, cases[i].other }, 2, CREATED };
        struct standing standing = standing_at(&scene, CREATED + 1);
        assert_int_equal(standing.kind, cases[i].kind);
        assert_int_equal(standing.method, DCV_DNS);
        assert_int_equal(standing.created, CREATED);
        bool failed = cases[i].kind == STANDING_FAILED;
        assert_true(!failed || standing.next_check == CREATED + (i == 5 ? 60 : 61));
    }
}

/* The age that counts is that of the name proved first. */
static void d22_proof_is_stale_after_eight_hours_and_expired_with_its_values(void **state)
{
    static const struct {
        int64_t proved, now;
        enum standing_kind kind;
    } cases[] = {
        { CREATED, CREATED + CAA_FRESH_SECONDS, STANDING_PROVED },
        { CREATED, CREATED + CAA_FRESH_SECONDS + 1, STANDING_STALE },
        { CREATED, CREATED + VALIDATION_VALUE_SECONDS - 1, STANDING_STALE },
        { CREATED, CREATED + VALIDATION_VALUE_SECONDS, STANDING_EXPIRED },
        /* A look on the last day is good for its eight hours. */
        { CREATED + VALIDATION_VALUE_SECONDS - 1, CREATED + VALIDATION_VALUE_SECONDS,
            STANDING_PROVED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene = { *state, DCV_DNS, { CHALLENGE_PASSED, CHALLENGE_PASSED }, 2,
            cases[i].proved };
        struct standing standing = standing_at(&scene, cases[i].now);
        assert_int_equal(standing.kind, cases[i].kind);
        assert_int_equal(standing.proved, cases[i].proved);
    }
}

static void old_values_are_expired_whatever_was_seen(void **state)
{
    static const enum challenge_state states[] = { CHALLENGE_PENDING, CHALLENGE_CHECKING,
        CHALLENGE_FAILED };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct scene scene = { *state, DCV_DNS, { states[i], states[i] }, 0, 0 };
        assert_int_equal(
            standing_at(&scene, CREATED + VALIDATION_VALUE_SECONDS).kind, STANDING_EXPIRED);
    }
}

static void a_name_without_evidence_is_not_proved(void **state)
{
    struct scene scene = { *state, DCV_DNS, { CHALLENGE_PASSED, CHALLENGE_PASSED }, 1, CREATED };
    assert_int_equal(standing_at(&scene, CREATED + 1).kind, STANDING_STALE);
}

static void a_method_that_has_ended_proves_nothing(void **state)
{
    enum { LAST_DAY_OF_MAIL = 1836691199 };
    struct scene scene = { *state, DCV_EMAIL, { CHALLENGE_PASSED, CHALLENGE_PASSED }, 2,
        LAST_DAY_OF_MAIL };
    assert_int_equal(standing_at(&scene, LAST_DAY_OF_MAIL).kind, STANDING_PROVED);
    assert_int_equal(standing_at(&scene, LAST_DAY_OF_MAIL + 1).kind, STANDING_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_asked_for_is_due, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(the_weakest_name_decides, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            d22_proof_is_stale_after_eight_hours_and_expired_with_its_values, fixture_enrol,
            fixture_close),
        cmocka_unit_test_setup_teardown(
            old_values_are_expired_whatever_was_seen, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_name_without_evidence_is_not_proved, fixture_enrol, fixture_close),
        cmocka_unit_test_setup_teardown(
            a_method_that_has_ended_proves_nothing, fixture_enrol, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
