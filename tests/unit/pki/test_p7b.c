#include "lib/pki/p7b.h"
#include "tests/unit/pki/hierarchy.h"

static void certificates_come_back_in_their_order(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    const struct span in[] = { buf_span(&ca.certificate), buf_span(&root.certificate) };
    struct span out[P7B_CERTIFICATES_MAX];
    size_t count = 0;
    AUTO(buf) der = buf_make(10000);
    assert_int_equal(p7b_write(in, 2, &der), OK);
    assert_int_equal(p7b_parse(buf_span(&der), out, &count), OK);
    assert_int_equal(count, 2);
    assert_true(span_equal(in[0], out[0]));
    assert_true(span_equal(in[1], out[1]));
    for (size_t len = 0; len < der.len; len++) {
        assert_int_equal(p7b_parse(span_make(der.data, len), out, &count), ERR_INPUT);
    }
}

static void too_many_certificates_and_other_contents_are_refused(void **state)
{
    (void)state;
    struct span many[P7B_CERTIFICATES_MAX + 1], out[P7B_CERTIFICATES_MAX];
    size_t count = 0;
    AUTO(buf) der = buf_make(10000);
    for (size_t i = 0; i <= P7B_CERTIFICATES_MAX; i++) {
        many[i] = SPAN_LITERAL("\x30\x00");
    }
    assert_int_equal(p7b_write(many, P7B_CERTIFICATES_MAX + 1, &der), ERR_LIMIT);
    static const uint8_t data[] = { 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
        0x01, 0x07, 0x01 };
    assert_int_equal(p7b_parse(SPAN_OF(data), out, &count), ERR_UNSUPPORTED);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_come_back_in_their_order),
        cmocka_unit_test(too_many_certificates_and_other_contents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
