#include "lib/der/oid.h"
#include "lib/der/reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define READER(text) der_reader(SPAN_LITERAL(text))

static void lengths_must_be_definite_minimal_and_inside_the_input(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } refused[] = {
        { "\x04\x80\x00\x00", 4 },             /* indefinite */
        { "\x04\x81\x01\x00", 4 },             /* long form for a short length */
        { "\x04\x82\x00\x80", 4 },             /* leading zero octet */
        { "\x04\x05\x00", 3 },                 /* beyond the input */
        { "\x04", 1 },                         /* no length */
        { "\x1f\x01\x00", 3 },                 /* multi-byte tag */
        { "\x04\x85\x01\x00\x00\x00\x00", 7 }, /* five length octets */
        { "\x04\x84\xff\xff\xff\xff", 6 },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct der reader = der_reader(span_make(refused[i].bytes, refused[i].len));
        struct der_element element;
        assert_int_equal(der_read_any(&reader, &element), ERR_INPUT);
    }
}

static void integers_must_be_minimal_and_not_negative(void **state)
{
    (void)state;
    int64_t value = 0;
    struct der reader = READER("\x02\x02\x00\x80");
    assert_int_equal(der_read_int64(&reader, &value), OK);
    assert_int_equal(value, 128);
    reader = READER("\x02\x02\x00\x7f");
    assert_int_equal(der_read_int64(&reader, &value), ERR_INPUT);
    reader = READER("\x02\x01\xff");
    assert_int_equal(der_read_int64(&reader, &value), ERR_INPUT);
    reader = READER("\x02\x00");
    assert_int_equal(der_read_int64(&reader, &value), ERR_INPUT);
    reader = READER("\x02\x09\x00\x80\x00\x00\x00\x00\x00\x00\x00");
    assert_int_equal(der_read_int64(&reader, &value), ERR_INPUT);
}

static void booleans_are_00_or_ff(void **state)
{
    (void)state;
    bool value = false;
    struct der reader = READER("\x01\x01\x01");
    assert_int_equal(der_read_boolean(&reader, &value), ERR_INPUT);
    reader = READER("\x01\x01\xff");
    assert_int_equal(der_read_boolean(&reader, &value), OK);
    assert_true(value);
}

static void nesting_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[80];
    for (size_t i = 0; i < 40; i++) {
        bytes[2 * i] = DER_SEQUENCE;
        bytes[2 * i + 1] = (uint8_t)(78 - 2 * i);
    }
    struct der reader = der_reader(SPAN_OF(bytes));
    unsigned depth = 0;
    while (der_enter(&reader, DER_SEQUENCE, &reader) == OK) {
        depth++;
    }
    assert_int_equal(depth, 16);
}

static void times_have_seconds_and_zone_and_the_form_of_their_year(void **state)
{
    (void)state;
    int64_t time = 0;
    struct der reader = READER("\x17\x0d"
                               "261123010203Z");
    assert_int_equal(der_read_time(&reader, &time), OK);
    assert_int_equal(time, 1795395723);
    static const char *const refused[] = {
        "\x17\x0b"
        "2611230102Z",
        "\x17\x0d"
        "261323010203Z",
        "\x17\x11"
        "261123010203+0800",
        "\x18\x0f"
        "20261123010203Z",
        "\x18\x11"
        "20501123010203.0Z",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        reader = der_reader(span_from_text(refused[i]));
        assert_int_equal(der_read_time(&reader, &time), ERR_INPUT);
    }
    reader = READER("\x18\x0f"
                    "20500101000000Z");
    assert_int_equal(der_read_time(&reader, &time), OK);
}

static void named_bits_have_no_trailing_zero(void **state)
{
    (void)state;
    uint32_t bits = 0;
    struct der reader = READER("\x03\x02\x05\xa0");
    assert_int_equal(der_read_named_bits(&reader, &bits), OK);
    assert_int_equal(bits, 5);
    reader = READER("\x03\x02\x04\xa0");
    assert_int_equal(der_read_named_bits(&reader, &bits), ERR_INPUT);
    reader = READER("\x03\x02\x05\xa1");
    assert_int_equal(der_read_named_bits(&reader, &bits), ERR_INPUT);
}

static void strings_keep_to_their_alphabet(void **state)
{
    (void)state;
    struct span text;
    struct der reader = READER("\x13\x03"
                               "a*b");
    assert_int_equal(der_read_text(&reader, DER_PRINTABLE_STRING, &text), ERR_INPUT);
    reader = READER("\x16\x02\xc3\xa4");
    assert_int_equal(der_read_text(&reader, DER_IA5_STRING, &text), ERR_INPUT);
    reader = READER("\x0c\x03"
                    "a\0b");
    assert_int_equal(der_read_text(&reader, DER_UTF8_STRING, &text), ERR_INPUT);
}

static void object_identifiers_print_as_dotted_numbers(void **state)
{
    (void)state;
    char text[OID_TEXT_MAX];
    assert_int_equal(oid_format(oid_policy_ov, text), OK);
    assert_string_equal(text, "2.23.140.1.2.2");
    assert_int_equal(oid_format(oid_jurisdiction_country, text), OK);
    assert_string_equal(text, "1.3.6.1.4.1.311.60.2.1.3");
    assert_int_equal(oid_format(SPAN_LITERAL("\x2a\x80\x01"), text), ERR_INPUT);
    assert_int_equal(oid_format(SPAN_LITERAL("\x2a\x86"), text), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_must_be_definite_minimal_and_inside_the_input),
        cmocka_unit_test(integers_must_be_minimal_and_not_negative),
        cmocka_unit_test(booleans_are_00_or_ff),
        cmocka_unit_test(nesting_beyond_the_limit_is_refused),
        cmocka_unit_test(times_have_seconds_and_zone_and_the_form_of_their_year),
        cmocka_unit_test(named_bits_have_no_trailing_zero),
        cmocka_unit_test(strings_keep_to_their_alphabet),
        cmocka_unit_test(object_identifiers_print_as_dotted_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
