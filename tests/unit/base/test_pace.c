#include "lib/base/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define KEY(text) pace_key(text, strlen(text))

static struct pace pace;

static void begin(unsigned per_minute, unsigned burst)
{
    const struct pace fresh = PACE_INIT(per_minute, burst);
    pace = fresh;
}

static void a_burst_passes_and_then_one_at_a_time(void **state)
{
    (void)state;
    begin(60, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(pace_take(&pace, KEY("a"), 1, 1000, false), 0);
    }
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 1000, false), 1000);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 1999, false), 1);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 2000, false), 0);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 2000, false), 1000);
}

static void others_are_not_held_up(void **state)
{
    (void)state;
    begin(60, 1);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 1000, false), 0);
    assert_int_not_equal(pace_take(&pace, KEY("a"), 1, 1000, false), 0);
    assert_int_equal(pace_take(&pace, KEY("b"), 1, 1000, false), 0);
}

static void who_reserves_gets_a_place_behind_the_others(void **state)
{
    (void)state;
    begin(60, 1);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, true), 0);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, true), 1000);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, true), 2000);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, false), 3000);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, true), 3000);
}

static void more_than_a_burst_can_still_pass(void **state)
{
    (void)state;
    begin(60, 10);
    assert_int_equal(pace_take(&pace, KEY("a"), 50, 0, false), 0);
    assert_int_equal(pace_take(&pace, KEY("a"), 1, 0, false), 1000);
}

static void a_flood_of_keys_takes_no_more_room(void **state)
{
    (void)state;
    begin(1, 1);
    for (unsigned i = 0; i < 10 * PACE_KEYS_MAX; i++) {
        assert_int_equal(pace_take(&pace, pace_key(&i, sizeof i), 1, i, false), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_then_one_at_a_time),
        cmocka_unit_test(others_are_not_held_up),
        cmocka_unit_test(who_reserves_gets_a_place_behind_the_others),
        cmocka_unit_test(more_than_a_burst_can_still_pass),
        cmocka_unit_test(a_flood_of_keys_takes_no_more_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
