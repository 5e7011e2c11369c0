/* Page 4: pasting or uploading the request, seeing what is in it, submitting it. From the request
 * the certificate takes the key alone. A private key that came instead is refused, its public half
 * is blocked, and it is neither stored, logged nor shown again (doc/threats.md P11). */
#include "proc/portal/handlers.h"

#include "lib/base/log.h"
#include "lib/der/pem.h"
#include "lib/store/blocked.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/request.h"

#include <stdio.h>

enum { PEM_TEXT_MAX = 2 * CSR_MAX_BYTES };

struct request_form {
    struct span csr;
    struct span file;
    bool edit;
};
struct submission {
    const struct visit *visit;
    struct request_id id;
    struct span csr;
    const uint8_t *spki_hash;
};
struct blocking {
    const struct visit *visit;
    const uint8_t *spki_hash;
};

static enum err request_read(struct visit *visit, struct span input, struct request_view *view);
static enum err key_block(struct store *store, void *ctx);
static enum err request_submit(struct visit *visit, const struct request_view *view);
static enum err submission_store(struct store *store, void *ctx);
static enum err csr_show(struct visit *visit, int status, struct span typed);
static enum err preview_show(struct visit *visit, const struct request_view *view);
static enum err csr_refused(struct visit *visit, enum err err, struct span typed);
static enum err api_request_read(struct visit *visit, struct request_view *view);

static const struct form_field fields[] = {
    { "csr", FORM_FILE, 0, HTTP_FIELD_MAX_BYTES, .offset = offsetof(struct request_form, csr) },
    { "file", FORM_FILE, 0, HTTP_FIELD_MAX_BYTES, .offset = offsetof(struct request_form, file) },
    { "edit", FORM_CHECK, .offset = offsetof(struct request_form, edit) },
};
static const struct form request_form = { fields, sizeof fields / sizeof fields[0],
    FORM_IGNORE_UNKNOWN };

enum err csr_get(struct visit *visit)
{
    return csr_show(visit, 200, (struct span){ 0 });
}

enum err csr_post(struct visit *visit)
{
    struct request_form form = { 0 };
    AUTO(request_view) view = { 0 };
    if (visit_form(visit, &request_form, &form) != OK) {
        page_put_errors(visit);
        return csr_show(visit, 422, form.csr);
    }
    if (form.edit) {
        return csr_show(visit, 200, form.csr);
    }
    struct span input = form.file.len > 0 ? form.file : form.csr;
    enum err err = request_read(visit, input, &view);
    return err == OK ? preview_show(visit, &view) : csr_refused(visit, err, form.csr);
}

enum err csr_submit_post(struct visit *visit)
{
    struct request_form form = { 0 };
    AUTO(request_view) view = { 0 };
    TRY(visit_form(visit, &request_form, &form));
    enum err err = request_read(visit, form.csr, &view);
    if (err != OK) {
        return csr_refused(visit, err, form.csr);
    }
    TRY(request_submit(visit, &view));
    return reply_redirect(visit->response, "/certificate");
}

enum err api_csr_preview_post(struct visit *visit)
{
    AUTO(request_view) view = { 0 };
    TRY(api_request_read(visit, &view));
    TRY(request_view_put(visit, visit->page, &view));
    return visit_reply_json(visit, 200, visit->page);
}

enum err api_csr_post(struct visit *visit)
{
    AUTO(request_view) view = { 0 };
    TRY(api_request_read(visit, &view));
    TRY(request_submit(visit, &view));
    TRY(enrolment_put(visit, visit->page));
    return visit_reply_json(visit, 202, visit->page);
}

static enum err api_request_read(struct visit *visit, struct request_view *view)
{
    static const char *const names[] = { "csr", NULL };
    const struct value *object = NULL;
    const char *csr = NULL;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "csr", CSR_MAX_BYTES, &csr, &visit->request->reason));
    return request_read(visit, span_from_text(csr), view);
}

/* request_view_read, and the consequence for a private key. */
static enum err request_read(struct visit *visit, struct span input, struct request_view *view)
{
    char hex[2 * HASH_BYTES + 1] = "";
    enum err err = request_view_read(visit, input, view);
    if (err == OK || !view->reading.private_key) {
        return err;
    }
    if (view->reading.private_key_known) {
        struct blocking blocking = { visit, view->reading.spki_sha256 };
        TRY(store_transact(visit->portal->store, key_block, &blocking));
        hex_format(SPAN_OF(view->reading.spki_sha256), hex);
    }
    log_event(LOG_WARNING, "key.pasted", "spki_sha256", hex, "request", visit->request->id, NULL);
    return err;
}

static enum err key_block(struct store *store, void *ctx)
{
    const struct blocking *blocking = ctx;
    struct act act = visit_act(blocking->visit);
    return store_blocked_add(store, &act, blocking->spki_hash, "private key sent to the portal");
}

static enum err request_submit(struct visit *visit, const struct request_view *view)
{
    struct submission submission = {
        .visit = visit,
        .id.ordinal = visit->enrolment.ordinal,
        .csr = view->csr.der,
        .spki_hash = view->spki_hash,
    };
    memcpy(submission.id.enrolment, visit->enrolment.id, ENROLMENT_ID_BYTES);
    return enrolment_move(visit, ENROLMENT_SUBMIT_CSR, submission_store, &submission);
}

static enum err submission_store(struct store *store, void *ctx)
{
    const struct submission *submission = ctx;
    struct act act = visit_act(submission->visit);
    return store_certificate_submit(
        store, &act, &submission->id, submission->csr, submission->spki_hash);
}

static enum err csr_refused(struct visit *visit, enum err err, struct span typed)
{
    struct reason *reason = &visit->request->reason;
    if (reason->code[0] == '\0' || (err != ERR_INPUT && err != ERR_SIGNATURE && err != ERR_DENIED &&
                                       err != ERR_UNSUPPORTED && err != ERR_LIMIT)) {
        return err;
    }
    bool private_key = strcmp(reason->code, "csr.private_key") == 0;
    struct reason shown = *reason;
    snprintf(shown.field, sizeof shown.field, "csr");
    page_put_error(visit, &shown);
    return csr_show(visit, 422, private_key ? (struct span){ 0 } : typed);
}

static enum err csr_show(struct visit *visit, int status, struct span typed)
{
    page_begin(visit, STEP_CSR, "csr.title");
    TRY(details_put(visit, visit->page));
    if (visit->enrolment.has_spki) {
        char key[2 * HASH_BYTES + 1];
        hex_format(SPAN_OF(visit->enrolment.spki_hash), key);
        value_put_text(&visit->tree, visit->page, "bound_key", key);
    }
    page_put_typed(visit, "csr", typed);
    page_put_problem(visit);
    return page_reply(visit, status, "csr");
}

static enum err preview_show(struct visit *visit, const struct request_view *view)
{
    AUTO(buf) pem = buf_make(PEM_TEXT_MAX);
    page_begin(visit, STEP_CSR, "preview.title");
    TRY(request_view_put(visit, visit->page, view));
    TRY(pem_write("CERTIFICATE REQUEST", view->csr.der, &pem));
    value_put_text(&visit->tree, visit->page, "csr", buf_text(&pem));
    return page_reply(visit, 200, "preview");
}
