/* From warrant to certificate. */
#include "proc/signer/issue.h"
#include "lib/der/oid.h"
#include "lib/crypto/sign.h"
#include "proc/signer/internal.h"
#include "proc/signer/linted.h"

#include <stdio.h>

/* doc/threats.md S8: a clock that stands before what the journal has seen is wrong, or was. */
#define CLOCK_BACKWARDS_SECONDS INT64_C(60)

/* One issuance on its way. */
struct issuance {
    struct issuing *issuing;
    const struct request_id *request;
    struct span warrant_der;
    uint8_t warrant_hash[HASH_BYTES];
    uint8_t application_hash[HASH_BYTES];
    uint8_t spki_hash[HASH_BYTES];
    uint8_t serial[SERIAL_BYTES];
    int64_t now;
    struct warrant warrant;
    struct entitlement entitlement;
    struct policy policy;
    struct build_request build;
};

static enum err issue_once(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, struct reason *ret_reason);
static enum err issue_again(struct issuing *issuing, const struct ledger_row *row,
    struct buf *certificate, struct reason *ret_reason);
static enum err issue_new(
    struct issuance *issuance, struct buf *certificate, struct reason *ret_reason);
static enum err entitlement_check(
    struct issuance *issuance, struct arena *arena, struct reason *ret_reason);
static enum err refusal_record(
    struct issuance *issuance, const struct reason *reason, enum err verdict);
static enum err intent_to_certificate(struct issuance *issuance, const struct record_intent *intent,
    struct buf *certificate, struct reason *ret_reason);
static enum err intent_queue(struct issuance *issuance, const struct record_intent *intent,
    struct journal_ticket *ret_ticket, struct reason *ret_reason);
static enum err certificate_make(struct issuing *issuing, const struct record_intent *intent,
    struct buf *der, struct reason *ret_reason);

static pthread_mutex_t *request_lock(struct issuing *issuing, const struct request_id *request)
{
    uint32_t mixed = load_be32(request->enrolment) ^ load_be32(request->enrolment + 12);
    return &issuing->requests[(mixed ^ request->ordinal) % REQUEST_LOCKS];
}

/* What the ledger says of a request. */
static bool row_look(
    struct issuing *issuing, const struct request_id *request, struct ledger_row *ret_row)
{
    pthread_mutex_lock(&issuing->mutex);
    bool known = ledger_by_request(&issuing->ledger, request, ret_row);
    pthread_mutex_unlock(&issuing->mutex);
    return known;
}

static enum err clock_check(struct issuing *issuing, int64_t now, struct reason *ret_reason)
{
    struct journal_state state;
    journal_look(issuing->journal, &state);
    if (now < state.last_time - CLOCK_BACKWARDS_SECONDS) {
        return reason_set(ret_reason, ERR_AGAIN, "clock.backwards", NULL, NULL, NULL);
    }
    return OK;
}

static enum err serial_reserve(struct issuing *issuing, const struct request_id *request,
    struct ledger_row *ret_row, struct reason *ret_reason)
{
    uint8_t serial[SERIAL_BYTES];
    int64_t now = clock_now(&issuing->clock);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = halt_gate(issuing, ret_reason);
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    TRY(clock_check(issuing, now, ret_reason));
    TRY(serial_draw(&issuing->random, serial));
    const struct record_reserved record = { *request, SPAN_OF(serial) };
    TRY(issuing_record(issuing, JOURNAL_RESERVED, now, record_reserved_write, &record));
    memcpy(ret_row->serial, serial, SERIAL_BYTES);
    return OK;
}

enum err issuing_reserve(struct issuing *issuing, const struct request_id *request,
    struct signer_serial *ret_serial, struct reason *ret_reason)
{
    struct ledger_row row;
    pthread_mutex_t *lock = request_lock(issuing, request);
    pthread_mutex_lock(lock);
    enum err err =
        row_look(issuing, request, &row) ? OK : serial_reserve(issuing, request, &row, ret_reason);
    pthread_mutex_unlock(lock);
    if (err == OK) {
        memcpy(ret_serial->bytes, row.serial, SERIAL_BYTES);
        ret_serial->len = SERIAL_BYTES;
    }
    return err;
}

enum err issuing_issue(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, struct reason *ret_reason)
{
    struct reason reason = { 0 };
    pthread_mutex_t *lock = request_lock(issuing, request);
    pthread_mutex_lock(lock);
    enum err err = issue_once(issuing, request, warrant, certificate, &reason);
    pthread_mutex_unlock(lock);
    if (err != OK && ret_reason != NULL) {
        *ret_reason = reason;
    }
    return err;
}

static enum err issue_once(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, struct reason *ret_reason)
{
    struct ledger_row row;
    if (!row_look(issuing, request, &row)) {
        return reason_set(ret_reason, ERR_CONFLICT, "request.unreserved", NULL, NULL, NULL);
    }
    if (row.state != LEDGER_RESERVED) {
        return issue_again(issuing, &row, certificate, ret_reason);
    }
    struct issuance issuance = { .issuing = issuing,
        .request = request,
        .warrant_der = warrant,
        .now = clock_now(&issuing->clock) };
    memcpy(issuance.serial, row.serial, SERIAL_BYTES);
    TRY(clock_check(issuing, issuance.now, ret_reason));
    TRY(warrant_hash(warrant, issuance.warrant_hash));
    return issue_new(&issuance, certificate, ret_reason);
}

/* The certificate is in the journal, or an intent is whose signature failed. */
static enum err issue_again(struct issuing *issuing, const struct ledger_row *row,
    struct buf *certificate, struct reason *ret_reason)
{
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    TRY(journal_read_body(issuing->journal, row->record, &body));
    if (row->state == LEDGER_ISSUED) {
        struct record_issued issued;
        TRY(record_issued_read(buf_span(&body), &issued));
        buf_append(certificate, issued.certificate);
        return buf_check(certificate);
    }
    struct record_intent intent;
    TRY(record_intent_read(buf_span(&body), &intent));
    return issuing_finish(issuing, &intent, certificate, ret_reason);
}

static enum err issue_new(
    struct issuance *issuance, struct buf *certificate, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    enum err err = entitlement_check(issuance, &arena, ret_reason);
    err = err == OK ? build_tbs(&issuance->build, &tbs, ret_reason) : err;
    if (err != OK) {
        return refusal_record(issuance, ret_reason, err);
    }
    /* What can't be signed now isn't intended either. */
    if (signature_ready(issuance->build.issuer->key) != OK) {
        return reason_set(
            ret_reason, ERR_AGAIN, "issuer.away", issuance->build.issuer->id, NULL, NULL);
    }
    bool ev = span_equal(*issuance->entitlement.profile->policy, oid_policy_ev);
    TRY(linted(buf_span(&tbs), ev ? LINT_SERVER_EV : LINT_SERVER_OV, issuance->now, ret_reason));
    TRY(build_compare(&issuance->build, buf_span(&tbs), ret_reason));
    struct record_intent intent = { .request = *issuance->request,
        .serial = SPAN_OF(issuance->serial),
        .warrant = issuance->warrant_der,
        .tbs = buf_span(&tbs) };
    memcpy(intent.issuer, issuance->build.issuer->id, sizeof intent.issuer);
    memcpy(intent.warrant_hash, issuance->warrant_hash, HASH_BYTES);
    return intent_to_certificate(issuance, &intent, certificate, ret_reason);
}

/* Intent and result may reach the disk together, since the signature leaves only after both: the
 * intent's place in the order is fixed before the signature, and the ledger learns whatever part of
 * the two is on disk in the end. */
static enum err intent_to_certificate(struct issuance *issuance, const struct record_intent *intent,
    struct buf *certificate, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    struct journal_ticket intended, issued;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(intent_queue(issuance, intent, &intended, ret_reason));
    enum err err = certificate_make(issuing, intent, &der, ret_reason);
    const struct record_issued record = { intent->request, buf_span(&der) };
    if (err == OK) {
        err = journal_add_behind(issuing->journal, &intended, JOURNAL_ISSUED,
            clock_now(&issuing->clock), record_issued_write, &record, &issued);
    }
    err = err == OK ? journal_wait(issuing->journal, &issued) : err;
    TRY(journal_wait(issuing->journal, &intended));
    follower_poke(issuing->follower);
    TRY(err);
    buf_append(certificate, buf_span(&der));
    return buf_check(certificate);
}

static enum err perspective_verify(
    void *ctx, size_t index, struct span signed_part, struct span signature)
{
    const struct issuing *issuing = ctx;
    return signature_verify(
        issuing->perspective_keys[index], SIGNATURE_RSA_SHA256, signed_part, signature);
}

static enum err officer_verify(void *ctx, size_t index, struct span message, struct span signature)
{
    const struct issuing *issuing = ctx;
    return signature_verify(issuing->officer_keys[index], SIGNATURE_ED25519, message, signature);
}

/* Everything that decides whether there may be a certificate, short of the journal's order. */
static enum err entitlement_check(
    struct issuance *issuance, struct arena *arena, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    const struct observation_verifier verifier = { perspective_verify, issuing, officer_verify };
    if (warrant_parse(issuance->warrant_der, arena, &issuance->warrant) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.malformed", NULL, NULL, NULL);
    }
    const struct request_id *named = &issuance->warrant.request;
    if (memcmp(named->enrolment, issuance->request->enrolment, ENROLMENT_ID_BYTES) != 0 ||
        named->ordinal != issuance->request->ordinal) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.request", NULL, NULL, NULL);
    }
    TRY(application_hash(issuance->warrant.application_der, issuance->application_hash));
    TRY(warrant_check(&issuance->warrant, issuing->roster, &verifier, issuance->now, arena,
        &issuance->entitlement, ret_reason));
    TRY(weaklist_check(issuing->weak, issuance->entitlement.spki, ret_reason));
    TRY(sha256(issuance->entitlement.spki, issuance->spki_hash));
    policy_at(issuance->now, issuing->roster->policy_set, &issuance->policy);
    issuance->build = (struct build_request){
        .entitlement = &issuance->entitlement,
        .issuer = issuing_issuer(issuing, issuance->entitlement.issuer->id),
        .serial = SPAN_OF(issuance->serial),
        .policy = &issuance->policy,
        .now = issuance->now,
    };
    if (issuance->build.issuer == NULL) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.issuer", NULL, NULL, NULL);
    }
    return OK;
}

/* Only refusals are for the record; a machine in trouble is not one. */
static enum err refusal_record(
    struct issuance *issuance, const struct reason *reason, enum err verdict)
{
    if (verdict != ERR_DENIED && verdict != ERR_INPUT) {
        return verdict;
    }
    struct record_refused record = { .request = *issuance->request };
    memcpy(record.warrant_hash, issuance->warrant_hash, HASH_BYTES);
    snprintf(record.code, sizeof record.code, "%s", reason->code);
    TRY(issuing_record(
        issuance->issuing, JOURNAL_REFUSED, issuance->now, record_refused_write, &record));
    return ERR_DENIED;
}

/* Under one lock, so that no withdrawal, revocation or blocked key that stands before the intent in
 * the journal can have been overlooked. */
static enum err intent_queue(struct issuance *issuance, const struct record_intent *intent,
    struct journal_ticket *ret_ticket, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    enum err err = OK;
    pthread_mutex_lock(&issuing->mutex);
    struct ledger_row row;
    bool known = ledger_by_request(&issuing->ledger, issuance->request, &row);
    err = halt_gate(issuing, ret_reason);
    if (err != OK) {
        /* nothing is recorded: it is no verdict on the warrant */
    } else if (ledger_is_withdrawn(&issuing->ledger, issuance->application_hash)) {
        err = reason_set(ret_reason, ERR_DENIED, "warrant.withdrawn", NULL, NULL, NULL);
    } else if (ledger_is_blocked(&issuing->ledger, issuance->spki_hash)) {
        err = reason_set(ret_reason, ERR_DENIED, "key.blocked", "csr", NULL, NULL);
    } else if (!known || row.revoked || row.pending) {
        err = reason_set(ret_reason, ERR_DENIED, "warrant.serial_revoked", NULL, NULL, NULL);
    } else {
        err = journal_add(issuing->journal, JOURNAL_INTENT, issuance->now, record_intent_write,
            intent, ret_ticket);
    }
    pthread_mutex_unlock(&issuing->mutex);
    return err == ERR_DENIED ? refusal_record(issuance, ret_reason, err) : err;
}

/* Signs, which verifies, and looks once more whether it is these bytes that were signed. */
static enum err certificate_make(struct issuing *issuing, const struct record_intent *intent,
    struct buf *der, struct reason *ret_reason)
{
    struct span signed_part;
    struct der reader, inner;
    const struct issuer_key *issuer = issuing_issuer(issuing, intent->issuer);
    if (issuer == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "issuer.key", intent->issuer, NULL, NULL);
    }
    enum err err =
        certificate_sign(intent->tbs, signature_algorithm_of_key(issuer->key), issuer->key, der);
    if (err == ERR_AGAIN) {
        return reason_set(ret_reason, err, "issuer.away", issuer->id, NULL, NULL);
    }
    TRY(err);
    reader = der_reader(buf_span(der));
    if (der_enter(&reader, DER_SEQUENCE, &inner) != OK ||
        der_read_whole(&inner, DER_SEQUENCE, &signed_part) != OK ||
        !span_equal(signed_part, intent->tbs)) {
        return reason_set(ret_reason, ERR_CRYPTO, "build.signed", NULL, NULL, NULL);
    }
    return OK;
}

enum err issuing_finish(struct issuing *issuing, const struct record_intent *intent,
    struct buf *certificate, struct reason *ret_reason)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = halt_gate(issuing, ret_reason);
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    TRY(certificate_make(issuing, intent, &der, ret_reason));
    const struct record_issued record = { intent->request, buf_span(&der) };
    TRY(issuing_record(
        issuing, JOURNAL_ISSUED, clock_now(&issuing->clock), record_issued_write, &record));
    buf_append(certificate, buf_span(&der));
    return buf_check(certificate);
}
