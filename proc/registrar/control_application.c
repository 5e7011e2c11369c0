/* Applications: entered, shown, signed for, withdrawn. */
#include "lib/base/log.h"
#include "lib/dns/suffix.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "lib/store/standing.h"
#include "lib/wire/signer.h"
#include "proc/registrar/anchoring.h"
#include "proc/registrar/approving.h"
#include "proc/registrar/control.h"
#include "proc/registrar/credentials.h"

#include <stdio.h>

struct insertion {
    struct act act;
    struct application_row row;
};

struct withdrawal {
    struct act act;
    struct anchor anchor;
    uint8_t id[APPLICATION_ID_BYTES];
};

static enum err application_complete(const struct registrar *registrar, struct span der,
    struct arena *arena, struct buf *ret_der, struct application_row *ret_row,
    struct reason *ret_reason);
static enum err issuer_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason);
static enum err units_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason);
static enum err names_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason);
static enum err insertion_commit(struct store *store, void *ctx);
static enum err list_row(struct registrar *registrar, const struct application_row *row,
    struct control_application_row *ret_row);
static enum err validation_show(struct registrar *registrar, const struct application_row *row,
    const struct application *application, char ret_standing[CONTROL_STATE_MAX]);
static enum err enrolment_show(struct registrar *registrar, const struct application_row *row,
    struct control_application *shown);
static enum err return_show(struct registrar *registrar, const struct application_row *row,
    struct arena *arena, struct control_application *shown);
static enum err withdrawal_commit(struct store *store, void *ctx);

enum err control_application_new(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_new new;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    AUTO(buf) der = buf_make(MESSAGE_MAX_BYTES);
    struct insertion insertion = { .act = registrar_act(registrar) };
    insertion.act.actor = "operator";
    if (control_new_read(&exchange->body, &new) != OK) {
        return ERR_PEER;
    }
    TRY(application_complete(
        registrar, new.application, &arena, &der, &insertion.row, &exchange->reason));
    enum err err = store_transact(registrar->store, insertion_commit, &insertion);
    if (err == ERR_CONFLICT) {
        return reason_set(&exchange->reason, err, "application.exists", NULL, NULL, NULL);
    }
    TRY(err);
    struct control_created created;
    memcpy(created.id, insertion.row.id, sizeof created.id);
    memcpy(created.hash, insertion.row.hash, sizeof created.hash);
    return der_encode(control_created_write, &created, &exchange->reply);
}

/* The id is ours to draw; everything else stays as it came, once it has passed the rules. */
static enum err application_complete(const struct registrar *registrar, struct span der,
    struct arena *arena, struct buf *ret_der, struct application_row *ret_row,
    struct reason *ret_reason)
{
    static const uint8_t none[APPLICATION_ID_BYTES];
    struct application application = { 0 };
    if (application_parse(der, arena, &application) != OK) {
        return ERR_PEER;
    }
    if (memcmp(application.id, none, sizeof none) == 0) {
        TRY(random_fill(&registrar->random, application.id, sizeof application.id));
    }
    if (application.created == 0) {
        application.created = clock_now(&registrar->clock);
    }
    TRY(application_check(&application, ret_reason));
    TRY(issuer_check(registrar, &application, ret_reason));
    TRY(units_check(registrar, &application, ret_reason));
    TRY(names_check(registrar, &application, ret_reason));
    TRY(application_format(&application, ret_der));
    ret_row->der = buf_span(ret_der);
    ret_row->created = application.created;
    ret_row->subscriber = application.subject.organisation;
    memcpy(ret_row->id, application.id, sizeof ret_row->id);
    return application_hash(ret_row->der, ret_row->hash);
}

/* A hierarchy made before there were EV certificates has nobody to sign them; a classic one has no
 * profile for them. */
static enum err issuer_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason)
{
    const struct edition_rules *rules = edition_rules(application->edition);
    if (warrant_profile(&registrar->roster, application->edition) == NULL) {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "application.not_classic", "edition",
            rules->id, "server, wildcard, multi");
    }
    return roster_issuer(&registrar->roster, rules->issuer) != NULL
               ? OK
               : reason_set(ret_reason, ERR_UNSUPPORTED, "application.issuer", "edition", rules->id,
                     rules->issuer);
}

/* What a classic certificate has no room for is said now, not when it is to be signed. */
static enum err units_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason)
{
    struct classic_units units;
    return classic_units(&registrar->roster, application, /* chinese= */ false, &units, ret_reason);
}

/* What lib/ca can't know of names: IDNA, and the public suffix list (BR 3.2.2.6). The private
 * policy set may use names that the public root doesn't know. */
static enum err names_check(const struct registrar *registrar,
    const struct application *application, struct reason *ret_reason)
{
    bool private = registrar->roster.policy_set != POLICY_PUBLIC;
    for (size_t i = 0; i < application->name_count; i++) {
        const char *text = application->names[i];
        struct dns_name name;
        TRY(dns_name_parse(span_from_text(text), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
        if (strcmp(name.text, text) != 0) {
            return reason_set(ret_reason, ERR_INPUT, "name.not_canonical", text, text, name.text);
        }
        if (!private || suffix_list_holds(registrar->suffixes, &name)) {
            TRY(suffix_list_check(registrar->suffixes, &name, ret_reason));
        }
    }
    return OK;
}

static enum err insertion_commit(struct store *store, void *ctx)
{
    const struct insertion *insertion = ctx;
    return store_application_insert(store, &insertion->act, &insertion->row);
}

enum err control_application_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_page page;
    struct application_row *rows = NULL;
    struct control_applications list = { 0 };
    size_t count = 0;
    if (control_page_read(&exchange->body, &page) != OK) {
        return ERR_PEER;
    }
    TRY(store_application_list(
        registrar->store, page.from, CONTROL_PAGE_ROWS, &arena, &rows, &count));
    list.rows = arena_alloc(&arena, count, sizeof *list.rows);
    if (list.rows == NULL) {
        return ERR_MEMORY;
    }
    for (; list.count < count; list.count++) {
        TRY(list_row(registrar, &rows[list.count], &list.rows[list.count]));
    }
    return der_encode(control_applications_write, &list, &exchange->reply);
}

static enum err list_row(struct registrar *registrar, const struct application_row *row,
    struct control_application_row *ret_row)
{
    AUTO(arena) arena = arena_make(MESSAGE_MAX_BYTES);
    struct application application = { 0 };
    TRY(application_parse(row->der, &arena, &application));
    memcpy(ret_row->id, row->id, sizeof ret_row->id);
    snprintf(ret_row->name, sizeof ret_row->name, "%s", application.names[0]);
    snprintf(ret_row->organisation, sizeof ret_row->organisation, "%s",
        application.subject.organisation);
    snprintf(ret_row->state, sizeof ret_row->state, "%s", application_state_id(row->state));
    ret_row->created = row->created;
    return validation_show(registrar, row, &application, ret_row->validation);
}

/* Officers see to it while the enrolment waits for it, from the draft to a later certificate. */
static enum err validation_show(struct registrar *registrar, const struct application_row *row,
    const struct application *application, char ret_standing[CONTROL_STATE_MAX])
{
    struct enrolment_row enrolment = { 0 };
    struct standing standing = { .kind = STANDING_DUE };
    bool closed = row->state == APPLICATION_RETURNED || row->state == APPLICATION_WITHDRAWN;
    if (!application->government || closed) {
        return OK;
    }
    enum err err = store_enrolment_by_application(registrar->store, row->id, &enrolment);
    if (err == OK) {
        TRY(store_standing(
            registrar->store, enrolment.id, clock_now(&registrar->clock), &standing));
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (enrolment.state == ENROLMENT_OPEN || enrolment.state == ENROLMENT_CONFIRMED) {
        snprintf(ret_standing, CONTROL_STATE_MAX, "%s", standing_id(standing.kind));
    }
    return OK;
}

enum err control_application_show(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_object object;
    struct application_row row = { 0 };
    struct approval_row *approvals = NULL;
    struct control_application shown = { 0 };
    struct application application = { 0 };
    size_t count = 0;
    if (control_object_read(&exchange->body, &object) != OK) {
        return ERR_PEER;
    }
    TRY(application_find(registrar, object.id, &arena, &row, &exchange->reason));
    TRY(store_application_approvals(registrar->store, row.id, &arena, &approvals, &count));
    shown.der = row.der;
    snprintf(shown.state, sizeof shown.state, "%s", application_state_id(row.state));
    for (; shown.approval_count < count && shown.approval_count < APPROVALS_MAX;
         shown.approval_count++) {
        shown.approvals[shown.approval_count] = approvals[shown.approval_count].der;
    }
    TRY(application_parse(row.der, &arena, &application));
    TRY(enrolment_show(registrar, &row, &shown));
    TRY(validation_show(registrar, &row, &application, shown.validation));
    TRY(return_show(registrar, &row, &arena, &shown));
    return der_encode(control_application_write, &shown, &exchange->reply);
}

enum err application_find(struct registrar *registrar, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct application_row *ret_row, struct reason *ret_reason)
{
    enum err err = store_application_get(registrar->store, id, arena, ret_row);
    if (err == ERR_NOT_FOUND) {
        char text[2 * APPLICATION_ID_BYTES + 1];
        hex_format(span_make(id, APPLICATION_ID_BYTES), text);
        return reason_set(ret_reason, err, "application.unknown", "id", text, NULL);
    }
    return err;
}

/* What validation opened before the approval is no way in yet. */
static enum err enrolment_show(struct registrar *registrar, const struct application_row *row,
    struct control_application *shown)
{
    struct enrolment_row enrolment = { 0 };
    enum err err = store_enrolment_by_application(registrar->store, row->id, &enrolment);
    if (err == ERR_NOT_FOUND || (err == OK && enrolment.subscription_end == 0)) {
        return OK;
    }
    TRY(err);
    snprintf(shown->reference, sizeof shown->reference, "%s", enrolment.reference);
    snprintf(shown->enrolment_state, sizeof shown->enrolment_state, "%s",
        enrolment_state_id(enrolment.state));
    const struct reason *problem = &enrolment.problem;
    snprintf(shown->problem, sizeof shown->problem, "%.60s%s%.30s%s%.60s", problem->code,
        problem->field[0] == '\0' ? "" : " ", problem->field, problem->seen[0] == '\0' ? "" : " ",
        problem->seen);
    return OK;
}

static enum err return_show(struct registrar *registrar, const struct application_row *row,
    struct arena *arena, struct control_application *shown)
{
    struct return_row returned = { 0 };
    enum err err = store_application_returned(registrar->store, row->id, arena, &returned);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    shown->returned = returned.time;
    shown->return_reason = span_from_text(returned.reason);
    snprintf(shown->return_step, sizeof shown->return_step, "%s", return_step_id(returned.step));
    snprintf(shown->return_actor, sizeof shown->return_actor, "%s", returned.actor);
    return OK;
}

enum err control_application_approve(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_approve approve;
    struct approving_outcome outcome = { 0 };
    struct control_approved approved = { 0 };
    if (control_approve_read(&exchange->body, &approve) != OK) {
        return ERR_PEER;
    }
    TRY(approval_take(registrar, approve.id, approve.approval, &outcome, &exchange->reason));
    if (outcome.state == APPLICATION_APPROVED) {
        /* Approved it is in any case; a courier that is away for now is asked again later. */
        AUTO(client) courier = client_none();
        struct reason reason = { 0 };
        TRY(registrar_client(registrar, "courier.sock", COURIER_TIMEOUT_MS, &courier));
        enum err err = credentials_make(registrar, &courier, outcome.enrolment, &reason);
        if (err != OK) {
            log_failure(LOG_WARNING, "enrolment.letter_waits", err, &reason);
        }
    }
    snprintf(approved.state, sizeof approved.state, "%s", application_state_id(outcome.state));
    snprintf(approved.reference, sizeof approved.reference, "%s", outcome.reference);
    return der_encode(control_approved_write, &approved, &exchange->reply);
}

/* The signer first: once it knows, nothing is signed any more, whatever becomes of us. */
enum err control_application_withdraw(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    AUTO(client) signer = client_none();
    struct control_object object;
    struct application_row row = { 0 };
    struct signer_withdraw withdraw;
    struct withdrawal withdrawal = { .act = registrar_act(registrar) };
    withdrawal.act.actor = "operator";
    if (control_object_read(&exchange->body, &object) != OK) {
        return ERR_PEER;
    }
    TRY(application_find(registrar, object.id, &arena, &row, &exchange->reason));
    if (row.state == APPLICATION_WITHDRAWN) {
        return reason_set(
            &exchange->reason, ERR_CONFLICT, "application.withdrawn_already", NULL, NULL, NULL);
    }
    memcpy(withdraw.application_hash, row.hash, sizeof withdraw.application_hash);
    memcpy(withdrawal.id, row.id, sizeof withdrawal.id);
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    TRY(signer_call_withdraw(&signer, &withdraw, &exchange->reason));
    TRY(anchoring_take(registrar, &signer, &withdrawal.anchor, &exchange->reason));
    return store_transact(registrar->store, withdrawal_commit, &withdrawal);
}

/* Whoever compared store and journal meanwhile may have taken it over: then it is done. */
static enum err withdrawal_commit(struct store *store, void *ctx)
{
    const struct withdrawal *withdrawal = ctx;
    TRY(store_anchor_put(store, &withdrawal->act, &withdrawal->anchor));
    enum err err =
        store_application_set_state(store, &withdrawal->act, withdrawal->id, APPLICATION_WITHDRAWN);
    return err == ERR_CONFLICT ? OK : err;
}
