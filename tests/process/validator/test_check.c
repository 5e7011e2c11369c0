/* One check against a resolver that answers, lies and fails: the value that is expected, and CAA.
 */
#include "tests/process/validator/bench.h"

#define HOST "_ecert-validation.www.shop.example.com"

static void the_expected_value_passes_and_is_signed(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = HOST,
            .type = DNS_TXT,
            .records = { SPAN_LITERAL("\x03"
                                      "old"),
                bench_rdata(&bench) } },
    };
    struct observation seen = bench_run(&bench, answers, 1);
    assert_int_equal(seen.dcv, DCV_PASSED);
    assert_int_equal(seen.caa, CAA_PERMITS);
    assert_int_equal(seen.dnssec, DNSSEC_SECURE);
    assert_int_equal(seen.time, NOW);
    assert_string_equal(seen.perspective, "hk-1");
    assert_string_equal(seen.adn, "www.shop.example.com");
    assert_string_equal(seen.expected, bench.expected);
    assert_memory_equal(seen.attempt, bench.check.attempt, ATTEMPT_BYTES);
    assert_string_equal(bench_step(&bench, "dcv.txt_found")->asked, "TXT " HOST);
    assert_non_null(bench_step(&bench, "caa.absent"));
    buf_release(&bench.der);
}

static void a_wildcard_is_validated_at_its_base_and_asks_issuewild(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "*.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = "_ecert-validation.shop.example.com",
            .type = DNS_TXT,
            .records = { bench_rdata(&bench) } },
        { .name = "shop.example.com",
            .type = DNS_CAA,
            .records = { SPAN_LITERAL("\x00\x05"
                                      "issue"
                                      "ca.example.net"),
                SPAN_LITERAL("\x00\x09"
                             "issuewild"
                             ";") } },
    };
    struct observation seen = bench_run(&bench, answers, 2);
    assert_int_equal(seen.dcv, DCV_PASSED);
    assert_int_equal(seen.caa, CAA_PROHIBITS);
    assert_string_equal(seen.adn, "shop.example.com");
    assert_string_equal(seen.challenge.name, "*.shop.example.com");
    assert_string_equal(
        bench_step(&bench, "caa.forbids")->expected, "0 issuewild \"ca.example.net\"");
    buf_release(&bench.der);
}

/* The certificate will hold the bare name as well, and that one is no wildcard. */
static void a_wildcard_asks_for_its_bare_name_too(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "*.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = "_ecert-validation.shop.example.com",
            .type = DNS_TXT,
            .records = { bench_rdata(&bench) } },
        { .name = "shop.example.com",
            .type = DNS_CAA,
            .records = { SPAN_LITERAL("\x00\x05"
                                      "issue"
                                      ";"),
                SPAN_LITERAL("\x00\x09"
                             "issuewild"
                             "ca.example.net") } },
    };
    struct observation seen = bench_run(&bench, answers, 2);
    assert_int_equal(seen.dcv, DCV_PASSED);
    assert_int_equal(seen.caa, CAA_PROHIBITS);
    assert_string_equal(
        bench_step(&bench, "caa.authorises")->expected, "0 issuewild \"ca.example.net\"");
    assert_string_equal(bench_step(&bench, "caa.forbids")->expected, "0 issue \"ca.example.net\"");
    buf_release(&bench.der);
}

static void what_does_not_match_exactly_fails_with_its_code(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    uint8_t upper[sizeof bench.rdata], longer[sizeof bench.rdata + 1];
    for (size_t i = 0; i < sizeof upper; i++) {
        upper[i] = (uint8_t)(bench.rdata[i] >= 'a' ? bench.rdata[i] - 32 : bench.rdata[i]);
    }
    memcpy(longer, bench.rdata, sizeof bench.rdata);
    longer[0] = bench.rdata[0] + 1;
    longer[longer[0]] = ' ';
    const struct {
        const char *code;
        struct fake_answer answer;
        enum dnssec_state dnssec;
    } cases[] = {
        { "dcv.txt_missing", { .rcode = DNS_RCODE_OK }, DNSSEC_SECURE },
        { "dcv.txt_missing", { .rcode = DNS_RCODE_NXDOMAIN }, DNSSEC_SECURE },
        { "dcv.txt_wrong",
            { .records = { SPAN_LITERAL("\x05"
                                        "wrong") } },
            DNSSEC_SECURE },
        { "dcv.txt_wrong", { .records = { SPAN_LITERAL("\x00") } }, DNSSEC_SECURE },
        { "dcv.txt_wrong",
            { .records = { SPAN_LITERAL("\x09"
                                        "torn") } },
            DNSSEC_SECURE },
        { "dcv.txt_wrong", { .records = { span_make(upper, 1u + upper[0]) } }, DNSSEC_SECURE },
        { "dcv.txt_wrong", { .records = { span_make(longer, 1u + longer[0]) } }, DNSSEC_SECURE },
        { "dcv.txt_wrong",
            { .security = DNS_SECURITY_INSECURE,
                .records = { SPAN_LITERAL("\x05"
                                          "wrong") } },
            DNSSEC_INSECURE },
        { "dcv.servfail", { .rcode = DNS_RCODE_SERVFAIL }, DNSSEC_UNKNOWN },
        { "dcv.servfail", { .rcode = 5, .records = { bench_rdata(&bench) } }, DNSSEC_UNKNOWN },
        { "dcv.bogus", { .security = DNS_SECURITY_BOGUS, .records = { bench_rdata(&bench) } },
            DNSSEC_BOGUS },
        { "dcv.timeout", { .err = ERR_TIMEOUT }, DNSSEC_UNKNOWN },
        { "dcv.too_large", { .err = ERR_LIMIT }, DNSSEC_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_answer answer = cases[i].answer;
        answer.name = HOST;
        answer.type = DNS_TXT;
        struct observation seen = bench_run(&bench, &answer, 1);
        if (seen.dcv != DCV_FAILED || bench_step(&bench, cases[i].code) == NULL) {
            fail_msg("case %zu: dcv %d, %s", i, seen.dcv, bench.report.steps[0].code);
        }
        assert_int_equal(seen.dnssec, cases[i].dnssec);
        assert_string_equal(bench.report.steps[0].expected, bench.expected);
    }
    buf_release(&bench.der);
}

static void a_name_that_does_not_exist_is_told_from_a_record_that_does_not(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = HOST, .type = DNS_TXT, .rcode = DNS_RCODE_NXDOMAIN },
        { .name = "www.shop.example.com", .type = DNS_SOA, .rcode = DNS_RCODE_NXDOMAIN },
    };
    assert_int_equal(bench_run(&bench, answers, 2).dcv, DCV_FAILED);
    assert_non_null(bench_step(&bench, "dcv.nxdomain"));
    buf_release(&bench.der);
}

static void a_lookup_that_failed_once_is_tried_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = HOST, .type = DNS_TXT, .fails_first = 1, .records = { bench_rdata(&bench) } }
    };
    assert_int_equal(bench_run(&bench, answers, 1).dcv, DCV_PASSED);
    buf_release(&bench.der);
}

static void a_value_lives_for_thirty_days_to_the_second(void **state)
{
    (void)state;
    static const struct {
        int64_t created;
        const char *code;
        enum dcv_result result;
    } cases[] = {
        { NOW - VALIDATION_VALUE_SECONDS, "dcv.txt_found", DCV_PASSED },
        { NOW - VALIDATION_VALUE_SECONDS - 1, "dcv.expired", DCV_FAILED },
        { NOW + 60, "dcv.txt_found", DCV_PASSED },
        { NOW + 61, "dcv.not_yet_valid", DCV_FAILED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        bench_init(&bench, "www.shop.example.com");
        bench.check.challenge.created = cases[i].created;
        bench_expect(&bench);
        struct fake_answer answers[] = {
            { .name = HOST, .type = DNS_TXT, .records = { bench_rdata(&bench) } }
        };
        assert_int_equal(bench_run(&bench, answers, 1).dcv, cases[i].result);
        assert_non_null(bench_step(&bench, cases[i].code));
        buf_release(&bench.der);
    }
}

static int64_t moved_now(void *ctx)
{
    return *(const int64_t *)ctx;
}

/* BR 3.2.2.4.4 ends on 2028-03-15; what else there is goes on. */
static void a_method_is_not_looked_at_from_its_last_day_on(void **state)
{
    static const struct {
        enum dcv_method method;
        int64_t now;
        const char *code;
        enum dcv_result result;
    } cases[] = {
        { DCV_EMAIL, 1836691199, "dcv.mail_not_asked", DCV_NOT_ASKED },
        { DCV_EMAIL, 1836691200, "dcv.method_ended", DCV_FAILED },
        { DCV_DNS, 1836691200, "dcv.txt_found", DCV_PASSED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        int64_t now = cases[i].now;
        bench_init(&bench, "www.shop.example.com");
        bench.checker.clock = (struct clock){ moved_now, &now };
        bench.check.challenge.method = cases[i].method;
        bench.check.challenge.created = now - 60;
        bench_expect(&bench);
        struct fake_answer answers[] = {
            { .name = HOST, .type = DNS_TXT, .records = { bench_rdata(&bench) } }
        };
        assert_int_equal(bench_run(&bench, answers, 1).dcv, cases[i].result);
        assert_non_null(bench_step(&bench, cases[i].code));
        assert_non_null(bench_step(&bench, "caa.absent"));
        buf_release(&bench.der);
    }
}

static void whatever_changes_the_challenge_changes_what_is_expected(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "www.shop.example.com");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = HOST, .type = DNS_TXT, .records = { bench_rdata(&bench) } }
    };
    bench.check.challenge.has_spki = true;
    assert_int_equal(bench_run(&bench, answers, 1).dcv, DCV_FAILED);
    bench.check.challenge.has_spki = false;
    bench.check.challenge.application_hash[31] ^= 1;
    assert_int_equal(bench_run(&bench, answers, 1).dcv, DCV_FAILED);
    buf_release(&bench.der);
}

static void a_public_suffix_never_passes(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench, "*.com.hk");
    bench_expect(&bench);
    struct fake_answer answers[] = {
        { .name = "_ecert-validation.com.hk", .type = DNS_TXT, .records = { bench_rdata(&bench) } }
    };
    assert_int_equal(bench_run(&bench, answers, 1).dcv, DCV_FAILED);
    assert_non_null(bench_step(&bench, "name.public_suffix"));
    buf_release(&bench.der);
}

/* A proof that is used again: nothing but CAA is asked, and nothing else is said. */
static void caa_alone_is_asked_where_the_proof_is_there_already(void **state)
{
    for (int forbids = 0; forbids < 2; forbids++) {
        struct bench bench;
        (void)state;
        bench_init(&bench, "www.shop.example.com");
        bench.check.caa_only = true;
        bench.check.challenge.created = NOW - 199 * DAY_SECONDS;
        struct fake_answer answers[] = { { .name = "example.com",
            .type = DNS_CAA,
            .security = DNS_SECURITY_INSECURE,
            .records = { forbids ? SPAN_LITERAL("\x00\x05issue;")
                                 : SPAN_LITERAL("\x00\x05issueca.example.net") } } };
        struct observation seen = bench_run(&bench, answers, 1);
        assert_int_equal(seen.dcv, DCV_NOT_ASKED);
        assert_int_equal(seen.caa, forbids ? CAA_PROHIBITS : CAA_PERMITS);
        assert_int_equal(seen.dnssec, DNSSEC_INSECURE);
        for (size_t i = 0; i < bench.world.asked_count; i++) {
            assert_null(strstr(bench.world.asked[i], "_ecert-validation"));
        }
        buf_release(&bench.der);
    }
}

/* RFC 8657: the subscriber's account, as it follows from the challenge. */
static void caa_is_asked_for_the_subscribers_account(void **state)
{
    static const struct {
        const char *srn, *value;
        bool permits;
    } cases[] = {
        { "0002142877", "ca.example.net; accounturi=acct:0002142877@ca.example.net", true },
        { "0002142878", "ca.example.net; accounturi=acct:0002142877@ca.example.net", false },
        { "0002142877", "ca.example.net; accounturi=acct:0002142877@ca.example.org", false },
        { "0002142877", "ca.example.net; accounturi=ACCT:0002142877@ca.example.net", false },
        { "", "ca.example.net; accounturi=acct:@ca.example.net", false },
        { "", "ca.example.net; validationmethods=ca-tbr-7", true },
        { "0002142877", "ca.example.net; validationmethods=CA-TBR-7,x", true },
        { "0002142877", "ca.example.net; validationmethods=ca-tbr-22", false },
        { "0002142877", "ca.example.net; validationmethods=ca-tbr-77", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        uint8_t rdata[200] = "\x00\x05issue";
        size_t len = strlen(cases[i].value);
        memcpy(rdata + 7, cases[i].value, len);
        bench_init(&bench, "www.shop.example.com");
        snprintf(bench.check.challenge.srn, sizeof bench.check.challenge.srn, "%s", cases[i].srn);
        struct fake_answer answers[] = {
            { .name = "example.com", .type = DNS_CAA, .records = { span_make(rdata, 7 + len) } }
        };
        struct observation seen = bench_run(&bench, answers, 1);
        assert_int_equal(seen.caa, cases[i].permits ? CAA_PERMITS : CAA_PROHIBITS);
        buf_release(&bench.der);
    }
}

static void whom_the_domains_caa_names_is_told_of_beside_a_refusal_alone(void **state)
{
    (void)state;
    for (int permits = 0; permits < 2; permits++) {
        struct bench bench;
        bench_init(&bench, "www.shop.example.com");
        struct fake_answer answers[] = { { .name = "example.com",
            .type = DNS_CAA,
            .records = { permits ? SPAN_LITERAL("\x00\x05issueca.example.net")
                                 : SPAN_LITERAL("\x00\x05issue;"),
                SPAN_LITERAL("\x00\x05iodefmailto:security@example.com") } } };
        assert_int_equal(bench_run(&bench, answers, 1).caa, permits ? CAA_PERMITS : CAA_PROHIBITS);
        const struct report_step *told = bench_step(&bench, "caa.iodef");
        assert_true((told == NULL) == permits);
        if (!permits) {
            assert_string_equal(told->seen, "mailto:security@example.com");
            assert_string_equal(told->asked, "CAA example.com");
            assert_string_equal(told[-1].code, "caa.forbids");
        }
        buf_release(&bench.der);
    }
}

static void d21_a_mailbox_that_cannot_be_mailed_hides_none_behind_it(void **state)
{
    static const struct span bad[] = { SPAN_LITERAL("\x00\x05iodefmailto:root@localhost"),
        SPAN_LITERAL("\x00\x05iodefmailto:a@b.example,c@d.example"),
        SPAN_LITERAL("\x00\x05iodefmailto:a%40b@c.example"),
        SPAN_LITERAL("\x00\x05iodefhttps://example.com/report") };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bench bench;
        bench_init(&bench, "www.shop.example.com");
        struct fake_answer answers[] = { { .name = "example.com",
            .type = DNS_CAA,
            .records = { SPAN_LITERAL("\x00\x05issue;"), bad[i],
                SPAN_LITERAL("\x00\x05iodefmailto:security@example.com") } } };
        assert_int_equal(bench_run(&bench, answers, 1).caa, CAA_PROHIBITS);
        assert_string_equal(bench_step(&bench, "caa.iodef")->seen, "mailto:security@example.com");
        buf_release(&bench.der);
    }
}

static void challenges_that_make_no_sense_are_refused_unsigned(void **state)
{
    (void)state;
    for (size_t i = 0; i < SENSELESS_COUNT; i++) {
        struct bench bench;
        bench_init(&bench, senseless[i].name);
        bench.check.challenge.method = senseless[i].method;
        bench.checker.ctx = &bench.world;
        assert_int_equal(
            check_run(&bench.checker, &bench.check, &bench.der, &bench.report, &bench.reason),
            senseless[i].err);
        assert_string_equal(bench.reason.code, senseless[i].code);
        assert_int_equal(bench.der.len, 0);
        assert_int_equal(bench.world.asked_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expected_value_passes_and_is_signed),
        cmocka_unit_test(a_wildcard_is_validated_at_its_base_and_asks_issuewild),
        cmocka_unit_test(a_wildcard_asks_for_its_bare_name_too),
        cmocka_unit_test(what_does_not_match_exactly_fails_with_its_code),
        cmocka_unit_test(a_name_that_does_not_exist_is_told_from_a_record_that_does_not),
        cmocka_unit_test(a_lookup_that_failed_once_is_tried_again),
        cmocka_unit_test(a_value_lives_for_thirty_days_to_the_second),
        cmocka_unit_test(a_method_is_not_looked_at_from_its_last_day_on),
        cmocka_unit_test(whatever_changes_the_challenge_changes_what_is_expected),
        cmocka_unit_test(a_public_suffix_never_passes),
        cmocka_unit_test(caa_alone_is_asked_where_the_proof_is_there_already),
        cmocka_unit_test(caa_is_asked_for_the_subscribers_account),
        cmocka_unit_test(whom_the_domains_caa_names_is_told_of_beside_a_refusal_alone),
        cmocka_unit_test(d21_a_mailbox_that_cannot_be_mailed_hides_none_behind_it),
        cmocka_unit_test(challenges_that_make_no_sense_are_refused_unsigned),
    };
    return cmocka_run_group_tests(tests, bench_prepare, bench_clear);
}
