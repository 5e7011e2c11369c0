/* Where a name may be proved, before a resolver that answers and lies: where its aliases lead, at a
 * parent, at the name itself, and by a record that stays. */
#include "tests/process/validator/bench.h"

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
        (struct fake_answer){ .name = host, .type = DNS_TXT, .records = { bench_rdata(bench) } };
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
            .records = { SPAN_LITERAL("\x06v=spf1"), bench_rdata(&bench) } } };
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_proved_where_its_aliases_lead_eight_at_most),
        cmocka_unit_test(aliases_in_a_circle_or_to_nowhere_prove_nothing),
        cmocka_unit_test(the_weakest_answer_on_the_way_is_what_is_signed),
        cmocka_unit_test(a_parent_proves_a_name_down_to_the_registrable_domain),
        cmocka_unit_test(the_value_may_stand_at_the_name_itself_but_behind_no_alias),
        cmocka_unit_test(a_domain_that_the_table_forbids_is_refused_unsigned),
        cmocka_unit_test(a_persistent_record_proves_for_its_account_alone),
    };
    return cmocka_run_group_tests(tests, bench_prepare, bench_clear);
}
