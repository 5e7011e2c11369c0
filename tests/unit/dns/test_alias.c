/* The name in a CNAME record: a host name or nothing. */
#include "lib/dns/alias.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_host_name_is_read_in_lower_case(void **state)
{
    struct dns_name name;
    (void)state;
    assert_int_equal(dns_alias_parse(SPAN_LITERAL("\3WWW\7example\3com\0"), &name), OK);
    assert_string_equal(name.text, "www.example.com");
    assert_false(name.wildcard);
}

static void whatever_is_no_host_name_is_refused(void **state)
{
    static const struct span cases[] = {
        { NULL, 0 },
        { (const uint8_t *)"\0", 1 },                       /* the root */
        { (const uint8_t *)"\3www", 4 },                    /* no end */
        { (const uint8_t *)"\3www\7example\3com\0\0", 18 }, /* more than one name */
        { (const uint8_t *)"\3www\7example\3com\0x", 18 },
        { (const uint8_t *)"\3www\x40"
                           "example\3com\0",
            17 },                                             /* a label type that is none */
        { (const uint8_t *)"\3www\xc0\0", 6 },                /* compressed */
        { (const uint8_t *)"\7www.exa\7example\3com\0", 21 }, /* a full stop within a label */
        { (const uint8_t *)"\4_www\7example\3com\0", 18 },
        { (const uint8_t *)"\1*\7example\3com\0", 15 },
        { (const uint8_t *)"\3com\0", 5 },
        { (const uint8_t *)"\3"
                           "127\1"
                           "0\1"
                           "0\1"
                           "1\0",
            11 },
        { (const uint8_t *)"\3w\0w\7example\3com\0", 17 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name = { .text = "untouched" };
        assert_int_equal(dns_alias_parse(cases[i], &name), ERR_INPUT);
        assert_string_equal(name.text, "untouched");
    }
}

static void a_name_too_long_is_refused(void **state)
{
    uint8_t rdata[300];
    struct dns_name name;
    size_t len = 0;
    (void)state;
    while (len < 256) {
        rdata[len] = 15;
        memset(rdata + len + 1, 'a', 15);
        len += 16;
    }
    rdata[len++] = 0;
    assert_int_equal(dns_alias_parse(span_make(rdata, len), &name), ERR_INPUT);
    rdata[240] = 0;
    assert_int_equal(dns_alias_parse(span_make(rdata, 241), &name), OK);
    assert_int_equal(strlen(name.text), 239);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_name_is_read_in_lower_case),
        cmocka_unit_test(whatever_is_no_host_name_is_refused),
        cmocka_unit_test(a_name_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
