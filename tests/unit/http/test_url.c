#include "lib/http/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void only_unreserved_characters_stand_unescaped(void **state)
{
    (void)state;
    AUTO(buf) text = buf_make(1024);
    url_escape(&text, SPAN_LITERAL("aZ9-._~ /+&\0\xe9"));
    assert_string_equal(buf_text(&text), "aZ9-._~%20%2F%2B%26%00%E9");
}

static void a_broken_escape_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = { "%", "%4", "%4g", "%g4", "a%", "%%41", "%-1", "% 1" };
    AUTO(arena) arena = arena_make(4096);
    struct span text = { 0 };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(
            url_unescape(span_from_text(broken[i]), URL_PLUS_IS_SPACE, &arena, &text), ERR_INPUT);
    }
    assert_int_equal(url_unescape(SPAN_LITERAL("a%4A+%6a"), URL_PLUS_IS_PLUS, &arena, &text), OK);
    assert_true(span_equal_text(text, "aJ+j"));
}

static void a_url_is_cut_into_its_parts(void **state)
{
    (void)state;
    struct url url;
    assert_int_equal(url_parse("https://www.shop.example.com", &url), OK);
    assert_true(url.tls);
    assert_string_equal(url.host, "www.shop.example.com");
    assert_int_equal(url.port, 443);
    assert_string_equal(url.path, "/");
    assert_int_equal(url_parse("http://[::1]:8080/a?b=c", &url), OK);
    assert_false(url.tls);
    assert_string_equal(url.host, "[::1]");
    assert_int_equal(url.port, 8080);
    assert_string_equal(url.path, "/a?b=c");
    assert_int_equal(url_parse("http://x?b", &url), OK);
    assert_string_equal(url.path, "/?b");
}

static void what_is_no_plain_http_url_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = { "", "ftp://x/", "//x/", "/x", "http://", "http:///a",
        "http://user@x/", "http://user:1@x/", "http://x:0/", "http://x:65536/",
        "http://x:99999999/", "http://x:8a/", "http://x/#f", "http://x/a b", "http://x/\r\nY: z",
        "http://x\\y/", "http://x%41/", "http://x/\xe9", "file:///etc/passwd", "gopher://x/" };
    struct url url = { .port = 7 };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (url_parse(refused[i], &url) == OK) {
            fail_msg("accepted %s", refused[i]);
        }
    }
    assert_int_equal(url.port, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_unreserved_characters_stand_unescaped),
        cmocka_unit_test(a_broken_escape_is_refused),
        cmocka_unit_test(a_url_is_cut_into_its_parts),
        cmocka_unit_test(what_is_no_plain_http_url_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
