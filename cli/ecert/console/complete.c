/* Completing a pending request, and taking a certificate or a request out of the store. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/intake.h"
#include "cli/ecert/item_use.h"

struct fields {
    struct span upload, pasted;
    struct secret passphrase;
};
static void fields_release(struct fields *fields)
{
    secret_release(&fields->passphrase);
}
AUTO_DEFINE(fields, fields_release)

static const struct form_field form_fields[] = {
    { "upload", FORM_FILE, .max = BUNDLE_FILE_MAX, .offset = offsetof(struct fields, upload) },
    { "pasted", FORM_TEXT, .offset = offsetof(struct fields, pasted) },
    { "passphrase", FORM_SECRET, .max = PASSWORD_MAX,
        .offset = offsetof(struct fields, passphrase) },
};
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

struct removal {
    bool nevertheless;
};
static const struct form_field removal_fields[] = {
    { "nevertheless", FORM_CHECK, .offset = offsetof(struct removal, nevertheless) },
};
static const struct form removal_form = { removal_fields, 1, FORM_IGNORE_UNKNOWN };

static enum err request_open(struct visit *visit, struct item_page *ret_page);
static bool certifies(const struct bundle *bundle, const struct certstore_item *item);
static enum err use_find(
    struct visit *visit, const struct item_page *page, struct reason *ret_reason);

enum err complete_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    TRY(request_open(visit, &one));
    return page_reply_form(visit, 200, "complete");
}

static enum err request_open(struct visit *visit, struct item_page *ret_page)
{
    TRY(item_page_open(visit, "console.complete", ret_page));
    return ret_page->item.kind == CERTSTORE_REQUEST
               ? OK
               : reason_set(&visit->request->reason, ERR_CONFLICT, "certstore.have_certificate",
                     NULL, ret_page->view.short_id, NULL);
}

/* For this request alone: a certificate for another one would complete that. */
enum err complete_post(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    AUTO(bundle) bundle = { 0 };
    AUTO(certstore_item) completed = { 0 };
    AUTO(fields) fields = { .passphrase = { 0 } };
    struct reason reason = { 0 };
    TRY(request_open(visit, &one));
    if (visit_form(visit, &form, &fields) != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "upload", "complete");
    }
    const char *field = fields.upload.len > 0 ? "upload" : "pasted";
    struct span file = fields.upload.len > 0 ? fields.upload : fields.pasted;
    page_put_typed(visit, "pasted", fields.pasted);
    if (visit->stays) {
        return page_reply_form(visit, 200, "complete");
    }
    enum err err = OK;
    if (file.len == 0) {
        err = reason_set(&reason, ERR_INPUT, "form.required", "upload", NULL, NULL);
    } else if (bundle_cut(file, &bundle) != OK || bundle.count == 0) {
        err = reason_set(&reason, ERR_INPUT, "console.no_certificates", field, NULL, NULL);
    } else if (!certifies(&bundle, &one.item)) {
        err = reason_set(&reason, ERR_DENIED, "console.other_key", field, NULL, NULL);
    } else {
        item_page_unlock(visit, &one, &fields.passphrase);
        err = intake_complete(&visit->tool, one.store, &bundle, &reason, &completed);
    }
    item_page_locked(visit, &one, &reason);
    if (is_wrong(err, &reason)) {
        return page_reply_wrong(visit, &reason, "upload", "complete");
    }
    TRY(err);
    return visit_done(
        visit, arena_format(visit->request->arena, "/certificate/%s", completed.id), "completed");
}

static bool certifies(const struct bundle *bundle, const struct certstore_item *item)
{
    for (size_t i = 0; i < bundle->count; i++) {
        struct certificate parsed;
        uint8_t hash[SHA256_BYTES];
        if (certificate_parse(bundle->spans[i], &parsed) == OK && sha256(parsed.spki, hash) == OK &&
            span_equal(SPAN_OF(hash), SPAN_OF(item->spki_sha256))) {
            return true;
        }
    }
    return false;
}

enum err remove_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    struct reason reason = { 0 };
    TRY(item_page_open(visit, "console.remove", &one));
    TRY(use_find(visit, &one, &reason));
    return page_reply(visit, 200, "remove");
}

/* Who needs it, as "used" {text}: then it goes only by a second mark. */
static enum err use_find(
    struct visit *visit, const struct item_page *page, struct reason *ret_reason)
{
    enum err err = item_use_check(&visit->tool, page->store, &page->item, ret_reason);
    if (err != ERR_DENIED) {
        return err;
    }
    AUTO(buf) text = buf_make(4096);
    value_put_text(&visit->tool.tree, visit->page, "used",
        strcmp(ret_reason->code, "tool.in_use") == 0 ? "console.in_use" : "console.waits");
    value_put_text(&visit->tool.tree, visit->page, "used_by", ret_reason->seen);
    return OK;
}

enum err remove_post(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    struct removal fields = { 0 };
    struct reason used = { 0 }, reason = { 0 };
    TRY(item_page_open(visit, "console.remove", &one));
    TRY(use_find(visit, &one, &used));
    TRY(visit_form(visit, &removal_form, &fields));
    if (used.code[0] != '\0' && !fields.nevertheless) {
        reason_set(&reason, ERR_DENIED, "console.still_used", "nevertheless", NULL, NULL);
        return page_reply_wrong(visit, &reason, "nevertheless", "remove");
    }
    TRY(certstore_remove(one.store, &one.item, &visit->request->reason));
    return visit_done(visit, "/", "removed");
}
