#include "lib/dns/resolver.h"

#include "tests/unit/dns/fake_resolver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool proves(struct fake_answer *answers, size_t count, const char *name)
{
    struct fake_world world = { .answers = answers, .count = count };
    struct resolver resolver = fake_resolver(&world);
    bool insecure = true;
    assert_int_equal(resolver_proves_insecure(&resolver, name, INT64_MAX, &insecure), OK);
    return insecure;
}

static void the_first_ancestor_that_proves_anything_decides(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "a.b.example.com", .type = DNS_DS, .err = ERR_TIMEOUT },
        { .name = "b.example.com", .type = DNS_DS, .unsigned_delegation = true },
        { .name = "example.com", .type = DNS_DS },
    };
    assert_true(proves(answers, 3, "a.b.example.com"));
    answers[1].unsigned_delegation = false; /* securely no delegation: the zone above is signed */
    assert_false(proves(answers, 3, "a.b.example.com"));
    answers[1].rcode = DNS_RCODE_SERVFAIL;
    answers[2].security = DNS_SECURITY_INSECURE;
    assert_true(proves(answers, 3, "a.b.example.com"));
    answers[1].security = DNS_SECURITY_BOGUS;
    assert_false(proves(answers, 3, "a.b.example.com"));
}

static void d21_where_an_alias_leads_proves_nothing_about_the_name(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "b.example.com", .type = DNS_DS, .rcode = DNS_RCODE_SERVFAIL },
        { .name = "example.com",
            .type = DNS_DS,
            .security = DNS_SECURITY_INSECURE,
            .canonical = "elsewhere.example.net" },
        { .name = "com", .type = DNS_DS },
    };
    assert_false(proves(answers, 3, "b.example.com"));
    answers[1].canonical = NULL;
    assert_true(proves(answers, 3, "b.example.com"));
    answers[0] = (struct fake_answer){ .name = "b.example.com",
        .type = DNS_DS,
        .unsigned_delegation = true,
        .canonical = "elsewhere.example.net" };
    answers[1].security = DNS_SECURITY_SECURE;
    assert_false(proves(answers, 3, "b.example.com"));
}

static void nothing_is_proven_where_nobody_answers(void **state)
{
    (void)state;
    struct fake_answer answers[] = {
        { .name = "example.com", .type = DNS_DS, .err = ERR_TIMEOUT },
        { .name = "com", .type = DNS_DS, .rcode = DNS_RCODE_SERVFAIL },
    };
    assert_false(proves(answers, 2, "example.com"));
}

static void records_of_a_bogus_answer_reach_nobody(void **state)
{
    (void)state;
    struct fake_answer answers[] = { { .name = "example.com",
        .type = DNS_TXT,
        .security = DNS_SECURITY_BOGUS,
        .records = { SPAN_LITERAL("\x01x") } } };
    struct fake_world world = { .answers = answers, .count = 1 };
    struct resolver resolver = fake_resolver(&world);
    AUTO(dns_answer) answer = { 0 };
    assert_int_equal(resolver_lookup(&resolver, "example.com", DNS_TXT, INT64_MAX, &answer), OK);
    assert_int_equal(answer.record_count, 0);
}

static void a_configuration_that_cannot_work_is_refused_at_once(void **state)
{
    (void)state;
    struct resolver_base *base = NULL;
    struct reason reason = { 0 };
    struct resolver_config config = { .anchor_file = "/nonexistent/anchors" };
    assert_int_equal(resolver_base_open(&config, &base, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "resolver.anchors");
    config.anchor_file = "/dev/null"; /* no anchor at all would make everything insecure */
    assert_int_equal(resolver_base_open(&config, &base, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "resolver.anchors");
    config.anchor_file = "/proc/version";
    assert_int_equal(resolver_base_open(&config, &base, &reason), ERR_INPUT);
    assert_null(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_ancestor_that_proves_anything_decides),
        cmocka_unit_test(d21_where_an_alias_leads_proves_nothing_about_the_name),
        cmocka_unit_test(nothing_is_proven_where_nobody_answers),
        cmocka_unit_test(records_of_a_bogus_answer_reach_nobody),
        cmocka_unit_test(a_configuration_that_cannot_work_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
