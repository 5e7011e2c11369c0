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

static enum err open_and_check(const struct buf *content)
{
    struct mo mo;
    TRY(mo_open(buf_span(content), &mo));
    return mo_check(&mo);
}

static const char *text_of(const struct mo *mo, const char *id)
{
    const char *text = mo_text(mo, id);
    return text == NULL ? "" : text;
}

static void messages_are_found_by_id(void **state)
{
    (void)state;
    AUTO(buf) content = buf_make(4096);
    catalogue_make(messages, COUNT, &content);
    struct mo mo;
    assert_int_equal(mo_open(buf_span(&content), &mo), OK);
    assert_int_equal(mo_check(&mo), OK);
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
    size_t length = 0;
    for (size_t at = 0; at < 28 + COUNT * 16; at += 4) {
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            AUTO(buf) content = buf_make(4096);
            catalogue_make(messages, COUNT, &content);
            memcpy(content.data + at, &hostile[i], 4);
            struct mo mo;
            if (mo_open(buf_span(&content), &mo) == OK) {
                (void)!mo_check(&mo);
                length += strlen(text_of(&mo, "a")) + strlen(text_of(&mo, "c.next"));
            }
        }
    }
    assert_true(length > 0);
}

/* What a command opens is not checked as a whole. */
static void an_entry_that_lies_outside_is_missing_and_no_other(void **state)
{
    (void)state;
    for (size_t entry = 0; entry < COUNT; entry++) {
        AUTO(buf) content = buf_make(4096);
        struct mo mo;
        uint32_t outside = 4096, texts;
        catalogue_make(messages, COUNT, &content);
        memcpy(&texts, content.data + 16, 4);
        memcpy(content.data + texts + 8 * entry + 4, &outside, 4);
        assert_int_equal(mo_open(buf_span(&content), &mo), OK);
        assert_int_equal(mo_check(&mo), ERR_INPUT);
        assert_string_equal(text_of(&mo, "a"), entry == 1 ? "" : "erste");
        assert_string_equal(text_of(&mo, "c.next"), entry == 3 ? "" : "確認");
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
        assert_int_equal(open_and_check(&content), ERR_INPUT);
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
        assert_int_equal(open_and_check(&content), ERR_INPUT);
    }
}

static void texts_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    static const struct message wrong[] = { { "a", "\xc0\xaf" } };
    AUTO(buf) content = buf_make(4096);
    catalogue_make(wrong, 1, &content);
    assert_int_equal(open_and_check(&content), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_found_by_id),
        cmocka_unit_test(hostile_offsets_never_lead_outside),
        cmocka_unit_test(an_entry_that_lies_outside_is_missing_and_no_other),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(unsorted_or_repeated_ids_are_refused),
        cmocka_unit_test(texts_that_are_not_utf8_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
