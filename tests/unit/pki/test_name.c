#include "lib/pki/name.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void attributes_leave_in_the_mandated_order_and_types(void **state)
{
    (void)state;
    /* Entered in reverse; the empty one is left out. */
    const struct name_entry entries[] = {
        { oid_common_name, SPAN_LITERAL("www.shop.example.com") },
        { oid_organisation, SPAN_LITERAL("商店有限公司") },
        { oid_street, { NULL, 0 } },
        { oid_locality, SPAN_LITERAL("Central") },
        { oid_country, SPAN_LITERAL("HK") },
    };
    AUTO(buf) der = buf_make(1000);
    assert_int_equal(name_write(entries, 5, NULL, &der), OK);
    assert_memory_equal(der.data + 2, "\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02HK", 13);
    struct name name;
    assert_int_equal(name_parse(buf_span(&der), &name), OK);
    assert_int_equal(name.count, 4);
    assert_true(span_equal(name.attributes[0].oid, oid_country));
    assert_true(span_equal(name.attributes[1].oid, oid_locality));
    assert_true(span_equal(name.attributes[2].oid, oid_organisation));
    assert_int_equal(name.attributes[0].tag, 0x13);
    assert_int_equal(name.attributes[2].tag, 0x0c);
    assert_true(span_equal_text(name.attributes[2].value, "商店有限公司"));
    assert_memory_equal(der.data + der.len - 20, "www.shop.example.com", 20);
}

static void the_empty_name_is_an_empty_sequence(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(10);
    struct name name;
    assert_int_equal(name_write(NULL, 0, NULL, &der), OK);
    assert_int_equal(der.len, 2);
    assert_int_equal(name_parse(buf_span(&der), &name), OK);
    assert_int_equal(name.count, 0);
}

static void values_that_say_nothing_or_do_not_fit_are_refused(void **state)
{
    (void)state;
    char long_name[66];
    memset(long_name, 'a', 65);
    long_name[65] = '\0';
    const struct name_entry bad[] = {
        { oid_organisation, SPAN_LITERAL("-") },
        { oid_organisation, SPAN_LITERAL(" . ") },
        { oid_organisation, SPAN_LITERAL("n/a") },
        { oid_organisation, SPAN_LITERAL(" Shop") },
        { oid_organisation, SPAN_LITERAL("Shop ") },
        { oid_organisation, SPAN_LITERAL("Sh\xffop") },
        { oid_organisation, SPAN_LITERAL("Sh\nop") },
        { oid_organisation, SPAN_LITERAL("Sh\0op") },
        { oid_organisation, span_make(long_name, 65) },
        { oid_country, SPAN_LITERAL("HKG") },
        { oid_country, SPAN_LITERAL("H") },
        { oid_country, SPAN_LITERAL("香港") },
        { oid_serial_number, SPAN_LITERAL("12_34") },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AUTO(buf) der = buf_make(1000);
        struct reason reason = { 0 };
        assert_int_equal(name_write(&bad[i], 1, &reason, &der), ERR_INPUT);
        assert_string_equal(reason.code, "name.value");
        assert_string_equal(reason.field, name_attribute_label(bad[i].oid));
        assert_int_equal(der.len, 0);
    }
}

static void sizes_are_counted_in_characters(void **state)
{
    (void)state;
    char text[64 * 3];
    for (size_t i = 0; i < 64; i++) {
        memcpy(text + 3 * i, "店", 3);
    }
    AUTO(buf) der = buf_make(1000);
    const struct name_entry fits = { oid_organisation, span_make(text, sizeof text) };
    assert_int_equal(name_write(&fits, 1, NULL, &der), OK);
}

static void the_same_attribute_twice_and_unknown_ones_are_refused(void **state)
{
    (void)state;
    const struct name_entry twice[] = { { oid_organisation, SPAN_LITERAL("A") },
        { oid_organisation, SPAN_LITERAL("B") } };
    const struct name_entry unknown[] = { { oid_server_auth, SPAN_LITERAL("A") } };
    const struct name_entry streets[] = { { oid_street, SPAN_LITERAL("A") },
        { oid_street, SPAN_LITERAL("B") } };
    AUTO(buf) der = buf_make(1000);
    struct reason reason = { 0 };
    assert_int_equal(name_write(twice, 2, &reason, &der), ERR_INPUT);
    assert_string_equal(reason.code, "name.attribute");
    assert_int_equal(name_write(unknown, 1, &reason, &der), ERR_INPUT);
    assert_int_equal(name_write(streets, 2, &reason, &der), OK);
}

static void names_are_shown_last_first_and_escaped(void **state)
{
    (void)state;
    const struct name_entry entries[] = {
        { oid_common_name, SPAN_LITERAL("a,b+c\"d\\e<f>g;#") },
        { oid_organisation, SPAN_LITERAL("#Shop") },
        { oid_country, SPAN_LITERAL("HK") },
    };
    AUTO(buf) der = buf_make(1000);
    AUTO(buf) text = buf_make(1000);
    assert_int_equal(name_write(entries, 3, NULL, &der), OK);
    assert_int_equal(name_format(buf_span(&der), &text), OK);
    assert_string_equal(buf_text(&text), "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;#, O=\\#Shop, C=HK");
}

static void foreign_string_types_are_read_as_text(void **state)
{
    (void)state;
    /* BMPString 商, T61String é, and an INTEGER where text should be. */
    static const uint8_t bmp[] = { 0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x0a,
        0x1e, 0x02, 0x55, 0x46 };
    static const uint8_t t61[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x0a,
        0x14, 0x01, 0xe9 };
    static const uint8_t integer[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04,
        0x0a, 0x02, 0x01, 0x01 };
    char text[16];
    struct name name;
    assert_int_equal(name_parse(SPAN_OF(bmp), &name), OK);
    assert_int_equal(name_text(&name, oid_organisation, text, sizeof text), OK);
    assert_string_equal(text, "商");
    assert_int_equal(name_text(&name, oid_organisation, text, 3), ERR_LIMIT);
    assert_int_equal(name_text(&name, oid_common_name, text, sizeof text), ERR_NOT_FOUND);
    assert_int_equal(name_parse(SPAN_OF(t61), &name), OK);
    assert_int_equal(name_text(&name, oid_organisation, text, sizeof text), OK);
    assert_string_equal(text, "é");
    assert_int_equal(name_parse(SPAN_OF(integer), &name), OK);
    assert_int_equal(name_text(&name, oid_organisation, text, sizeof text), ERR_INPUT);
}

static void broken_structures_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {
        { "", 0 },
        { "\x31\x00", 2 },
        { "\x30\x02\x31\x00", 4 },         /* an RDN without attributes */
        { "\x30\x04\x31\x02\x30\x00", 6 }, /* an attribute without type */
        { "\x30\x00\x00", 3 },
        { "\x30\x80\x00\x00", 4 },
    };
    struct name name;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(name_parse(span_make(broken[i].bytes, broken[i].len), &name), ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_leave_in_the_mandated_order_and_types),
        cmocka_unit_test(the_empty_name_is_an_empty_sequence),
        cmocka_unit_test(values_that_say_nothing_or_do_not_fit_are_refused),
        cmocka_unit_test(sizes_are_counted_in_characters),
        cmocka_unit_test(the_same_attribute_twice_and_unknown_ones_are_refused),
        cmocka_unit_test(names_are_shown_last_first_and_escaped),
        cmocka_unit_test(foreign_string_types_are_read_as_text),
        cmocka_unit_test(broken_structures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
