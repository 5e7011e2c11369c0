/* A rehearsal sees what a check sees, and nothing of it is signed. */
#include "tests/process/validator/bench.h"

#define HOST "_ecert-validation.www.shop.example.com"

static enum err rehearse_by(
    struct bench *bench, struct fake_answer *answers, size_t count, struct rehearsed *ret_rehearsed)
{
    const struct rehearse rehearse = { .challenge = bench->check.challenge,
        .caa_only = bench->check.caa_only };
    bench->world = (struct fake_world){ .answers = answers, .count = count };
    bench->checker.ctx = &bench->world;
    bench->checker.key = NULL; /* whoever signs, falls */
    enum err err = rehearse_run(&bench->checker, &rehearse, ret_rehearsed, &bench->reason);
    bench->report = err == OK ? ret_rehearsed->report : (struct report){ 0 };
    return err;
}

static void it_sees_what_a_check_sees(void **state)
{
    (void)state;
    for (int placed = 0; placed < 2; placed++) {
        struct bench bench;
        struct rehearsed rehearsed;
        bench_init(&bench, "www.shop.example.com");
        bench_expect(&bench);
        struct fake_answer answers[] = {
            { .name = HOST,
                .type = DNS_TXT,
                .records = { placed ? bench_rdata(&bench)
                                    : SPAN_LITERAL("\x05"
                                                   "wrong") } },
            { .name = "example.com",
                .type = DNS_CAA,
                .records = { SPAN_LITERAL("\x00\x05issue;") } },
        };
        struct observation seen = bench_run(&bench, answers, 2);
        struct report checked = bench.report;
        assert_int_equal(rehearse_by(&bench, answers, 2, &rehearsed), OK);
        assert_int_equal(rehearsed.dcv, placed ? DCV_PASSED : DCV_FAILED);
        assert_int_equal(rehearsed.dcv, seen.dcv);
        assert_int_equal(rehearsed.caa, CAA_PROHIBITS);
        assert_int_equal(rehearsed.dnssec, seen.dnssec);
        assert_int_equal(bench.report.count, checked.count);
        assert_memory_equal(bench.report.steps, checked.steps, sizeof checked.steps);
        assert_int_equal(bench.report.questions.count, checked.questions.count);
        buf_release(&bench.der);
    }
}

static void where_the_proof_is_there_caa_alone_is_asked(void **state)
{
    (void)state;
    struct bench bench;
    struct rehearsed rehearsed;
    bench_init(&bench, "www.shop.example.com");
    bench.check.caa_only = true;
    assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), OK);
    assert_int_equal(rehearsed.dcv, DCV_NOT_ASKED);
    assert_int_equal(rehearsed.caa, CAA_PERMITS);
    assert_non_null(bench_step(&bench, "dcv.proved_before"));
}

/* Each code is good for one look: a rehearsal must not use it up. */
static void the_code_of_a_mail_is_left_out(void **state)
{
    (void)state;
    struct bench bench;
    struct rehearsed rehearsed;
    bench_init(&bench, "www.shop.example.com");
    bench.check.challenge.method = DCV_EMAIL;
    assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), OK);
    assert_int_equal(rehearsed.dcv, DCV_NOT_ASKED);
    assert_non_null(bench_step(&bench, "dcv.mail_left_out"));
    assert_null(bench_step(&bench, "dcv.proved_before"));
}

static void it_takes_nothing_of_what_checks_may_ask_a_domain(void **state)
{
    static struct budget budget = BUDGET_INIT(3), rehearsals = BUDGET_INIT(2);
    (void)state;
    struct bench bench;
    struct rehearsed rehearsed;
    bench_init(&bench, "www.shop.example.com");
    const struct checker whole = bench.checker;
    bench.checker.budget = &budget;
    bench.checker.rehearsals = &rehearsals;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), OK);
    }
    assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), ERR_AGAIN);
    assert_string_equal(bench.reason.code, "dcv.target_busy");
    assert_string_equal(bench.reason.expected, "2/min");
    bench.checker.key = whole.key;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench_run(&bench, NULL, 0).dcv, DCV_FAILED);
    }
    assert_int_equal(
        check_run(&bench.checker, &bench.check, &bench.der, &bench.report, &bench.reason),
        ERR_AGAIN);
    buf_release(&bench.der);
}

static void what_a_check_refuses_it_refuses_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < SENSELESS_COUNT; i++) {
        struct bench bench;
        struct rehearsed rehearsed;
        bench_init(&bench, senseless[i].name);
        bench.check.challenge.method = senseless[i].method;
        assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), senseless[i].err);
        assert_string_equal(bench.reason.code, senseless[i].code);
        assert_int_equal(bench.world.asked_count, 0);
    }
}

static void an_expired_value_would_not_pass(void **state)
{
    (void)state;
    struct bench bench;
    struct rehearsed rehearsed;
    bench_init(&bench, "www.shop.example.com");
    bench.check.challenge.created = NOW - VALIDATION_VALUE_SECONDS - 1;
    assert_int_equal(rehearse_by(&bench, NULL, 0, &rehearsed), OK);
    assert_int_equal(rehearsed.dcv, DCV_FAILED);
    assert_non_null(bench_step(&bench, "dcv.expired"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sees_what_a_check_sees),
        cmocka_unit_test(where_the_proof_is_there_caa_alone_is_asked),
        cmocka_unit_test(the_code_of_a_mail_is_left_out),
        cmocka_unit_test(it_takes_nothing_of_what_checks_may_ask_a_domain),
        cmocka_unit_test(what_a_check_refuses_it_refuses_too),
        cmocka_unit_test(an_expired_value_would_not_pass),
    };
    return cmocka_run_group_tests(tests, bench_prepare, bench_clear);
}
