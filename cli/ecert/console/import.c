/* The import wizard of the personal store: a PFX, or a certificate with its key in a file of its
 * own or for a key that waits here. */
#include "cli/ecert/console/handlers.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/intake.h"
#include "cli/ecert/pfx_file.h"
#include "lib/base/limits.h"

#include <stdio.h>

struct fields {
    struct span upload, key, friendly;
    struct secret password;
};
static void fields_release(struct fields *fields)
{
    secret_release(&fields->password);
}
AUTO_DEFINE(fields, fields_release)

static const struct form_field form_fields[] = {
    { "upload", FORM_FILE, .max = BUNDLE_FILE_MAX, .offset = offsetof(struct fields, upload) },
    { "key", FORM_FILE, .max = KEY_PRIVATE_MAX_BYTES, .offset = offsetof(struct fields, key) },
    { "password", FORM_SECRET, .max = PASSWORD_MAX, .offset = offsetof(struct fields, password) },
    { "friendly", FORM_LINE, .max = CERTSTORE_FRIENDLY_MAX - 1,
        .offset = offsetof(struct fields, friendly) },
};
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

static void keep(struct visit *visit, struct span file);
static enum err take(struct visit *visit, struct certstore *store, const struct fields *fields,
    struct reason *ret_reason, struct certstore_item *ret_item);
static enum err take_pfx(struct visit *visit, struct certstore *store, const struct fields *fields,
    struct reason *ret_reason, struct certstore_item *ret_item);

enum err import_get(struct visit *visit)
{
    page_begin(visit, "console.import", "certificates");
    return page_reply_form(visit, 200, "import");
}

enum err import_post(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    AUTO(fields) fields = { .password = { 0 } };
    AUTO(secret) kept = { 0 };
    struct reason reason = { 0 };
    page_begin(visit, "console.import", "certificates");
    enum err err = visit_form(visit, &form, &fields);
    page_put_typed(visit, "friendly", fields.friendly);
    kept_take(&visit->console->kept, &kept);
    if (fields.upload.len == 0) {
        /* Not a secret's own pages, which the child that reads a PFX doesn't get. */
        fields.upload = arena_span(visit->request->arena, secret_span(&kept));
    }
    if (visit->stays) {
        keep(visit, secret_span(&kept));
        return page_reply_form(visit, 200, "import");
    }
    if (err == OK && fields.upload.len == 0) {
        err = reason_set(&reason, ERR_INPUT, "form.required", "upload", NULL, NULL);
    }
    if (err != OK) {
        return page_reply_wrong(visit, reason.code[0] == '\0' ? NULL : &reason, "upload", "import");
    }
    TRY(visit_store(visit, &store));
    err = take(visit, store, &fields, &reason, &item);
    if (is_wrong(err, &reason)) {
        bool again = strcmp(reason.code, "pfx.password") == 0;
        keep(visit, again ? fields.upload : (struct span){ 0 });
        return page_reply_wrong(visit, &reason, "upload", "import");
    }
    TRY(err);
    return visit_done(visit, arena_format(visit->request->arena, "/certificate/%s", item.id),
        item.kind == CERTSTORE_REQUEST ? "pending" : "imported");
}

/* For the next try; the page then says that it is here. */
static void keep(struct visit *visit, struct span file)
{
    if (file.len > 0) {
        kept_put(&visit->console->kept, file);
        value_put_bool(&visit->tool.tree, visit->page, "kept", true);
    }
}

static enum err take(struct visit *visit, struct certstore *store, const struct fields *fields,
    struct reason *ret_reason, struct certstore_item *ret_item)
{
    AUTO(bundle) bundle = { 0 };
    const struct intake_pair pair = {
        .key_pem = fields->key,
        .password = fields->password.len > 0 ? &fields->password : NULL,
        .friendly_name = visit_text(visit, fields->friendly),
        .now = clock_now(&visit->tool.clock),
    };
    if (!intake_holds_certificates(fields->upload)) {
        return take_pfx(visit, store, fields, ret_reason, ret_item);
    }
    if (bundle_cut(fields->upload, &bundle) != OK || bundle.count == 0) {
        return reason_set(ret_reason, ERR_INPUT, "console.no_certificates", "upload", NULL, NULL);
    }
    enum err err = intake_certificates(&visit->tool, store, &bundle, &pair, ret_reason, ret_item);
    if (err != OK && strncmp(ret_reason->code, "key.", 4) == 0) {
        bool password = strncmp(ret_reason->code, "key.passphrase", 14) == 0;
        snprintf(ret_reason->field, sizeof ret_reason->field, password ? "password" : "key");
    }
    return err;
}

static enum err take_pfx(struct visit *visit, struct certstore *store, const struct fields *fields,
    struct reason *ret_reason, struct certstore_item *ret_item)
{
    AUTO(pfx) pfx = { 0 };
    if (fields->key.len > 0) {
        return reason_set(ret_reason, ERR_INPUT, "console.key_twice", "key", NULL, NULL);
    }
    if (fields->upload.len > PFX_MAX_BYTES) {
        return reason_set(ret_reason, ERR_LIMIT, "pfx.too_long", "upload", NULL, NULL);
    }
    enum err err = pfx_file_open(fields->upload, &fields->password, &pfx, ret_reason);
    if (err != OK) {
        bool password = strcmp(ret_reason->code, "pfx.password") == 0;
        snprintf(ret_reason->field, sizeof ret_reason->field, password ? "password" : "upload");
        return err;
    }
    return pfx_keep(&visit->tool, store, &pfx, ret_item, ret_reason);
}
