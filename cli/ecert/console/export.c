/* The export wizard: a certificate, or a key with its certificate, into a file on this server. Only
 * its path is shown: nothing secret ever goes to the browser. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/export_file.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/pfx_file.h"

#include <stdlib.h>

enum { TARGETS_MAX = 16 };

struct fields {
    struct span format, target, out;
    struct secret password, again, passphrase;
};
static void fields_release(struct fields *fields)
{
    secret_release(&fields->password);
    secret_release(&fields->again);
    secret_release(&fields->passphrase);
}
AUTO_DEFINE(fields, fields_release)

static const struct form_field form_fields[] = {
    { "format", FORM_LINE, .max = 8, .required = true, .offset = offsetof(struct fields, format) },
    { "target", FORM_LINE, .max = 32, .offset = offsetof(struct fields, target) },
    { "out", FORM_LINE, .max = PATH_MAX - 1, .required = true,
        .offset = offsetof(struct fields, out) },
    { "password", FORM_SECRET, .max = PASSWORD_MAX, .offset = offsetof(struct fields, password) },
    { "passphrase", FORM_SECRET, .max = PASSWORD_MAX,
        .offset = offsetof(struct fields, passphrase) },
    { "again", FORM_SECRET, .max = PASSWORD_MAX, .offset = offsetof(struct fields, again) },
};
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

static void choices_put(
    struct visit *visit, const struct item_page *page, struct span format, struct span target);
static void targets_put(struct visit *visit, struct span chosen);
static const char *path_propose(struct visit *visit, const struct item_page *page);
static const struct export_format *format_find(struct span name);
static enum err file_make(struct visit *visit, const struct item_page *page,
    const struct fields *fields, const char *out, struct reason *ret_reason);
static enum err pfx_make(struct visit *visit, const struct item_page *page,
    const struct fields *fields, const char *out, struct reason *ret_reason);

enum err export_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    TRY(item_page_open(visit, "console.export", &one));
    choices_put(visit, &one, SPAN_LITERAL("pfx"), SPAN_LITERAL("modern"));
    const char *out = path_propose(visit, &one);
    page_put_typed(visit, "out", span_from_text(out));
    return page_reply_form(visit, 200, "export");
}

enum err export_post(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    AUTO(fields) fields = { .target = SPAN_LITERAL("modern") };
    struct reason reason = { 0 };
    TRY(item_page_open(visit, "console.export", &one));
    enum err err = visit_form(visit, &form, &fields);
    choices_put(visit, &one, fields.format, fields.target);
    page_put_typed(visit, "out", fields.out);
    if (visit->stays) {
        return page_reply_form(visit, 200, "export");
    }
    if (err != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "out", "export");
    }
    const char *out = visit_text(visit, fields.out);
    item_page_unlock(visit, &one, &fields.passphrase);
    err = file_make(visit, &one, &fields, out == NULL ? "" : out, &reason);
    item_page_locked(visit, &one, &reason);
    if (is_wrong(err, &reason)) {
        return page_reply_wrong(visit, &reason, "out", "export");
    }
    TRY(err);
    const struct pfx_target *target = pfx_target_find(visit_text(visit, fields.target));
    bool pfx = span_equal_text(fields.format, "pfx");
    value_put_text(&visit->tool.tree, visit->page, "file", out);
    value_put_bool(&visit->tool.tree, visit->page, "secret", pfx);
    value_put_bool(&visit->tool.tree, visit->page, "weak",
        pfx && target != NULL && target->cipher == PFX_3DES_SHA1);
    return page_reply(visit, 200, "exported");
}

static void choices_put(
    struct visit *visit, const struct item_page *page, struct span format, struct span target)
{
    static const char *const labels[] = { "console.format_pem", "console.format_der",
        "console.format_p7b", "console.format_pfx" };
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "formats");
    const struct export_format *one;
    for (size_t i = 0; (one = export_format_at(i)) != NULL; i++) {
        if (page->item.kind == CERTSTORE_REQUEST && one->write != NULL) {
            continue; /* there is nothing but the key yet */
        }
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "word", one->name);
        value_put_text(tree, item, "label", labels[i]);
        value_put_bool(tree, item, "chosen", span_equal_text(format, one->name));
    }
    targets_put(visit, target);
}

/* The library names them in one text. */
static void targets_put(struct visit *visit, struct span chosen)
{
    struct value_tree *tree = &visit->tool.tree;
    AUTO(buf) names = buf_make(1024);
    pfx_target_names(&names);
    struct value *list = value_put_list(tree, visit->page, "targets");
    const char *at = buf_text(&names);
    for (size_t i = 0; at != NULL && *at != '\0' && i < TARGETS_MAX; i++) {
        size_t len = strcspn(at, ", ");
        struct span name = span_make(at, len);
        struct value *item = value_add_object(tree, list);
        value_put_span(tree, item, "word", name);
        value_put_text(tree, item, "label",
            arena_format(visit->request->arena, "console.target_%.*s", (int)len, at));
        value_put_bool(tree, item, "chosen", span_equal(name, chosen));
        at += len + strspn(at + len, ", ");
    }
}

/* What another CA wrote as a name may hold a slash. */
static const char *path_propose(struct visit *visit, const struct item_page *page)
{
    const char *home = getenv("HOME");
    struct dns_name parsed;
    bool host = dns_name_parse(span_from_text(page->view.first_name), DNS_NAME_HOST_OR_WILDCARD,
                    &parsed, /* ret_reason= */ NULL) == OK;
    const char *name = !host                   ? page->view.short_id
                       : parsed.text[0] == '*' ? parsed.text + 2
                                               : parsed.text;
    return arena_format(visit->request->arena, "%s/%s.pfx", home == NULL ? "" : home, name);
}

static const struct export_format *format_find(struct span name)
{
    const struct export_format *one;
    for (size_t i = 0; (one = export_format_at(i)) != NULL; i++) {
        if (span_equal_text(name, one->name)) {
            return one;
        }
    }
    return NULL;
}

static enum err file_make(struct visit *visit, const struct item_page *page,
    const struct fields *fields, const char *out, struct reason *ret_reason)
{
    const struct export_format *format = format_find(fields->format);
    if (format == NULL || (page->item.kind == CERTSTORE_REQUEST && format->write != NULL)) {
        return reason_set(ret_reason, ERR_INPUT, "form.choice", "format", NULL, NULL);
    }
    if (out[0] != '/') {
        return reason_set(ret_reason, ERR_INPUT, "console.path_absolute", "out", out, NULL);
    }
    return format->write == NULL ? pfx_make(visit, page, fields, out, ret_reason)
                                 : export_write(format, &page->item, out, ret_reason);
}

static enum err pfx_make(struct visit *visit, const struct item_page *page,
    const struct fields *fields, const char *out, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    char name[40] = "";
    const struct pfx_target *target =
        span_to_text(fields->target, name, sizeof name) ? pfx_target_find(name) : NULL;
    if (target == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "form.choice", "target", NULL, NULL);
    }
    if (fields->password.len == 0) {
        return reason_set(ret_reason, ERR_INPUT, "form.required", "password", NULL, NULL);
    }
    if (!bytes_equal_secret(secret_span(&fields->password), secret_span(&fields->again))) {
        return reason_set(ret_reason, ERR_INPUT, "tool.secret_differs", "again", NULL, NULL);
    }
    TRY(pfx_file_possible(&page->item, ret_reason));
    TRY(key_open(&visit->tool, page->store, &page->item, ret_reason, &key));
    return pfx_file_make(&page->item, key, target, &fields->password, out, ret_reason);
}
