/* The government's names: officers begin their validation, before the approval or whenever it is
 * due again; the portal only looks. Challenges, observations and evidence are an enrolment's, so
 * the first question opens it: with its reference number, without a PIN, until the approval. */
#include "lib/dns/mailbox.h"
#include "lib/store/challenge.h"
#include "lib/store/enrolment.h"
#include "lib/store/evidence.h"
#include "lib/store/mailing.h"
#include "lib/store/standing.h"
#include "lib/wire/validation.h"
#include "proc/registrar/approving.h"
#include "proc/registrar/control.h"

#include <stdio.h>

enum { REFERENCE_TRIES = 5 };

struct validating {
    struct registrar *registrar;
    struct control_validate asked;
    struct act act;
    struct application_row row;
    struct application application;
    bool chosen; /* a method was asked for */
    enum dcv_method method;
    struct enrolment_row enrolment; /* drawn; then the one that is there */
    struct challenge *challenges;   /* drawn; used where new values are needed */
    struct standing standing;
    struct reason *reason;
};

static enum err method_check(struct validating *validating);
static enum err mailbox_check(const struct validating *validating);
static enum err challenges_draw(struct validating *validating, struct arena *arena);
static enum err validation_commit_retrying(struct validating *validating);
static enum err validation_commit(struct store *store, void *ctx);
static enum err state_check(struct store *store, const struct validating *validating);
static enum err enrolment_find(struct store *store, struct validating *validating);
static bool values_are_needed(const struct validating *validating);
static enum err values_renew(struct store *store, struct validating *validating);
static enum err before_look(struct store *store, const struct validating *validating);
static enum err mail_take(struct store *store, const struct validating *validating);
static enum err check_ask(struct store *store, const struct validating *validating);
static enum err validation_answer(
    const struct validating *validating, struct arena *arena, struct exchange *exchange);
static enum err names_show(
    const struct validating *validating, struct arena *arena, struct control_validation *ret_shown);
static enum err mail_show(
    const struct validating *validating, struct arena *arena, struct control_validation *ret_shown);
static enum err sightings_show(struct registrar *registrar, const uint8_t *enrolment,
    const char *name, struct arena *arena, struct exchange *exchange);

static enum err refused(const struct validating *validating, enum err err, const char *code,
    const char *field, const char *seen, const char *expected)
{
    return reason_set(validating->reason, err, code, field, seen, expected);
}

enum err control_validate(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct validating validating = {
        .registrar = registrar, .act = registrar_act(registrar), .reason = &exchange->reason
    };
    validating.act.actor = "operator";
    if (control_validate_read(&exchange->body, &validating.asked) != OK) {
        return ERR_PEER;
    }
    TRY(application_find(
        registrar, validating.asked.id, &arena, &validating.row, &exchange->reason));
    TRY(application_parse(validating.row.der, &arena, &validating.application));
    if (!validating.application.government) {
        return refused(&validating, ERR_DENIED, "validation.government", NULL,
            validating.application.subject.organisation, NULL);
    }
    TRY(method_check(&validating));
    TRY(mailbox_check(&validating));
    TRY(challenges_draw(&validating, &arena));
    TRY(validation_commit_retrying(&validating));
    bell_ring(&registrar->bell);
    return validation_answer(&validating, &arena, exchange);
}

/* By edition, and by the day: the signer will ask the same. */
static enum err method_check(struct validating *validating)
{
    static const enum dcv_method methods[] = { DCV_DNS, DCV_WEBSITE, DCV_PERSISTENT, DCV_EMAIL };
    const struct edition_rules *rules = edition_rules(validating->application.edition);
    const char *asked = validating->asked.method;
    AUTO(buf) offered = buf_make(REASON_TEXT_MAX);
    bool found = false;
    validating->chosen = asked[0] != '\0';
    validating->method = DCV_DNS;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if ((rules->methods & 1U << methods[i]) == 0 ||
            !policy_method_allowed(methods[i], validating->act.time)) {
            continue;
        }
        buf_append_format(&offered, "%s%s", offered.len > 0 ? ", " : "", dcv_method_id(methods[i]));
        if (strcmp(asked, dcv_method_id(methods[i])) == 0) {
            validating->method = methods[i];
            found = true;
        }
    }
    TRY(buf_check(&offered));
    return found || !validating->chosen ? OK
                                        : refused(validating, ERR_INPUT, "validation.method",
                                              "--method", asked, buf_text(&offered));
}

/* Only to a constructed address of the very name (doc/threats.md D15). */
static enum err mailbox_check(const struct validating *validating)
{
    struct dns_name name;
    const char *domain = NULL;
    const char *address = validating->asked.mail.address;
    if (address[0] == '\0') {
        return OK;
    }
    TRY(dns_name_parse(span_from_text(validating->application.names[0]), DNS_NAME_HOST_OR_WILDCARD,
        &name, validating->reason));
    if (mailbox_is_constructed(validating->registrar->suffixes, &name, address, &domain)) {
        return OK;
    }
    char expected[REASON_TEXT_MAX];
    snprintf(expected, sizeof expected, "%s, %s, %s, %s or %s at %.200s or a parent of it",
        mailbox_local_part(0), mailbox_local_part(1), mailbox_local_part(2), mailbox_local_part(3),
        mailbox_local_part(4), name.text);
    return refused(validating, ERR_INPUT, "validation.address", "--address", address, expected);
}

static enum err challenges_draw(struct validating *validating, struct arena *arena)
{
    size_t count = validating->application.name_count;
    const struct random *random = &validating->registrar->random;
    validating->challenges = arena_alloc(arena, count, sizeof *validating->challenges);
    if (validating->challenges == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct challenge *challenge = &validating->challenges[i];
        challenge->created = validating->act.time;
        memcpy(challenge->application_hash, validating->row.hash, HASH_BYTES);
        snprintf(challenge->name, sizeof challenge->name, "%s", validating->application.names[i]);
        snprintf(challenge->srn, sizeof challenge->srn, "%s", validating->application.subject.srn);
        TRY(random_fill(random, challenge->nonce, sizeof challenge->nonce));
    }
    return OK;
}

/* A conflict without a reason is a reference number that exists already. */
static enum err validation_commit_retrying(struct validating *validating)
{
    enum err err = ERR_CONFLICT;
    for (int i = 0; i < REFERENCE_TRIES && err == ERR_CONFLICT; i++) {
        validating->reason->code[0] = '\0';
        TRY(enrolment_draw(validating->registrar, validating->row.id, &validating->enrolment));
        err = store_transact(validating->registrar->store, validation_commit, validating);
        if (validating->reason->code[0] != '\0') {
            break;
        }
    }
    return err;
}

static enum err validation_commit(struct store *store, void *ctx)
{
    struct validating *validating = ctx;
    const struct control_validate *asked = &validating->asked;
    TRY(state_check(store, validating));
    TRY(enrolment_find(store, validating));
    const uint8_t *enrolment = validating->enrolment.id;
    TRY(store_standing(store, enrolment, validating->act.time, &validating->standing));
    enum enrolment_state state = validating->enrolment.state;
    bool acts = asked->check || validating->chosen || asked->mail.address[0] != '\0' ||
                asked->mail.code[0] != '\0';
    if (state != ENROLMENT_OPEN && state != ENROLMENT_CONFIRMED) {
        return acts ? refused(validating, ERR_CONFLICT, "validation.over", NULL,
                          enrolment_state_id(state), NULL)
                    : OK;
    }
    if (values_are_needed(validating)) {
        TRY(values_renew(store, validating));
    }
    TRY(mail_take(store, validating));
    TRY(asked->check ? check_ask(store, validating) : OK);
    return store_standing(store, enrolment, validating->act.time, &validating->standing);
}

static enum err state_check(struct store *store, const struct validating *validating)
{
    AUTO(arena) arena = arena_make(MESSAGE_MAX_BYTES);
    struct application_row row = { 0 };
    TRY(store_application_get(store, validating->row.id, &arena, &row));
    bool open = row.state == APPLICATION_DRAFT || row.state == APPLICATION_VETTED ||
                row.state == APPLICATION_APPROVED;
    return open ? OK
                : refused(validating, ERR_CONFLICT, "validation.state", NULL,
                      application_state_id(row.state), "draft, vetted or approved");
}

static enum err enrolment_find(struct store *store, struct validating *validating)
{
    struct enrolment_row drawn = validating->enrolment;
    enum err err =
        store_enrolment_by_application(store, validating->row.id, &validating->enrolment);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    TRY(store_enrolment_insert(store, &validating->act, &drawn));
    return store_enrolment_get(store, drawn.id, &validating->enrolment);
}

/* Proof that still holds is not thrown away for another method. */
static bool values_are_needed(const struct validating *validating)
{
    const struct standing *standing = &validating->standing;
    bool another = validating->chosen && validating->method != standing->method &&
                   standing->kind != STANDING_PROVED;
    return standing->kind == STANDING_DUE || standing->kind == STANDING_EXPIRED || another;
}

static enum err values_renew(struct store *store, struct validating *validating)
{
    const struct standing *standing = &validating->standing;
    if (validating->asked.check) {
        return refused(
            validating, ERR_CONFLICT, "validation.values", NULL, standing_id(standing->kind), NULL);
    }
    size_t count = validating->application.name_count;
    for (size_t i = 0; i < count; i++) {
        bool again = !validating->chosen && standing->kind == STANDING_EXPIRED &&
                     policy_method_allowed(standing->method, validating->act.time);
        validating->challenges[i].method = again ? standing->method : validating->method;
    }
    TRY(store_challenge_replace_all(
        store, &validating->act, validating->enrolment.id, validating->challenges, count));
    TRY(before_look(store, validating));
    return store_standing(
        store, validating->enrolment.id, validating->act.time, &validating->standing);
}

/* What was proved for an earlier application is looked at at once: all that is new is CAA. */
static enum err before_look(struct store *store, const struct validating *validating)
{
    AUTO(arena) arena = arena_make(MESSAGE_MAX_BYTES);
    struct policy policy;
    const struct application *application = &validating->application;
    policy_at(validating->act.time, validating->registrar->roster.policy_set, &policy);
    for (size_t i = 0; i < application->name_count; i++) {
        struct evidence_row *rows = NULL;
        size_t count = 0;
        const struct earlier_question question = {
            .enrolment = validating->enrolment.id,
            .srn = application->subject.srn,
            .organisation = application->subject.organisation,
            .name = application->names[i],
            .since = validating->act.time - policy.reuse_seconds,
        };
        TRY(store_evidence_earlier(store, &question, &arena, &rows, &count));
        TRY(count == 0 ? OK
                       : store_challenge_request_check_of(store, validating->enrolment.id,
                             application->names[i], validating->act.time));
    }
    return OK;
}

/* The editions that a mail can prove have one name. */
static enum err mail_take(struct store *store, const struct validating *validating)
{
    const struct mail_proof *mail = &validating->asked.mail;
    const char *name = validating->application.names[0];
    const uint8_t *enrolment = validating->enrolment.id;
    if (mail->address[0] == '\0' && mail->code[0] == '\0') {
        return OK;
    }
    if (validating->standing.method != DCV_EMAIL) {
        return refused(validating, ERR_CONFLICT, "validation.no_mail", "--method",
            dcv_method_id(validating->standing.method), dcv_method_id(DCV_EMAIL));
    }
    if (mail->address[0] != '\0') {
        TRY(store_mailing_ask(store, &validating->act, enrolment, name, mail->address));
    }
    if (mail->code[0] != '\0' && store_mailing_type(store, enrolment, name, mail->code) != OK) {
        return refused(validating, ERR_CONFLICT, "validation.not_mailed", "--code", NULL, NULL);
    }
    return OK;
}

static enum err check_ask(struct store *store, const struct validating *validating)
{
    const uint8_t *enrolment = validating->enrolment.id;
    if (validating->standing.kind == STANDING_PROVED) {
        return OK;
    }
    if (validating->standing.kind == STANDING_STALE) {
        return store_evidence_recheck(store, &validating->act, enrolment);
    }
    return store_challenge_request_check(store, enrolment, validating->act.time);
}

static enum err validation_answer(
    const struct validating *validating, struct arena *arena, struct exchange *exchange)
{
    struct control_validation shown = {
        .proved = validating->standing.proved,
        .next_check = validating->standing.next_check,
        .identity = validating->registrar->roster.caa_identity,
    };
    snprintf(shown.standing, sizeof shown.standing, "%s", standing_id(validating->standing.kind));
    TRY(names_show(validating, arena, &shown));
    TRY(mail_show(validating, arena, &shown));
    return der_encode(control_validation_write, &shown, &exchange->reply);
}

static enum err names_show(
    const struct validating *validating, struct arena *arena, struct control_validation *ret_shown)
{
    struct challenge_row *rows = NULL;
    size_t count = 0;
    TRY(store_challenge_list(
        validating->registrar->store, validating->enrolment.id, arena, &rows, &count));
    struct control_validation_name *names = arena_alloc(arena, count, sizeof *names);
    if (names == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i].challenge = rows[i].challenge;
        snprintf(names[i].state, sizeof names[i].state, "%s", challenge_state_id(rows[i].state));
    }
    ret_shown->names = names;
    ret_shown->count = count;
    return OK;
}

static enum err mail_show(
    const struct validating *validating, struct arena *arena, struct control_validation *ret_shown)
{
    struct mailing_row *rows = NULL;
    size_t count = 0;
    TRY(store_mailing_list(
        validating->registrar->store, validating->enrolment.id, arena, &rows, &count));
    if (count > 0) {
        snprintf(ret_shown->mail_address, sizeof ret_shown->mail_address, "%s", rows[0].address);
        snprintf(ret_shown->mail_state, sizeof ret_shown->mail_state, "%s",
            mailing_state_id(rows[0].state));
        snprintf(ret_shown->mail_seen, sizeof ret_shown->mail_seen, "%s", rows[0].seen);
    }
    return OK;
}

enum err control_validation_seen(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_sight sight;
    struct application_row row = { 0 };
    struct enrolment_row enrolment = { 0 };
    if (control_sight_read(&exchange->body, &sight) != OK) {
        return ERR_PEER;
    }
    TRY(application_find(registrar, sight.id, &arena, &row, &exchange->reason));
    enum err err = store_enrolment_by_application(registrar->store, row.id, &enrolment);
    if (err == ERR_NOT_FOUND) {
        return reason_set(&exchange->reason, ERR_CONFLICT, "validation.values", NULL,
            standing_id(STANDING_DUE), NULL);
    }
    TRY(err);
    return sightings_show(registrar, enrolment.id, sight.name, &arena, exchange);
}

/* A look at earlier values is of no use to anybody. */
static enum err sightings_show(struct registrar *registrar, const uint8_t *enrolment,
    const char *name, struct arena *arena, struct exchange *exchange)
{
    struct standing standing = { 0 };
    struct observation_row *rows = NULL;
    struct control_sightings *shown = arena_alloc(arena, 1, sizeof *shown);
    size_t count = 0;
    if (shown == NULL) {
        return ERR_MEMORY;
    }
    TRY(store_standing(registrar->store, enrolment, clock_now(&registrar->clock), &standing));
    TRY(store_report_list(registrar->store, enrolment, arena, &rows, &count));
    for (size_t i = 0; i < count && shown->count < PERSPECTIVES_MAX; i++) {
        if (strcmp(rows[i].name, name) != 0 || rows[i].time < standing.created) {
            continue;
        }
        struct control_sighting *sighting = &shown->rows[shown->count++];
        sighting->observation = rows[i].der;
        sighting->report = rows[i].report;
        snprintf(sighting->perspective, sizeof sighting->perspective, "%s", rows[i].perspective);
    }
    return der_encode(control_sightings_write, shown, &exchange->reply);
}
