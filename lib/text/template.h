#pragma once
/* Pages from templates, compiled once at boot and filled per request from a tree of values.
 *
 *     {{name}} {{a.b}} {{this}} {{@number}}   a value, escaped for the place where it stands
 *     {{t login.title}}  {{t $code}}          a message in the page's language; by its id, or by
 * the id that a value holds; {placeholders} are values
 *     {{#if x}} … {{else}} … {{/if}}          by value_truth
 *     {{#each xs}} … {{/each}}                members of each object are names inside
 *     {{> partial}}                           another template of the set
 *
 * The compiler follows the HTML: a value may stand in text or in a quoted attribute; in href, src
 * and action it is encoded as part of a URL, or, standing first, must be a path or an http(s) or
 * mailto URL. Anywhere else (unquoted attributes, script, style, comments) it is refused at boot.
 * No value is ever written unescaped. */
#include "lib/base/buf.h"
#include "lib/text/language.h"
#include "lib/text/value.h"

struct template_set;

enum { TEMPLATES_MAX = 64, TEMPLATE_MAX_BYTES = 64 * 1024 };

/* Compiles every *.html of `directory`; the name is the file's without suffix. Reasons:
 * template.<what>, field: the template, seen: the line or the name concerned. */
enum err template_set_open(
    const char *directory, struct template_set **ret_set, struct reason *ret_reason) MUST_USE;
/* An empty set; then add each, and link once all are there. */
struct template_set *template_set_new(void);
enum err template_set_add(struct template_set *set, const char *name, struct span source,
    struct reason *ret_reason) MUST_USE;
enum err template_set_link(struct template_set *set, struct reason *ret_reason) MUST_USE;
void template_set_free(struct template_set *set);
AUTO_PTR_DEFINE(template_set, template_set_free)

/* Appends the page. ERR_NOT_FOUND for an unknown template, ERR_LIMIT if partials nest too deep or
 * the buffer is full. */
enum err template_render(const struct template_set *set, const char *name,
    const struct language *language, const struct value *values, struct buf *html) MUST_USE;
