/* A program that ends when it should, when it is told to, and when it doesn't listen. */
#include "cli/ecert/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static enum err child_of(const char *script, int64_t seconds, struct child_end *ret_end)
{
    const char *const words[] = { "sh", "-c", script, NULL };
    const struct child_request request = { .words = words, .seconds = seconds };
    return child_run(&request, ret_end);
}

static void its_end_and_its_last_words_are_told(void **state)
{
    struct child_end end;
    (void)state;
    assert_int_equal(child_of("echo first >&2; echo last >&2; exit 3", 60, &end), OK);
    assert_int_equal(end.code, 3);
    assert_string_equal(end.said, "last");
    assert_string_equal(end.words, "first; last");
    assert_int_equal(child_of("kill -9 $$", 60, &end), OK);
    assert_int_equal(end.code, 128 + 9);
}

static void one_that_takes_too_long_is_ended(void **state)
{
    struct child_end end;
    (void)state;
    assert_int_equal(child_of("sleep 3600", 1, &end), ERR_TIMEOUT);
}

/* Where it were only asked, this test would never end. */
static void even_one_that_does_not_hear_the_request_to_end(void **state)
{
    struct child_end end;
    (void)state;
    assert_int_equal(child_of("trap '' TERM; while :; do sleep 1; done", 1, &end), ERR_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_end_and_its_last_words_are_told),
        cmocka_unit_test(one_that_takes_too_long_is_ended),
        cmocka_unit_test(even_one_that_does_not_hear_the_request_to_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
