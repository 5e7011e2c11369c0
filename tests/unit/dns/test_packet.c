#include "lib/dns/packet.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A DS question about plain.example.com with `count` records in the authority section. */
#define PACKET(count, records)                                                                     \
    SPAN_LITERAL("\x00\x01\x81\xa0\x00\x01\x00\x00\x00" count "\x00\x00"                           \
                 "\x05plain\x07"                                                                   \
                 "example\x03"                                                                     \
                 "com\x00\x00\x2b\x00\x01" records)
#define NSEC(bitmap_and_length) "\xc0\x0c\x00\x2f\x00\x01\x00\x00\x00\x3c\x00" bitmap_and_length
/* RDLENGTH, next name "z.", bitmap of window 0: octet 0 holds NS (0x20) and SOA (0x02), octet 5 DS
 * (0x10). */
#define NS_ONLY    "\x0b\x01z\x00\x00\x06\x20\x00\x00\x00\x00\x03"
#define NS_AND_SOA "\x0b\x01z\x00\x00\x06\x22\x00\x00\x00\x00\x03"
#define NS_AND_DS  "\x0b\x01z\x00\x00\x06\x20\x00\x00\x00\x00\x13"
#define A_ONLY     "\x0b\x01z\x00\x00\x06\x40\x00\x00\x00\x00\x03"
#define NSEC3(bitmap)                                                                              \
    "\xc0\x0c\x00\x32\x00\x01\x00\x00\x00\x3c\x00\x13\x01\x00\x00\x0a\x02"                         \
    "ab"                                                                                           \
    "\x04hash\x00\x05" bitmap "\x00\x00\x00\x02"

static void a_delegation_without_ds_is_proven_by_nsec_or_nsec3(void **state)
{
    (void)state;
    assert_true(dns_packet_proves_unsigned_delegation(PACKET("\x01", NSEC(NS_ONLY))));
    assert_true(dns_packet_proves_unsigned_delegation(PACKET("\x01", NSEC3("\x20"))));
}

static void anything_else_proves_nothing(void **state)
{
    (void)state;
    static const struct span packets[] = {
        PACKET("\x01", NSEC(NS_AND_SOA)), /* the child's own apex */
        PACKET("\x01", NSEC(NS_AND_DS)),
        PACKET("\x01", NSEC(A_ONLY)), /* no delegation */
        PACKET("\x01", NSEC3("\x40")),
        PACKET("\x02", NSEC(A_ONLY) NSEC(NS_ONLY)), /* which one is about the name? */
        PACKET("\x02", NSEC(NS_ONLY) NSEC3("\x20")),
        PACKET("\x00", ""),
        SPAN_LITERAL(""),
    };
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        if (dns_packet_proves_unsigned_delegation(packets[i])) {
            fail_msg("packet %zu", i);
        }
    }
}

static void aliases_are_counted_in_the_answer_alone(void **state)
{
    (void)state;
#define CNAME "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c"
    struct span packet = SPAN_LITERAL("\x00\x01\x81\xa0\x00\x01\x00\x02\x00\x01\x00\x00"
                                      "\x01"
                                      "a\x00\x00\x10\x00\x01" CNAME CNAME CNAME);
    assert_int_equal(dns_packet_count_aliases(packet), 2);
    assert_true(dns_packet_count_aliases(span_make(packet.data, 40)) == SIZE_MAX);
    assert_true(dns_packet_count_aliases(SPAN_LITERAL("")) == SIZE_MAX);
}

static void no_shorter_packet_proves_what_the_whole_does(void **state)
{
    (void)state;
    struct span whole = PACKET("\x01", NSEC(NS_ONLY));
    for (size_t length = 0; length < whole.len; length++) {
        assert_false(dns_packet_proves_unsigned_delegation(span_make(whole.data, length)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delegation_without_ds_is_proven_by_nsec_or_nsec3),
        cmocka_unit_test(anything_else_proves_nothing),
        cmocka_unit_test(aliases_are_counted_in_the_answer_alone),
        cmocka_unit_test(no_shorter_packet_proves_what_the_whole_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
