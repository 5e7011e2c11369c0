#include "lib/text/template.h"
#include "tests/unit/text/languages.h"

/* Renders `source` with `values`; the caller owns what comes back. */
static char *render(const char *source, const struct value *values)
{
    AUTO_PTR(language_set) languages = languages_make();
    AUTO_PTR(template_set) set = template_set_new();
    struct reason reason = { 0 };
    assert_int_equal(template_set_add(set, "page", span_from_text(source), &reason), OK);
    assert_int_equal(template_set_link(set, &reason), OK);
    AUTO(buf) html = buf_make(65536);
    assert_int_equal(
        template_render(set, "page", language_by_tag(languages, "en"), values, &html), OK);
    return strdup(buf_text(&html));
}

static void assert_renders(const char *source, const char *text, const char *expected)
{
    AUTO(arena) arena = arena_make(65536);
    struct value_tree tree = value_tree_make(&arena);
    struct value *values = value_object(&tree);
    value_put_text(&tree, values, "x", text);
    char *html = render(source, values);
    assert_string_equal(html, expected);
    free(html);
}

static const char *refusal(const char *source)
{
    static struct reason reason;
    reason = (struct reason){ 0 };
    AUTO_PTR(template_set) set = template_set_new();
    assert_int_equal(template_set_add(set, "page", span_from_text(source), &reason), ERR_INPUT);
    return reason.code;
}

static void text_is_escaped_wherever_it_may_stand(void **state)
{
    (void)state;
    const char *hostile = "<script>alert(\"1\" & '2')</script>";
    const char *escaped = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;";
    char expected[256];
    snprintf(expected, sizeof expected, "<p>%s</p>", escaped);
    assert_renders("<p>{{x}}</p>", hostile, expected);
    snprintf(expected, sizeof expected, "<p title=\"%s\">", escaped);
    assert_renders("<p title=\"{{x}}\">", hostile, expected);
    snprintf(expected, sizeof expected, "<p title='a %s'>", escaped);
    assert_renders("<p title='a {{x}}'>", hostile, expected);
}

static void a_url_is_encoded_or_of_a_harmless_kind(void **state)
{
    (void)state;
    assert_renders(
        "<a href=\"/a/{{x}}\">", "../b?c=d&e\"#", "<a href=\"/a/..%2Fb%3Fc%3Dd%26e%22%23\">");
    assert_renders("<a href=\"{{x}}\">", "javascript:alert(1)", "<a href=\"#\">");
    assert_renders("<a href=\"{{x}}\">", " javascript:alert(1)", "<a href=\"#\">");
    assert_renders("<a href=\"{{x}}\">", "//evil.example", "<a href=\"#\">");
    assert_renders("<a href=\"{{x}}\">", "/\\evil.example", "<a href=\"#\">");
    assert_renders("<a href='{{x}}'>", "data:text/html,x", "<a href='#'>");
    assert_renders(
        "<form action=\"{{x}}\">", "/csr?a=1&b='", "<form action=\"/csr?a=1&amp;b=&#39;\">");
    assert_renders("<a href=\"{{x}}\">", "https://ca.example/", "<a href=\"https://ca.example/\">");
    assert_renders("<a HREF=\"{{x}}\">", "vbscript:x", "<a HREF=\"#\">");
}

static void a_value_where_it_can_not_be_escaped_is_refused_at_boot(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "<p {{x}}>",
        "<p title={{x}}>",
        "<script>var a = '{{x}}';</script>",
        "<SCRIPT type=\"a\">{{x}}</SCRIPT>",
        "<style>{{x}}</style>",
        "<!-- {{x}} -->",
        "<p style=\"{{x}}\">",
        "<p onclick=\"{{x}}\">",
        "<p ONCLICK='a({{t hello}})'>",
        "<iframe srcdoc=\"{{x}}\">",
        "<p {{> other}}>",
        "<{{x}}>",
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        assert_string_equal(refusal(sources[i]), "template.place");
    }
}

static void blocks_must_match_and_leave_the_html_where_it_was(void **state)
{
    (void)state;
    assert_string_equal(refusal("{{#if x}}"), "template.unclosed_block");
    assert_string_equal(refusal("{{/if}}"), "template.unexpected_end");
    assert_string_equal(refusal("{{#if x}}{{/each}}"), "template.unexpected_end");
    assert_string_equal(refusal("{{else}}"), "template.unexpected_else");
    assert_string_equal(refusal("{{#each x}}{{else}}{{/each}}"), "template.unexpected_else");
    assert_string_equal(refusal("<p {{#if x}}title=\"{{/if}}\">"), "template.unbalanced_html");
    assert_string_equal(refusal("<p title=\"a"), "template.unclosed_html");
    assert_string_equal(refusal("{{x"), "template.unclosed_tag");
    assert_string_equal(refusal("{{x y}}"), "template.name");
    assert_string_equal(refusal("{{}}"), "template.name");
}

static void blocks_choose_and_repeat(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(65536);
    struct value_tree tree = value_tree_make(&arena);
    struct value *values = value_object(&tree);
    value_put_text(&tree, values, "outer", "o");
    value_put_bool(&tree, values, "no", false);
    struct value *list = value_put_list(&tree, values, "xs");
    for (size_t i = 0; i < 2; i++) {
        struct value *element = value_add_object(&tree, list);
        value_put_text(&tree, element, "name", i == 0 ? "a<" : "b");
        struct value *inner = value_put_object(&tree, element, "in");
        value_put_integer(&tree, inner, "n", (int64_t)i);
    }
    char *html =
        render("{{#each xs}}{{@number}}{{outer}}{{name}}{{in.n}}{{#if in.n}}+{{else}}-{{/if}};"
               "{{/each}}{{#if no}}wrong{{/if}}{{#if absent}}wrong{{else}}right{{/if}}",
            values);
    assert_string_equal(html, "1oa&lt;0-;2ob1+;right");
    free(html);
}

static void messages_and_their_placeholders_are_escaped(void **state)
{
    (void)state;
    AUTO(arena) arena = arena_make(65536);
    struct value_tree tree = value_tree_make(&arena);
    struct value *values = value_object(&tree);
    value_put_text(&tree, values, "name", "<b>");
    value_put_text(&tree, values, "code", "hello");
    char *html = render("{{t hello}}|{{t $code}}|<i title=\"{{t hello}}\">", values);
    assert_string_equal(html, "Hello &lt;b&gt; &amp; |Hello &lt;b&gt; &amp; |"
                              "<i title=\"Hello &lt;b&gt; &amp; \">");
    free(html);
}

static void a_missing_partial_is_named_and_a_circle_is_bounded(void **state)
{
    (void)state;
    AUTO_PTR(language_set) languages = languages_make();
    AUTO_PTR(template_set) set = template_set_new();
    struct reason reason = { 0 };
    assert_int_equal(template_set_add(set, "a", SPAN_LITERAL("{{> b}}"), &reason), OK);
    assert_int_equal(template_set_link(set, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.seen, "b");
    assert_int_equal(template_set_add(set, "b", SPAN_LITERAL("{{> a}}"), &reason), OK);
    assert_int_equal(template_set_link(set, &reason), OK);
    AUTO(buf) html = buf_make(1024);
    const struct language *language = language_by_tag(languages, "en");
    assert_int_equal(template_render(set, "a", language, NULL, &html), ERR_LIMIT);
    assert_int_equal(template_render(set, "c", language, NULL, &html), ERR_NOT_FOUND);
}

static void a_page_that_is_too_large_fails_as_a_whole(void **state)
{
    (void)state;
    AUTO_PTR(language_set) languages = languages_make();
    AUTO_PTR(template_set) set = template_set_new();
    struct reason reason = { 0 };
    assert_int_equal(template_set_add(set, "a", SPAN_LITERAL("12345"), &reason), OK);
    AUTO(buf) html = buf_make(4);
    assert_int_equal(
        template_render(set, "a", language_by_tag(languages, "en"), NULL, &html), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped_wherever_it_may_stand),
        cmocka_unit_test(a_url_is_encoded_or_of_a_harmless_kind),
        cmocka_unit_test(a_value_where_it_can_not_be_escaped_is_refused_at_boot),
        cmocka_unit_test(blocks_must_match_and_leave_the_html_where_it_was),
        cmocka_unit_test(blocks_choose_and_repeat),
        cmocka_unit_test(messages_and_their_placeholders_are_escaped),
        cmocka_unit_test(a_missing_partial_is_named_and_a_circle_is_bounded),
        cmocka_unit_test(a_page_that_is_too_large_fails_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
