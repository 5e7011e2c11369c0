#include "lib/text/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum err parse(struct arena *arena, const char *text, const struct value **ret_value,
    struct reason *ret_reason)
{
    struct value_tree tree = value_tree_make(arena);
    return json_parse(span_from_text(text), 4096, &tree, ret_value, ret_reason);
}

static void what_is_parsed_is_written_again(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(65536);
    const struct value *value = NULL;
    struct reason reason = { 0 };
    const char *text = "{\"a\":[1,-2,true,null,\"\\\"\\\\\\n\\u0001 確\"],\"b\":{}}";
    assert_int_equal(parse(&arena, text, &value, &reason), OK);
    AUTO(buf) json = buf_make(4096);
    json_format(&json, value);
    assert_string_equal(buf_text(&json), text);
}

static void what_is_not_json_as_we_read_it_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code;
    } cases[] = {
        { "", "json.syntax" },
        { "{", "json.syntax" },
        { "{}x", "json.syntax" },
        { "\"text\"", "json.syntax" },
        { "{\"a\":1,\"a\":2}", "json.syntax" },
        { "{\"a\":\"\\u0000\"}", "json.syntax" },
        { "{\"a\":\"\xc0\xaf\"}", "json.syntax" },
        { "{'a':1}", "json.syntax" },
        { "{\"a\":1.5}", "json.number" },
        { "{\"a\":[1e3]}", "json.number" },
        { "[99999999999999999999]", "json.number" },
        { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "json.depth" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(arena) arena = arena_make(65536);
        const struct value *value = NULL;
        struct reason reason = { 0 };
        assert_int_not_equal(parse(&arena, cases[i].text, &value, &reason), OK);
        assert_string_equal(reason.code, cases[i].code);
        assert_null(value);
    }
}

static void a_text_over_the_limit_is_not_looked_at(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(1024);
    struct value_tree tree = value_tree_make(&arena);
    const struct value *value = NULL;
    struct reason reason = { 0 };
    assert_int_equal(json_parse(SPAN_LITERAL("[1,2,3]"), 6, &tree, &value, &reason), ERR_LIMIT);
    assert_string_equal(reason.code, "json.too_long");
    assert_string_equal(reason.seen, "7");
    assert_string_equal(reason.expected, "6");
}

static void an_exhausted_arena_is_an_error_and_not_half_a_tree(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(256);
    const struct value *value = NULL;
    struct reason reason = { 0 };
    assert_int_equal(parse(&arena, "[1,2,3,4,5,6,7,8,9,10]", &value, &reason), ERR_MEMORY);
    assert_null(value);
}

static void a_wrong_member_is_named_with_what_was_expected(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(65536);
    const struct value *value = NULL;
    struct reason reason = { 0 };
    assert_int_equal(parse(&arena, "{\"a\":1,\"b\":\"text\",\"n\":null}", &value, &reason), OK);
    const char *text = "untouched";
    assert_int_equal(json_get_text(value, "a", 9, &text, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "json.type");
    assert_string_equal(reason.field, "a");
    assert_string_equal(reason.expected, "a string");
    assert_int_equal(json_get_text(value, "c", 9, &text, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "json.missing");
    assert_int_equal(json_get_text(value, "b", 3, &text, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "json.too_long");
    assert_string_equal(text, "untouched");
    assert_int_equal(json_get_text_or(value, "n", 9, "else", &text, &reason), OK);
    assert_string_equal(text, "else");
    int64_t integer = 0;
    assert_int_equal(json_get_integer(value, "a", &integer, &reason), OK);
    assert_int_equal(integer, 1);
    static const char *const names[] = { "a", "b", NULL };
    assert_int_equal(json_refuse_unknown(value, names, &reason), ERR_INPUT);
    assert_string_equal(reason.field, "n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_parsed_is_written_again),
        cmocka_unit_test(what_is_not_json_as_we_read_it_is_refused),
        cmocka_unit_test(a_text_over_the_limit_is_not_looked_at),
        cmocka_unit_test(an_exhausted_arena_is_an_error_and_not_half_a_tree),
        cmocka_unit_test(a_wrong_member_is_named_with_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
