#include "lib/base/arena.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void appending_past_the_maximum_fails_and_stays_failed(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(4);
    buf_append_text(&buf, "abcd");
    assert_int_equal(buf_check(&buf), OK);
    assert_string_equal(buf_text(&buf), "abcd");
    buf_append_byte(&buf, 'e');
    assert_int_equal(buf_check(&buf), ERR_LIMIT);
    assert_int_equal(buf.len, 4);
    assert_null(buf_text(&buf));
    buf_clear(&buf);
    buf_append_format(&buf, "%d", 1234);
    assert_int_equal(buf_check(&buf), OK);
}

static void an_arena_never_exceeds_its_maximum(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(64);
    assert_non_null(arena_alloc(&arena, 1, 32));
    assert_null(arena_alloc(&arena, 1, 48));
    assert_null(arena_alloc(&arena, SIZE_MAX, 2));
    assert_non_null(arena_alloc(&arena, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_past_the_maximum_fails_and_stays_failed),
        cmocka_unit_test(an_arena_never_exceeds_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
