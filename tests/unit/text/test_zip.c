#include "lib/text/zip.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

enum { MAX = 4096 };

static void files_are_stored_as_they_are_in_their_order(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(MAX);
    const struct zip_file files[] = {
        { "a.pem", SPAN_LITERAL("first") },
        { "b-1_2.crl", SPAN_LITERAL("second") },
        { "empty", { 0 } },
    };
    assert_int_equal(zip_write(files, 3, 1780000000, &buf), OK);
    struct span zip = buf_span(&buf);
    assert_memory_equal(zip.data, "PK\x03\x04", 4);
    const uint8_t *first = memmem(zip.data, zip.len, "first", 5);
    const uint8_t *second = memmem(zip.data, zip.len, "second", 6);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    /* The end of the central directory: three entries, no comment. */
    assert_memory_equal(zip.data + zip.len - 22, "PK\x05\x06", 4);
    assert_int_equal(zip.data[zip.len - 22 + 10], 3);
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "", "../a", "/etc/passwd", "a/b", "a\\b", ".", "..",
        ".hidden", "a b", "a\nb", "a:b", "\xe4\xbe\x8b.pem", "*.example.com" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO(buf) buf = buf_make(MAX);
        const struct zip_file files[] = { { "good", SPAN_LITERAL("x") },
            { names[i], SPAN_LITERAL("x") } };
        assert_int_equal(zip_write(files, 2, 0, &buf), ERR_INPUT);
        assert_int_equal(buf_span(&buf).len, 0);
    }
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    AUTO(buf) buf = buf_make(64);
    const struct zip_file file = { "a", SPAN_LITERAL("more than fits with all the headers") };
    assert_int_not_equal(zip_write(&file, 1, 0, &buf), OK);
}

static void too_many_files_are_refused(void **state)
{
    (void)state;
    static struct zip_file files[ZIP_FILES_MAX + 1];
    AUTO(buf) buf = buf_make(MAX);
    for (size_t i = 0; i < ZIP_FILES_MAX + 1; i++) {
        files[i] = (struct zip_file){ "a", SPAN_LITERAL("x") };
    }
    assert_int_equal(zip_write(files, ZIP_FILES_MAX + 1, 0, &buf), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_stored_as_they_are_in_their_order),
        cmocka_unit_test(a_name_that_leads_elsewhere_is_refused),
        cmocka_unit_test(a_full_buffer_is_said),
        cmocka_unit_test(too_many_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
