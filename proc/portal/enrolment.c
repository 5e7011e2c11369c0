/* Describing and moving an enrolment. */
#include "proc/portal/enrolment.h"

#include "lib/dns/hostname.h"
#include "proc/portal/before.h"
#include "proc/portal/handlers.h"
#include "proc/portal/keys.h"
#include "proc/portal/next.h"

#include <stdio.h>

/* A list of more names than this is counted, and folded where it is beside the point. */
enum { NAMES_FEW = 5 };

/* What this version's validators can check. */
static const unsigned methods_implemented =
    1U << DCV_DNS | 1U << DCV_WEBSITE | 1U << DCV_EMAIL | 1U << DCV_PERSISTENT;

struct move {
    struct visit *visit;
    enum enrolment_event event;
    enum err (*also)(struct store *store, void *ctx);
    void *ctx;
};

static enum err move_run(struct store *store, void *ctx);
static void subscription_put(struct visit *visit, struct value *object);
static void methods_put(struct visit *visit, struct value *object);
static void problem_put(struct visit *visit, struct value *object);

enum err enrolment_put(struct visit *visit, struct value *object)
{
    char hash[2 * HASH_BYTES + 1];
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "state", enrolment_state_id(visit->enrolment.state));
    value_put_text(tree, object, "step", page_of_state(visit->enrolment.state) + 1);
    TRY(details_put(visit, object));
    methods_put(visit, object);
    hex_format(SPAN_OF(visit->application_row.hash), hash);
    value_put_text(tree, object, "application_hash", hash);
    TRY(dcv_put(visit, object));
    bool choosing =
        visit->enrolment.state == ENROLMENT_CONFIRMED && value_get(object, "dcv") == NULL;
    TRY(choosing && methods_offered(visit) != 0 ? before_put(visit, object) : OK);
    struct certificate_row row = { 0 };
    enum err err = certificate_find(visit, &row);
    if (err == OK) {
        TRY(certificate_put(visit, object, &row));
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (visit->enrolment.state == ENROLMENT_ACCEPTED) {
        TRY(next_put(visit, object));
    }
    TRY(keys_put(visit, object));
    problem_put(visit, object);
    return value_tree_check(tree);
}

enum err details_put(struct visit *visit, struct value *object)
{
    struct value_tree *tree = &visit->tree;
    const struct application *application = &visit->application;
    const struct subject *subject = &application->subject;
    const char **names = NULL;
    size_t count = 0;
    TRY(application_certificate_names(application, visit->request->arena, &names, &count));
    value_put_text(tree, object, "server_name", application->names[0]);
    struct value *list = value_put_list(tree, object, "names");
    for (size_t i = 0; i < count; i++) {
        name_put(visit, value_add_object(tree, list), names[i]);
    }
    value_put_text(tree, object, "edition", edition_rules(application->edition)->id);
    value_put_text(tree, object, "certificate_type", certificate_type(visit, application->edition));
    value_put_text(tree, object, "organisation", subject->organisation);
    value_put_text(tree, object, "organisation_zh", subject->organisation_zh);
    value_put_text(tree, object, "branch", subject->branch);
    value_put_text(tree, object, "branch_zh", subject->branch_zh);
    value_put_text(tree, object, "brn", subject->brn);
    value_put_text(tree, object, "ci_cr", subject->ci_cr);
    value_put_text(tree, object, "other_document", subject->other_document);
    value_put_text(tree, object, "srn", subject->srn);
    value_put_text(tree, object, "business_category", application->ev.business_category);
    value_put_text(tree, object, "jurisdiction_country", application->ev.jurisdiction_country);
    value_put_text(tree, object, "registration_number", application->ev.registration_number);
    value_put_bool(tree, object, "government", application->government);
    value_put_bool(tree, object, "chinese", visit->enrolment.chinese);
    subscription_put(visit, object);
    return OK;
}

void name_put(struct visit *visit, struct value *object, const char *ascii)
{
    char unicode[HOST_NAME_UNICODE_MAX];
    struct dns_name name = { 0 };
    struct value_tree *tree = &visit->tree;
    value_put_text(tree, object, "ascii", ascii);
    if (dns_name_parse(span_from_text(ascii), DNS_NAME_HOST_OR_WILDCARD, &name, NULL) != OK) {
        value_put_text(tree, object, "unicode", ascii);
        return;
    }
    dns_name_to_unicode(&name, unicode);
    value_put_text(tree, object, "unicode", unicode);
    value_put_bool(tree, object, "idn", strcmp(ascii, unicode) != 0);
    value_put_bool(tree, object, "mixed_script", dns_name_mixes_scripts(&name));
}

void names_notes_put(struct visit *visit, struct value *object)
{
    bool idn = false;
    bool mixed = false;
    const struct value *names = value_get(object, "names");
    const struct value *first = value_first(names);
    size_t count = value_count(names);
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    for (const struct value *name = first; name != NULL; name = value_next(name)) {
        idn = idn || value_truth(value_get(name, "idn"));
        mixed = mixed || value_truth(value_get(name, "mixed_script"));
    }
    value_put_bool(tree, object, "idn_any", idn);
    value_put_bool(tree, object, "mixed_any", mixed);
    if (count <= NAMES_FEW) {
        return;
    }
    const struct placeholder numbers[] = {
        { "name", value_text(value_get(first, "unicode")) },
        { "count", arena_format(arena, "%zu", count) },
        { "more", arena_format(arena, "%zu", count - 1) },
        { NULL, NULL },
    };
    AUTO(buf) all = buf_make(HOST_NAME_UNICODE_MAX);
    AUTO(buf) fold = buf_make(2 * HOST_NAME_UNICODE_MAX);
    language_format(visit->language, "names.count", numbers, &all);
    language_format(visit->language, "names.fold", numbers, &fold);
    value_put_text(tree, object, "names_count", buf_text(&all));
    value_put_text(tree, object, "names_fold", buf_text(&fold));
}

unsigned methods_offered(const struct visit *visit)
{
    unsigned methods = edition_rules(visit->application.edition)->methods & methods_implemented;
    bool accounts = visit->portal->config.portal.caa_identity[0] != '\0';
    for (size_t i = 0; dcv_rules_at(i) != NULL; i++) {
        const struct dcv_rules *rules = dcv_rules_at(i);
        bool expectable = rules->coded || accounts;
        if (!expectable || !policy_method_allowed(rules->method, visit->now)) {
            methods &= ~(1U << rules->method);
        }
    }
    return visit->application.government ? 0 : methods;
}

enum err enrolment_move(struct visit *visit, enum enrolment_event event,
    enum err (*also)(struct store *store, void *ctx), void *ctx)
{
    struct move move = { visit, event, also, ctx };
    enum err err = store_transact(visit->portal->store, move_run, &move);
    TRY(visit_reload(visit));
    if (err == ERR_CONFLICT) {
        return reason_set(&visit->request->reason, err, "enrolment.state", "",
            enrolment_state_id(visit->enrolment.state), "");
    }
    TRY(err);
    portal_poke(visit->portal);
    return OK;
}

static enum err move_run(struct store *store, void *ctx)
{
    const struct move *move = ctx;
    struct act act = visit_act(move->visit);
    enum enrolment_state state = ENROLMENT_OPEN;
    TRY(store_enrolment_advance(store, &act, move->visit->enrolment.id, move->event, &state));
    return move->also == NULL ? OK : move->also(store, move->ctx);
}

static void subscription_put(struct visit *visit, struct value *object)
{
    struct value *subscription = value_put_object(&visit->tree, object, "subscription");
    value_put_integer(&visit->tree, subscription, "years", 1);
    /* subscription_end is the first instant after: the last day is what people are told. */
    char day[TIME_TEXT_MAX];
    time_format_day(visit->enrolment.subscription_end - 1, day);
    if (visit_is_api(visit)) {
        put_time(visit, subscription, "end", visit->enrolment.subscription_end);
    } else {
        value_put_text(&visit->tree, subscription, "end_text", day);
    }
}

static void methods_put(struct visit *visit, struct value *object)
{
    unsigned methods = methods_offered(visit);
    struct value *list = value_put_list(&visit->tree, object, "methods");
    for (size_t i = 0; dcv_rules_at(i) != NULL; i++) {
        const struct dcv_rules *rules = dcv_rules_at(i);
        if ((methods & 1U << rules->method) != 0) {
            value_add_text(&visit->tree, list, rules->id);
        }
    }
}

static void problem_put(struct visit *visit, struct value *object)
{
    const struct reason *problem = &visit->enrolment.problem;
    if (problem->code[0] == '\0') {
        return;
    }
    AUTO(buf) text = buf_make(4096);
    AUTO(buf) next = buf_make(4096);
    language_format_reason(visit->language, problem, "", &text);
    language_format_reason(visit->language, problem, ".next", &next);
    struct value_tree *tree = &visit->tree;
    struct value *shown = value_put_object(tree, object, "problem");
    value_put_text(tree, shown, "code", problem->code);
    value_put_text(tree, shown, "field", problem->field);
    value_put_text(tree, shown, "seen", problem->seen);
    value_put_text(tree, shown, "expected", problem->expected);
    value_put_text(tree, shown, "detail", buf_text(&text));
    value_put_text(tree, shown, "next", buf_text(&next));
}
