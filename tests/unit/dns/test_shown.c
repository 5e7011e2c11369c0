#include "lib/dns/shown.h"
#include "lib/dns/packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void show(struct dns_answer *answer, enum dns_type type, char *text, size_t size)
{
    memset(text, 'X', size);
    dns_answer_show(answer, type, text, size);
}

static void records_are_shown_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        enum dns_type type;
        struct span rdata;
        const char *shown;
    } rows[] = {
        { DNS_A, SPAN_LITERAL("\xc0\x00\x02\x01"), "192.0.2.1" },
        { DNS_NS,
            SPAN_LITERAL("\x03ns1\x07"
                         "example\x03"
                         "com\x00"),
            "ns1.example.com" },
        { DNS_SOA,
            SPAN_LITERAL(
                "\x03ns1\x07"
                "example\x03"
                "com\x00\x01r\x00"
                "\x78\xc2\x6a\xf1\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"),
            "ns1.example.com, serial 2026007281" },
        { DNS_TXT,
            SPAN_LITERAL("\x02"
                         "ab\x01\x1b"),
            "ab?" },
        { DNS_CAA, SPAN_LITERAL("\x80\x05issueca"), "128 issue \"ca\"" },
        { DNS_DS, SPAN_LITERAL("\x00\x01\x0d\x02"), "" },
        { DNS_A, SPAN_LITERAL("\xc0\x00\x02"), "" },
        { DNS_NS, SPAN_LITERAL("\x03ns1"), "" },
        { DNS_NS, SPAN_LITERAL("\xc0\x00"), "" },
        { DNS_SOA, SPAN_LITERAL("\x03ns1\x00"), "" },
        { DNS_TXT,
            SPAN_LITERAL("\x05"
                         "ab"),
            "" },
        { DNS_CAA, SPAN_LITERAL("\x00"), "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dns_answer answer = { .records = { rows[i].rdata }, .record_count = 1 };
        char text[100];
        show(&answer, rows[i].type, text, sizeof text);
        assert_string_equal(text, rows[i].shown);
    }
}

static void what_does_not_fit_is_left_out(void **state)
{
    (void)state;
    struct dns_answer answer = { .record_count = DNS_RECORDS_MAX };
    char text[24];
    for (size_t i = 0; i < DNS_RECORDS_MAX; i++) {
        answer.records[i] = SPAN_LITERAL("\x07"
                                         "a value");
    }
    show(&answer, DNS_TXT, text, sizeof text);
    assert_string_equal(text, "a value | a value | a v");
    assert_string_equal(dns_type_name(DNS_CAA), "CAA");
    assert_string_equal(dns_type_name((enum dns_type)99), "?");
}

#define QUESTION                                                                                   \
    "\x00\x01\x81\xa0\x00\x01\x00\x02\x00\x00\x00\x00\x01"                                         \
    "a\x03"                                                                                        \
    "com\x00\x00\x10\x00\x01"
/* Owner "a.com", target "b" and a pointer to "com" at 14; then owner that target, target "c.net".
 */
#define ALIASES                                                                                    \
    "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01"                                         \
    "b\xc0\x0e"                                                                                    \
    "\xc0\x23\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x07\x01"                                         \
    "c\x03"                                                                                        \
    "net\x00"

static void aliases_are_shown_in_their_order(void **state)
{
    (void)state;
    char text[32];
    dns_packet_show_aliases(SPAN_LITERAL(QUESTION ALIASES), text, sizeof text);
    assert_string_equal(text, "b.com > c.net");
    dns_packet_show_aliases(SPAN_LITERAL(QUESTION ALIASES), text, 8);
    assert_string_equal(text, "b.com >");
    dns_packet_show_aliases(SPAN_LITERAL("nothing"), text, sizeof text);
    assert_string_equal(text, "");
}

static void a_name_never_leads_in_a_circle_nor_out_of_the_message(void **state)
{
    (void)state;
    static const struct span packets[] = {
        SPAN_LITERAL("\xc0\x00"), /* to itself */
        SPAN_LITERAL("\x01"
                     "a\xc0\x00"), /* round and round */
        SPAN_LITERAL("\xc0\x05\x01"
                     "a\x01"
                     "b\x00"), /* forwards */
        SPAN_LITERAL("\x01"
                     "a\xc0"),
        SPAN_LITERAL("\x01"
                     "a"),
        SPAN_LITERAL("\x40"
                     "a\x00"),
        SPAN_LITERAL("\x0fmuch too long here\x00"),
        SPAN_LITERAL(""),
    };
    char text[8];
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        if (dns_packet_show_name(packets[i], 0, text, sizeof text)) {
            fail_msg("packet %zu: %s", i, text);
        }
    }
    assert_true(dns_packet_show_name(SPAN_LITERAL("\x00"), 0, text, sizeof text));
    assert_string_equal(text, ".");
    assert_true(dns_packet_show_name(SPAN_LITERAL("\x02"
                                                  "a \x01"
                                                  "b\x00"),
        0, text, sizeof text));
    assert_string_equal(text, "a?.b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_shown_as_people_write_them),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(aliases_are_shown_in_their_order),
        cmocka_unit_test(a_name_never_leads_in_a_circle_nor_out_of_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
