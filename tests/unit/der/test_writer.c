#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void nested_write(struct der_writer *writer, const void *object)
{
    const size_t *len = object;
    static uint8_t bytes[70000];
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_SET);
    der_write_octets(writer, span_make(bytes, *len));
    der_close(writer);
    der_write_boolean(writer, true);
    der_close(writer);
}

static void the_dry_run_is_the_length_at_every_size_of_length_field(void **state)
{
    (void)state;
    static const size_t lengths[] = { 0, 1, 120, 123, 124, 125, 126, 127, 128, 250, 251, 252, 253,
        255, 256, 257, 65500, 65526, 65530, 65531, 65535, 65536, 70000 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        AUTO(buf) buf = buf_make(100000);
        assert_int_equal(der_encode(nested_write, &lengths[i], &buf), OK);
        struct der whole = der_reader(buf_span(&buf)), sequence, set;
        struct span octets;
        bool value = false;
        assert_int_equal(der_enter(&whole, DER_SEQUENCE, &sequence), OK);
        assert_int_equal(der_finish(&whole), OK);
        assert_int_equal(der_enter(&sequence, DER_SET, &set), OK);
        assert_int_equal(der_read(&set, DER_OCTET_STRING, &octets), OK);
        assert_int_equal(octets.len, lengths[i]);
        assert_int_equal(der_read_boolean(&sequence, &value), OK);
        assert_int_equal(der_finish(&sequence), OK);
    }
}

static void a_writer_never_exceeds_its_capacity(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t len = 0;
    for (size_t capacity = 0; capacity < 7; capacity++) {
        memset(bytes, 0x55, sizeof bytes);
        struct der_writer writer = der_writer_make(bytes, capacity);
        der_open(&writer, DER_SEQUENCE);
        der_write_int64(&writer, 65536);
        der_close(&writer);
        assert_int_equal(der_writer_finish(&writer, &len), ERR_LIMIT);
        assert_int_equal(bytes[capacity], 0x55);
    }
}

static void integers_and_bits_come_out_minimal(void **state)
{
    (void)state;
    uint8_t bytes[32];
    size_t len = 0;
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_write_int64(&writer, 0);
    der_write_int64(&writer, 128);
    der_write_magnitude(&writer, SPAN_LITERAL("\0\0\x7f"));
    der_write_named_bits(&writer, 5);
    der_write_named_bits(&writer, 0);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    assert_true(span_equal(span_make(bytes, len),
        SPAN_LITERAL("\x02\x01\x00\x02\x02\x00\x80\x02\x01\x7f\x03\x02\x05\xa0\x03\x01\x00")));
}

static void the_year_2050_changes_the_time_type(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t len = 0;
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_write_time(&writer, 2524607999);
    der_write_time(&writer, 2524608000);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    assert_true(span_equal(span_make(bytes, len), SPAN_LITERAL("\x17\x0d"
                                                               "491231235959Z"
                                                               "\x18\x0f"
                                                               "20500101000000Z")));
}

static void text_outside_its_alphabet_fails_the_writer(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t len = 0;
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_write_text(&writer, DER_PRINTABLE_STRING, "a@b");
    assert_int_equal(der_writer_finish(&writer, &len), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dry_run_is_the_length_at_every_size_of_length_field),
        cmocka_unit_test(a_writer_never_exceeds_its_capacity),
        cmocka_unit_test(integers_and_bits_come_out_minimal),
        cmocka_unit_test(the_year_2050_changes_the_time_type),
        cmocka_unit_test(text_outside_its_alphabet_fails_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
