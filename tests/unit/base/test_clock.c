#include "lib/base/clock.h"
#include "lib/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_day_survives_the_round_trip(void **state)
{
    (void)state;
    for (int64_t day = -25567; day < 200000; day++) {
        struct civil civil = civil_from_time(day * DAY_SECONDS + 86399);
        int64_t back = 0;
        assert_int_equal(civil_to_time(&civil, &back), OK);
        assert_int_equal(back, day * DAY_SECONDS + 86399);
    }
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    int64_t time = 0;
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2027-02-29T00:00:00Z"), &time), ERR_INPUT);
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2028-02-29T00:00:00Z"), &time), OK);
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2028-02-29T24:00:00Z"), &time), ERR_INPUT);
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2028-02-29T23:59:60Z"), &time), ERR_INPUT);
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2028-02-29 23:59:59Z"), &time), ERR_INPUT);
}

static void a_year_later_is_the_same_day(void **state)
{
    (void)state;
    int64_t time = 0;
    char text[TIME_TEXT_MAX];
    assert_int_equal(time_parse_rfc3339(SPAN_LITERAL("2028-02-29T12:00:00Z"), &time), OK);
    time_format_rfc3339(time_add_year(time), text);
    assert_string_equal(text, "2029-02-28T12:00:00Z");
    time_format_day(time, text);
    assert_string_equal(text, "29/02/2028");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_survives_the_round_trip),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(a_year_later_is_the_same_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
