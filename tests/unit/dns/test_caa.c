#include "lib/dns/caa.h"

#include "tests/unit/dns/fake_resolver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RDATA out of flags, tag and value; the tag's length octet is counted by the compiler. */
#define CAA_RDATA(flags, length, tag_and_value) SPAN_LITERAL(flags length tag_and_value)
#define ISSUE(value)                            CAA_RDATA("\x00", "\x05", "issue" value)
#define ISSUEWILD(value)                        CAA_RDATA("\x00", "\x09", "issuewild" value)
#define IODEF(value)                            CAA_RDATA("\x00", "\x05", "iodef" value)

static const struct caa_request ours = {
    .name = "www.shop.example.com",
    .identity = "ca.example.net",
    .account_uri = "acct:0002142877@ca.example.net",
    .method = "ca-tbr-7",
};

static struct caa_verdict check(struct fake_answer *answers, size_t count, bool wildcard)
{
    struct fake_world world = { .answers = answers, .count = count };
    struct resolver resolver = fake_resolver(&world);
    struct caa_request request = ours;
    request.wildcard = wildcard;
    struct caa_verdict verdict = { 0 };
    assert_int_equal(caa_check(&resolver, &request, INT64_MAX, &verdict), OK);
    return verdict;
}

struct property_case {
    struct span records[4];
    enum caa_finding plain, wildcard;
};

static void records_mean_what_rfc_8659_and_8657_say(void **state)
{
    (void)state;
    static const struct property_case cases[] = {
        { { ISSUE("ca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE(" \tCA.Example.NET \t") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { CAA_RDATA("\x00", "\x05", "IsSuEca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { CAA_RDATA("\x80", "\x05", "issueca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { CAA_RDATA("\x01", "\x05", "issueca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE("other.example") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE(";") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("  ") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("ca.example.net.") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("xca.example.net") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("example.net") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("ca.example.net other.example") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("ca.example.net; %%%%%") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("%%%%%") }, CAA_FORBIDS, CAA_FORBIDS },
        { { ISSUE("other.example"), ISSUE("ca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE(";"), ISSUE("ca.example.net") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { IODEF("mailto:a@example.com") }, CAA_UNRESTRICTED, CAA_UNRESTRICTED },
        { { CAA_RDATA("\x00", "\x03", "tbsUnknown") }, CAA_UNRESTRICTED, CAA_UNRESTRICTED },
        { { CAA_RDATA("\x80", "\x03", "tbsUnknown") }, CAA_CRITICAL_UNKNOWN, CAA_CRITICAL_UNKNOWN },
        { { ISSUE("ca.example.net"), CAA_RDATA("\x80", "\x03", "tbs") }, CAA_CRITICAL_UNKNOWN,
            CAA_CRITICAL_UNKNOWN },
        { { ISSUEWILD("ca.example.net") }, CAA_UNRESTRICTED, CAA_AUTHORISES },
        { { ISSUEWILD(";") }, CAA_UNRESTRICTED, CAA_FORBIDS },
        { { ISSUE(";"), ISSUEWILD("ca.example.net") }, CAA_FORBIDS, CAA_AUTHORISES },
        { { ISSUE("ca.example.net"), ISSUEWILD(";") }, CAA_AUTHORISES, CAA_FORBIDS },
        { { ISSUE("ca.example.net; accounturi=acct:0002142877@ca.example.net") }, CAA_AUTHORISES,
            CAA_AUTHORISES },
        { { ISSUE("ca.example.net; AccountURI = acct:0002142877@ca.example.net ;") },
            CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE("ca.example.net; accounturi=acct:1@ca.example.net") }, CAA_OTHER_ACCOUNT,
            CAA_OTHER_ACCOUNT },
        { { ISSUE("ca.example.net; accounturi=") }, CAA_OTHER_ACCOUNT, CAA_OTHER_ACCOUNT },
        { { ISSUE("ca.example.net; accounturi=acct:0002142877@ca.example.net; "
                  "accounturi=acct:0002142877@ca.example.net") },
            CAA_OTHER_ACCOUNT, CAA_OTHER_ACCOUNT },
        { { ISSUE("ca.example.net; validationmethods=ca-tbr-7") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE("ca.example.net; validationmethods=http-01,CA-TBR-7") }, CAA_AUTHORISES,
            CAA_AUTHORISES },
        { { ISSUE("ca.example.net; validationmethods=ca-tbr-77") }, CAA_OTHER_METHOD,
            CAA_OTHER_METHOD },
        { { ISSUE("ca.example.net; validationmethods=,") }, CAA_OTHER_METHOD, CAA_OTHER_METHOD },
        { { ISSUE("ca.example.net; policy=ev") }, CAA_AUTHORISES, CAA_AUTHORISES },
        { { ISSUE("other.example"), ISSUE("ca.example.net; validationmethods=ca-tbr-18") },
            CAA_OTHER_METHOD, CAA_OTHER_METHOD },
        { { SPAN_LITERAL("\x00") }, CAA_MALFORMED, CAA_MALFORMED },
        { { SPAN_LITERAL("\x00\x00") }, CAA_MALFORMED, CAA_MALFORMED },
        { { SPAN_LITERAL("\x00\x06issue") }, CAA_MALFORMED, CAA_MALFORMED },
        { { SPAN_LITERAL("\x00\x05is ue") }, CAA_MALFORMED, CAA_MALFORMED },
        { { ISSUE("ca.example.net"), SPAN_LITERAL("\x00\xffissue") }, CAA_MALFORMED,
            CAA_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned wildcard = 0; wildcard < 2; wildcard++) {
            struct fake_answer answers[] = { { .name = "example.com", .type = DNS_CAA } };
            memcpy(answers[0].records, cases[i].records, sizeof answers[0].records);
            enum caa_finding wanted = wildcard ? cases[i].wildcard : cases[i].plain;
            struct caa_verdict verdict = check(answers, 1, wildcard);
            if (verdict.finding != wanted) {
                fail_msg("case %zu, wildcard %u: %s", i, wildcard, caa_code(verdict.finding));
            }
            assert_string_equal(verdict.node, "example.com");
        }
    }
}

/* RFC 8659 §4.4: whatever else the records say, and whatever they decide. */
static void who_wants_to_hear_of_refusals_is_found(void **state)
{
    static const struct {
        struct span records[4];
        const char *contact;
    } cases[] = {
        { { ISSUE(";"), IODEF("mailto:security@example.com") }, "mailto:security@example.com" },
        { { IODEF("MAILTO:security@example.com"), ISSUE(";") }, "MAILTO:security@example.com" },
        { { CAA_RDATA("\x80", "\x05", "iodefmailto:a@example.com"), ISSUE(";") },
            "mailto:a@example.com" },
        { { ISSUE(";"), IODEF("https://example.com/iodef"), IODEF("mailto:a@example.com"),
              IODEF("mailto:b@example.com") },
            "mailto:a@example.com" },
        { { ISSUE(";"), IODEF("https://example.com/iodef") }, "https://example.com/iodef" },
        { { IODEF("mailto:a@example.com"), CAA_RDATA("\x80", "\x03", "tbs") },
            "mailto:a@example.com" },
        { { IODEF("mailto:a@example.com"), SPAN_LITERAL("\x00\xffissue") },
            "mailto:a@example.com" },
        { { ISSUE(";") }, "" },
        { { ISSUE("mailto:a@example.com") }, "" },
        { { ISSUE(";"), IODEF("mailto:") }, "" },
        { { ISSUE(";"), IODEF("a@example.com") }, "" },
        { { ISSUE(";"), IODEF("file:///etc/passwd") }, "" },
        { { ISSUE(";"), IODEF("mailto:a@example.com\r\nBcc:b@example.com") }, "" },
        { { ISSUE(";"), IODEF("mailto:a@example.com b") }, "" },
        { { ISSUE(";"), IODEF("mailto:\xc3\xa9@example.com") }, "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_answer answers[] = { { .name = "example.com", .type = DNS_CAA } };
        memcpy(answers[0].records, cases[i].records, sizeof answers[0].records);
        assert_string_equal(check(answers, 1, false).contact, cases[i].contact);
    }
    uint8_t rdata[300] = "\x00\x05iodefmailto:";
    memset(rdata + 14, 'a', sizeof rdata - 14);
    struct fake_answer answers[] = {
        { .name = "example.com", .type = DNS_CAA, .records = { span_make(rdata, sizeof rdata) } }
    };
    assert_string_equal(check(answers, 1, false).contact, ""); /* half of it is nobody's */
}

static bool has_no_root(struct span url)
{
    return memmem(url.data, url.len, "root", 4) == NULL;
}

/* Each in its turn; where none can be mailed, the first is shown all the same. */
static void d21_a_mailbox_that_cannot_be_mailed_hides_none_behind_it(void **state)
{
    static const struct {
        struct span records[4];
        const char *contact;
    } cases[] = {
        { { ISSUE(";"), IODEF("mailto:root@x"), IODEF("mailto:a@example.com") },
            "mailto:a@example.com" },
        { { IODEF("mailto:root@x"), IODEF("mailto:root@y"), ISSUE(";"),
              IODEF("mailto:b@c.example") },
            "mailto:b@c.example" },
        { { IODEF("mailto:a@example.com"), IODEF("mailto:b@c.example"), ISSUE(";") },
            "mailto:a@example.com" },
        { { IODEF("https://root"), IODEF("mailto:root@x"), ISSUE(";"), IODEF("mailto:root@y") },
            "mailto:root@x" },
        { { IODEF("https://root"), ISSUE(";") }, "https://root" },
    };
    struct caa_request request = ours;
    (void)state;
    request.mailable = has_no_root;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct caa_verdict verdict = { 0 };
        size_t count = 0;
        while (count < 4 && cases[i].records[count].len > 0) {
            count++;
        }
        caa_evaluate(&request, cases[i].records, count, &verdict);
        assert_string_equal(verdict.contact, cases[i].contact);
    }
}

static void no_account_of_ours_meets_no_accounturi(void **state)
{
    (void)state;
    struct caa_request request = ours;
    request.account_uri = NULL;
    struct caa_verdict verdict = { 0 };
    caa_evaluate(&request, (struct span[]){ ISSUE("ca.example.net; accounturi=") }, 1, &verdict);
    assert_int_equal(verdict.finding, CAA_OTHER_ACCOUNT);
}

static void the_climb_asks_each_node_up_to_the_top_level_domain_and_no_further(void **state)
{
    (void)state;
    struct fake_world world = { 0 };
    struct resolver resolver = fake_resolver(&world);
    struct caa_verdict verdict = { 0 };
    assert_int_equal(caa_check(&resolver, &ours, INT64_MAX, &verdict), OK);
    assert_int_equal(verdict.finding, CAA_ABSENT);
    static const char *const asked[] = { "www.shop.example.com 257", "shop.example.com 257",
        "example.com 257", "com 257" };
    assert_int_equal(world.asked_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(world.asked[i], asked[i]);
    }
}

static void the_nearest_node_with_records_decides_alone(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "shop.example.com", .type = DNS_CAA, .records = { ISSUE("ca.example.net") } },
        { .name = "example.com", .type = DNS_CAA, .records = { ISSUE(";") } },
    };
    struct caa_verdict verdict = check(answers, 2, false);
    assert_int_equal(verdict.finding, CAA_AUTHORISES);
    assert_string_equal(verdict.node, "shop.example.com");
    assert_string_equal(verdict.seen, "0 issue \"ca.example.net\"");
    answers[0].records[0] = ISSUE(";");
    answers[1].records[0] = ISSUE("ca.example.net");
    assert_int_equal(check(answers, 2, false).finding, CAA_FORBIDS);
}

static void failures_in_a_secure_or_unproven_zone_forbid(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "shop.example.com",
            .type = DNS_CAA,
            .rcode = DNS_RCODE_SERVFAIL,
            .security = DNS_SECURITY_INSECURE },
    };
    assert_int_equal(check(answers, 1, false).finding, CAA_SERVFAIL);
    answers[0].rcode = 5; /* REFUSED */
    assert_int_equal(check(answers, 1, false).finding, CAA_SERVFAIL);
    answers[0] =
        (struct fake_answer){ .name = "shop.example.com", .type = DNS_CAA, .err = ERR_TIMEOUT };
    assert_int_equal(check(answers, 1, false).finding, CAA_TIMEOUT);
    answers[0] =
        (struct fake_answer){ .name = "shop.example.com", .type = DNS_CAA, .err = ERR_LIMIT };
    assert_int_equal(check(answers, 1, false).finding, CAA_TOO_LARGE);
}

static void a_bogus_answer_forbids_even_below_an_unsigned_delegation(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "shop.example.com",
            .type = DNS_CAA,
            .rcode = DNS_RCODE_SERVFAIL,
            .security = DNS_SECURITY_BOGUS,
            .records = { ISSUE("ca.example.net") } },
        { .name = "shop.example.com", .type = DNS_DS, .unsigned_delegation = true },
    };
    assert_int_equal(check(answers, 2, false).finding, CAA_BOGUS);
    answers[0].rcode = DNS_RCODE_OK;
    assert_int_equal(check(answers, 2, false).finding, CAA_BOGUS);
}

static void failures_in_a_proven_insecure_zone_are_forgiven_but_the_climb_goes_on(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "shop.example.com",
            .type = DNS_CAA,
            .rcode = DNS_RCODE_SERVFAIL,
            .security = DNS_SECURITY_INSECURE },
        { .name = "shop.example.com", .type = DNS_DS, .unsigned_delegation = true },
        { .name = "example.com", .type = DNS_CAA },
    };
    assert_int_equal(check(answers, 3, false).finding, CAA_ABSENT_BUT_FAILURES);
    answers[2].records[0] = ISSUE(";");
    assert_int_equal(check(answers, 3, false).finding, CAA_FORBIDS);
    /* Nothing is proven by a parent that doesn't answer, whatever lies above it. */
    answers[2].records[0] = (struct span){ 0 };
    answers[1] = (struct fake_answer){
        .name = "shop.example.com", .type = DNS_DS, .security = DNS_SECURITY_BOGUS
    };
    assert_int_equal(check(answers, 3, false).finding, CAA_SERVFAIL);
}

static void one_failure_is_retried(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "example.com",
            .type = DNS_CAA,
            .fails_first = 1,
            .records = { ISSUE("ca.example.net") } },
    };
    assert_int_equal(check(answers, 1, false).finding, CAA_AUTHORISES);
    answers[0].fails_first = 2;
    assert_int_equal(check(answers, 1, false).finding, CAA_SERVFAIL);
}

static void values_outside_the_grammar_are_not_parsed(void **state)
{
    (void)state;
    static const struct span values[] = { SPAN_LITERAL("-bad.example"),
        SPAN_LITERAL("bad-.example"), SPAN_LITERAL("a..example"), SPAN_LITERAL(".example"),
        SPAN_LITERAL("example."), SPAN_LITERAL("a.example b"), SPAN_LITERAL("a.example; =x"),
        SPAN_LITERAL("a.example; x"), SPAN_LITERAL("a.example; x=a b"),
        SPAN_LITERAL("a.example; x=\xff"), SPAN_LITERAL("a.example; x-y=z"),
        SPAN_LITERAL("a.example;; x=y"), SPAN_LITERAL("\x00") };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct caa_issue issue;
        if (caa_issue_parse(values[i], &issue) != ERR_INPUT) {
            fail_msg("value %zu", i);
        }
    }
}

static void every_finding_has_a_code(void **state)
{
    (void)state;
    for (unsigned finding = 0; finding < CAA_FINDING_COUNT; finding++) {
        assert_memory_equal(caa_code(finding), "caa.", 4);
    }
    assert_false(caa_permits(CAA_SERVFAIL));
    assert_true(caa_permits(CAA_ABSENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_mean_what_rfc_8659_and_8657_say),
        cmocka_unit_test(who_wants_to_hear_of_refusals_is_found),
        cmocka_unit_test(d21_a_mailbox_that_cannot_be_mailed_hides_none_behind_it),
        cmocka_unit_test(no_account_of_ours_meets_no_accounturi),
        cmocka_unit_test(the_climb_asks_each_node_up_to_the_top_level_domain_and_no_further),
        cmocka_unit_test(the_nearest_node_with_records_decides_alone),
        cmocka_unit_test(failures_in_a_secure_or_unproven_zone_forbid),
        cmocka_unit_test(a_bogus_answer_forbids_even_below_an_unsigned_delegation),
        cmocka_unit_test(failures_in_a_proven_insecure_zone_are_forgiven_but_the_climb_goes_on),
        cmocka_unit_test(one_failure_is_retried),
        cmocka_unit_test(values_outside_the_grammar_are_not_parsed),
        cmocka_unit_test(every_finding_has_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
