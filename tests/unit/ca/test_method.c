/* The table of methods against RULES of the day: what each may prove, where, and until when. */
#include "lib/ca/method.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t day(const char *text)
{
    int64_t time = 0;
    assert_int_equal(time_parse_rfc3339(span_from_text(text), &time), OK);
    return time;
}

/* BR 3.2.2.4, columns W, P and C of SC-101, and 3.2.2.9. */
static void each_method_has_the_columns_of_the_rules(void **state)
{
    static const struct {
        enum dcv_method method;
        const char *id, *label;
        bool wildcard, prune, alias, remote, coded;
    } rows[] = {
        { DCV_EMAIL, "email", "ca-tbr-4", true, true, true, false, true },
        { DCV_DNS, "dns", "ca-tbr-7", true, true, true, true, true },
        { DCV_WEBSITE, "website", "ca-tbr-18", false, false, false, true, true },
        { DCV_PERSISTENT, "persistent", "ca-tbr-22", true, true, false, true, false },
    };
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dcv_rules *rules = dcv_rules(rows[i].method);
        assert_string_equal(rules->id, rows[i].id);
        assert_string_equal(rules->caa_label, rows[i].label);
        assert_int_equal(rules->wildcard, rows[i].wildcard);
        assert_int_equal(rules->prune, rows[i].prune);
        assert_int_equal(rules->alias, rows[i].alias);
        assert_int_equal(rules->remote, rows[i].remote);
        assert_int_equal(rules->coded, rows[i].coded);
    }
    while (dcv_rules_at(count) != NULL) {
        count++;
    }
    assert_int_equal(count, sizeof rows / sizeof *rows);
}

static void each_methods_proof_ages_as_its_day_has_it(void **state)
{
    static const struct {
        const char *day;
        int days; /* of dns, website, email */
    } rows[] = {
        { "2026-03-14T23:59:59Z", 398 },
        { "2026-03-15T00:00:00Z", 200 },
        { "2027-03-14T23:59:59Z", 200 },
        { "2027-03-15T00:00:00Z", 100 },
        { "2029-03-14T23:59:59Z", 100 },
        { "2029-03-15T00:00:00Z", 10 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy policy;
        policy_at(day(rows[i].day), POLICY_PUBLIC, &policy);
        for (size_t at = 0; dcv_rules_at(at) != NULL; at++) {
            enum dcv_method method = dcv_rules_at(at)->method;
            int days = method == DCV_PERSISTENT ? 10 : rows[i].days;
            assert_int_equal(policy_reuse(&policy, method), days * DAY_SECONDS);
        }
    }
}

static void only_mail_has_an_end_and_it_is_its_day(void **state)
{
    (void)state;
    for (size_t at = 0; dcv_rules_at(at) != NULL; at++) {
        enum dcv_method method = dcv_rules_at(at)->method;
        assert_true(policy_method_allowed(method, day("2028-03-14T23:59:59Z")));
        assert_int_equal(
            policy_method_allowed(method, day("2028-03-15T00:00:00Z")), method != DCV_EMAIL);
    }
}

static void a_name_is_proved_where_the_table_lets_it_be_and_nowhere_else(void **state)
{
    static const struct {
        const char *name, *adn, *alias;
        bool dns, website, persistent;
    } rows[] = {
        { "www.example.com", "www.example.com", "", true, true, true },
        { "www.example.com", "example.com", "", true, false, true },
        { "a.b.www.example.com", "b.www.example.com", "", true, false, true },
        { "*.example.com", "example.com", "", true, false, true },
        { "*.shop.example.com", "example.com", "", true, false, true },
        { "www.example.com", "host.example.net", "host.example.net", true, false, false },
        { "www.example.com", "example.net", "host.example.net", true, false, false },
        /* No lone label, no half of one, no child, no stranger, nothing. */
        { "www.example.com", "com", "", false, false, false },
        { "www.example.com", "ample.com", "", false, false, false },
        { "www.example.com", "x.www.example.com", "", false, false, false },
        { "www.example.com", "example.net", "", false, false, false },
        { "www.example.com", "", "", false, false, false },
        { "*.example.com", "*.example.com", "", false, false, false },
        { "*.example.com", "www.example.com", "", false, false, false },
        /* A wildcard has no alias (BR 3.2.2.4), and an alias leads away from the name. */
        { "*.example.com", "example.net", "example.net", false, false, false },
        { "www.example.com", "www.example.com", "host.example.net", false, false, false },
        { "www.example.com", "other.example.net", "host.example.net", false, false, false },
        { "www.example.com", "net", "host.example.net", false, false, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name = rows[i].name, *adn = rows[i].adn, *alias = rows[i].alias;
        assert_int_equal(dcv_adn_permitted(DCV_DNS, name, adn, alias), rows[i].dns);
        assert_int_equal(dcv_adn_permitted(DCV_EMAIL, name, adn, alias), rows[i].dns);
        assert_int_equal(dcv_adn_permitted(DCV_WEBSITE, name, adn, alias), rows[i].website);
        assert_int_equal(dcv_adn_permitted(DCV_PERSISTENT, name, adn, alias), rows[i].persistent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_the_columns_of_the_rules),
        cmocka_unit_test(each_methods_proof_ages_as_its_day_has_it),
        cmocka_unit_test(only_mail_has_an_end_and_it_is_its_day),
        cmocka_unit_test(a_name_is_proved_where_the_table_lets_it_be_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
