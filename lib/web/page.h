#pragma once
/* What every server of pages for people does alike: the language of a visit, errors in a summary
 * and above their fields, what was typed shown again, hashes in groups, and the page itself. Knows
 * nothing of what the pages are about. */
#include "lib/http/request.h"
#include "lib/text/language.h"
#include "lib/text/template.h"

/* One page on its way; everything is the caller's and dies with the request. */
struct web_page {
    struct http_request *request;
    struct http_response *response;
    const struct language *language;
    struct value_tree *tree;
    struct value *root;
    /* Where the texts are that say what to do next on these pages; ".next" stands for what has none
     * there. NULL: there alone. */
    const char *next;
};

/* ?lang= wins and is remembered in a cookie (Secure where `secure`); then the cookie; then what the
 * browser asks for. */
enum err web_language_choose(const struct language_set *languages, struct http_request *request,
    struct http_response *response, bool secure, const struct language **ret_language) MUST_USE;
/* "languages": the switch between them; `here` is path and query that its links keep, NULL for the
 * path alone. */
void web_put_languages(
    const struct web_page *page, const struct language_set *languages, const char *here);
/* Adds one error to "errors", the page's summary, and by its field to "error", above the field. A
 * field is called what "field.NAME" says, where there is such a text. */
struct value *web_put_error(const struct web_page *page, const struct reason *reason);
/* The same above `field`, where the reason's own field is what was typed there. Returns the error
 * in the summary. */
struct value *web_put_error_at(
    const struct web_page *page, const struct reason *reason, const char *field);
/* "why" and "next" of a reason, in `object`. */
void web_put_reason(const struct web_page *page, struct value *object, const struct reason *reason);
/* What was typed, to be shown again; never a secret. Texts that aren't UTF-8 are left out. */
void web_put_typed(const struct web_page *page, const char *field, struct span text);
/* Hexadecimal in groups of eight digits that a person can compare, under `name`. */
void web_put_groups(
    const struct web_page *page, struct value *object, const char *name, const char *hex);
/* What a page says that answers with a refusal: "heading" (a message id, status.N), "what" and
 * "next" of the reason where it has a code, "request_id". */
void web_put_refusal(const struct web_page *page, int status, const struct reason *reason);
enum err web_reply(const struct web_page *page, const struct template_set *templates, int status,
    const char *template) MUST_USE;
