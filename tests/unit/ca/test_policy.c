/* Both sides of every date on which a rule changes. */
#include "lib/ca/method.h"
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

/* Every change of RULES' clock: in force from its first second, announced until then. */
static void each_change_is_announced_until_it_holds(void **state)
{
    static const struct {
        enum policy_parameter parameter;
        const char *from;
        int64_t before, after;
    } rows[] = {
        { POLICY_VALIDITY_MAX, "2026-03-15T00:00:00Z", 398, 200 },
        { POLICY_VALIDITY_MAX, "2027-03-15T00:00:00Z", 200, 100 },
        { POLICY_VALIDITY_MAX, "2029-03-15T00:00:00Z", 100, 47 },
        { POLICY_VALIDITY, "2026-03-15T00:00:00Z", 397, 199 },
        { POLICY_VALIDITY, "2027-03-15T00:00:00Z", 199, 99 },
        { POLICY_VALIDITY, "2029-03-15T00:00:00Z", 99, 46 },
        { POLICY_SHORT_LIVED, "2026-03-15T00:00:00Z", 10, 7 },
        { POLICY_DOMAIN_REUSE, "2026-03-15T00:00:00Z", 398, 200 },
        { POLICY_DOMAIN_REUSE, "2027-03-15T00:00:00Z", 200, 100 },
        { POLICY_DOMAIN_REUSE, "2029-03-15T00:00:00Z", 100, 10 },
        { POLICY_IDENTITY_REUSE, "2026-03-15T00:00:00Z", 825, 398 },
        { POLICY_REMOTES, "2026-03-15T00:00:00Z", 2, 3 },
        { POLICY_REMOTES, "2026-06-15T00:00:00Z", 3, 4 },
        { POLICY_REMOTES, "2026-12-15T00:00:00Z", 4, 5 },
        { POLICY_REGIONS, "2026-03-15T00:00:00Z", 1, 2 },
        { POLICY_ADN_ALGORITHM, "2026-11-15T00:00:00Z", POLICY_SHOULD, POLICY_MUST },
        { POLICY_DCV_LOG, "2026-07-15T00:00:00Z", POLICY_SHOULD, POLICY_MUST },
        { POLICY_CAA_PARAMETERS, "2027-03-15T00:00:00Z", POLICY_SHOULD, POLICY_MUST },
        { POLICY_METHOD_EMAIL, "2026-03-15T00:00:00Z", POLICY_MAY, POLICY_SHOULD_NOT },
        { POLICY_METHOD_EMAIL, "2028-03-15T00:00:00Z", POLICY_SHOULD_NOT, POLICY_MUST_NOT },
        { POLICY_METHOD_PHONE, "2027-03-15T00:00:00Z", POLICY_SHOULD_NOT, POLICY_MUST_NOT },
        { POLICY_PRECERTIFICATE_LOGGED, "2026-06-15T00:00:00Z", POLICY_SHOULD, POLICY_MUST },
        { POLICY_CLIENT_AUTH_CA, "2026-06-15T00:00:00Z", POLICY_MAY, POLICY_MUST_NOT },
        { POLICY_CLIENT_AUTH_SERVER, "2027-03-15T00:00:00Z", POLICY_MAY, POLICY_MUST_NOT },
        { POLICY_SHA1, "2026-09-15T00:00:00Z", POLICY_SHOULD_NOT, POLICY_MUST_NOT },
        { POLICY_PRECERTIFICATE_CA, "2026-03-15T00:00:00Z", POLICY_MAY, POLICY_MUST_NOT },
        { POLICY_REVERSE_ZONE_NAMES, "2026-03-15T00:00:00Z", POLICY_MAY, POLICY_MUST_NOT },
    };
    bool told[POLICY_PARAMETER_COUNT] = { false };
    size_t changes = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t from = day(rows[i].from);
        told[rows[i].parameter] = true;
        struct policy_change next = { 0 };
        assert_int_equal(policy_in_force(rows[i].parameter, from - 1).value, rows[i].before);
        assert_true(policy_next(rows[i].parameter, from - 1, &next));
        assert_int_equal(next.from, from);
        assert_int_equal(next.value, rows[i].after);
        struct policy_change now = policy_in_force(rows[i].parameter, from);
        assert_int_equal(now.value, rows[i].after);
        assert_int_equal(now.from, from);
    }
    /* Of each change there is a row; only a lasting record's ten days never change. */
    for (enum policy_parameter i = 0; i < POLICY_PARAMETER_COUNT; i++) {
        struct policy_change change = { INT64_MIN, 0 };
        while (policy_next(i, change.from, &change)) {
            changes++;
        }
        assert_int_equal(told[i], i != POLICY_PERSISTENT_REUSE);
    }
    assert_int_equal(changes, sizeof rows / sizeof rows[0]);
}

/* No row is missing and none stands out of order, in the far past or in the far future. */
static void each_parameter_has_a_value_at_any_time(void **state)
{
    (void)state;
    for (enum policy_parameter i = 0; i < POLICY_PARAMETER_COUNT; i++) {
        struct policy_change change = policy_in_force(i, day("1990-01-01T00:00:00Z"));
        const struct policy_parameter_row *row = policy_parameter_row(i);
        assert_non_null(row->id);
        assert_true(change.from == INT64_MIN);
        assert_true(row->unit == POLICY_DUTY || change.value > 0);
        int64_t time = INT64_MIN;
        unsigned count = 0;
        while (policy_next(i, time, &change)) {
            assert_true(change.from > time);
            assert_int_equal(policy_in_force(i, change.from).value, change.value);
            time = change.from;
            count++;
        }
        assert_true(count < 5);
    }
}

static void the_private_and_classic_sets_relax_regions_and_logs_and_nothing_else(void **state)
{
    static const enum policy_set relaxed[] = { POLICY_PRIVATE, POLICY_CLASSIC };
    struct policy public_rules, rules;
    (void)state;
    policy_at(day("2026-11-23T00:00:00Z"), POLICY_PUBLIC, &public_rules);
    assert_true(public_rules.logged);
    for (size_t i = 0; i < sizeof relaxed / sizeof relaxed[0]; i++) {
        policy_at(day("2026-11-23T00:00:00Z"), relaxed[i], &rules);
        assert_int_equal(rules.remotes_min, public_rules.remotes_min);
        assert_int_equal(rules.validity_seconds, public_rules.validity_seconds);
        assert_int_equal(rules.reuse_seconds, public_rules.reuse_seconds);
        assert_int_equal(rules.regions_min, 1);
        assert_false(rules.logged);
    }
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
        cmocka_unit_test(each_change_is_announced_until_it_holds),
        cmocka_unit_test(each_parameter_has_a_value_at_any_time),
        cmocka_unit_test(the_private_and_classic_sets_relax_regions_and_logs_and_nothing_else),
        cmocka_unit_test(e_mail_ends_and_persistent_values_age_fast),
        cmocka_unit_test(one_in_five_may_fail_and_two_in_six),
        cmocka_unit_test(names_that_are_nobodys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
