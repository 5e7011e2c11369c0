#include "lib/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void spans_of_different_length_are_unequal(void **state)
{
    (void)state;
    assert_false(span_equal(SPAN_LITERAL("ab"), SPAN_LITERAL("abc")));
    assert_false(bytes_equal_secret(SPAN_LITERAL("ab"), SPAN_LITERAL("abc")));
    assert_true(bytes_equal_secret(SPAN_LITERAL("abc"), SPAN_LITERAL("abc")));
    assert_false(bytes_equal_secret(SPAN_LITERAL("abd"), SPAN_LITERAL("abc")));
}

static void text_with_nul_never_becomes_a_c_string(void **state)
{
    (void)state;
    char text[8];
    assert_false(span_to_text(SPAN_LITERAL("a\0b"), text, sizeof text));
    assert_false(span_to_text(SPAN_LITERAL("12345678"), text, sizeof text));
    assert_true(span_to_text(SPAN_LITERAL("1234567"), text, sizeof text));
}

static void what_paints_on_a_screen_is_not_plain(void **state)
{
    static const char *const painting[] = { "\033[2J", "\r", "a\nb", "\x7f", "\xc2\x9b[2J",
        "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xd8\x9c", "\xe9\xa6" };
    (void)state;
    assert_true(utf8_plain(SPAN_LITERAL("香港郵政 Hongkong Post – “e-Cert”")));
    for (size_t i = 0; i < sizeof painting / sizeof painting[0]; i++) {
        char text[16];
        snprintf(text, sizeof text, "%s", painting[i]);
        assert_false(utf8_plain(span_from_text(text)));
        utf8_make_plain(text);
        assert_true(utf8_plain(span_from_text(text)));
        assert_int_equal(strlen(text), strlen(painting[i]));
    }
}

static void malformed_utf8_is_refused(void **state)
{
    (void)state;
    assert_true(utf8_valid(SPAN_LITERAL("香港郵政")));
    assert_int_equal(utf8_length(SPAN_LITERAL("香港郵政")), 4);
    assert_false(utf8_valid(SPAN_LITERAL("\xc0\xaf")));
    assert_false(utf8_valid(SPAN_LITERAL("\xed\xa0\x80")));
    assert_false(utf8_valid(SPAN_LITERAL("\xe9\xa6")));
    assert_true(utf8_valid(SPAN_LITERAL("")));
    assert_true(utf8_valid(SPAN_LITERAL("eight is and 香港 more")));
    assert_false(utf8_valid(SPAN_LITERAL("a\0")));
}

static void one_bad_byte_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const uint8_t bad[] = { 0, 0x80, 0xc3, 0xff };
    uint8_t text[27];
    for (size_t at = 0; at < sizeof text; at++) {
        for (size_t i = 0; i < sizeof bad; i++) {
            memset(text, 'a', sizeof text);
            text[at] = bad[i];
            assert_false(utf8_valid(span_make(text, sizeof text)));
            assert_true(utf8_valid(span_make(text, at)));
        }
    }
}

static void base64_refuses_what_is_not_canonical(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t len = 0;
    assert_int_equal(base64_parse(SPAN_LITERAL("QUJD\nRA=="), bytes, sizeof bytes, &len), OK);
    assert_true(span_equal(span_make(bytes, len), SPAN_LITERAL("ABCD")));
    assert_int_equal(base64_parse(SPAN_LITERAL("QUJ"), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(base64_parse(SPAN_LITERAL("QUI="), bytes, sizeof bytes, &len), OK);
    assert_int_equal(base64_parse(SPAN_LITERAL("QUJ="), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(base64_parse(SPAN_LITERAL("QUJ=QQ=="), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(base64_parse(SPAN_LITERAL("QR=="), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(base64_parse(SPAN_LITERAL("Q==="), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(base64_parse(SPAN_LITERAL("Q!=="), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(
        base64_parse(SPAN_LITERAL("QUJDREVGR0hJ"), bytes, sizeof bytes, &len), ERR_LIMIT);
}

static void base32_matches_rfc_4648(void **state)
{
    (void)state;
    char text[32];
    base32_format(SPAN_LITERAL("foobar"), text, sizeof text);
    assert_string_equal(text, "mzxw6ytboi");
    base32_format(SPAN_LITERAL("foob"), text, sizeof text);
    assert_string_equal(text, "mzxw6yq");
}

static void hex_takes_separators_and_refuses_odd_digits(void **state)
{
    (void)state;
    uint8_t bytes[4];
    size_t len = 0;
    assert_int_equal(hex_parse(SPAN_LITERAL("45 b9:30-0F"), bytes, sizeof bytes, &len), OK);
    assert_int_equal(len, 4);
    assert_int_equal(hex_parse(SPAN_LITERAL("4"), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(hex_parse(SPAN_LITERAL("4 5"), bytes, sizeof bytes, &len), ERR_INPUT);
    assert_int_equal(hex_parse(SPAN_LITERAL("0011223344"), bytes, sizeof bytes, &len), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_of_different_length_are_unequal),
        cmocka_unit_test(text_with_nul_never_becomes_a_c_string),
        cmocka_unit_test(what_paints_on_a_screen_is_not_plain),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(one_bad_byte_is_found_wherever_it_stands),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(base32_matches_rfc_4648),
        cmocka_unit_test(hex_takes_separators_and_refuses_odd_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
