/* Dual control as the registrar sees it: one officer vets, another approves, each by a signature
 * over the application's hash. The signer asks all of it again before it signs anything. */
#include "proc/registrar/approving.h"
#include "lib/base/log.h"
#include "lib/crypto/sign.h"

#include <stdio.h>

enum {
    CLOCK_TOLERANCE_SECONDS = 300,
    REFERENCE_TRIES = 5, /* of a thousand million numbers */
    APPROVAL_MESSAGE_MAX = 512,
};

struct approving {
    struct registrar *registrar;
    struct application_row row;
    struct approval approval;
    struct approval_row approval_row;
    const struct officer *officer;
    struct enrolment_row enrolment; /* drawn, or opened before for its validation */
    bool opened;
    struct act act;
};

static enum err approval_verify(
    struct approving *approving, struct arena *arena, struct reason *ret_reason);
static enum err officer_verify(struct approving *approving, struct reason *ret_reason);
static enum err order_check(
    struct approving *approving, struct arena *arena, struct reason *ret_reason);
static enum err approval_commit_retrying(struct approving *approving, struct reason *ret_reason);
static enum err enrolment_prepare(struct approving *approving);
static enum err approval_commit(struct store *store, void *ctx);

enum err approval_take(struct registrar *registrar, const uint8_t id[APPLICATION_ID_BYTES],
    struct span approval_der, struct approving_outcome *ret_outcome, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct approving approving = { .registrar = registrar };
    struct der reader = der_reader(approval_der);
    if (approval_read(&reader, &approving.approval) != OK || der_finish(&reader) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "approval.malformed", NULL, NULL, NULL);
    }
    enum err err = store_application_get(registrar->store, id, &arena, &approving.row);
    if (err == ERR_NOT_FOUND) {
        return reason_set(ret_reason, err, "application.unknown", NULL, NULL, NULL);
    }
    TRY(err);
    approving.approval_row.der = approval_der;
    TRY(approval_verify(&approving, &arena, ret_reason));
    TRY(approval_commit_retrying(&approving, ret_reason));
    bool approved = approving.approval.role == APPROVAL_APPROVED;
    ret_outcome->state = approved ? APPLICATION_APPROVED : APPLICATION_VETTED;
    memcpy(ret_outcome->reference, approving.enrolment.reference, sizeof ret_outcome->reference);
    memcpy(ret_outcome->enrolment, approving.enrolment.id, sizeof ret_outcome->enrolment);
    log_event(LOG_INFO, approved ? "application.approved" : "application.vetted", "officer",
        approving.officer->id, "reference", approving.enrolment.reference, NULL);
    return OK;
}

static enum err approval_verify(
    struct approving *approving, struct arena *arena, struct reason *ret_reason)
{
    const struct approval *approval = &approving->approval;
    uint8_t hash[HASH_BYTES];
    TRY(application_hash(approving->row.der, hash));
    if (memcmp(approval->application_hash, hash, sizeof hash) != 0) {
        return reason_set(ret_reason, ERR_DENIED, "approval.hash", NULL, NULL, NULL);
    }
    int64_t now = clock_now(&approving->registrar->clock);
    if (approval->time > now + CLOCK_TOLERANCE_SECONDS ||
        approval->time < now - CLOCK_TOLERANCE_SECONDS) {
        char seen[TIME_TEXT_MAX];
        char expected[TIME_TEXT_MAX];
        time_format_rfc3339(approval->time, seen);
        time_format_rfc3339(now, expected);
        return reason_set(ret_reason, ERR_DENIED, "approval.time", NULL, seen, expected);
    }
    TRY(officer_verify(approving, ret_reason));
    return order_check(approving, arena, ret_reason);
}

static enum err officer_verify(struct approving *approving, struct reason *ret_reason)
{
    const struct approval *approval = &approving->approval;
    const struct officer *officer = roster_officer(&approving->registrar->roster, approval->key_id);
    if (officer == NULL || officer->key_type != approval->key_type) {
        char seen[2 * HASH_BYTES + 1];
        hex_format(SPAN_OF(approval->key_id), seen);
        return reason_set(ret_reason, ERR_DENIED, "approval.officer_unknown", NULL, seen, NULL);
    }
    if ((officer->roles & OFFICER_ROLE_OFFICER) == 0) {
        return reason_set(
            ret_reason, ERR_DENIED, "approval.officer_role", officer->id, NULL, "officer");
    }
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(APPROVAL_MESSAGE_MAX);
    TRY(key_from_spki(officer->spki, &key));
    TRY(approval_message(approval, &message));
    if (signature_verify(key, SIGNATURE_ED25519, buf_span(&message), approval->signature) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "approval.signature", officer->id, NULL, NULL);
    }
    approving->officer = officer;
    approving->approval_row.role = approval->role;
    approving->approval_row.time = approval->time;
    memcpy(approving->approval_row.key_id, approval->key_id, HASH_BYTES);
    return OK;
}

/* Vetted before approved, never by the same hand; said here in words, enforced by the store. */
static enum err order_check(
    struct approving *approving, struct arena *arena, struct reason *ret_reason)
{
    struct approval_row *rows = NULL;
    size_t count = 0;
    TRY(store_application_approvals(
        approving->registrar->store, approving->row.id, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        if (memcmp(rows[i].key_id, approving->approval.key_id, HASH_BYTES) == 0) {
            return reason_set(ret_reason, ERR_DENIED, "approval.same_officer",
                approving->officer->id, NULL, NULL);
        }
    }
    bool vetting = approving->approval.role == APPROVAL_VETTED;
    enum application_state expected = vetting ? APPLICATION_DRAFT : APPLICATION_VETTED;
    if (approving->row.state != expected) {
        return reason_set(ret_reason, ERR_CONFLICT, "approval.state", NULL,
            application_state_id(approving->row.state), application_state_id(expected));
    }
    return OK;
}

/* A conflict is a reference number that exists already, or an application that changed its state
 * under us: the next attempt of the first kind succeeds. */
static enum err approval_commit_retrying(struct approving *approving, struct reason *ret_reason)
{
    struct registrar *registrar = approving->registrar;
    char actor[OFFICER_ID_MAX + 16];
    snprintf(actor, sizeof actor, "officer:%s", approving->officer->id);
    approving->act = (struct act){ .actor = actor, .time = clock_now(&registrar->clock) };
    enum err err = ERR_CONFLICT;
    for (int i = 0; i < REFERENCE_TRIES && err == ERR_CONFLICT; i++) {
        if (approving->approval.role == APPROVAL_APPROVED) {
            TRY(enrolment_prepare(approving));
        }
        err = store_transact(registrar->store, approval_commit, approving);
    }
    if (err == ERR_CONFLICT) {
        return reason_set(ret_reason, err, "approval.state", NULL, NULL, NULL);
    }
    return err;
}

static enum err enrolment_prepare(struct approving *approving)
{
    struct registrar *registrar = approving->registrar;
    struct enrolment_row *enrolment = &approving->enrolment;
    enum err err = store_enrolment_by_application(registrar->store, approving->row.id, enrolment);
    approving->opened = err == OK;
    if (err == ERR_NOT_FOUND) {
        err = enrolment_draw(registrar, approving->row.id, enrolment);
    }
    enrolment->subscription_end = subscription_end(&approving->approval);
    return err;
}

enum err enrolment_draw(const struct registrar *registrar,
    const uint8_t application[APPLICATION_ID_BYTES], struct enrolment_row *ret_enrolment)
{
    const struct random *random = &registrar->random;
    struct enrolment_row drawn = { 0 };
    memcpy(drawn.application, application, sizeof drawn.application);
    TRY(random_fill(random, drawn.id, sizeof drawn.id));
    TRY(random_digits(random, (uint8_t *)drawn.reference, REFERENCE_DIGITS));
    *ret_enrolment = drawn;
    return OK;
}

static enum err approval_commit(struct store *store, void *ctx)
{
    const struct approving *approving = ctx;
    TRY(store_application_add_approval(
        store, &approving->act, approving->row.id, &approving->approval_row));
    if (approving->approval.role == APPROVAL_VETTED) {
        return OK;
    }
    return approving->opened
               ? store_enrolment_set_subscription(store, &approving->act, approving->enrolment.id,
                     approving->enrolment.subscription_end)
               : store_enrolment_insert(store, &approving->act, &approving->enrolment);
}
