/* The warrant: put together from what the store has, believed by nobody. */
#include "lib/store/application.h"
#include "lib/store/evidence.h"
#include "proc/registrar/earlier.h"
#include "proc/registrar/issuing.h"

#include <stdio.h>

static enum err approvals_gather(
    struct store *store, struct warrant *warrant, const uint8_t *id, struct arena *arena);
static enum err evidence_gather(struct store *store, struct warrant *warrant,
    const struct enrolment_row *enrolment, struct arena *arena, struct reason *ret_reason);
static enum err earlier_gather(struct store *store, struct warrant *warrant,
    const uint8_t *application_hash, struct arena *arena, struct reason *ret_reason);
static enum err attempt_read(struct store *store, const uint8_t attempt[ATTEMPT_BYTES],
    const char *name, struct arena *arena, struct name_evidence *evidence);
static enum err profile_pin(const struct roster *roster, struct warrant *warrant);

enum err warrant_gather(struct registrar *registrar, const struct enrolment_row *enrolment,
    const struct certificate_row *certificate, struct buf *warrant_der, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct application_row row = { 0 };
    struct warrant *warrant = arena_alloc(&arena, 1, sizeof *warrant);
    if (warrant == NULL) {
        return ERR_MEMORY;
    }
    TRY(store_application_get(registrar->store, enrolment->application, &arena, &row));
    if (row.state != APPLICATION_APPROVED) {
        return reason_set(ret_reason, ERR_DENIED, "application.state", NULL,
            application_state_id(row.state), application_state_id(APPLICATION_APPROVED));
    }
    warrant->request = certificate->request;
    warrant->application_der = row.der;
    TRY(application_parse(row.der, &arena, &warrant->application));
    TRY(approvals_gather(registrar->store, warrant, row.id, &arena));
    TRY(evidence_gather(registrar->store, warrant, enrolment, &arena, ret_reason));
    TRY(earlier_gather(registrar->store, warrant, row.hash, &arena, ret_reason));
    warrant->csr = certificate->csr;
    warrant->chinese = enrolment->chinese;
    warrant->epoch = registrar->roster.epoch;
    TRY(profile_pin(&registrar->roster, warrant));
    return warrant_format(warrant, warrant_der);
}

static enum err approvals_gather(
    struct store *store, struct warrant *warrant, const uint8_t *id, struct arena *arena)
{
    struct approval_row *rows = NULL;
    size_t count = 0;
    TRY(store_application_approvals(store, id, arena, &rows, &count));
    for (size_t i = 0; i < count && i < APPROVALS_MAX; i++) {
        struct der reader = der_reader(rows[i].der);
        TRY(approval_read(&reader, &warrant->approvals[i]));
        warrant->approval_count++;
    }
    return OK;
}

static enum err evidence_gather(struct store *store, struct warrant *warrant,
    const struct enrolment_row *enrolment, struct arena *arena, struct reason *ret_reason)
{
    struct evidence_row *rows = NULL;
    size_t count = 0;
    size_t names = warrant->application.name_count;
    TRY(store_evidence_list(store, enrolment->id, arena, &rows, &count));
    warrant->evidence = arena_alloc(arena, names, sizeof *warrant->evidence);
    if (warrant->evidence == NULL) {
        return ERR_MEMORY;
    }
    warrant->evidence_count = names;
    for (size_t i = 0; i < names; i++) {
        const char *name = warrant->application.names[i];
        size_t at = 0;
        while (at < count && strcmp(rows[at].name, name) != 0) {
            at++;
        }
        if (at == count) {
            return reason_set(ret_reason, ERR_DENIED, "warrant.evidence_missing", name, NULL, NULL);
        }
        TRY(evidence_read(store, &rows[at], arena, &warrant->evidence[i]));
    }
    return OK;
}

/* The applications of evidence that is not the present one's. */
static enum err earlier_gather(struct store *store, struct warrant *warrant,
    const uint8_t *application_hash, struct arena *arena, struct reason *ret_reason)
{
    struct earlier_applications *applications = arena_alloc(arena, 1, sizeof *applications);
    if (applications == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < warrant->evidence_count; i++) {
        const struct name_evidence *evidence = &warrant->evidence[i];
        const uint8_t *hash = evidence->observations[0].challenge.application_hash;
        if (evidence->count > 0 && memcmp(hash, application_hash, HASH_BYTES) != 0) {
            TRY(earlier_application_add(store, hash, arena, applications, ret_reason));
        }
    }
    warrant->earlier = applications->list;
    warrant->earlier_count = applications->count;
    return OK;
}

enum err evidence_read(struct store *store, const struct evidence_row *row, struct arena *arena,
    struct name_evidence *ret_evidence)
{
    struct name_evidence evidence = { 0 };
    evidence.observations =
        arena_alloc(arena, EVIDENCE_OBSERVATIONS_MAX, sizeof *evidence.observations);
    if (evidence.observations == NULL) {
        return ERR_MEMORY;
    }
    TRY(attempt_read(store, row->attempt, row->name, arena, &evidence));
    if (row->has_caa) {
        TRY(attempt_read(store, row->caa_attempt, row->name, arena, &evidence));
    }
    *ret_evidence = evidence;
    return OK;
}

/* Adds what the perspectives signed in this attempt. */
static enum err attempt_read(struct store *store, const uint8_t attempt[ATTEMPT_BYTES],
    const char *name, struct arena *arena, struct name_evidence *evidence)
{
    struct observation_row *rows = NULL;
    size_t count = 0;
    TRY(store_observation_list(store, attempt, name, arena, &rows, &count));
    for (size_t i = 0; i < count && evidence->count < EVIDENCE_OBSERVATIONS_MAX; i++) {
        if (rows[i].der.len > 0) {
            struct der reader = der_reader(rows[i].der);
            TRY(observation_read(&reader, &evidence->observations[evidence->count++]));
        }
    }
    return OK;
}

static enum err profile_pin(const struct roster *roster, struct warrant *warrant)
{
    const struct profile *profile = warrant_profile(roster, warrant->application.edition);
    if (profile == NULL) {
        return ERR_UNSUPPORTED;
    }
    snprintf(warrant->profile_id, sizeof warrant->profile_id, "%s", profile->id);
    return profile_hash(profile, warrant->profile_hash);
}
