#include "lib/text/mo.h"
#include "tests/unit/text/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct message messages[] = {
    { "", "Content-Type: text/plain; charset=UTF-8\n" },
    { "a", "erste" },
    { "b", "" },
    { "c.next", "確認" },
};
enum { COUNT = sizeof messages / sizeof messages[0] };

static void messages_are_found_by_id(void **state)
{
    (void)state;
    AUTO(buf) content = buf_make(4096);
    catalogue_make(messages, COUNT, &content);
    AUTO(mo) mo = { 0 };
    assert_int_equal(mo_open(&content, &mo), OK);
    assert_string_equal(mo_text(&mo, "a"), "erste");
    assert_string_equal(mo_text(&mo, "c.next"), "確認");
    assert_null(mo_text(&mo, "b"));
    assert_null(mo_text(&mo, "c"));
    assert_null(mo_text(&mo, "zz"));
    assert_string_equal(mo_id(&mo, 3), "c.next");
}

/* Every word of header and tables set to hostile values: opened safely or refused. */
static void hostile_offsets_never_lead_outside(void **state)
{
    (void)state;
    static const uint32_t hostile[] = { 0, 1, 27, 28, 0x7fffffff, 0x80000000, 0xfffffff8,
        0xffffffff };
    for (size_t at = 0; at < 28 + COUNT * 16; at += 4) {
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            AUTO(buf) content = buf_make(4096);
            catalogue_make(messages, COUNT, &content);
            memcpy(content.data + at, &hostile[i], 4);
            AUTO(mo) mo = { 0 };
            if (mo_open(&content, &mo) == OK) {
                (void)mo_text(&mo, "a");
                (void)mo_text(&mo, "c.next");
            }
        }
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    AUTO(buf) whole = buf_make(4096);
    catalogue_make(messages, COUNT, &whole);
    for (size_t len = 0; len < whole.len; len++) {
        AUTO(buf) content = buf_make(4096);
        buf_append(&content, span_make(whole.data, len));
        AUTO(mo) mo = { 0 };
        assert_int_equal(mo_open(&content, &mo), ERR_INPUT);
    }
}

static void unsorted_or_repeated_ids_are_refused(void **state)
{
    (void)state;
    static const struct message unsorted[] = { { "b", "1" }, { "a", "2" } };
    static const struct message repeated[] = { { "a", "1" }, { "a", "2" } };
    const struct message *wrong[] = { unsorted, repeated };
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf) content = buf_make(4096);
        catalogue_make(wrong[i], 2, &content);
        AUTO(mo) mo = { 0 };
        assert_int_equal(mo_open(&content, &mo), ERR_INPUT);
    }
}

static void texts_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    static const struct message wrong[] = { { "a", "\xc0\xaf" } };
    AUTO(buf) content = buf_make(4096);
    catalogue_make(wrong, 1, &content);
    AUTO(mo) mo = { 0 };
    assert_int_equal(mo_open(&content, &mo), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_by_id),
        cmocka_unit_test(hostile_offsets_never_lead_outside),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(unsorted_or_repeated_ids_are_refused),
        cmocka_unit_test(texts_that_are_not_utf8_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
