/* Both sides of every date on which a rule changes. */
#include "lib/ca/policy.h"
#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t day(const char *text)
{
    int64_t time = 0;
    assert_int_equal(time_parse_rfc3339(span_from_text(text), &time), OK);
    return time;
}

static void what_holds_changes_on_its_day_and_not_a_second_before(void **state)
{
    static const struct {
        const char *from;
        unsigned max_before, max, days, reuse, remotes, remotes_before;
    } dates[] = {
        { "2026-03-15T00:00:00Z", 398, 200, 199, 200, 3, 2 },
        { "2026-06-15T00:00:00Z", 200, 200, 199, 200, 4, 3 },
        { "2026-12-15T00:00:00Z", 200, 200, 199, 200, 5, 4 },
        { "2027-03-15T00:00:00Z", 200, 100, 99, 100, 5, 5 },
        { "2029-03-15T00:00:00Z", 100, 47, 46, 10, 5, 5 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct policy before, after;
        policy_at(day(dates[i].from) - 1, POLICY_PUBLIC, &before);
        policy_at(day(dates[i].from), POLICY_PUBLIC, &after);
        assert_int_equal(before.validity_max_seconds, dates[i].max_before * INT64_C(86400));
        assert_int_equal(before.remotes_min, dates[i].remotes_before);
        assert_int_equal(after.validity_max_seconds, dates[i].max * INT64_C(86400));
        assert_int_equal(after.validity_seconds, dates[i].days * INT64_C(86400));
        assert_int_equal(after.reuse_seconds, dates[i].reuse * INT64_C(86400));
        assert_int_equal(after.remotes_min, dates[i].remotes);
        assert_int_equal(after.regions_min, 2);
    }
}

static void the_private_set_relaxes_regions_and_nothing_else(void **state)
{
    struct policy public_rules, private_rules;
    (void)state;
    policy_at(day("2026-11-23T00:00:00Z"), POLICY_PUBLIC, &public_rules);
    policy_at(day("2026-11-23T00:00:00Z"), POLICY_PRIVATE, &private_rules);
    assert_int_equal(private_rules.remotes_min, public_rules.remotes_min);
    assert_int_equal(private_rules.validity_seconds, public_rules.validity_seconds);
    assert_int_equal(private_rules.reuse_seconds, public_rules.reuse_seconds);
    assert_int_equal(private_rules.regions_min, 1);
}

static void e_mail_ends_and_persistent_values_age_fast(void **state)
{
    struct policy rules;
    (void)state;
    assert_true(policy_method_allowed(DCV_EMAIL, day("2028-03-14T23:59:59Z")));
    assert_false(policy_method_allowed(DCV_EMAIL, day("2028-03-15T00:00:00Z")));
    assert_true(policy_method_allowed(DCV_DNS, day("2030-01-01T00:00:00Z")));
    policy_at(day("2026-11-23T00:00:00Z"), POLICY_PUBLIC, &rules);
    assert_int_equal(policy_reuse(&rules, DCV_PERSISTENT), 10 * 86400);
    assert_int_equal(policy_reuse(&rules, DCV_DNS), 200 * 86400);
}

static void one_in_five_may_fail_and_two_in_six(void **state)
{
    static const unsigned failures[] = { 0, 0, 1, 1, 1, 1, 2, 2 };
    (void)state;
    for (unsigned remotes = 0; remotes < 8; remotes++) {
        assert_int_equal(policy_quorum_failures(remotes), failures[remotes]);
    }
}

static void names_that_are_nobodys_are_refused(void **state)
{
    enum dcv_method method;
    enum policy_set set;
    (void)state;
    assert_int_equal(dcv_method_from_id("dns", &method), OK);
    assert_int_equal(method, DCV_DNS);
    assert_string_equal(dcv_method_id(DCV_WEBSITE), "website");
    assert_int_equal(dcv_method_from_id("DNS", &method), ERR_INPUT);
    assert_int_equal(dcv_method_from_number(8, &method), ERR_INPUT);
    assert_int_equal(policy_set_from_id("private", &set), OK);
    assert_int_equal(policy_set_from_id("", &set), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_changes_on_its_day_and_not_a_second_before),
        cmocka_unit_test(the_private_set_relaxes_regions_and_nothing_else),
        cmocka_unit_test(e_mail_ends_and_persistent_values_age_fast),
        cmocka_unit_test(one_in_five_may_fail_and_two_in_six),
        cmocka_unit_test(names_that_are_nobodys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
