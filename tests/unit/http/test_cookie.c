#include "lib/http/cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_cookie_is_found_under_the_name_it_was_set_with(void **state)
{
    (void)state;
    struct span value = { 0 };
    struct span header = SPAN_LITERAL("a=1; __Host-s=secure; s=plain;t=2");
    assert_true(cookie_find(header, "s", /* secure= */ true, &value));
    assert_true(span_equal_text(value, "secure"));
    assert_true(cookie_find(header, "s", /* secure= */ false, &value));
    assert_true(span_equal_text(value, "plain"));
    assert_true(cookie_find(header, "t", /* secure= */ false, &value));
}

static void a_cookie_planted_beside_ours_makes_both_invalid(void **state)
{
    (void)state;
    struct span value = { 0 };
    assert_false(cookie_find(SPAN_LITERAL("s=1; s=2"), "s", /* secure= */ false, &value));
    assert_false(cookie_find(SPAN_LITERAL("ss=1; xs=2; s"), "s", /* secure= */ false, &value));
    assert_false(cookie_find(SPAN_LITERAL(""), "s", /* secure= */ false, &value));
    assert_null(value.data);
}

static void over_tls_a_cookie_is_bound_to_its_host(void **state)
{
    (void)state;
    AUTO(buf) text = buf_make(1024);
    struct cookie cookie = {
        .name = "s", .value = SPAN_LITERAL("ab"), .secure = true, .max_age_seconds = -1
    };
    assert_int_equal(cookie_format(&text, &cookie), OK);
    assert_string_equal(
        buf_text(&text), "__Host-s=ab; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
}

static void a_value_cannot_smuggle_attributes(void **state)
{
    (void)state;
    static const char *const values[] = { "a;b", "a b", "a\r\nX: y", "a,b", "\"a\"", "\xe9" };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        AUTO(buf) text = buf_make(1024);
        struct cookie cookie = { .name = "s", .value = span_from_text(values[i]) };
        assert_int_equal(cookie_format(&text, &cookie), ERR_INPUT);
        assert_int_equal(text.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_under_the_name_it_was_set_with),
        cmocka_unit_test(a_cookie_planted_beside_ours_makes_both_invalid),
        cmocka_unit_test(over_tls_a_cookie_is_bound_to_its_host),
        cmocka_unit_test(a_value_cannot_smuggle_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
