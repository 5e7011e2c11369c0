/* Page 5: what the certificate holds, accepting it, not accepting it. What is shown is read out of
 * the issued DER. */
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"
#include "proc/portal/published.h"

#include "lib/base/log.h"
#include "lib/crypto/key.h"
#include "lib/dns/hostname.h"
#include "lib/pki/certificate.h"
#include "lib/pki/name.h"
#include "lib/store/audit.h"

#include <stdio.h>

enum { REASON_TYPED_MAX = 1000, NAME_TEXT_MAX = 512 };

struct refusal {
    struct span what;
    struct span reason;
};
struct decision {
    const struct visit *visit;
    struct request_id id;
    bool returns; /* the application goes back to the office */
    const char *text;
};

static enum err decide(struct visit *visit, enum enrolment_event event,
    enum err (*store_it)(struct store *store, void *ctx), struct span why);
static enum err acceptance_store(struct store *store, void *ctx);
static enum err refusal_store(struct store *store, void *ctx);
static enum err decline_show(struct visit *visit, int status, const struct refusal *typed);
static enum err waiting_show(struct visit *visit);
static void units_put(struct visit *visit, struct value *object, struct span subject);
static void names_put(
    struct visit *visit, struct value *object, const struct certificate *certificate);
static void name_part_put(struct visit *visit, struct value *object, const char *member,
    struct span name, struct span oid);
static enum err key_put(struct visit *visit, struct value *object, struct span spki);
static void serial_put(struct visit *visit, struct value *object, struct span serial);

static const char *const whats[] = { "key", "details", NULL };
static const struct form_field refusal_fields[] = {
    { "what", FORM_CHOICE, .required = true, .offset = offsetof(struct refusal, what),
        .choices = whats },
    { "reason", FORM_TEXT, 0, REASON_TYPED_MAX, .offset = offsetof(struct refusal, reason) },
};
static const struct form refusal_form = { refusal_fields, 2, FORM_IGNORE_UNKNOWN };

enum err certificate_get(struct visit *visit)
{
    struct certificate_row row = { 0 };
    if (visit->enrolment.state == ENROLMENT_ISSUING) {
        return waiting_show(visit);
    }
    TRY(certificate_find(visit, &row));
    page_begin(visit, STEP_CERTIFICATE, "certificate.title");
    TRY(details_put(visit, visit->page));
    const struct subject *subject = &visit->application.subject;
    value_put_bool(&visit->tree, visit->page, "branch_any",
        subject->branch[0] != '\0' || subject->branch_zh[0] != '\0');
    TRY(certificate_put(visit, visit->page, &row));
    return page_reply(visit, 200, "certificate");
}

enum err accept_post(struct visit *visit)
{
    TRY(decide(visit, ENROLMENT_ACCEPT, acceptance_store, (struct span){ 0 }));
    return reply_redirect(visit->response, "/download");
}

enum err decline_get(struct visit *visit)
{
    struct refusal typed = { 0 };
    return decline_show(visit, 200, &typed);
}

enum err decline_post(struct visit *visit)
{
    struct refusal refusal = { 0 };
    if (visit_form(visit, &refusal_form, &refusal) != OK) {
        page_put_errors(visit);
        return decline_show(visit, 422, &refusal);
    }
    bool key = span_equal_text(refusal.what, "key");
    TRY(decide(visit, key ? ENROLMENT_DECLINE_KEY : ENROLMENT_DECLINE_DETAILS, refusal_store,
        refusal.reason));
    return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
}

enum err api_certificate_get(struct visit *visit)
{
    struct certificate_row row = { 0 };
    TRY(certificate_find(visit, &row));
    TRY(certificate_put(visit, visit->page, &row));
    return visit_reply_json(visit, 200, value_get(visit->page, "certificate"));
}

enum err api_accept_post(struct visit *visit)
{
    TRY(decide(visit, ENROLMENT_ACCEPT, acceptance_store, (struct span){ 0 }));
    return api_enrolment_get(visit);
}

enum err api_decline_post(struct visit *visit)
{
    static const char *const names[] = { "what", "reason", NULL };
    const struct value *object = NULL;
    const char *what = NULL;
    const char *why = NULL;
    struct reason *reason = &visit->request->reason;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "what", REASON_TYPED_MAX, &what, reason));
    TRY(json_get_text_or(object, "reason", REASON_TYPED_MAX, "", &why, reason));
    bool key = strcmp(what, "key") == 0;
    if (!key && strcmp(what, "details") != 0) {
        return reason_set(reason, ERR_INPUT, "form.choice", "what", what, "key, details");
    }
    TRY(decide(visit, key ? ENROLMENT_DECLINE_KEY : ENROLMENT_DECLINE_DETAILS, refusal_store,
        span_from_text(why)));
    return api_enrolment_get(visit);
}

enum err certificate_find(struct visit *visit, struct certificate_row *ret_row)
{
    struct request_id id = { .ordinal = visit->enrolment.ordinal };
    struct certificate_row row = { 0 };
    memcpy(id.enrolment, visit->enrolment.id, ENROLMENT_ID_BYTES);
    enum err err =
        store_certificate_by_request(visit->portal->store, &id, visit->request->arena, &row);
    if (err == ERR_NOT_FOUND || (err == OK && row.der.len == 0)) {
        return reason_set(&visit->request->reason, ERR_NOT_FOUND, "certificate.none", "", "", "");
    }
    TRY(err);
    *ret_row = row;
    return OK;
}

enum err certificate_put(
    struct visit *visit, struct value *object, const struct certificate_row *row)
{
    struct certificate certificate = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(certificate_parse(row->der, &certificate));
    struct value *shown = value_put_object(tree, object, "certificate");
    TRY(certificate_facts_put(visit, shown, &certificate));
    value_put_text(tree, shown, "type", certificate_type(visit, visit->application.edition));
    value_put_bool(tree, shown, "accepted", row->state == CERTIFICATE_ACCEPTED);
    return value_tree_check(tree);
}

enum err certificate_facts_put(
    struct visit *visit, struct value *object, const struct certificate *certificate)
{
    char from[TIME_TEXT_MAX];
    char to[TIME_TEXT_MAX];
    struct value_tree *tree = &visit->tree;
    serial_put(visit, object, certificate->serial);
    put_time(visit, object, "not_before", certificate->not_before);
    put_time(visit, object, "not_after", certificate->not_after);
    time_format_day(certificate->not_before, from);
    time_format_day(certificate->not_after, to);
    value_put_text(tree, object, "from", from);
    value_put_text(tree, object, "to", to);
    /* RFC 5280 §4.1.2.5: the last second still counts. */
    value_put_integer(
        tree, object, "days", (certificate->not_after - certificate->not_before + 1) / DAY_SECONDS);
    name_part_put(visit, object, "issuer", certificate->issuer, oid_common_name);
    name_part_put(visit, object, "organisation", certificate->subject, oid_organisation);
    units_put(visit, object, certificate->subject);
    names_put(visit, object, certificate);
    return key_put(visit, object, certificate->spki);
}

const char *certificate_type(struct visit *visit, enum edition edition)
{
    const char *id = arena_format(visit->request->arena, "type.%s%s",
        visit->portal->config.service.trial ? "trial." : "", edition_rules(edition)->id);
    return id == NULL ? NULL : language_text(visit->language, id);
}

static enum err decide(struct visit *visit, enum enrolment_event event,
    enum err (*store_it)(struct store *store, void *ctx), struct span why)
{
    struct decision decision = {
        .visit = visit,
        .id.ordinal = visit->enrolment.ordinal,
        .returns = event == ENROLMENT_DECLINE_DETAILS,
        .text = why.len > 0 ? arena_text(visit->request->arena, why) : "",
    };
    if (decision.text == NULL) {
        return ERR_MEMORY;
    }
    memcpy(decision.id.enrolment, visit->enrolment.id, ENROLMENT_ID_BYTES);
    return enrolment_move(visit, event, store_it, &decision);
}

static enum err acceptance_store(struct store *store, void *ctx)
{
    const struct decision *decision = ctx;
    struct act act = visit_act(decision->visit);
    TRY(store_certificate_accept(store, &act, &decision->id));
    return published_enter(store, decision->visit, &decision->id);
}

static enum err refusal_store(struct store *store, void *ctx)
{
    const struct decision *decision = ctx;
    struct act act = visit_act(decision->visit);
    TRY(decision->returns
            ? store_application_return(store, &act, decision->visit->enrolment.application,
                  RETURN_AT_CERTIFICATE, decision->text)
            : store_audit_add_id(store, &act, "certificate.refused",
                  SPAN_OF(decision->id.enrolment), decision->text));
    return store_certificate_decline(store, &act, &decision->id, REVOCATION_UNSPECIFIED);
}

static enum err decline_show(struct visit *visit, int status, const struct refusal *typed)
{
    struct value_tree *tree = &visit->tree;
    page_begin(visit, STEP_CERTIFICATE, "decline.title");
    value_put_bool(tree, visit->page, "what_key", span_equal_text(typed->what, "key"));
    value_put_bool(tree, visit->page, "what_details", span_equal_text(typed->what, "details"));
    page_put_typed(visit, "reason", typed->reason);
    return page_reply(visit, status, "decline");
}

static enum err waiting_show(struct visit *visit)
{
    page_begin(visit, STEP_CERTIFICATE, "issuing.title");
    TRY(page_refresh(visit));
    put_time(visit, visit->page, "since", visit->enrolment.updated);
    page_put_problem(visit);
    return page_reply(visit, 200, "waiting");
}

static void names_put(
    struct visit *visit, struct value *object, const struct certificate *certificate)
{
    struct value *list = value_put_list(&visit->tree, object, "names");
    for (size_t i = 0; i < certificate->dns_name_count; i++) {
        char text[HOST_NAME_MAX_LENGTH + 1];
        if (span_to_text(certificate->dns_names[i], text, sizeof text)) {
            name_put(visit, value_add_object(&visit->tree, list), text);
        }
    }
    if (!visit_is_api(visit)) {
        names_notes_put(visit, object);
    }
}

/* A classic certificate's organizational units, as they stand in it; no other has any. */
static void units_put(struct visit *visit, struct value *object, struct span subject)
{
    struct name name = { 0 };
    struct value *list = NULL;
    if (name_parse(subject, &name) != OK) {
        return;
    }
    for (size_t i = 0; i < name.count; i++) {
        const struct name_attribute *attribute = &name.attributes[i];
        const char *text = arena_text(visit->request->arena, attribute->value);
        if (!span_equal(attribute->oid, oid_organisational_unit) || text == NULL) {
            continue;
        }
        list = list != NULL ? list : value_put_list(&visit->tree, object, "units");
        value_add_text(&visit->tree, list, text);
    }
}

static void name_part_put(struct visit *visit, struct value *object, const char *member,
    struct span name, struct span oid)
{
    char text[NAME_TEXT_MAX];
    struct name parsed = { 0 };
    if (name_parse(name, &parsed) == OK && name_text(&parsed, oid, text, sizeof text) == OK) {
        value_put_text(&visit->tree, object, member, text);
    }
}

static enum err key_put(struct visit *visit, struct value *object, struct span spki)
{
    char hex[2 * HASH_BYTES + 1];
    AUTO_PTR(key) key = NULL;
    TRY(key_from_spki(spki, &key));
    const char *kind = key_kind_name(key_kind(key));
    const char *text = key_kind(key) == KEY_RSA
                           ? arena_format(visit->request->arena, "%s %u", kind, key_bits(key))
                           : kind;
    hex_format(key_spki_sha256(key), hex);
    value_put_text(&visit->tree, object, "key_type", text);
    put_hash(visit, object, "key_sha256", hex);
    return OK;
}

/* "45 b9 30 …", as the guide prints it. */
static void serial_put(struct visit *visit, struct value *object, struct span serial)
{
    char pair[3];
    AUTO(buf) text = buf_make(4 * SERIAL_MAX_BYTES);
    for (size_t i = 0; i < serial.len; i++) {
        hex_format(span_make(serial.data + i, 1), pair);
        buf_append_format(&text, i == 0 ? "%s" : " %s", pair);
    }
    value_put_text(&visit->tree, object, "serial", buf_text(&text));
}
