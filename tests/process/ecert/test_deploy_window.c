/* Times in which servers may be touched, in a zone of the test's own. 2026-11-28 is a Saturday. */
#include "cli/ecert/deploy_window.h"

#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static int64_t at(int day, int hour, int minute)
{
    struct tm local = { .tm_year = 126,
        .tm_mon = 10,
        .tm_mday = day,
        .tm_hour = hour,
        .tm_min = minute,
        .tm_isdst = -1 };
    return mktime(&local);
}

static bool holds(const char *text, int64_t time)
{
    struct deploy_window window;
    assert_int_equal(deploy_window_parse(text, &window), OK);
    return deploy_window_holds(&window, time);
}

static void an_empty_window_is_always(void **state)
{
    (void)state;
    assert_true(holds("", at(28, 3, 0)));
    assert_true(holds("  ", at(28, 3, 0)));
}

static void a_window_has_its_days_and_its_ends(void **state)
{
    (void)state;
    assert_true(holds("Sat,Sun 02:00-04:00", at(28, 2, 0)));
    assert_true(holds("Sat,Sun 02:00-04:00", at(29, 3, 59)));
    assert_false(holds("Sat,Sun 02:00-04:00", at(28, 1, 59)));
    assert_false(holds("Sat,Sun 02:00-04:00", at(28, 4, 0)));
    assert_false(holds("Sat,Sun 02:00-04:00", at(27, 3, 0)));
    assert_true(holds("02:00-04:00", at(27, 3, 0)));
    assert_true(holds("Fri-Mon 00:00-24:00", at(30, 23, 59)));
    assert_false(holds("Fri-Mon 00:00-24:00", at(26, 12, 0)));
}

static void a_window_over_midnight_belongs_to_the_day_on_which_it_begins(void **state)
{
    (void)state;
    assert_true(holds("Fri 22:00-05:00", at(27, 23, 0)));
    assert_true(holds("Fri 22:00-05:00", at(28, 4, 59)));
    assert_false(holds("Fri 22:00-05:00", at(28, 5, 0)));
    assert_false(holds("Fri 22:00-05:00", at(27, 4, 0)));
    assert_false(holds("Fri 22:00-05:00", at(28, 23, 0)));
}

static void several_are_separated_by_semicolons(void **state)
{
    (void)state;
    assert_true(holds("Mon 01:00-02:00; Sat 03:00-04:00", at(28, 3, 30)));
    assert_true(holds("Mon 01:00-02:00; Sat 03:00-04:00", at(30, 1, 30)));
    assert_false(holds("Mon 01:00-02:00; Sat 03:00-04:00", at(28, 1, 30)));
}

static void the_next_beginning_is_found_to_the_minute(void **state)
{
    (void)state;
    struct deploy_window window;
    assert_int_equal(deploy_window_parse("Mon 01:30-02:00", &window), OK);
    assert_int_equal(deploy_window_next(&window, at(28, 12, 0) + 7), at(30, 1, 30));
    assert_int_equal(deploy_window_next(&window, at(30, 1, 45) + 7), at(30, 1, 45) + 7);
    assert_int_equal(deploy_window_next(&window, at(30, 2, 0)), at(30, 1, 30) + 7 * 86400);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    struct deploy_window window;
    static const char *const wrong[] = { "tomorrow", "02:00", "02:00-", "2:00-4:00", "02:00-02:00",
        "24:00-01:00", "25:00-26:00", "02:60-03:00", "Foo 02:00-03:00", "Sat, 02:00-03:00",
        "Sat- 02:00-03:00", "Sat 02:00-03:00 x", "02:00-24:01", "-1:00-02:00",
        "01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;01:00-02:00;"
        "01:00-02:00;01:00-02:00" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(deploy_window_parse(wrong[i], &window), ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_window_is_always),
        cmocka_unit_test(a_window_has_its_days_and_its_ends),
        cmocka_unit_test(a_window_over_midnight_belongs_to_the_day_on_which_it_begins),
        cmocka_unit_test(several_are_separated_by_semicolons),
        cmocka_unit_test(the_next_beginning_is_found_to_the_minute),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    setenv("TZ", "Asia/Hong_Kong", /* overwrite= */ 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
