/* A new request, with the pages of Exchange's wizard in their order: friendly name, domain scope,
 * services, domains, organisation and location, and everything once more before anything is made.
 * What was entered goes along from page to page; the server keeps nothing of it. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/viewer.h"

#include "cli/ecert/request_plan.h"
#include "cli/ecert/services.h"

#include <stdio.h>

enum step {
    STEP_FRIENDLY,
    STEP_SCOPE,
    STEP_SERVICES,
    STEP_DOMAINS,
    STEP_ORGANISATION,
    STEP_SUMMARY,
    STEPS
};
enum { SERVICES_MAX = 16, NAMES_TEXT_MAX = 32 * 1024, FIXED_FIELDS = 14 };

static const char *const step_words[] = { "friendly", "scope", "services", "domains",
    "organisation", "summary", NULL };
static const char *const step_labels[STEPS] = { "console.step_friendly", "console.step_scope",
    "console.step_services", "console.step_domains", "console.step_organisation",
    "console.step_summary" };

struct fields {
    struct span step;
    bool back, wildcard;
    struct span friendly, root, domain, names, subject[REQUEST_SUBJECT_FIELDS], key;
    bool services[SERVICES_MAX];
};

static size_t form_make(struct visit *visit, struct form_field fields[]);
static enum step step_of(struct span word);
static enum step step_with(const char *field);
static enum err step_show(
    struct visit *visit, const struct fields *fields, enum step step, int status);
static void services_put(struct visit *visit, const struct fields *fields);
static void keys_put(struct visit *visit, struct span chosen);
static void subject_put(struct visit *visit, const struct fields *fields);
static void steps_put(struct visit *visit, const struct fields *fields, enum step shown);
static bool step_skipped(const struct fields *fields, enum step step);
static enum err step_check(struct visit *visit, struct fields *fields, enum step step,
    struct request_plan *plan, struct reason *ret_reason, const char **ret_field);
static enum err names_propose(
    struct visit *visit, struct fields *fields, struct reason *ret_reason);
static enum err names_read(struct visit *visit, const struct fields *fields,
    struct request_plan *plan, struct reason *ret_reason);
static enum err request_make(
    struct visit *visit, const struct fields *fields, struct request_plan *plan);
static enum err fields_from(struct visit *visit, const char *id, struct fields *fields);

enum err wizard_get(struct visit *visit)
{
    struct fields fields = { .key = SPAN_LITERAL("rsa2048") };
    struct span from = { 0 };
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        fields.subject[i] = span_from_text(request_subject[i].proposed);
    }
    if (http_request_query(visit->request, "from", &from)) {
        TRY(fields_from(visit, visit_text(visit, from), &fields));
    }
    return step_show(visit, &fields, STEP_FRIENDLY, 200);
}

enum err wizard_post(struct visit *visit)
{
    struct form_field table[FIXED_FIELDS + SERVICES_MAX];
    const struct form form = { table, form_make(visit, table), FORM_IGNORE_UNKNOWN };
    struct fields fields = { 0 };
    struct request_plan *plan = arena_alloc(visit->request->arena, 1, sizeof *plan);
    struct reason reason = { 0 };
    const char *field = NULL;
    if (plan == NULL) {
        return ERR_MEMORY;
    }
    enum err err = visit_form(visit, &form, &fields);
    enum step step = step_of(fields.step);
    if (visit->stays) {
        return step_show(visit, &fields, step, 200);
    }
    if (err == OK && fields.back) {
        do {
            step -= step > 0;
        } while (step_skipped(&fields, step));
        return step_show(visit, &fields, step, 200);
    }
    err = err == OK ? step_check(visit, &fields, step, plan, &reason, &field) : err;
    if (visit->errors.count > 0 || is_wrong(err, &reason)) {
        for (size_t i = 0; i < visit->errors.count; i++) {
            page_put_error(visit, &visit->errors.reasons[i]);
        }
        if (reason.code[0] != '\0') {
            page_put_error_at(visit, &reason, field);
        }
        return step_show(visit, &fields, step == STEP_SUMMARY ? step_with(field) : step, 422);
    }
    TRY(err);
    if (step == STEP_SUMMARY) {
        return request_make(visit, &fields, plan);
    }
    do {
        step++;
    } while (step_skipped(&fields, step));
    return step_show(visit, &fields, step, 200);
}

/* Services are a table of their own: a box for each. */
static size_t form_make(struct visit *visit, struct form_field fields[])
{
    static const struct form_field fixed[FIXED_FIELDS] = {
        { "step", FORM_CHOICE, .required = true, .offset = offsetof(struct fields, step),
            .choices = step_words },
        { "back", FORM_CHECK, .offset = offsetof(struct fields, back) },
        { "wildcard", FORM_CHECK, .offset = offsetof(struct fields, wildcard) },
        { "friendly", FORM_LINE, .max = CERTSTORE_FRIENDLY_MAX - 1,
            .offset = offsetof(struct fields, friendly) },
        { "root", FORM_LINE, .max = ANSWER_MAX - 8, .offset = offsetof(struct fields, root) },
        { "domain", FORM_LINE, .max = ANSWER_MAX - 8, .offset = offsetof(struct fields, domain) },
        { "names", FORM_TEXT, .max = NAMES_TEXT_MAX, .offset = offsetof(struct fields, names) },
        { "organisation", FORM_LINE, .max = ANSWER_MAX / 4,
            .offset = offsetof(struct fields, subject[0]) },
        { "unit", FORM_LINE, .max = ANSWER_MAX / 4, .offset = offsetof(struct fields, subject[1]) },
        { "locality", FORM_LINE, .max = ANSWER_MAX / 4,
            .offset = offsetof(struct fields, subject[2]) },
        { "state", FORM_LINE, .max = ANSWER_MAX / 4,
            .offset = offsetof(struct fields, subject[3]) },
        { "country", FORM_LINE, .max = 2, .offset = offsetof(struct fields, subject[4]) },
        { "key", FORM_LINE, .max = 16, .offset = offsetof(struct fields, key) },
    };
    size_t count = 0;
    while (count < FIXED_FIELDS && fixed[count].name != NULL) {
        fields[count] = fixed[count];
        count++;
    }
    for (size_t i = 0; i < services_count && i < SERVICES_MAX; i++) {
        fields[count++] = (struct form_field){
            .name = arena_format(visit->request->arena, "service-%s", services[i].name),
            .type = FORM_CHECK,
            .offset = offsetof(struct fields, services) + i * sizeof(bool),
        };
    }
    return count;
}

static enum step step_of(struct span word)
{
    for (enum step step = 0; step < STEPS; step++) {
        if (span_equal_text(word, step_words[step])) {
            return step;
        }
    }
    return STEP_FRIENDLY;
}

/* Where a field is that is wrong at the end. */
static enum step step_with(const char *field)
{
    static const struct {
        const char *field;
        enum step step;
    } places[] = {
        { "friendly", STEP_FRIENDLY },
        { "root", STEP_SCOPE },
        { "names", STEP_DOMAINS },
    };
    for (size_t i = 0; field != NULL && i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(field, places[i].field) == 0) {
            return places[i].step;
        }
    }
    return STEP_ORGANISATION;
}

/* A wildcard has one name and no services. */
static bool step_skipped(const struct fields *fields, enum step step)
{
    return fields->wildcard && (step == STEP_SERVICES || step == STEP_DOMAINS);
}

static enum err step_show(
    struct visit *visit, const struct fields *fields, enum step step, int status)
{
    struct value_tree *tree = &visit->tool.tree;
    page_begin(visit, "console.request", "certificates");
    steps_put(visit, fields, step);
    value_put_text(tree, visit->page, "step", step_words[step]);
    value_put_text(tree, visit->page, "step_label", step_labels[step]);
    value_put_bool(
        tree, visit->page, arena_format(visit->request->arena, "at_%s", step_words[step]), true);
    value_put_bool(tree, visit->page, "can_go_back", step > 0);
    value_put_bool(tree, visit->page, "wildcard", fields->wildcard);
    page_put_typed(visit, "friendly", fields->friendly);
    page_put_typed(visit, "root", fields->root);
    page_put_typed(visit, "domain", fields->domain);
    page_put_typed(visit, "names", fields->names);
    page_put_typed(visit, "key", fields->key);
    services_put(visit, fields);
    keys_put(visit, fields->key);
    subject_put(visit, fields);
    if (step == STEP_SUMMARY) {
        struct request_plan *plan = arena_alloc(visit->request->arena, 1, sizeof *plan);
        AUTO_PTR(certstore) store = NULL;
        struct span names[APPLICATION_NAMES_MAX];
        TRY(plan == NULL ? ERR_MEMORY : names_read(visit, fields, plan, &visit->request->reason));
        for (size_t i = 0; i < plan->names.count; i++) {
            names[i] = span_from_text(plan->names.list[i].text);
        }
        viewer_put_names(visit, visit->page, names, plan->names.count);
        TRY(visit_store(visit, &store));
        value_put_bool(tree, visit->page, "renews", request_plan_renews(store, plan));
    }
    return page_reply_form(visit, status, "request");
}

static void steps_put(struct visit *visit, const struct fields *fields, enum step shown)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "steps");
    for (enum step step = 0; step < STEPS; step++) {
        if (!step_skipped(fields, step)) {
            struct value *item = value_add_object(tree, list);
            value_put_text(tree, item, "label", step_labels[step]);
            value_put_bool(tree, item, "current", step == shown);
            value_put_bool(tree, item, "done", step < shown);
        }
    }
}

static void services_put(struct visit *visit, const struct fields *fields)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "services");
    for (size_t i = 0; i < services_count && i < SERVICES_MAX; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "word", services[i].name);
        value_put_text(tree, item, "label", services[i].label);
        value_put_bool(tree, item, "chosen", fields->services[i]);
    }
}

static void keys_put(struct visit *visit, struct span chosen)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "keys");
    for (size_t i = 0; i < REQUEST_KEYS; i++) {
        struct value *item = value_add_object(tree, list);
        const char *word = key_type_name(request_keys[i]);
        value_put_text(tree, item, "word", word);
        value_put_text(
            tree, item, "label", arena_format(visit->request->arena, "console.key_%s", word));
        value_put_bool(tree, item, "chosen", span_equal_text(chosen, word));
    }
}

static void subject_put(struct visit *visit, const struct fields *fields)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "subject");
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "word", request_subject[i].option);
        value_put_text(tree, item, "label", request_subject[i].label);
        value_put_span(tree, item, "value",
            utf8_valid(fields->subject[i]) ? fields->subject[i] : (struct span){ 0 });
        const struct value *error =
            value_get(value_get(visit->page, "error"), request_subject[i].option);
        value_put_text(tree, item, "wrong", value_text(error));
    }
}

/* What was entered on this page; on the last, all of it. */
static enum err step_check(struct visit *visit, struct fields *fields, enum step step,
    struct request_plan *plan, struct reason *ret_reason, const char **ret_field)
{
    const char *friendly = visit_text(visit, fields->friendly);
    const char *key = visit_text(visit, fields->key);
    bool all = step == STEP_SUMMARY;
    if ((all || step == STEP_FRIENDLY) && friendly != NULL) {
        *ret_field = "friendly";
        TRY(request_plan_friendly(plan, friendly, "friendly", ret_reason));
    }
    if (step == STEP_SERVICES) {
        *ret_field = "domain";
        TRY(names_propose(visit, fields, ret_reason));
    }
    if (all || (step == STEP_SCOPE && fields->wildcard) || step == STEP_DOMAINS) {
        *ret_field = fields->wildcard ? "root" : "names";
        TRY(names_read(visit, fields, plan, ret_reason));
    }
    if (all || step == STEP_ORGANISATION) {
        *ret_field = "key";
        TRY(request_plan_key(plan, key == NULL ? "" : key, "key", ret_reason));
    }
    for (size_t i = 0; all && i < REQUEST_SUBJECT_FIELDS; i++) {
        const char *text = visit_text(visit, fields->subject[i]);
        snprintf(plan->subject[i], sizeof plan->subject[i], "%s", text == NULL ? "" : text);
    }
    return OK;
}

/* The services' host names join those that are there. */
static enum err names_propose(struct visit *visit, struct fields *fields, struct reason *ret_reason)
{
    AUTO(buf) names = buf_make(NAMES_TEXT_MAX);
    const char *domain = visit_text(visit, fields->domain);
    char host[SERVICE_HOST_MAX];
    struct dns_name parsed;
    bool any = false;
    buf_append(&names, fields->names);
    for (size_t i = 0; i < services_count && i < SERVICES_MAX; i++) {
        if (!fields->services[i]) {
            continue;
        }
        if (domain == NULL) {
            return reason_set(ret_reason, ERR_INPUT, "console.domain_needed", "domain", NULL, NULL);
        }
        if (!any) {
            any = true;
            TRY(dns_name_parse(span_from_text(domain), DNS_NAME_HOST, &parsed, ret_reason));
        }
        for (size_t k = 0; service_host(&services[i], k, domain, host); k++) {
            if (memmem(names.data, names.len, host, strlen(host)) == NULL) {
                buf_append_format(&names, "%s%s", names.len > 0 ? "\n" : "", host);
            }
        }
    }
    TRY(buf_check(&names));
    fields->names = arena_span(visit->request->arena, buf_span(&names));
    return OK;
}

/* One a line; the first is the common name. */
static enum err names_read(struct visit *visit, const struct fields *fields,
    struct request_plan *plan, struct reason *ret_reason)
{
    const char *root = visit_text(visit, fields->root);
    plan->names.count = 0;
    if (fields->wildcard && root == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "console.root_needed", "root", NULL, NULL);
    }
    if (fields->wildcard) {
        return request_names_wildcard(&plan->names, root, ret_reason);
    }
    const char *at = visit_text(visit, fields->names);
    for (at = at == NULL ? "" : at; *at != '\0';) {
        at += strspn(at, " \t\r\n,;");
        size_t len = strcspn(at, " \t\r\n,;");
        const char *name = visit_text(visit, span_make(at, len));
        TRY(name == NULL ? OK : request_names_add(&plan->names, name, ret_reason));
        at += len;
    }
    return plan->names.count > 0
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "form.required", "names", NULL, NULL);
}

static enum err request_make(
    struct visit *visit, const struct fields *fields, struct request_plan *plan)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    TRY(visit_store(visit, &store));
    enum err err = request_plan_make(&visit->tool, store, plan, clock_now(&visit->tool.clock),
        &reason, /* ret_key_type= */ NULL, &item);
    if (is_wrong(err, &reason)) {
        page_put_error_at(visit, &reason, "organisation");
        return step_show(visit, fields, STEP_ORGANISATION, 422);
    }
    TRY(err);
    return visit_done(
        visit, arena_format(visit->request->arena, "/certificate/%s", item.id), "requested");
}

/* Renewing is a new request for the same names. */
static enum err fields_from(struct visit *visit, const char *id, struct fields *fields)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    AUTO(buf) names = buf_make(NAMES_TEXT_MAX);
    struct certificate parsed;
    TRY(visit_store(visit, &store));
    TRY(certstore_find(store, id == NULL ? "" : id, &visit->request->reason, &item));
    fields->friendly = arena_span(
        visit->request->arena, span_make(item.friendly_name, strlen(item.friendly_name)));
    if (item.kind == CERTSTORE_REQUEST ||
        certificate_parse(buf_span(&item.certificate), &parsed) != OK) {
        return OK;
    }
    for (size_t i = 0; i < parsed.dns_name_count; i++) {
        struct span name = parsed.dns_names[i];
        if (i == 0 && name.len > 2 && memcmp(name.data, "*.", 2) == 0) {
            fields->wildcard = true;
            fields->root = arena_span(visit->request->arena, name);
        }
        buf_append_format(&names, "%s%.*s", i == 0 ? "" : "\n", (int)name.len, name.data);
    }
    TRY(buf_check(&names));
    fields->names = arena_span(visit->request->arena, buf_span(&names));
    return OK;
}
