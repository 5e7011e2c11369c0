/* Whether a proof may be used again is the signer's own question, asked early. */
#include "proc/registrar/earlier.h"
#include "lib/ca/earlier.h"
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "proc/registrar/issuing.h"

static enum err name_find(const struct earlier_search *search, const struct challenge_row *row,
    bool own_alone, struct earlier *ret_earlier);
static enum err proof_try(const struct earlier_search *search, const struct challenge *challenge,
    const struct evidence_row *row, struct earlier *ret_earlier);
static bool bound_elsewhere(const struct challenge *proved, const struct challenge *asked);
static enum err application_try(
    const struct earlier_search *search, const uint8_t *hash, struct reason *ret_reason);

enum err earlier_application_add(struct store *store, const uint8_t hash[HASH_BYTES],
    struct arena *arena, struct earlier_applications *applications, struct reason *ret_reason)
{
    struct application_row row = { 0 };
    struct approval_row *rows = NULL;
    size_t count = 0;
    uint8_t id[APPLICATION_ID_BYTES];
    if (earlier_of_hash(applications->list, applications->count, hash) != NULL) {
        return OK;
    }
    if (applications->count == EARLIER_APPLICATIONS_MAX) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.earlier_many", NULL, NULL, NULL);
    }
    TRY(store_application_by_hash(store, hash, id));
    TRY(store_application_get(store, id, arena, &row));
    if (row.state != APPLICATION_APPROVED) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.earlier_withdrawn", NULL,
            application_state_id(row.state), application_state_id(APPLICATION_APPROVED));
    }
    struct earlier_application added = { .application_der = row.der };
    memcpy(added.hash, hash, HASH_BYTES);
    TRY(application_parse(row.der, arena, &added.application));
    TRY(store_application_approvals(store, id, arena, &rows, &count));
    for (size_t i = 0; i < count && i < APPROVALS_MAX; i++) {
        struct der reader = der_reader(rows[i].der);
        TRY(approval_read(&reader, &added.approvals[added.approval_count]));
        added.approval_count++;
    }
    applications->list[applications->count++] = added;
    return OK;
}

enum err earlier_rules(struct registrar *registrar, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    int64_t now, struct arena *arena, struct application *ret_application,
    struct evidence_rules *ret_rules)
{
    struct enrolment_row row = { 0 };
    struct application_row application = { 0 };
    TRY(store_enrolment_get(registrar->store, enrolment, &row));
    TRY(store_application_get(registrar->store, row.application, arena, &application));
    TRY(application_parse(application.der, arena, ret_application));
    struct span hash = arena_span(arena, SPAN_OF(application.hash));
    if (hash.data == NULL) {
        return ERR_MEMORY;
    }
    *ret_rules = (struct evidence_rules){
        .roster = &registrar->roster,
        .verifier = &registrar->verifier,
        .edition = edition_rules(ret_application->edition),
        .now = now,
        .application_hash = hash.data,
        .srn = ret_application->subject.srn,
    };
    policy_at(now, registrar->roster.policy_set, &ret_rules->policy);
    return OK;
}

enum err earlier_find(const struct earlier_search *search, struct earlier *ret_earlier)
{
    struct enrolment_row enrolment = { 0 };
    TRY(store_enrolment_get(search->registrar->store, search->rows[0].enrolment, &enrolment));
    bool refused = strncmp(enrolment.problem.code, EARLIER_REASON, strlen(EARLIER_REASON)) == 0;
    for (size_t i = 0; i < search->count; i++) {
        TRY(name_find(search, &search->rows[i], refused, &ret_earlier[i]));
    }
    return OK;
}

static enum err name_find(const struct earlier_search *search, const struct challenge_row *row,
    bool own_alone, struct earlier *ret_earlier)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    struct store *store = search->registrar->store;
    const struct challenge *challenge = &row->challenge;
    const struct subject *subject = &search->application->subject;
    TRY(store_evidence_list(store, row->enrolment, search->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, challenge->name) == 0) {
            TRY(proof_try(search, challenge, &rows[i], ret_earlier));
        }
    }
    if (ret_earlier->reusable || own_alone) {
        return OK;
    }
    const struct earlier_question question = {
        .enrolment = row->enrolment,
        .srn = subject->srn,
        .organisation = subject->organisation,
        .name = challenge->name,
        .spki_hash = challenge->has_spki ? challenge->spki_hash : NULL,
        .since = search->rules->now - search->rules->policy.reuse_seconds,
    };
    TRY(store_evidence_earlier(store, &question, search->arena, &rows, &count));
    for (size_t i = 0; i < count && !ret_earlier->reusable; i++) {
        TRY(proof_try(search, challenge, &rows[i], ret_earlier));
    }
    return OK;
}

static enum err proof_try(const struct earlier_search *search, const struct challenge *challenge,
    const struct evidence_row *row, struct earlier *ret_earlier)
{
    struct reason reason = { 0 };
    struct earlier earlier = { .row = *row };
    earlier.row.has_caa = false;
    TRY(evidence_read(search->registrar->store, &earlier.row, search->arena, &earlier.evidence));
    if (earlier.evidence.count == 0) {
        return OK;
    }
    const uint8_t *hash = earlier.evidence.observations[0].challenge.application_hash;
    if (bound_elsewhere(&earlier.evidence.observations[0].challenge, challenge)) {
        return OK;
    }
    bool own = memcmp(hash, search->rules->application_hash, HASH_BYTES) == 0;
    enum err err = own ? OK : application_try(search, hash, &reason);
    if (err != OK) {
        return err == ERR_DENIED || err == ERR_NOT_FOUND ? OK : err;
    }
    struct evidence_rules rules = *search->rules;
    rules.earlier = search->applications->list;
    rules.earlier_count = search->applications->count;
    earlier.reusable = evidence_reusable(&earlier.evidence, row->name, &rules, &reason) == OK;
    *ret_earlier = earlier;
    return OK;
}

/* A proof that serves a single key serves no other, and not whoever comes with none. */
static bool bound_elsewhere(const struct challenge *proved, const struct challenge *asked)
{
    return proved->has_spki &&
           (!asked->has_spki || memcmp(proved->spki_hash, asked->spki_hash, HASH_BYTES) != 0);
}

/* Keeps the application's place only where its evidence may serve. */
static enum err application_try(
    const struct earlier_search *search, const uint8_t *hash, struct reason *ret_reason)
{
    struct earlier_applications *applications = search->applications;
    size_t before = applications->count;
    TRY(earlier_application_add(
        search->registrar->store, hash, search->arena, applications, ret_reason));
    if (applications->count == before) {
        return OK;
    }
    enum err err =
        earlier_check(&applications->list[before], search->application, search->rules, ret_reason);
    applications->count = err == OK ? applications->count : before;
    return err;
}
