#include "lib/store/submission.h"
#include "tests/unit/store/fixture.h"

static const uint8_t serial[] = { 0x4a, 1, 2, 3 };
static const uint8_t spki[HASH_BYTES] = { 5 };

/* A transaction of this file's sentences. */
struct work {
    const struct fixture *fixture;
    enum err (*run)(struct store *store, const struct request_id *request, const void *with);
    const void *with;
};

static enum err work_run(struct store *store, void *ctx)
{
    const struct work *work = ctx;
    struct request_id request = { .ordinal = 1 };
    memcpy(request.enrolment, work->fixture->enrolment, sizeof request.enrolment);
    return work->run(store, &request, work->with);
}

static enum err take(const struct fixture *fixture,
    enum err (*run)(struct store *store, const struct request_id *request, const void *with),
    const void *with)
{
    struct work work = { fixture, run, with };
    return store_transact(fixture->store, work_run, &work);
}

static enum err reserve(struct store *store, const struct request_id *request, const void *with)
{
    (void)with;
    TRY(store_certificate_submit(store, &act, request, SPAN_LITERAL("csr"), spki));
    return store_certificate_reserve(store, &act, request, "ssl", SPAN_OF(serial));
}

static enum err put(struct store *store, const struct request_id *request, const void *with)
{
    return store_precertificate_put(store, &act, request, span_from_text(with));
}

static enum err retry(struct store *store, const struct request_id *request, const void *with)
{
    return store_precertificate_retry(store, request, *(const int64_t *)with);
}

static enum err submission(struct store *store, const struct request_id *request, const void *with)
{
    return store_submission_put(store, request, with);
}

static enum err abandon(struct store *store, const struct request_id *request, const void *with)
{
    return store_certificate_abandon(store, &act, request, with);
}

static void a_precertificate_is_one_and_waits_ever_longer(void **state)
{
    struct fixture *fixture = *state;
    struct precertificate_row row = { .attempts = 9 };
    const int64_t later = 1234;
    struct request_id request = { .ordinal = 1 };
    AUTO(arena) arena = arena_make(64 * 1024);
    memcpy(request.enrolment, fixture->enrolment, sizeof request.enrolment);
    assert_int_equal(take(fixture, reserve, NULL), OK);
    assert_int_equal(
        store_precertificate_get(fixture->store, &request, &arena, &row), ERR_NOT_FOUND);
    assert_int_equal(take(fixture, put, "first"), OK);
    assert_int_equal(take(fixture, put, "first"), OK);
    assert_int_equal(take(fixture, put, "another"), ERR_CONFLICT);
    assert_int_equal(take(fixture, retry, &later), OK);
    assert_int_equal(store_precertificate_get(fixture->store, &request, &arena, &row), OK);
    assert_true(span_equal_text(row.der, "first"));
    assert_int_equal(row.signed_, act.time);
    assert_int_equal(row.attempts, 1);
    assert_int_equal(row.next_try, later);
}

static void a_promise_is_never_replaced_by_a_problem(void **state)
{
    struct fixture *fixture = *state;
    struct submission_row *rows = NULL;
    size_t count = 0;
    struct request_id request = { .ordinal = 1 };
    const struct submission_row silent = { "log-1", .problem = { "ct.silent", "", "", "" } };
    const struct submission_row promised = { "log-1", SPAN_LITERAL("sct"), .time = 5 };
    const struct submission_row other = { "log-2", .problem = { "ct.status", "", "500", "" },
        .time = 7 };
    AUTO(arena) arena = arena_make(64 * 1024);
    memcpy(request.enrolment, fixture->enrolment, sizeof request.enrolment);
    assert_int_equal(take(fixture, reserve, NULL), OK);
    assert_int_not_equal(take(fixture, submission, &promised), OK); /* of no precertificate */
    assert_int_equal(take(fixture, put, "first"), OK);
    assert_int_equal(take(fixture, submission, &silent), OK);
    assert_int_equal(take(fixture, submission, &promised), OK);
    assert_int_equal(take(fixture, submission, &silent), OK);
    assert_int_equal(take(fixture, submission, &other), OK);
    assert_int_equal(store_submission_list(fixture->store, &request, &arena, &rows, &count), OK);
    assert_int_equal(count, 2);
    assert_true(span_equal_text(rows[0].sct, "sct"));
    assert_string_equal(rows[0].problem.code, "");
    assert_int_equal(rows[1].sct.len, 0);
    assert_string_equal(rows[1].problem.code, "ct.status");
    assert_string_equal(rows[1].problem.seen, "500");
}

static void an_abandoned_serial_is_to_be_revoked(void **state)
{
    struct fixture *fixture = *state;
    struct certificate_row old = { 0 };
    struct request_id request = { .ordinal = 1 };
    AUTO(arena) arena = arena_make(64 * 1024);
    memcpy(request.enrolment, fixture->enrolment, sizeof request.enrolment);
    assert_int_not_equal(take(fixture, abandon, "ct.too_few"), OK); /* there is none */
    assert_int_equal(take(fixture, reserve, NULL), OK);
    assert_int_equal(take(fixture, abandon, "ct.too_few"), OK);
    assert_int_equal(take(fixture, abandon, "ct.too_few"), ERR_CONFLICT);
    assert_int_equal(store_certificate_by_request(fixture->store, &request, &arena, &old), OK);
    assert_int_equal(old.state, CERTIFICATE_REVOKING);
    assert_int_equal(old.reason, REVOCATION_SUPERSEDED);
    assert_int_equal(old.der.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_enrol, fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(a_precertificate_is_one_and_waits_ever_longer),
        TEST(a_promise_is_never_replaced_by_a_problem),
        TEST(an_abandoned_serial_is_to_be_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
