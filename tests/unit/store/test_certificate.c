#include "lib/store/certificate.h"
#include "tests/unit/store/fixture.h"

static const uint8_t serial[] = { 0x4a, 1, 2, 3 };
static const uint8_t other_serial[] = { 0x4a, 9, 9, 9 };
static const uint8_t spki[HASH_BYTES] = { 5 };

/* One step of a certificate's life as a transaction; `what` says which. */
struct step {
    const struct fixture *fixture;
    enum {
        SUBMIT,
        SUBMIT_OTHER,
        RESERVE,
        RESERVE_OTHER,
        ISSUE,
        ISSUE_OTHER,
        ACCEPT,
        DECLINE,
        REVOKE,
        REVOKE_COMPROMISED,
        REVOKED
    } what;
};

static struct request_id request_of(const struct fixture *fixture)
{
    struct request_id request = { .ordinal = 1 };
    memcpy(request.enrolment, fixture->enrolment, sizeof request.enrolment);
    return request;
}

static enum err step_run(struct store *store, void *ctx)
{
    const struct step *step = ctx;
    struct request_id request = request_of(step->fixture);
    struct certificate_row row = { .request = request, .not_before = 1, .not_after = 2 };
    switch (step->what) {
    case SUBMIT:
        return store_certificate_submit(store, &act, &request, SPAN_LITERAL("csr"), spki);
    case SUBMIT_OTHER:
        return store_certificate_submit(store, &act, &request, SPAN_LITERAL("other"), spki);
    case RESERVE:
        return store_certificate_reserve(store, &act, &request, "ssl", SPAN_OF(serial));
    case RESERVE_OTHER:
        return store_certificate_reserve(store, &act, &request, "ssl", SPAN_OF(other_serial));
    case ISSUE:
        row.der = SPAN_LITERAL("certificate");
        return store_certificate_issued(store, &act, &row);
    case ISSUE_OTHER:
        row.der = SPAN_LITERAL("another certificate");
        return store_certificate_issued(store, &act, &row);
    case ACCEPT:
        return store_certificate_accept(store, &act, &request);
    case DECLINE:
        return store_certificate_decline(store, &act, &request, REVOCATION_SUPERSEDED);
    case REVOKE:
        return store_certificate_revoke(store, &act, &request, REVOCATION_CESSATION);
    case REVOKE_COMPROMISED:
        return store_certificate_revoke(store, &act, &request, REVOCATION_KEY_COMPROMISE);
    case REVOKED:
        return store_certificate_revoked(store, &act, &request);
    }
    return ERR_INPUT;
}

static enum err take(const struct fixture *fixture, int what)
{
    struct step step = { fixture, what };
    return store_transact(fixture->store, step_run, &step);
}

static void take_all(const struct fixture *fixture, const int *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(take(fixture, steps[i]), OK);
    }
}

static enum certificate_state state_of(const struct fixture *fixture)
{
    AUTO(arena) arena = arena_make(65536);
    struct request_id request = request_of(fixture);
    struct certificate_row row = { 0 };
    assert_int_equal(store_certificate_by_request(fixture->store, &request, &arena, &row), OK);
    return row.state;
}

static void each_step_taken_again_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, SUBMIT, RESERVE, RESERVE, ISSUE, ISSUE };
    take_all(fixture, steps, sizeof steps / sizeof *steps);
    assert_int_equal(state_of(fixture), CERTIFICATE_ISSUED);
}

static void one_request_never_gets_a_second_serial_or_certificate(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, RESERVE };
    take_all(fixture, steps, 2);
    assert_int_equal(take(fixture, RESERVE_OTHER), ERR_CONFLICT);
    assert_int_equal(take(fixture, ISSUE), OK);
    assert_int_equal(take(fixture, ISSUE_OTHER), ERR_CONFLICT);
    assert_int_equal(take(fixture, SUBMIT_OTHER), ERR_CONFLICT);
    AUTO(arena) arena = arena_make(65536);
    struct certificate_row row = { 0 };
    assert_int_equal(
        store_certificate_by_serial(fixture->store, SPAN_OF(serial), &arena, &row), OK);
    assert_true(span_equal(row.der, SPAN_LITERAL("certificate")));
    assert_true(span_equal(row.csr, SPAN_LITERAL("csr")));
    assert_int_equal(
        store_certificate_by_serial(fixture->store, SPAN_OF(other_serial), &arena, &row),
        ERR_NOT_FOUND);
}

static void a_refused_request_may_be_replaced_and_keeps_its_serial(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, RESERVE, SUBMIT_OTHER, RESERVE, ISSUE };
    take_all(fixture, steps, sizeof steps / sizeof *steps);
}

static void nothing_is_issued_without_a_serial_in_the_store(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(take(fixture, RESERVE), ERR_NOT_FOUND);
    assert_int_equal(take(fixture, SUBMIT), OK);
    assert_int_equal(take(fixture, ISSUE), ERR_CONFLICT);
    assert_int_equal(state_of(fixture), CERTIFICATE_REQUESTED);
}

static void only_an_issued_certificate_is_accepted_or_declined(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, RESERVE };
    take_all(fixture, steps, 2);
    assert_int_equal(take(fixture, ACCEPT), ERR_CONFLICT);
    assert_int_equal(take(fixture, DECLINE), ERR_CONFLICT);
    assert_int_equal(take(fixture, REVOKE), ERR_CONFLICT);
    assert_int_equal(take(fixture, ISSUE), OK);
    assert_int_equal(take(fixture, DECLINE), OK);
    assert_int_equal(take(fixture, ACCEPT), ERR_CONFLICT);
    assert_int_equal(take(fixture, DECLINE), ERR_CONFLICT);
    assert_int_equal(take(fixture, REVOKED), OK);
    assert_int_equal(state_of(fixture), CERTIFICATE_REVOKED);
}

static void a_revocation_is_never_taken_back_and_only_made_graver(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, RESERVE, ISSUE, ACCEPT, REVOKE, REVOKED };
    take_all(fixture, steps, sizeof steps / sizeof *steps);
    assert_int_equal(take(fixture, ACCEPT), ERR_CONFLICT);
    assert_int_equal(take(fixture, REVOKE), ERR_CONFLICT);
    assert_int_equal(take(fixture, REVOKED), ERR_CONFLICT);
    assert_int_equal(take(fixture, REVOKE_COMPROMISED), OK);
    assert_int_equal(take(fixture, REVOKED), OK);
    assert_int_equal(take(fixture, REVOKE), ERR_CONFLICT);
}

static void lists_hold_what_is_in_that_state(void **state)
{
    struct fixture *fixture = *state;
    static const int steps[] = { SUBMIT, RESERVE, ISSUE };
    AUTO(arena) arena = arena_make(65536);
    struct certificate_row *rows = NULL;
    size_t count = 7;
    take_all(fixture, steps, 3);
    assert_int_equal(
        store_certificate_list(fixture->store, CERTIFICATE_DECLINED, 10, &arena, &rows, &count),
        OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        store_certificate_list(fixture->store, CERTIFICATE_ISSUED, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_certificate_list_all(fixture->store, 1, 10, &arena, &rows, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        store_certificate_by_enrolment(fixture->store, fixture->enrolment, &arena, &rows, &count),
        OK);
    assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_step_taken_again_changes_nothing),
        TEST(one_request_never_gets_a_second_serial_or_certificate),
        TEST(a_refused_request_may_be_replaced_and_keeps_its_serial),
        TEST(nothing_is_issued_without_a_serial_in_the_store),
        TEST(only_an_issued_certificate_is_accepted_or_declined),
        TEST(a_revocation_is_never_taken_back_and_only_made_graver),
        TEST(lists_hold_what_is_in_that_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
