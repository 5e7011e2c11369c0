/* One check against a resolver that answers, lies and fails. */
#include "proc/validator/check.h"

#include "tests/unit/dns/fake_resolver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW  INT64_C(1795400000)
#define HOST "_ecert-validation.www.shop.example.com"

/* A checker over a world of answers, with a key made once. */
struct bench {
    struct fake_world world;
    struct checker checker;
    struct validator_check check;
    char expected[EXPECTED_TEXT_MAX];
    uint8_t rdata[1 + EXPECTED_TEXT_MAX]; /* a TXT record with the expected value */
    struct report report;
    struct reason reason;
    struct buf der;
};

static struct key *key;
static struct suffix_list *suffixes;

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW;
}

static enum err bench_open(void *ctx, struct resolver *ret_resolver)
{
    *ret_resolver = fake_resolver(ctx);
    return OK;
}

static void bench_close(void *ctx, struct resolver resolver)
{
    assert_ptr_equal(ctx, resolver.ctx);
}

static void bench_init(struct bench *bench, const char *name)
{
    *bench = (struct bench){
        .checker = { .id = "hk-1",
            .key = key,
            .caa_identity = "ca.example.net",
            .clock = { .now = fixed_now },
            .suffixes = suffixes,
            .resolver_open = bench_open,
            .resolver_close = bench_close },
        .check = { .attempt = { 1, 2, 3 },
            .challenge = { .method = DCV_DNS, .created = NOW - 60, .nonce = { 4, 5, 6 } } },
        .der = buf_make(OBSERVATION_MAX_BYTES),
    };
    snprintf(bench->check.challenge.name, sizeof bench->check.challenge.name, "%s", name);
}

/* Derives the expected value once the challenge is as the test wants it. */
static void bench_expect(struct bench *bench)
{
    assert_int_equal(
        challenge_expected(&bench->check.challenge, "ca.example.net", bench->expected), OK);
    bench->rdata[0] = (uint8_t)strlen(bench->expected);
    memcpy(bench->rdata + 1, bench->expected, bench->rdata[0]);
}

static struct span expected_rdata(const struct bench *bench)
{
    return span_make(bench->rdata, 1u + bench->rdata[0]);
}

static struct observation bench_run(struct bench *bench, struct fake_answer *answers, size_t count)
{
    bench->world = (struct fake_world){ .answers = answers, .count = count };
    bench->checker.ctx = &bench->world;
    buf_clear(&bench->der);
    assert_int_equal(
        check_run(&bench->checker, &bench->check, &bench->der, &bench->report, &bench->reason), OK);
    struct observation observation;
    struct der reader = der_reader(buf_span(&bench->der));
    assert_int_equal(observation_read(&reader, &observation), OK);
    assert_int_equal(der_finish(&reader), OK);
    assert_int_equal(
        signature_verify(key, SIGNATURE_RSA_SHA256, observation.signed_part, observation.signature),
        OK);
    return observation;
}

static const struct report_step *bench_step(const struct bench *bench, const char *code)
{
    for (size_t i = 0; i < bench->report.count; i++) {
        if (strcmp(bench->report.steps[i].code, code) == 0) {
            return &bench->report.steps[i];
        }
    }
    return NULL;
}

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
                expected_rdata(&bench) } },
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
            .records = { expected_rdata(&bench) } },
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
            .records = { expected_rdata(&bench) } },
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
        { "dcv.servfail", { .rcode = 5, .records = { expected_rdata(&bench) } }, DNSSEC_UNKNOWN },
        { "dcv.bogus", { .security = DNS_SECURITY_BOGUS, .records = { expected_rdata(&bench) } },
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
        { .name = HOST, .type = DNS_TXT, .fails_first = 1, .records = { expected_rdata(&bench) } }
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
            { .name = HOST, .type = DNS_TXT, .records = { expected_rdata(&bench) } }
        };
        assert_int_equal(bench_run(&bench, answers, 1).dcv, cases[i].result);
        assert_non_null(bench_step(&bench, cases[i].code));
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
        { .name = HOST, .type = DNS_TXT, .records = { expected_rdata(&bench) } }
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
    struct fake_answer answers[] = { { .name = "_ecert-validation.com.hk",
        .type = DNS_TXT,
        .records = { expected_rdata(&bench) } } };
    assert_int_equal(bench_run(&bench, answers, 1).dcv, DCV_FAILED);
    assert_non_null(bench_step(&bench, "name.public_suffix"));
    buf_release(&bench.der);
}

/* CNAME records in wire form: link<i>.example.net leads to link<i+1>.example.net. */
enum { LINKS_MAX = 20 };
struct chain {
    char names[LINKS_MAX + 1][HOST_NAME_MAX_LENGTH + 1];
    uint8_t rdata[LINKS_MAX + 1][HOST_NAME_MAX_LENGTH + 2];
    struct fake_answer answers[LINKS_MAX + 1];
    size_t count;
};

static struct span name_rdata(const char *name, uint8_t *bytes)
{
    size_t len = 0;
    for (const char *label = name; label != NULL;) {
        const char *dot = strchr(label, '.');
        size_t label_len = dot == NULL ? strlen(label) : (size_t)(dot - label);
        bytes[len++] = (uint8_t)label_len;
        memcpy(bytes + len, label, label_len);
        len += label_len;
        label = dot == NULL ? NULL : dot + 1;
    }
    bytes[len++] = 0;
    return span_make(bytes, len);
}

static void chain_make(struct chain *chain, const char *name, size_t links)
{
    *chain = (struct chain){ .count = links };
    snprintf(chain->names[0], sizeof chain->names[0], "%s", name);
    for (size_t i = 0; i < links; i++) {
        snprintf(chain->names[i + 1], sizeof chain->names[0], "link%zu.example.net", i + 1);
        chain->answers[i] = (struct fake_answer){ .name = chain->names[i], .type = DNS_CNAME };
        chain->answers[i].records[0] = name_rdata(chain->names[i + 1], chain->rdata[i]);
    }
}

/* The value stands at the domain that the challenge names. */
static struct observation domain_run(struct bench *bench, struct chain *chain, const char *domain)
{
    static char host[HOST_NAME_MAX_LENGTH + 20];
    snprintf(bench->check.challenge.domain, sizeof bench->check.challenge.domain, "%s", domain);
    bench_expect(bench);
    snprintf(host, sizeof host, "_ecert-validation.%s", domain);
    chain->answers[chain->count] =
        (struct fake_answer){ .name = host, .type = DNS_TXT, .records = { expected_rdata(bench) } };
    return bench_run(bench, chain->answers, chain->count + 1);
}

/* doc/threats.md D12: chains of 0 to 20 links; eight are followed. */
static void a_name_is_proved_where_its_aliases_lead_eight_at_most(void **state)
{
    (void)state;
    for (size_t links = 0; links <= LINKS_MAX; links++) {
        struct bench bench;
        struct chain chain;
        char target[HOST_NAME_MAX_LENGTH + 1];
        bench_init(&bench, "www.shop.example.com");
        chain_make(&chain, "www.shop.example.com", links);
        snprintf(target, sizeof target, "link%zu.example.net", links == 0 ? 1 : links);
        struct observation seen = domain_run(&bench, &chain, target);
        bool followed = links >= 1 && links <= DNS_ALIASES_MAX;
        assert_int_equal(seen.dcv, followed ? DCV_PASSED : DCV_FAILED);
        assert_string_equal(seen.adn, target);
        assert_string_equal(seen.alias, followed ? target : "");
        assert_string_equal(seen.challenge.name, "www.shop.example.com");
        if (links > DNS_ALIASES_MAX) {
            assert_non_null(bench_step(&bench, "dcv.alias_loop"));
        }
        /* CAA is the name's own, wherever it was proved. */
        assert_string_equal(bench_step(&bench, "caa.absent")->asked, "CAA www.shop.example.com");
        buf_release(&bench.der);
    }
}

static void aliases_in_a_circle_or_to_nowhere_prove_nothing(void **state)
{
    static const struct {
        const char *to, *code;
        bool twice;
        enum dns_security security;
    } cases[] = {
        { "www.shop.example.com", "dcv.alias_loop", false, DNS_SECURITY_SECURE },
        { "link1.example.net", "dcv.alias_loop", false, DNS_SECURITY_SECURE },
        { "_x.example.net", "dcv.alias_refused", false, DNS_SECURITY_SECURE },
        { "link9.example.net", "dcv.alias_refused", true, DNS_SECURITY_SECURE },
        { "link9.example.net", "dcv.bogus", false, DNS_SECURITY_BOGUS },
        { "link9.example.org", "dcv.domain_refused", false, DNS_SECURITY_SECURE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        struct chain chain;
        bench_init(&bench, "www.shop.example.com");
        chain_make(&chain, "www.shop.example.com", 2);
        struct fake_answer *last = &chain.answers[1];
        last->records[0] = name_rdata(cases[i].to, chain.rdata[1]);
        last->records[1] = cases[i].twice ? last->records[0] : (struct span){ 0 };
        last->security = cases[i].security;
        struct observation seen = domain_run(&bench, &chain, "link9.example.net");
        assert_int_equal(seen.dcv, DCV_FAILED);
        assert_string_equal(seen.alias, "");
        assert_int_equal(seen.dnssec == DNSSEC_BOGUS, cases[i].security == DNS_SECURITY_BOGUS);
        assert_non_null(bench_step(&bench, cases[i].code));
        buf_release(&bench.der);
    }
}

/* BR 4.2.2.2: an answer on the way that is not signed makes the whole insecure. */
static void the_weakest_answer_on_the_way_is_what_is_signed(void **state)
{
    (void)state;
    struct bench bench;
    struct chain chain;
    bench_init(&bench, "www.shop.example.com");
    chain_make(&chain, "www.shop.example.com", 2);
    chain.answers[0].security = DNS_SECURITY_INSECURE;
    struct observation seen = domain_run(&bench, &chain, "link2.example.net");
    assert_int_equal(seen.dcv, DCV_PASSED);
    assert_int_equal(seen.dnssec, DNSSEC_INSECURE);
    buf_release(&bench.der);
}

/* SC-101, D20: a parent will do, never past the registrable domain, not even an alias's. */
static void a_parent_proves_a_name_down_to_the_registrable_domain(void **state)
{
    static const struct {
        const char *name, *domain;
        size_t links;
        bool passes;
    } cases[] = {
        { "a.www.shop.com.hk", "a.www.shop.com.hk", 0, true },
        { "a.www.shop.com.hk", "www.shop.com.hk", 0, true },
        { "a.www.shop.com.hk", "shop.com.hk", 0, true },
        { "a.www.shop.com.hk", "com.hk", 0, false },
        { "*.www.shop.com.hk", "shop.com.hk", 0, true },
        { "*.shop.com.hk", "com.hk", 0, false },
        { "www.shop.example.com", "example.net", 1, true },
        { "www.shop.example.com", "link1.example.net", 1, true },
        { "a.www.nowhere", "www.nowhere", 0, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        struct chain chain;
        bench_init(&bench, cases[i].name);
        chain_make(&chain, cases[i].name, cases[i].links);
        struct observation seen = domain_run(&bench, &chain, cases[i].domain);
        assert_int_equal(seen.dcv, cases[i].passes ? DCV_PASSED : DCV_FAILED);
        if (!cases[i].passes) {
            assert_non_null(bench_step(&bench, "dcv.domain_refused"));
        }
        buf_release(&bench.der);
    }
}

/* BR 3.2.2.4.7: at the label or at the domain itself; from there no alias is followed (D12). */
static void the_value_may_stand_at_the_name_itself_but_behind_no_alias(void **state)
{
    for (int aliased = 0; aliased < 2; aliased++) {
        struct bench bench;
        (void)state;
        bench_init(&bench, "www.shop.example.com");
        bench_expect(&bench);
        struct fake_answer answers[] = { { .name = "www.shop.example.com",
            .type = DNS_TXT,
            .canonical = aliased ? "elsewhere.example.net" : NULL,
            .records = { SPAN_LITERAL("\x06v=spf1"), expected_rdata(&bench) } } };
        struct observation seen = bench_run(&bench, answers, 1);
        assert_int_equal(seen.dcv, aliased ? DCV_FAILED : DCV_PASSED);
        buf_release(&bench.der);
    }
}

static void a_domain_that_the_table_forbids_is_refused_unsigned(void **state)
{
    static const struct {
        const char *name, *domain;
        enum dcv_method method;
    } cases[] = {
        { "www.example.com", "example.com", DCV_WEBSITE },
        { "www.example.com", "example.com", DCV_EMAIL },
        { "*.example.com", "example.net", DCV_DNS },
        { "www.example.com", "example.net", DCV_PERSISTENT },
        { "www.example.com", "EXAMPLE.com", DCV_DNS },
        { "www.example.com", "com", DCV_DNS },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        bench_init(&bench, cases[i].name);
        bench.check.challenge.method = cases[i].method;
        snprintf(bench.check.challenge.domain, sizeof bench.check.challenge.domain, "%s",
            cases[i].domain);
        bench.checker.ctx = &bench.world;
        assert_int_equal(
            check_run(&bench.checker, &bench.check, &bench.der, &bench.report, &bench.reason),
            ERR_INPUT);
        assert_int_equal(bench.der.len, 0);
        assert_int_equal(bench.world.asked_count, 0);
        buf_release(&bench.der);
    }
}

/* BR 3.2.2.4.22: the record names us and the account; what it says of its end is signed. */
static void a_persistent_record_proves_for_its_account_alone(void **state)
{
    static const struct {
        const char *name, *domain, *srn, *host, *value, *code;
        int64_t until;
    } cases[] = {
        { "www.example.com", "", "1", "_validation-persist.www.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.persist_found", 0 },
        { "*.example.com", "", "1", "_validation-persist.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net; persistUntil=1795400001",
            "dcv.persist_found", NOW + 1 },
        { "www.example.com", "example.com", "1", "_validation-persist.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.persist_found", 0 },
        { "www.example.com", "", "1", "_validation-persist.www.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net; persistUntil=1795399999",
            "dcv.persist_ended", 0 },
        { "www.example.com", "", "2", "_validation-persist.www.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.persist_account", 0 },
        { "www.example.com", "", "1", "_validation-persist.www.example.com",
            "other.example.net; accounturi=acct:1@ca.example.net", "dcv.persist_issuer", 0 },
        { "www.example.com", "", "1", "_validation-persist.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.txt_missing", 0 },
        { "www.example.com", "", "1", "_ecert-validation.www.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.txt_missing", 0 },
        { "www.example.com", "", "1", "www.example.com",
            "ca.example.net; accounturi=acct:1@ca.example.net", "dcv.txt_missing", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        uint8_t rdata[200] = { (uint8_t)strlen(cases[i].value) };
        struct challenge *challenge = &bench.check.challenge;
        memcpy(rdata + 1, cases[i].value, rdata[0]);
        bench_init(&bench, cases[i].name);
        challenge->method = DCV_PERSISTENT;
        challenge->created = NOW - 400 * DAY_SECONDS; /* nothing of it ages */
        snprintf(challenge->srn, sizeof challenge->srn, "%s", cases[i].srn);
        snprintf(challenge->domain, sizeof challenge->domain, "%s", cases[i].domain);
        struct fake_answer answers[] = { { .name = cases[i].host,
            .type = DNS_TXT,
            .records = { SPAN_LITERAL("\x04junk"), span_make(rdata, 1u + rdata[0]) } } };
        struct observation seen = bench_run(&bench, answers, 1);
        bool found = strcmp(cases[i].code, "dcv.persist_found") == 0;
        assert_int_equal(seen.dcv, found ? DCV_PASSED : DCV_FAILED);
        assert_int_equal(seen.until, cases[i].until);
        assert_non_null(bench_step(&bench, cases[i].code));
        buf_release(&bench.der);
    }
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

static void challenges_that_make_no_sense_are_refused_unsigned(void **state)
{
    (void)state;
    static const struct {
        const char *name, *code;
        enum dcv_method method;
        enum err err;
    } cases[] = {
        { "WWW.example.com", "name.not_canonical", DCV_DNS, ERR_INPUT },
        { "127.0.0.1", "name.ip", DCV_DNS, ERR_INPUT },
        { "a_b.example.com", "name.underscore", DCV_DNS, ERR_INPUT },
        { "www.example.com", "dcv.method_unsupported", DCV_PERSISTENT, ERR_UNSUPPORTED },
        { "*.example.com", "dcv.method_unsupported", DCV_WEBSITE, ERR_UNSUPPORTED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        bench_init(&bench, cases[i].name);
        bench.check.challenge.method = cases[i].method;
        bench.checker.ctx = &bench.world;
        assert_int_equal(
            check_run(&bench.checker, &bench.check, &bench.der, &bench.report, &bench.reason),
            cases[i].err);
        assert_string_equal(bench.reason.code, cases[i].code);
        assert_int_equal(bench.der.len, 0);
        assert_int_equal(bench.world.asked_count, 0);
    }
}

static int prepare(void **state)
{
    (void)state;
    return key_generate(KEY_TYPE_RSA_2048, &key) == OK && suffix_list_open(NULL, &suffixes) == OK
               ? 0
               : -1;
}

static int clear(void **state)
{
    (void)state;
    key_free(key);
    suffix_list_free(suffixes);
    return 0;
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
        cmocka_unit_test(whatever_changes_the_challenge_changes_what_is_expected),
        cmocka_unit_test(a_public_suffix_never_passes),
        cmocka_unit_test(a_name_is_proved_where_its_aliases_lead_eight_at_most),
        cmocka_unit_test(aliases_in_a_circle_or_to_nowhere_prove_nothing),
        cmocka_unit_test(the_weakest_answer_on_the_way_is_what_is_signed),
        cmocka_unit_test(a_parent_proves_a_name_down_to_the_registrable_domain),
        cmocka_unit_test(the_value_may_stand_at_the_name_itself_but_behind_no_alias),
        cmocka_unit_test(a_domain_that_the_table_forbids_is_refused_unsigned),
        cmocka_unit_test(a_persistent_record_proves_for_its_account_alone),
        cmocka_unit_test(caa_alone_is_asked_where_the_proof_is_there_already),
        cmocka_unit_test(caa_is_asked_for_the_subscribers_account),
        cmocka_unit_test(challenges_that_make_no_sense_are_refused_unsigned),
    };
    return cmocka_run_group_tests(tests, prepare, clear);
}
