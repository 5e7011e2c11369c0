/* Page 3 by mail: which address, has it been sent, and the code that came back. The portal neither
 * knows a code nor sends one: it says what was asked for, and the registrar has the primary do it.
 */
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

#include "lib/dns/mailbox.h"
#include "lib/store/mailing.h"
#include "lib/store/throttle.h"

#include <stdio.h>

enum {
    WINDOW_SECONDS = 3600,
    MAILS_BUDGET = 12,   /* of one enrolment */
    MAILBOX_BUDGET = 20, /* of one mailbox, whoever asks (doc/threats.md D30) */
    CODES_BUDGET = 10,   /* of one enrolment */
    DOMAINS_MAX = 16,
};

struct mailing_fields {
    struct span name, address, code;
};
struct mailing {
    struct visit *visit;
    char name[HOST_NAME_MAX_LENGTH + 1];
    char address[MAILING_ADDRESS_MAX];
    char typed[MAILING_TYPED_MAX];
};

static void addresses_put(
    struct visit *visit, struct value *object, const char *name, const struct mailing_row *chosen);
static enum err mail_ask(struct visit *visit, const struct mailing_fields *fields);
static enum err mail_store(struct store *store, void *ctx);
static enum err code_type(struct visit *visit, const struct mailing_fields *fields);
static enum err code_store(struct store *store, void *ctx);
static enum err name_check(struct store *store, const struct mailing *mailing);
static enum err spend(struct store *store, const struct mailing *mailing, const char *kind,
    const char *of, unsigned budget);
static enum err outcome(struct visit *visit, enum err err, const char *too_often);
static enum err page_answer(struct visit *visit, enum err err);
static enum err api_answer(struct visit *visit, enum err err);
static enum err api_fields(
    struct visit *visit, const char *second, struct span *ret_second, struct span *ret_name);

static const struct form_field mail_fields[] = {
    { "name", FORM_LINE, 1, HOST_NAME_MAX_LENGTH, .required = true,
        .offset = offsetof(struct mailing_fields, name) },
    { "address", FORM_LINE, 1, MAILING_ADDRESS_MAX - 1, .required = true,
        .offset = offsetof(struct mailing_fields, address) },
};
static const struct form mail_form = { mail_fields, 2, FORM_IGNORE_UNKNOWN };

static const struct form_field code_fields[] = {
    { "name", FORM_LINE, 1, HOST_NAME_MAX_LENGTH, .required = true,
        .offset = offsetof(struct mailing_fields, name) },
    { "code", FORM_LINE, 1, MAILING_TYPED_MAX - 1, .required = true,
        .offset = offsetof(struct mailing_fields, code) },
};
static const struct form code_form = { code_fields, 2, FORM_IGNORE_UNKNOWN };

enum err mailing_put(
    struct visit *visit, struct value *object, const struct challenge_row *challenge)
{
    struct mailing_row *rows = NULL;
    const struct mailing_row *row = NULL;
    size_t count = 0;
    struct value_tree *tree = &visit->tree;
    const char *name = challenge->challenge.name;
    TRY(store_mailing_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        row = strcmp(rows[i].name, name) == 0 ? &rows[i] : row;
    }
    value_put_text(tree, object, "type", "mail");
    addresses_put(visit, object, name, row);
    if (row == NULL) {
        return OK;
    }
    value_put_text(tree, object, "address", row->address);
    value_put_text(tree, object, "mail", mailing_state_id(row->state));
    value_put_bool(tree, object, "mail_asked", row->state == MAILING_ASKED);
    value_put_bool(tree, object, "mail_late", row->state == MAILING_ASKED && row->attempts > 0);
    value_put_bool(tree, object, "mail_refused", row->state == MAILING_REFUSED);
    value_put_text(tree, object, "mail_seen", row->seen);
    if (row->sent != 0) {
        put_time(visit, object, "mail_sent", row->sent);
    }
    return OK;
}

static void addresses_put(
    struct visit *visit, struct value *object, const char *name, const struct mailing_row *chosen)
{
    const struct suffix_list *suffixes = visit->portal->suffixes;
    struct dns_name parsed;
    const char *domain = NULL;
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, object, "addresses");
    if (dns_name_parse(span_from_text(name), DNS_NAME_HOST_OR_WILDCARD, &parsed, NULL) != OK) {
        return;
    }
    for (size_t i = 0; i < DOMAINS_MAX && (domain = mailbox_domain(suffixes, &parsed, i)) != NULL;
         i++) {
        for (size_t part = 0; part < MAILBOX_LOCAL_PARTS; part++) {
            const char *address =
                arena_format(visit->request->arena, "%s@%s", mailbox_local_part(part), domain);
            struct value *one = value_add_object(tree, list);
            value_put_text(tree, one, "address", address);
            value_put_bool(
                tree, one, "chosen", chosen != NULL && strcmp(chosen->address, address) == 0);
        }
    }
}

enum err dcv_mail_post(struct visit *visit)
{
    struct mailing_fields fields = { 0 };
    TRY(visit_form(visit, &mail_form, &fields));
    return page_answer(visit, mail_ask(visit, &fields));
}

enum err dcv_code_post(struct visit *visit)
{
    struct mailing_fields fields = { 0 };
    if (visit_form(visit, &code_form, &fields) != OK) {
        page_put_errors(visit);
        return dcv_get(visit);
    }
    return page_answer(visit, code_type(visit, &fields));
}

enum err api_dcv_mail_post(struct visit *visit)
{
    struct mailing_fields fields = { 0 };
    TRY(api_fields(visit, "address", &fields.address, &fields.name));
    return api_answer(visit, mail_ask(visit, &fields));
}

enum err api_dcv_code_post(struct visit *visit)
{
    struct mailing_fields fields = { 0 };
    TRY(api_fields(visit, "code", &fields.code, &fields.name));
    return api_answer(visit, code_type(visit, &fields));
}

static enum err api_fields(
    struct visit *visit, const char *second, struct span *ret_second, struct span *ret_name)
{
    const char *const names[] = { "name", second, NULL };
    const struct value *object = NULL;
    const char *name = NULL, *text = NULL;
    struct reason *reason = &visit->request->reason;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "name", HOST_NAME_MAX_LENGTH, &name, reason));
    TRY(json_get_text(object, second, MAILING_ADDRESS_MAX - 1, &text, reason));
    *ret_name = span_from_text(name);
    *ret_second = span_from_text(text);
    return OK;
}

static enum err page_answer(struct visit *visit, enum err err)
{
    if (err == ERR_LIMIT || err == ERR_INPUT) {
        page_put_error(visit, &visit->request->reason);
        visit->errors.count = 1;
        return dcv_get(visit);
    }
    TRY(err);
    return reply_redirect(visit->response, "/dcv");
}

static enum err api_answer(struct visit *visit, enum err err)
{
    if (err == ERR_LIMIT) {
        return visit_reply_problem(visit, 429, &visit->request->reason);
    }
    TRY(err);
    TRY(dcv_put(visit, visit->page));
    return visit_reply_json(visit, 202, value_get(visit->page, "dcv"));
}

/* Only to a constructed address of the very name (doc/threats.md D15, D16). */
static enum err mail_ask(struct visit *visit, const struct mailing_fields *fields)
{
    struct mailing mailing = { .visit = visit };
    struct dns_name name;
    const char *domain = NULL;
    struct reason *reason = &visit->request->reason;
    TRY(office_refuse(visit));
    TRY(dns_name_parse(fields->name, DNS_NAME_HOST_OR_WILDCARD, &name, reason));
    if (!span_to_text(fields->address, mailing.address, sizeof mailing.address) ||
        !mailbox_is_constructed(visit->portal->suffixes, &name, mailing.address, &domain)) {
        return reason_set(reason, ERR_INPUT, "dcv.mail_address", "address", "", "");
    }
    snprintf(mailing.name, sizeof mailing.name, "%s", name.text);
    enum err err = store_transact(visit->portal->store, mail_store, &mailing);
    return outcome(visit, err, "dcv.mail_too_often");
}

static enum err mail_store(struct store *store, void *ctx)
{
    const struct mailing *mailing = ctx;
    struct act act = visit_act(mailing->visit);
    char id[2 * ENROLMENT_ID_BYTES + 1];
    hex_format(SPAN_OF(mailing->visit->enrolment.id), id);
    TRY(name_check(store, mailing));
    TRY(spend(store, mailing, "mail", id, MAILS_BUDGET));
    TRY(spend(store, mailing, "mailbox", mailing->address, MAILBOX_BUDGET));
    return store_mailing_ask(
        store, &act, mailing->visit->enrolment.id, mailing->name, mailing->address);
}

static enum err code_type(struct visit *visit, const struct mailing_fields *fields)
{
    struct mailing mailing = { .visit = visit };
    TRY(office_refuse(visit));
    if (!span_to_text(fields->name, mailing.name, sizeof mailing.name) ||
        !span_to_text(fields->code, mailing.typed, sizeof mailing.typed)) {
        return reason_set(&visit->request->reason, ERR_INPUT, "dcv.code_format", "code", "", "");
    }
    enum err err = store_transact(visit->portal->store, code_store, &mailing);
    return outcome(visit, err, "dcv.code_too_often");
}

/* The budget first: it is spent whatever the code is worth. */
static enum err code_store(struct store *store, void *ctx)
{
    const struct mailing *mailing = ctx;
    const uint8_t *enrolment = mailing->visit->enrolment.id;
    char id[2 * ENROLMENT_ID_BYTES + 1];
    hex_format(span_make(enrolment, ENROLMENT_ID_BYTES), id);
    TRY(name_check(store, mailing));
    TRY(spend(store, mailing, "code", id, CODES_BUDGET));
    TRY(store_mailing_type(store, enrolment, mailing->name, mailing->typed));
    return store_challenge_request_check_of(store, enrolment, mailing->name, mailing->visit->now);
}

/* The state is looked at inside: it may have moved since the page was shown. */
static enum err name_check(struct store *store, const struct mailing *mailing)
{
    struct enrolment_row enrolment = { 0 };
    struct challenge_row *rows = NULL;
    size_t count = 0;
    struct visit *visit = mailing->visit;
    TRY(store_enrolment_get(store, visit->enrolment.id, &enrolment));
    TRY(store_challenge_list(store, enrolment.id, visit->request->arena, &rows, &count));
    for (size_t i = 0; enrolment.state == ENROLMENT_CONFIRMED && i < count; i++) {
        if (rows[i].challenge.method == DCV_EMAIL && challenges_good(visit, rows, count) &&
            strcmp(rows[i].challenge.name, mailing->name) == 0) {
            return OK;
        }
    }
    return ERR_CONFLICT;
}

static enum err spend(struct store *store, const struct mailing *mailing, const char *kind,
    const char *of, unsigned budget)
{
    const char *bucket = arena_format(mailing->visit->request->arena, "%s:%s", kind, of);
    if (bucket == NULL) {
        return ERR_MEMORY;
    }
    const struct throttle throttle = { bucket, budget, WINDOW_SECONDS };
    return store_throttle_spend(store, &throttle, mailing->visit->now);
}

static enum err outcome(struct visit *visit, enum err err, const char *too_often)
{
    struct reason *reason = &visit->request->reason;
    if (err == ERR_LIMIT) {
        return reason_set(reason, err, too_often, "", "", "");
    }
    if (err == ERR_CONFLICT) {
        return reason_set(reason, err, "dcv.mail_not_sent", "", "", "");
    }
    TRY(err);
    portal_poke(visit->portal);
    return OK;
}
