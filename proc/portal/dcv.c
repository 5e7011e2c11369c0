/* Page 3: choosing the method, what to place where, asking for a check. The portal draws time and
 * nonce; the expected value follows from them and can't be chosen (lib/ca/observation.h). */
#include "proc/portal/asking.h"
#include "proc/portal/before.h"
#include "proc/portal/domain.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

#include "lib/store/rehearsal.h"
#include "lib/store/throttle.h"

#include <stdio.h>

enum { CHECK_WINDOW_SECONDS = 3600, CHECK_BUDGET = 60, METHOD_TEXT_MAX = 16 };

struct method_choice {
    struct span method, domain;
};
/* As it is chosen: the domain "" stands for each name's own, the hash for the key it is to serve.
 */
struct proof_choice {
    const char *method, *domain;
    const uint8_t *spki_hash;
};
struct challenges {
    const struct visit *visit;
    enum dcv_method method;
    const char *domain;
    const uint8_t *spki_hash;
    struct challenge *challenges;
    size_t count;
    bool before[APPLICATION_NAMES_MAX]; /* proved for an earlier application */
    bool any_before;
};

static enum err method_choose(struct visit *visit, const struct proof_choice *choice);
static enum err challenge_draw(struct visit *visit, const struct challenges *made, size_t at);
static enum err before_mark(struct visit *visit, struct challenges *made, size_t at);
static enum err challenges_store(struct store *store, void *ctx);
static enum err check_store(struct store *store, void *ctx);
static bool mail_on_its_way(const struct value *dcv);
static void rehearsal_words_put(struct visit *visit, const struct value *dcv, bool mailed);
static void method_put(struct visit *visit, const char *method);
static void method_choices_put(struct visit *visit);
static void choice_again_put(struct visit *visit, const struct value *dcv, bool proved);

static const struct asking check_asking = { check_store, "dcv.too_often" };

/* In the order in which they are offered, and the words of each one's page. */
static const struct method_words {
    enum dcv_method method;
    const char *label, *hint, *lead, *checking, *things, *check, *come_back, *proved;
} method_words[] = {
    { DCV_DNS, "dcv.method.dns", "dcv.method.dns.hint", "dcv.lead", "dcv.checking", "dcv.records",
        "dcv.check", "dcv.come_back", "dcv.removable" },
    { DCV_WEBSITE, "dcv.method.website", "dcv.method.website.hint", "dcv.lead_website",
        "dcv.checking_website", "dcv.files", "dcv.check_website", "dcv.come_back",
        "dcv.removable" },
    { DCV_PERSISTENT, "dcv.method.persistent", "dcv.method.persistent.hint", "dcv.lead_persistent",
        "dcv.checking", "dcv.records", "dcv.check", "dcv.come_back_persistent", "dcv.kept" },
    { DCV_EMAIL, "dcv.method.email", "dcv.method.email.hint", "dcv.lead_email",
        "dcv.checking_email", "dcv.mails", "dcv.check", "dcv.come_back", "dcv.removable" },
};
enum { METHOD_COUNT = sizeof method_words / sizeof *method_words };

static const struct form_field method_fields[] = {
    { "method", FORM_LINE, 1, METHOD_TEXT_MAX, .required = true,
        .offset = offsetof(struct method_choice, method) },
    { "domain", FORM_LINE, 0, HOST_NAME_UNICODE_MAX - 1,
        .offset = offsetof(struct method_choice, domain) },
};
static const struct form method_form = { method_fields, 2, FORM_IGNORE_UNKNOWN };

enum err dcv_get(struct visit *visit)
{
    bool proved = visit->enrolment.state != ENROLMENT_CONFIRMED;
    if (visit->application.government && !proved) {
        return office_get(visit);
    }
    page_begin(visit, STEP_DCV, "dcv.title");
    struct value_tree *tree = &visit->tree;
    TRY(dcv_put(visit, visit->page));
    const struct value *dcv = value_get(visit->page, "dcv");
    const char *state = value_text(value_get(dcv, "state"));
    bool checking = !proved && state != NULL && strcmp(state, "checking") == 0;
    value_put_bool(tree, visit->page, "proved", proved);
    value_put_bool(tree, visit->page, "checking", checking);
    const char *method = value_text(value_get(dcv, "method"));
    bool mailed = method != NULL && strcmp(method, dcv_method_id(DCV_EMAIL)) == 0;
    value_put_bool(tree, visit->page, "checks_all", method != NULL && !mailed);
    rehearsal_words_put(visit, dcv, mailed);
    bool waits = checking || mail_on_its_way(dcv) ||
                 value_truth(value_get(value_get(dcv, "rehearsal"), "waiting"));
    TRY(waits ? page_refresh(visit) : OK);
    TRY(dcv == NULL && !proved ? before_put(visit, visit->page) : OK);
    value_put_text(tree, visit->page, "next_href", page_of_state(visit->enrolment.state));
    method_put(visit, method);
    method_choices_put(visit);
    domain_choices_put(visit, visit->page);
    choice_again_put(visit, dcv, proved);
    if (!proved) {
        page_put_problem(visit);
    }
    return page_reply(visit, visit->errors.count == 0 ? 200 : 422, "dcv");
}

enum err dcv_post(struct visit *visit)
{
    struct method_choice choice = { 0 };
    char method[METHOD_TEXT_MAX + 1] = "", domain[HOST_NAME_UNICODE_MAX] = "";
    if (visit->enrolment.state == ENROLMENT_VALIDATED && !visit->enrolment.has_spki) {
        return reply_redirect(visit->response, page_of_state(visit->enrolment.state));
    }
    if (visit_form(visit, &method_form, &choice) != OK) {
        page_put_errors(visit);
        return dcv_get(visit);
    }
    (void)span_to_text(choice.method, method, sizeof method);
    enum dcv_method known = DCV_EMAIL;
    /* The page asks for the place beside every method; those without a choice have their own. */
    if (dcv_method_from_id(method, &known) == OK && known != DCV_EMAIL && dcv_rules(known)->prune) {
        (void)span_to_text(choice.domain, domain, sizeof domain);
    }
    const struct proof_choice chosen = { method, domain, /* spki_hash= */ NULL };
    enum err err = method_choose(visit, &chosen);
    if (err == ERR_INPUT && domain[0] != '\0') {
        page_put_error(visit, &visit->request->reason);
        visit->errors.count = 1;
        return dcv_get(visit);
    }
    TRY(err);
    return reply_redirect(visit->response, "/dcv");
}

enum err dcv_check_post(struct visit *visit)
{
    return asking_post(visit, &check_asking);
}

enum err api_dcv_get(struct visit *visit)
{
    TRY(dcv_put(visit, visit->page));
    const struct value *dcv = value_get(visit->page, "dcv");
    if (dcv == NULL) {
        return reason_set(&visit->request->reason, ERR_NOT_FOUND, "dcv.not_chosen", "", "", "");
    }
    return visit_reply_json(visit, 200, dcv);
}

enum err api_dcv_post(struct visit *visit)
{
    static const char *const names[] = { "method", "domain", "spki_sha256", NULL };
    const struct value *object = NULL;
    const char *method = NULL, *domain = NULL;
    const char *spki = NULL;
    uint8_t hash[HASH_BYTES];
    size_t len = 0;
    struct reason *reason = &visit->request->reason;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "method", METHOD_TEXT_MAX, &method, reason));
    TRY(json_get_text_or(object, "domain", HOST_NAME_UNICODE_MAX - 1, "", &domain, reason));
    TRY(json_get_text_or(object, "spki_sha256", 4 * HASH_BYTES, NULL, &spki, reason));
    if (spki != NULL &&
        (hex_parse(span_from_text(spki), hash, sizeof hash, &len) != OK || len != HASH_BYTES)) {
        return reason_set(reason, ERR_INPUT, "json.type", "spki_sha256", "", "SHA-256, hex");
    }
    const struct proof_choice chosen = { method, domain, spki == NULL ? NULL : hash };
    TRY(method_choose(visit, &chosen));
    return api_dcv_get(visit);
}

enum err api_dcv_check_post(struct visit *visit)
{
    return asking_api_post(visit, &check_asking);
}

static enum err method_choose(struct visit *visit, const struct proof_choice *choice)
{
    struct dns_name domain = { 0 };
    /* A wildcard's proof is its bare name's too (lib/ca/warrant.h). */
    struct challenges made = { .visit = visit, .count = visit->application.name_count };
    enum dcv_method method = DCV_DNS;
    TRY(office_refuse(visit));
    if (dcv_method_from_id(choice->method, &method) != OK ||
        (methods_offered(visit) & 1U << method) == 0) {
        return reason_set(
            &visit->request->reason, ERR_INPUT, "dcv.method_unknown", "method", choice->method, "");
    }
    if (choice->domain[0] != '\0') {
        TRY(domain_check(visit, method, choice->domain, &domain));
    }
    made.method = method;
    made.domain = domain.text;
    made.spki_hash = choice->spki_hash;
    made.challenges = arena_alloc(visit->request->arena, made.count, sizeof *made.challenges);
    if (made.challenges == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < made.count; i++) {
        TRY(challenge_draw(visit, &made, i));
        TRY(before_mark(visit, &made, i));
    }
    enum err err = store_transact(visit->portal->store, challenges_store, &made);
    if (err == OK && made.any_before) {
        portal_poke(visit->portal);
    }
    return err == ERR_CONFLICT
               ? reason_set(&visit->request->reason, err, "enrolment.state", "", "", "")
               : err;
}

/* The domain serves the names below it, and these share one value: one record proves them all.
 * Where it serves none so, it is where the names' CNAMEs lead. */
static enum err challenge_draw(struct visit *visit, const struct challenges *made, size_t at)
{
    struct challenge *challenge = &made->challenges[at];
    const struct application *application = &visit->application;
    const char *name = application->names[at];
    bool any = false;
    for (size_t i = 0; i < application->name_count; i++) {
        any = any || dcv_adn_permitted(made->method, application->names[i], made->domain, "");
    }
    bool covered = dcv_adn_permitted(made->method, name, made->domain, /* alias= */ "");
    bool alias = !any && dcv_adn_permitted(made->method, name, made->domain, made->domain);
    challenge->method = made->method;
    challenge->created = visit->now;
    challenge->has_spki = made->spki_hash != NULL;
    memcpy(challenge->application_hash, visit->application_row.hash, HASH_BYTES);
    snprintf(challenge->name, sizeof challenge->name, "%s", name);
    snprintf(challenge->srn, sizeof challenge->srn, "%s", application->subject.srn);
    if ((covered || alias) && strcmp(made->domain, challenge_base_name(challenge)) != 0) {
        snprintf(challenge->domain, sizeof challenge->domain, "%s", made->domain);
    }
    if (made->spki_hash != NULL) {
        memcpy(challenge->spki_hash, made->spki_hash, HASH_BYTES);
    }
    for (size_t i = 0; i < at; i++) {
        if (strcmp(challenge_domain(&made->challenges[i]), challenge_domain(challenge)) == 0) {
            memcpy(challenge->nonce, made->challenges[i].nonce, NONCE_BYTES);
            return OK;
        }
    }
    return random_fill(&visit->portal->random, challenge->nonce, sizeof challenge->nonce);
}

/* What was proved before is looked at without being asked for: all that is new is CAA. */
static enum err before_mark(struct visit *visit, struct challenges *made, size_t at)
{
    struct evidence_row row = { 0 };
    enum err err = before_find(visit, made->challenges[at].name, made->spki_hash, &row);
    made->before[at] = err == OK;
    made->any_before = made->any_before || err == OK;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* The state is looked at again inside: it may have moved since the page was shown. */
static enum err challenges_store(struct store *store, void *ctx)
{
    const struct challenges *made = ctx;
    struct act act = visit_act(made->visit);
    struct enrolment_row row = { 0 };
    TRY(store_enrolment_get(store, made->visit->enrolment.id, &row));
    if (row.state == ENROLMENT_VALIDATED && row.has_spki) {
        /* The proof at hand may serve a key that is lost: it is given up for a new one. One that
         * serves any key stays, whatever page a second browser still has. */
        TRY(store_enrolment_advance(store, &act, row.id, ENROLMENT_EVIDENCE_LAPSED, &row.state));
    }
    if (row.state != ENROLMENT_CONFIRMED) {
        return ERR_CONFLICT;
    }
    TRY(store_challenge_replace_all(store, &act, row.id, made->challenges, made->count));
    for (size_t i = 0; i < made->count; i++) {
        TRY(made->before[i] ? store_challenge_request_check_of(
                                  store, row.id, made->challenges[i].name, act.time)
                            : OK);
    }
    return OK;
}

static enum err check_store(struct store *store, void *ctx)
{
    const struct visit *visit = ctx;
    char bucket[8 + 2 * ENROLMENT_ID_BYTES] = "check:";
    hex_format(SPAN_OF(visit->enrolment.id), bucket + strlen(bucket));
    const struct throttle throttle = { bucket, CHECK_BUDGET, CHECK_WINDOW_SECONDS };
    TRY(store_throttle_spend(store, &throttle, visit->now));
    TRY(store_rehearsal_forget(
        store, visit->enrolment.id)); /* the check's word is the better one */
    return store_challenge_request_check(store, visit->enrolment.id, visit->now);
}

static bool mail_on_its_way(const struct value *dcv)
{
    const struct value *one = value_first(value_get(dcv, "challenges"));
    for (; one != NULL; one = value_next(one)) {
        if (value_truth(value_get(one, "mail_asked"))) {
            return true;
        }
    }
    return false;
}

static void rehearsal_words_put(struct visit *visit, const struct value *dcv, bool mailed)
{
    const struct value *rehearsal = value_get(dcv, "rehearsal");
    bool good = value_truth(value_get(rehearsal, "would_pass"));
    value_put_text(&visit->tree, visit->page, "rehearse_hint",
        mailed ? "dcv.rehearse_hint_email" : "dcv.rehearse_hint");
    value_put_text(&visit->tree, visit->page, "rehearsal_verdict",
        good ? "dcv.rehearsal_good" : "dcv.rehearsal_bad");
}

/* The words of the chosen method's page. */
static void method_put(struct visit *visit, const char *method)
{
    struct value_tree *tree = &visit->tree;
    const struct method_words *words = &method_words[0];
    for (size_t i = 0; method != NULL && i < METHOD_COUNT; i++) {
        bool chosen = strcmp(method, dcv_method_id(method_words[i].method)) == 0;
        words = chosen ? &method_words[i] : words;
    }
    value_put_text(tree, visit->page, "method_label", words->label);
    value_put_text(tree, visit->page, "lead", words->lead);
    value_put_text(tree, visit->page, "checking_text", words->checking);
    value_put_text(tree, visit->page, "things", words->things);
    value_put_text(tree, visit->page, "check", words->check);
    value_put_text(tree, visit->page, "come_back", words->come_back);
    value_put_text(tree, visit->page, "afterwards", words->proved);
}

static void method_choices_put(struct visit *visit)
{
    unsigned offered = methods_offered(visit);
    bool first = true;
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, visit->page, "method_choices");
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct method_words *words = &method_words[i];
        if ((offered & 1U << words->method) == 0) {
            continue;
        }
        struct value *choice = value_add_object(tree, list);
        value_put_text(tree, choice, "id", dcv_method_id(words->method));
        value_put_text(tree, choice, "label", words->label);
        value_put_text(tree, choice, "hint", words->hint);
        value_put_bool(tree, choice, "checked", first);
        first = false;
    }
}

/* What is proved is proved; only where that serves a single key there is a reason to begin anew. */
static void choice_again_put(struct visit *visit, const struct value *dcv, bool proved)
{
    bool bound = value_get(dcv, "spki_sha256") != NULL;
    bool again = proved ? bound && visit->enrolment.state == ENROLMENT_VALIDATED
                        : value_count(value_get(dcv, "challenges")) > 0;
    if (again) {
        value_put_text(&visit->tree, visit->page, "choose_again",
            bound ? "dcv.choose_again" : "dcv.other_method");
    }
}
