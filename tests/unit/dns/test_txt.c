#include "lib/dns/txt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void character_strings_are_joined(void **state)
{
    (void)state;
    static const struct {
        struct span rdata;
        const char *text;
    } cases[] = {
        { SPAN_LITERAL("\x03"
                       "abc"),
            "abc" },
        { SPAN_LITERAL("\x01"
                       "a\x00\x02"
                       "bc"),
            "abc" },
        { SPAN_LITERAL("\x00"), "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(buf) text = buf_make(100);
        assert_int_equal(txt_join(cases[i].rdata, &text), OK);
        assert_true(span_equal_text(buf_span(&text), cases[i].text));
    }
}

static void strings_that_do_not_fill_the_record_are_refused(void **state)
{
    (void)state;
    static const struct span cases[] = { SPAN_LITERAL(""),
        SPAN_LITERAL("\x04"
                     "abc"),
        SPAN_LITERAL("\x01"),
        SPAN_LITERAL("\x01"
                     "a\x01"),
        SPAN_LITERAL("\xff"
                     "abc") };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(buf) text = buf_make(100);
        assert_int_equal(txt_join(cases[i], &text), ERR_INPUT);
        assert_int_equal(text.len, 0);
    }
}

static void joining_stops_at_the_buffers_maximum(void **state)
{
    (void)state;
    AUTO(buf) text = buf_make(2);
    assert_int_equal(txt_join(SPAN_LITERAL("\x03"
                                           "abc"),
                         &text),
        ERR_LIMIT);
}

static void excerpts_hold_printable_ascii_only_and_end(void **state)
{
    (void)state;
    char excerpt[8];
    txt_excerpt(SPAN_LITERAL("a\x00\x1b[\x7f\xe4"), excerpt, sizeof excerpt);
    assert_string_equal(excerpt, "a??[??");
    txt_excerpt(SPAN_LITERAL("0123456789"), excerpt, sizeof excerpt);
    assert_string_equal(excerpt, "0123456");
    txt_excerpt((struct span){ 0 }, excerpt, sizeof excerpt);
    assert_string_equal(excerpt, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(character_strings_are_joined),
        cmocka_unit_test(strings_that_do_not_fill_the_record_are_refused),
        cmocka_unit_test(joining_stops_at_the_buffers_maximum),
        cmocka_unit_test(excerpts_hold_printable_ascii_only_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
