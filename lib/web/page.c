/* Values that templates show. */
#include "lib/web/page.h"

#include <stdio.h>

enum {
    LANGUAGE_COOKIE_SECONDS = 365 * 86400,
    PAGE_MAX_BYTES = 1024 * 1024,
    TEXT_MAX_BYTES = 4096,
    FIELD_LABEL_MAX = 80,
    GROUP_DIGITS = 8,
};

static void what_put(const struct web_page *page, struct value *object, const char *name,
    const struct reason *reason);
static const char *next_of(const struct web_page *page, const struct reason *reason);

enum err web_language_choose(const struct language_set *languages, struct http_request *request,
    struct http_response *response, bool secure, const struct language **ret_language)
{
    struct span accept = { 0 };
    struct span tag = { 0 };
    char text[16];
    (void)http_request_header(request, "Accept-Language", &accept);
    *ret_language = language_negotiate(languages, accept);
    bool asked = http_request_query(request, "lang", &tag);
    if (!asked && !http_request_cookie(request, "lang", &tag)) {
        return OK;
    }
    const struct language *language =
        span_to_text(tag, text, sizeof text) ? language_by_tag(languages, text) : NULL;
    if (language == NULL) {
        return OK;
    }
    *ret_language = language;
    const struct cookie cookie = {
        .name = "lang",
        .value = span_from_text(language_tag(language)),
        .max_age_seconds = LANGUAGE_COOKIE_SECONDS,
        .secure = secure,
        .lax = true,
    };
    return asked ? response_cookie(response, &cookie) : OK;
}

void web_put_languages(
    const struct web_page *page, const struct language_set *languages, const char *here)
{
    struct value_tree *tree = page->tree;
    struct arena *arena = page->request->arena;
    struct value *list = value_put_list(tree, page->root, "languages");
    const struct language *language = NULL;
    for (size_t i = 0; (language = language_at(languages, i)) != NULL; i++) {
        struct value *item = value_add_object(tree, list);
        const char *tag = language_tag(language);
        value_put_text(tree, item, "tag", tag);
        value_put_text(tree, item, "href",
            here == NULL ? arena_format(arena, "?lang=%s", tag)
                         : arena_format(arena, "%s&lang=%s", here, tag));
        value_put_text(tree, item, "name", language_name(language));
        value_put_bool(tree, item, "current", language == page->language);
    }
}

struct value *web_put_error(const struct web_page *page, const struct reason *reason)
{
    return web_put_error_at(page, reason, reason->field);
}

struct value *web_put_error_at(
    const struct web_page *page, const struct reason *reason, const char *field)
{
    struct value_tree *tree = page->tree;
    struct reason shown = *reason;
    char label[FIELD_LABEL_MAX];
    snprintf(label, sizeof label, "field.%.60s", reason->field);
    if (language_has(page->language, label)) {
        snprintf(shown.field, sizeof shown.field, "%s", language_text(page->language, label));
    }
    AUTO(buf) text = buf_make(TEXT_MAX_BYTES);
    AUTO(buf) next = buf_make(TEXT_MAX_BYTES);
    language_format_reason(page->language, &shown, "", &text);
    language_format_reason(page->language, &shown, next_of(page, &shown), &next);

    struct value *list = (struct value *)value_get(page->root, "errors");
    struct value *by_field = (struct value *)value_get(page->root, "error");
    if (list == NULL) {
        list = value_put_list(tree, page->root, "errors");
        by_field = value_put_object(tree, page->root, "error");
    }
    struct value *error = value_add_object(tree, list);
    value_put_text(tree, error, "field", field);
    what_put(page, error, "text", &shown);
    value_put_text(tree, error, "next", buf_text(&next));
    const char *name = arena_text(page->request->arena, span_from_text(field));
    if (name != NULL && name[0] != '\0' && value_get(by_field, name) == NULL) {
        value_put_text(tree, by_field, name, buf_text(&text));
    }
    return error;
}

void web_put_reason(const struct web_page *page, struct value *object, const struct reason *reason)
{
    AUTO(buf) next = buf_make(TEXT_MAX_BYTES);
    language_format_reason(page->language, reason, next_of(page, reason), &next);
    what_put(page, object, "why", reason);
    value_put_text(page->tree, object, "next", buf_text(&next));
}

/* What happened, and as "said" the words of the system or of another program that it ends with:
 * they are English in any language, and a page says so. */
static void what_put(const struct web_page *page, struct value *object, const char *name,
    const struct reason *reason)
{
    static const char FAILURE[] = "{failure}";
    AUTO(buf) text = buf_make(TEXT_MAX_BYTES);
    const char *pattern = language_text(page->language, reason->code), *seen = reason->seen;
    size_t len = strlen(pattern), tail = strlen(seen), end = sizeof FAILURE - 1;
    language_format_reason(page->language, reason, "", &text);
    bool foreign = len > end && strcmp(pattern + len - end, FAILURE) == 0 && tail < text.len &&
                   strcmp(language_tag(page->language), "en") != 0 &&
                   language_failure(page->language, seen) == seen;
    struct span what = buf_span(&text);
    value_put_span(page->tree, object, name, span_make(what.data, what.len - (foreign ? tail : 0)));
    if (foreign && tail > 0) {
        value_put_text(page->tree, object, "said", seen);
    }
}

static const char *next_of(const struct web_page *page, const struct reason *reason)
{
    char id[REASON_CODE_MAX + 16];
    snprintf(id, sizeof id, "%s%s", reason->code, page->next == NULL ? "" : page->next);
    return page->next != NULL && language_has(page->language, id) ? page->next : ".next";
}

void web_put_typed(const struct web_page *page, const char *field, struct span text)
{
    struct value *typed = (struct value *)value_get(page->root, "typed");
    if (typed == NULL) {
        typed = value_put_object(page->tree, page->root, "typed");
    }
    if (utf8_valid(text)) {
        value_put_span(page->tree, typed, field, text);
    }
}

void web_put_groups(
    const struct web_page *page, struct value *object, const char *name, const char *hex)
{
    struct value *groups = value_put_list(page->tree, object, name);
    for (; *hex != '\0'; hex += strnlen(hex, GROUP_DIGITS)) {
        value_add_text(
            page->tree, groups, arena_format(page->request->arena, "%.*s", GROUP_DIGITS, hex));
    }
}

void web_put_refusal(const struct web_page *page, int status, const struct reason *reason)
{
    AUTO(buf) next = buf_make(TEXT_MAX_BYTES);
    struct reason shown = *reason;
    const char *id = arena_format(page->request->arena, "status.%d", status);
    const char *heading = id != NULL && language_has(page->language, id) ? id : "status.500";
    if (shown.code[0] == '\0') {
        (void)reason_set(&shown, ERR_INPUT, heading, "", "", "");
    }
    language_format_reason(page->language, &shown, next_of(page, &shown), &next);
    value_put_text(page->tree, page->root, "heading", heading);
    if (reason->code[0] != '\0') {
        what_put(page, page->root, "what", &shown);
    }
    value_put_text(page->tree, page->root, "next", buf_text(&next));
    value_put_text(page->tree, page->root, "request_id", page->request->id);
}

enum err web_reply(const struct web_page *page, const struct template_set *templates, int status,
    const char *template)
{
    AUTO(buf) html = buf_make(PAGE_MAX_BYTES);
    TRY(value_tree_check(page->tree));
    TRY(template_render(templates, template, page->language, page->root, &html));
    return reply_html(page->response, status, &html);
}
