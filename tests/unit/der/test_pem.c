#include "lib/der/pem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_block_comes_back_as_it_was_written(void **state)
{
    (void)state;
    uint8_t bytes[100];
    for (size_t len = 0; len <= sizeof bytes; len++) {
        memset(bytes, (int)len, sizeof bytes);
        AUTO(buf) text = buf_make(1000);
        AUTO(buf) back = buf_make(1000);
        struct pem pem;
        assert_int_equal(pem_write("CERTIFICATE", span_make(bytes, len), &text), OK);
        struct span rest = buf_span(&text);
        assert_int_equal(pem_next(&rest, &pem), OK);
        assert_true(span_equal_text(pem.label, "CERTIFICATE"));
        assert_int_equal(pem_decode(&pem, &back), OK);
        assert_true(span_equal(buf_span(&back), span_make(bytes, len)));
        assert_int_equal(pem_next(&rest, &pem), ERR_NOT_FOUND);
    }
}

static void blocks_are_found_among_other_text_and_line_ends(void **state)
{
    (void)state;
    struct span text =
        SPAN_LITERAL("subject=x\r\n-----BEGIN A-----\r\n AAEC \r\n-----END A-----\r\n"
                     "-----BEGIN B C-----\nAw==\n-----END B C-----");
    struct pem pem;
    AUTO(buf) bytes = buf_make(10);
    assert_int_equal(pem_find(text, "B C", &pem), OK);
    assert_int_equal(pem_decode(&pem, &bytes), OK);
    assert_int_equal(pem_find(text, "A", &pem), OK);
    assert_int_equal(pem_decode(&pem, &bytes), OK);
    assert_memory_equal(bytes.data, "\3\0\1\2", 4);
    assert_int_equal(pem_find(text, "C", &pem), ERR_NOT_FOUND);
}

static void a_broken_frame_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = { "-----BEGIN A-----\nAAEC\n",
        "-----BEGIN A-----\nAAEC\n-----END B-----", "-----BEGIN A",
        "-----BEGIN -----\n-----END -----", "-----BEGIN A-----\nAAEC\n-----END A",
        "-----BEGIN A-----\nAAEC\n-----END A----" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct span text = span_from_text(broken[i]);
        struct pem pem;
        assert_int_equal(pem_next(&text, &pem), ERR_INPUT);
    }
}

static void a_body_that_is_no_base64_is_refused_and_nothing_appended(void **state)
{
    (void)state;
    struct span text =
        SPAN_LITERAL("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAEC\n-----END A-----");
    struct pem pem;
    AUTO(buf) bytes = buf_make(100);
    assert_int_equal(pem_next(&text, &pem), OK);
    assert_int_equal(pem_decode(&pem, &bytes), ERR_INPUT);
    assert_int_equal(bytes.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_comes_back_as_it_was_written),
        cmocka_unit_test(blocks_are_found_among_other_text_and_line_ends),
        cmocka_unit_test(a_broken_frame_is_refused),
        cmocka_unit_test(a_body_that_is_no_base64_is_refused_and_nothing_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
