/* From warrant to certificate. */
#include "proc/signer/issue.h"
#include "lib/der/oid.h"
#include "lib/crypto/sign.h"
#include "proc/signer/internal.h"
#include "proc/signer/linted.h"

#include <stdio.h>

/* doc/threats.md S8: a clock that stands before what the journal has seen is wrong, or was. */
#define CLOCK_BACKWARDS_SECONDS INT64_C(60)

static enum err issue_run(struct errand *errand, struct reason *ret_reason);
static enum err issue_again(
    struct errand *errand, const struct ledger_row *row, struct reason *ret_reason);
static enum err issue_new(struct issuance *issuance, struct reason *ret_reason);

static pthread_mutex_t *lock_of(struct issuing *issuing, const struct request_id *request)
{
    uint32_t mixed = load_be32(request->enrolment) ^ load_be32(request->enrolment + 12);
    return &issuing->requests[(mixed ^ request->ordinal) % REQUEST_LOCKS];
}

void request_enter(struct issuing *issuing, const struct request_id *request)
{
    pthread_mutex_lock(lock_of(issuing, request));
    journal_enter(issuing->journal);
}

void request_leave(struct issuing *issuing, const struct request_id *request)
{
    journal_leave(issuing->journal);
    pthread_mutex_unlock(lock_of(issuing, request));
}

bool issuing_row(
    struct issuing *issuing, const struct request_id *request, struct ledger_row *ret_row)
{
    pthread_mutex_lock(&issuing->mutex);
    bool known = ledger_by_request(&issuing->ledger, request, ret_row);
    pthread_mutex_unlock(&issuing->mutex);
    return known;
}

enum err issuing_clock_check(struct issuing *issuing, int64_t now, struct reason *ret_reason)
{
    struct journal_state state;
    TRY(watch_check(&issuing->watch, ret_reason));
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
    TRY(issuing_clock_check(issuing, now, ret_reason));
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
    request_enter(issuing, request);
    enum err err = issuing_row(issuing, request, &row)
                       ? OK
                       : serial_reserve(issuing, request, &row, ret_reason);
    request_leave(issuing, request);
    if (err == OK) {
        memcpy(ret_serial->bytes, row.serial, SERIAL_BYTES);
        ret_serial->len = SERIAL_BYTES;
    }
    return err;
}

enum err issuing_issue(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, bool *ret_precertificate,
    struct reason *ret_reason)
{
    struct errand errand = {
        .issuing = issuing, .request = request, .given = warrant, .run = issue_run
    };
    struct ledger_row row;
    request_enter(issuing, request);
    enum err err = errand_do(&errand, certificate, ret_reason);
    bool precertificate = issuing_row(issuing, request, &row) && row.state == LEDGER_PRECERTIFIED;
    request_leave(issuing, request);
    if (err == OK && ret_precertificate != NULL) {
        *ret_precertificate = precertificate;
    }
    return err;
}

static enum err issue_run(struct errand *errand, struct reason *ret_reason)
{
    struct issuing *issuing = errand->issuing;
    struct ledger_row row;
    if (!issuing_row(issuing, errand->request, &row)) {
        return reason_set(ret_reason, ERR_CONFLICT, "request.unreserved", NULL, NULL, NULL);
    }
    if (row.state == LEDGER_ABANDONED) {
        return reason_set(ret_reason, ERR_DENIED, "request.abandoned", NULL, NULL, NULL);
    }
    if (row.state != LEDGER_RESERVED) {
        return issue_again(errand, &row, ret_reason);
    }
    struct issuance issuance = { .errand = errand,
        .issuing = issuing,
        .request = errand->request,
        .warrant_der = errand->given,
        .now = clock_now(&issuing->clock) };
    issuance.time = issuance.now;
    memcpy(issuance.serial, row.serial, SERIAL_BYTES);
    TRY(issuing_clock_check(issuing, issuance.now, ret_reason));
    TRY(warrant_hash(errand->given, issuance.warrant_hash));
    return issue_new(&issuance, ret_reason);
}

/* What was signed is in the journal, or an intent is whose signature failed. */
static enum err issue_again(
    struct errand *errand, const struct ledger_row *row, struct reason *ret_reason)
{
    struct issuing *issuing = errand->issuing;
    struct buf *certificate = &errand->made;
    struct record_issued issued = { 0 };
    struct record_precertificate first = { 0 };
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    bool certified = row->state == LEDGER_ISSUED;
    if (!certified && row->state != LEDGER_PRECERTIFIED) {
        return issuing_finish(issuing, row, errand, certificate, ret_reason);
    }
    TRY(journal_read_body(issuing->journal, row->record, &body));
    TRY(certified ? record_issued_read(buf_span(&body), &issued)
                  : record_precertificate_read(buf_span(&body), &first));
    buf_append(certificate, certified ? issued.certificate : first.precertificate);
    return buf_check(certificate);
}

static enum err issue_new(struct issuance *issuance, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    enum err err = issuance_entitle(issuance, /* verified= */ false, &arena, ret_reason);
    bool logged = issuance->entitlement.precertificate != NULL;
    if (err == OK) {
        issuance->build.profile =
            logged ? issuance->entitlement.precertificate : issuance->entitlement.profile;
        err = build_tbs(&issuance->build, &tbs, ret_reason);
    }
    if (err != OK) {
        return issuance_refuse(issuance, ret_reason, err);
    }
    TRY(issuance_look(issuance, buf_span(&tbs), ret_reason));
    struct record_intent intent = { .request = *issuance->request,
        .serial = SPAN_OF(issuance->serial),
        .warrant = issuance->warrant_der,
        .tbs = buf_span(&tbs) };
    struct signing signing = { .request = intent.request,
        .tbs = intent.tbs,
        .result = logged ? JOURNAL_PRECERTIFICATE : JOURNAL_ISSUED };
    memcpy(intent.issuer, issuance->build.issuer->id, sizeof intent.issuer);
    memcpy(signing.issuer, intent.issuer, sizeof signing.issuer);
    memcpy(intent.warrant_hash, issuance->warrant_hash, HASH_BYTES);
    return signing_run(issuance, &signing, logged ? JOURNAL_PRECERTIFICATE_INTENT : JOURNAL_INTENT,
        record_intent_write, &intent, ret_reason);
}

/* As what it is held against the rules. Under the public set it is never a classic one, whatever
 * was built. */
static enum lint_kind kind_of(const struct issuance *issuance)
{
    const struct span *policy = issuance->entitlement.profile->policy;
    if (issuance->build.profile == issuance->entitlement.precertificate) {
        return LINT_PRECERTIFICATE;
    }
    if (issuance->issuing->roster->policy_set == POLICY_CLASSIC) {
        return LINT_SERVER_CLASSIC;
    }
    return policy != NULL && span_equal(*policy, oid_policy_ev) ? LINT_SERVER_EV : LINT_SERVER_OV;
}

enum err issuance_look(struct issuance *issuance, struct span tbs, struct reason *ret_reason)
{
    TRY(linted(tbs, kind_of(issuance), issuance->time, ret_reason));
    return build_compare(&issuance->build, tbs, ret_reason);
}

/* The moment for which it was built. */
static enum err intent_time(const struct issuer_key *issuer, struct span tbs, int64_t *ret_time)
{
    struct certificate made;
    AUTO(buf) whole = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(certificate_assemble(
        tbs, signature_algorithm_of_key(issuer->key), SPAN_LITERAL("no signature yet"), &whole));
    TRY(certificate_parse(buf_span(&whole), &made));
    *ret_time = made.not_before;
    return OK;
}

enum err issuance_standing(const struct issuance *issuance, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    pthread_mutex_lock(&issuing->mutex);
    enum err err = issuance_stands(issuance, ret_reason);
    pthread_mutex_unlock(&issuing->mutex);
    return err;
}

enum err issuance_stands(const struct issuance *issuance, struct reason *ret_reason)
{
    const struct ledger *ledger = &issuance->issuing->ledger;
    const struct warrant *warrant = &issuance->warrant;
    if (ledger_is_withdrawn(ledger, issuance->application_hash)) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.withdrawn", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < warrant->earlier_count; i++) {
        if (ledger_is_withdrawn(ledger, warrant->earlier[i].hash)) {
            return reason_set(
                ret_reason, ERR_DENIED, "warrant.earlier_withdrawn", NULL, NULL, NULL);
        }
    }
    return ledger_is_blocked(ledger, issuance->spki_hash)
               ? reason_set(ret_reason, ERR_DENIED, "key.blocked", "csr", NULL, NULL)
               : OK;
}

enum err issuance_confirm(
    struct issuing *issuing, const struct record_intent *intent, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    struct issuance issuance = {
        .issuing = issuing, .request = &intent->request, .warrant_der = intent->warrant
    };
    const struct issuer_key *issuer = issuing_issuer(issuing, intent->issuer);
    if (issuer == NULL || intent->serial.len != SERIAL_BYTES ||
        intent_time(issuer, intent->tbs, &issuance.now) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "build.der", NULL, NULL, NULL);
    }
    issuance.time = issuance.now;
    memcpy(issuance.serial, intent->serial.data, SERIAL_BYTES);
    enum err err = issuance_entitle(&issuance, /* verified= */ false, &arena, ret_reason);
    if (err == OK && issuance.build.issuer != issuer) {
        err = reason_set(ret_reason, ERR_DENIED, "warrant.issuer", NULL, NULL, NULL);
    }
    if (err == OK) {
        bool logged = issuance.entitlement.precertificate != NULL;
        issuance.build.profile =
            logged ? issuance.entitlement.precertificate : issuance.entitlement.profile;
        err = build_again(&issuance.build, intent->tbs, ret_reason);
    }
    err = err == OK ? issuance_standing(&issuance, ret_reason) : err;
    return err == OK || err == ERR_MEMORY ? err : ERR_DENIED;
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

/* Before the intent they were right, and this process wrote it. */
static enum err signature_verified(
    void *ctx, size_t index, struct span signed_part, struct span signature)
{
    (void)ctx;
    (void)index;
    (void)signed_part;
    (void)signature;
    return OK;
}

enum err issuance_entitle(
    struct issuance *issuance, bool verified, struct arena *arena, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    const struct observation_verifier verifier = { verified ? signature_verified
                                                            : perspective_verify,
        issuing, verified ? signature_verified : officer_verify, verified };
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
enum err issuance_refuse(struct issuance *issuance, const struct reason *reason, enum err verdict)
{
    struct journal_ticket ticket;
    if (verdict != ERR_DENIED && verdict != ERR_INPUT) {
        return verdict;
    }
    struct record_refused record = { .request = *issuance->request };
    memcpy(record.warrant_hash, issuance->warrant_hash, HASH_BYTES);
    snprintf(record.code, sizeof record.code, "%s", reason->code);
    TRY(journal_add(issuance->issuing->journal, JOURNAL_REFUSED, issuance->time,
        record_refused_write, &record, &ticket));
    errand_await(issuance->errand, &ticket);
    return ERR_DENIED;
}
