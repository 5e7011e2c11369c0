/* When a certificate is renewed, and when again after a failure. */
#include "cli/ecert/renewal_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DAY = 86400, HOUR = 3600, LIVES = 3 };

static const int64_t lives[LIVES] = { 199 * DAY, 100 * DAY, 47 * DAY };
static const char *const ids[] = { "0000", "8000", "ffff", "", "x" };

static void test_it_is_due_with_a_third_left_and_up_to_a_thirtieth_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIVES; i++) {
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            int64_t left = 1000 + lives[i] - renewal_due(1000, 1000 + lives[i], ids[k]);
            assert_in_range(left, lives[i] / 3, lives[i] / 3 + lives[i] / 30);
        }
    }
    assert_int_equal(renewal_due(0, 90 * DAY, "0000"), 60 * DAY);
    assert_int_equal(renewal_due(0, 90 * DAY, "8000"), 60 * DAY - 90 * DAY / 60);
}

static void test_the_spread_is_the_same_each_time_and_differs_between_certificates(void **state)
{
    (void)state;
    assert_int_equal(renewal_due(0, 90 * DAY, "1234"), renewal_due(0, 90 * DAY, "1234"));
    assert_true(renewal_due(0, 90 * DAY, "1234") != renewal_due(0, 90 * DAY, "4321"));
}

static void test_a_certificate_of_no_life_or_less_does_no_harm(void **state)
{
    (void)state;
    assert_int_equal(renewal_due(1000, 1000, "ffff"), 1000);
    assert_true(renewal_due(1000, 1, "ffff") <= 1000 + DAY);
}

static void test_pauses_double_from_an_hour_up_to_a_day(void **state)
{
    (void)state;
    static const int64_t hours[] = { 1, 2, 4, 8, 16, 24, 24, 24 };
    for (int i = 0; i < 8; i++) {
        assert_int_equal(renewal_pause(i + 1, 66 * DAY, "0000"), hours[i] * HOUR);
        assert_in_range(renewal_pause(i + 1, 66 * DAY, "ffff"), hours[i] * HOUR,
            hours[i] * HOUR + hours[i] * HOUR / 10);
    }
}

static void test_near_the_end_they_are_shorter_and_never_less_than_an_hour(void **state)
{
    (void)state;
    assert_int_equal(renewal_pause(9, 5 * DAY, "0000"), 12 * HOUR);
    assert_int_equal(renewal_pause(9, 5 * HOUR, "0000"), HOUR);
    assert_int_equal(renewal_pause(9, -3 * DAY, "0000"), HOUR);
}

static void test_numbers_of_attempts_that_cannot_be_are_no_shorter_pauses(void **state)
{
    (void)state;
    assert_true(renewal_pause(0, 66 * DAY, "ffff") >= HOUR);
    assert_true(renewal_pause(-5, 66 * DAY, "ffff") >= HOUR);
    assert_in_range(renewal_pause(INT64_MAX, 66 * DAY, "ffff"), 24 * HOUR, 27 * HOUR);
    assert_true(renewal_pause(INT64_MIN, 66 * DAY, "ffff") >= HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_due_with_a_third_left_and_up_to_a_thirtieth_before),
        cmocka_unit_test(test_the_spread_is_the_same_each_time_and_differs_between_certificates),
        cmocka_unit_test(test_a_certificate_of_no_life_or_less_does_no_harm),
        cmocka_unit_test(test_pauses_double_from_an_hour_up_to_a_day),
        cmocka_unit_test(test_near_the_end_they_are_shorter_and_never_less_than_an_hour),
        cmocka_unit_test(test_numbers_of_attempts_that_cannot_be_are_no_shorter_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
