#include "tests/unit/text/languages.h"

static void the_language_asked_for_is_negotiated(void **state)
{
    (void)state;
    static const struct {
        const char *accept, *tag;
    } cases[] = {
        { "", "zh-HK" },
        { "en", "en" },
        { "en-GB,en;q=0.9", "en" },
        { "zh-TW", "zh-HK" },
        { "zh-Hant-MO", "zh-HK" },
        { "zh-HK", "zh-HK" },
        { "zh", "zh-CN" },
        { "zh-CN,zh;q=0.9,en;q=0.8", "zh-CN" },
        { "zh-Hans-HK", "zh-CN" },
        { "fr;q=1.0, en;q=0.1", "en" },
        { "en;q=0.5 , zh-CN ; q=0.8", "zh-CN" },
        { "en;q=0, fr", "zh-HK" },
        { "en;q=abc, zh-CN;q=0.001", "zh-CN" },
        { "english", "zh-HK" },
        { ",,;;q=,", "zh-HK" },
        { "*", "zh-HK" },
    };
    AUTO_PTR(language_set) set = languages_make();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct language *language = language_negotiate(set, span_from_text(cases[i].accept));
        assert_string_equal(language_tag(language), cases[i].tag);
    }
}

static void a_tag_is_known_or_not_without_guessing(void **state)
{
    (void)state;
    AUTO_PTR(language_set) set = languages_make();
    assert_string_equal(language_tag(language_by_tag(set, "zh-HK")), "zh-HK");
    assert_string_equal(language_tag(language_by_tag(set, "zh_cn")), "zh-CN");
    assert_string_equal(language_tag(language_by_tag(set, "en")), "en");
    assert_null(language_by_tag(set, "zh"));
    assert_null(language_by_tag(set, "zh-TW"));
    assert_null(language_by_tag(set, "../en"));
    assert_null(language_by_tag(set, ""));
}

static void a_missing_text_falls_back_to_english_then_to_its_id(void **state)
{
    (void)state;
    AUTO_PTR(language_set) set = languages_make();
    const struct language *language = language_by_tag(set, "zh-HK");
    assert_string_equal(language_text(language, "shared"), "繁體");
    assert_string_equal(language_text(language, "only.english"), "only");
    assert_string_equal(language_text(language, "nowhere"), "nowhere");
    assert_false(language_has(language, "only.english"));
    assert_false(language_has(language, ""));
}

static void placeholders_are_filled_and_unknown_ones_stay(void **state)
{
    (void)state;
    AUTO_PTR(language_set) set = languages_make();
    const struct placeholder values[] = { { "name", "{unknown}" }, { NULL, NULL } };
    AUTO(buf) text = buf_make(256);
    language_format(language_by_tag(set, "en"), "hello", values, &text);
    assert_string_equal(buf_text(&text), "Hello {unknown} & {unknown}");
}

static void a_reason_says_what_happened_and_what_is_next(void **state)
{
    (void)state;
    AUTO_PTR(language_set) set = languages_make();
    struct reason reason = { 0 };
    (void)reason_set(&reason, ERR_INPUT, "bad", "pin", "x", "y");
    AUTO(buf) text = buf_make(256);
    language_format_reason(language_by_tag(set, "en"), &reason, "", &text);
    buf_append_byte(&text, ' ');
    language_format_reason(language_by_tag(set, "en"), &reason, ".next", &text);
    assert_string_equal(buf_text(&text), "Field pin holds x, not y. Correct pin.");
    buf_clear(&text);
    (void)reason_set(&reason, ERR_INPUT, "hello", "", "", "");
    language_format_reason(language_by_tag(set, "en"), &reason, ".next", &text);
    assert_int_equal(text.len, 0);
}

static void a_failure_is_named_and_other_words_are_left(void **state)
{
    (void)state;
    AUTO_PTR(language_set) set = languages_make();
    const struct language *language = language_by_tag(set, "en");
    for (int err = OK + 1; err < ERR_COUNT; err++) {
        const char *name = err_name((enum err)err);
        const char *said = language_failure(language, name); /* this catalogue has one */
        assert_string_equal(said, err == ERR_AGAIN ? "later" : name);
    }
    assert_string_equal(language_failure(language, "Text file busy"), "Text file busy");
    assert_string_equal(language_failure(language, "ok"), "ok");
    assert_string_equal(language_failure(language, ""), "");
}

static void a_missing_or_broken_file_is_named(void **state)
{
    (void)state;
    struct language_set *set = NULL;
    struct reason reason = { 0 };
    assert_int_equal(language_set_open("/nonexistent", &set, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "language.missing");
    assert_null(set);
}

static void a_locale_leads_to_a_language_and_its_catalogue_alone_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *locale, *tag;
    } cases[] = { { "zh_HK.UTF-8", "zh-HK" }, { "zh-tw", "zh-HK" }, { "zh_Hant", "zh-HK" },
        { "zh_MO@x", "zh-HK" }, { "en_GB.UTF-8", "en" }, { "C", "en" }, { "C.UTF-8", "en" },
        { "", "en" }, { "fr_FR", "en" }, { "../zh", "en" },
        { "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "en" } };
    static const char *const mainland[] = { "zh_CN.UTF-8", "zh", "zh_SG" };
    char directory[] = "/tmp/ecert-language-XXXXXX", path[64];
    const struct language *language = NULL;
    struct reason reason = { 0 };
    languages_write(directory);
    assert_int_equal(setenv("ECERT_LOCALE", directory, 1), 0);
    snprintf(path, sizeof path, "%s/zh_CN.mo", directory);
    assert_int_equal(file_replace(path, SPAN_LITERAL("no catalogue"), 0600), OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO_PTR(language_set) set = NULL;
        assert_int_equal(language_open_installed(cases[i].locale, &set, &language, &reason), OK);
        assert_string_equal(language_tag(language), cases[i].tag);
        assert_string_equal(language_text(language, "shared"), i < 4 ? "繁體" : "English");
        assert_string_equal(language_text(language, "only.english"), "only");
        assert_string_equal(language_text(language_by_tag(set, "zh-CN"), "shared"), "English");
    }
    for (size_t i = 0; i < sizeof mainland / sizeof mainland[0]; i++) {
        AUTO_PTR(language_set) set = NULL;
        assert_int_equal(language_open_installed(mainland[i], &set, &language, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "language.invalid");
        assert_string_equal(reason.field, "zh_CN.mo");
        assert_null(set);
    }
    languages_erase(directory);
    AUTO_PTR(language_set) set = NULL;
    assert_int_equal(language_open_installed("en", &set, &language, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "language.missing");
    assert_int_equal(unsetenv("ECERT_LOCALE"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_asked_for_is_negotiated),
        cmocka_unit_test(a_tag_is_known_or_not_without_guessing),
        cmocka_unit_test(a_missing_text_falls_back_to_english_then_to_its_id),
        cmocka_unit_test(placeholders_are_filled_and_unknown_ones_stay),
        cmocka_unit_test(a_reason_says_what_happened_and_what_is_next),
        cmocka_unit_test(a_failure_is_named_and_other_words_are_left),
        cmocka_unit_test(a_missing_or_broken_file_is_named),
        cmocka_unit_test(a_locale_leads_to_a_language_and_its_catalogue_alone_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
