/* From precertificate to certificate, or to nothing (RFC 6962 §3.1, doc/threats.md S1, S4). The
 * certificate is built a second time from the same warrant, and signed only if it is, byte for
 * byte, the one that the precertificate promised. */
#include "lib/crypto/digest.h"
#include "lib/der/oid.h"
#include "proc/signer/internal.h"

static enum err complete_run(struct errand *errand, struct reason *ret_reason);
static enum err complete_new(struct issuance *issuance, const struct ledger_row *row,
    struct span scts, struct reason *ret_reason);
static enum err completion_build(struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct buf *tbs, struct reason *ret_reason);
static enum err promises_check(const struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct reason *ret_reason);
static enum err abandon_once(
    struct issuing *issuing, const struct request_id *request, struct reason *ret_reason);

enum err issuing_complete(struct issuing *issuing, const struct request_id *request,
    struct span scts, struct buf *certificate, struct reason *ret_reason)
{
    struct errand errand = {
        .issuing = issuing, .request = request, .given = scts, .run = complete_run
    };
    request_enter(issuing, request);
    enum err err = errand_do(&errand, certificate, ret_reason);
    request_leave(issuing, request);
    return err;
}

static enum err complete_run(struct errand *errand, struct reason *ret_reason)
{
    struct issuing *issuing = errand->issuing;
    const struct request_id *request = errand->request;
    struct ledger_row row;
    struct record_issued issued;
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    struct issuance issuance = {
        .errand = errand, .issuing = issuing, .request = request, .time = clock_now(&issuing->clock)
    };
    if (!issuing_row(issuing, request, &row)) {
        return reason_set(ret_reason, ERR_CONFLICT, "request.unreserved", NULL, NULL, NULL);
    }
    switch ((enum ledger_state)row.state) {
    case LEDGER_ISSUED:
        TRY(journal_read_body(issuing->journal, row.record, &body));
        TRY(record_issued_read(buf_span(&body), &issued));
        buf_append(&errand->made, issued.certificate);
        return buf_check(&errand->made);
    case LEDGER_INTENDED:
    case LEDGER_COMPLETING:
        return issuing_finish(issuing, &row, errand, &errand->made, ret_reason);
    case LEDGER_ABANDONED:
        return reason_set(ret_reason, ERR_DENIED, "request.abandoned", NULL, NULL, NULL);
    case LEDGER_RESERVED:
    case LEDGER_PRECERTIFICATE_INTENDED:
        return reason_set(ret_reason, ERR_CONFLICT, "request.unlogged", NULL, NULL, NULL);
    case LEDGER_PRECERTIFIED:
        break;
    }
    TRY(issuing_clock_check(issuing, issuance.time, ret_reason));
    memcpy(issuance.serial, row.serial, SERIAL_BYTES);
    return complete_new(&issuance, &row, errand->given, ret_reason);
}

/* A precertificate in the journal, with the intent before it. */
struct promise {
    struct buf first_body, intent_body;
    struct record_intent intent;
    struct certificate precertificate;
};

static void promise_release(struct promise *promise)
{
    buf_release(&promise->first_body);
    buf_release(&promise->intent_body);
}
AUTO_DEFINE(promise, promise_release)

static enum err promise_read(struct issuing *issuing, int64_t at, struct promise *promise)
{
    struct record_precertificate first;
    promise->first_body = buf_make(JOURNAL_RECORD_MAX);
    promise->intent_body = buf_make(JOURNAL_RECORD_MAX);
    TRY(journal_read_body(issuing->journal, at, &promise->first_body));
    TRY(record_precertificate_read(buf_span(&promise->first_body), &first));
    TRY(journal_read_body(issuing->journal, first.intent, &promise->intent_body));
    TRY(record_intent_read(buf_span(&promise->intent_body), &promise->intent));
    return certificate_parse(first.precertificate, &promise->precertificate);
}

/* What this process wrote it had checked before. */
static enum err promise_entitle(struct issuance *issuance, const struct promise *promise,
    bool verified, struct arena *arena, struct reason *ret_reason)
{
    issuance->warrant_der = promise->intent.warrant;
    issuance->now = promise->precertificate.not_before;
    memcpy(issuance->warrant_hash, promise->intent.warrant_hash, HASH_BYTES);
    return issuance_entitle(issuance, verified, arena, ret_reason);
}

static enum err complete_new(struct issuance *issuance, const struct ledger_row *row,
    struct span scts, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    AUTO(promise) promise = { 0 };
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(promise_read(issuing, row->record, &promise));
    enum err err = promise_entitle(
        issuance, &promise, /* verified= */ row->record >= issuing->found, &arena, ret_reason);
    err = err == OK ? promises_check(issuance, &promise.precertificate, scts, ret_reason) : err;
    if (err != OK) {
        return issuance_refuse(issuance, ret_reason, err);
    }
    TRY(completion_build(issuance, &promise.precertificate, scts, &tbs, ret_reason));
    struct record_completion completion = {
        .request = *issuance->request, .tbs = buf_span(&tbs), .precertificate = row->record
    };
    struct signing signing = {
        .request = completion.request, .tbs = completion.tbs, .result = JOURNAL_ISSUED
    };
    memcpy(completion.issuer, issuance->build.issuer->id, sizeof completion.issuer);
    memcpy(signing.issuer, completion.issuer, sizeof signing.issuer);
    return signing_run(
        issuance, &signing, JOURNAL_COMPLETION, record_completion_write, &completion, ret_reason);
}

/* When the journal says that a record was written. */
static enum err record_time(const struct issuing *issuing, int64_t offset, int64_t *ret_time)
{
    struct journal_record record;
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    TRY(journal_record_load(journal_fd(issuing->journal), offset, &der));
    TRY(journal_record_parse(buf_span(&der), offset, &record));
    *ret_time = record.time;
    return OK;
}

/* The promises that stand in a certificate. */
static enum err promises_of(struct span tbs, const struct issuer_key *issuer, struct buf *scts)
{
    struct certificate made;
    struct span list;
    AUTO(buf) whole = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(certificate_assemble(
        tbs, signature_algorithm_of_key(issuer->key), SPAN_LITERAL("no signature yet"), &whole));
    TRY(certificate_parse(buf_span(&whole), &made));
    const struct certificate_extension *extension = certificate_find_extension(&made, oid_sct_list);
    if (extension == NULL) {
        return ERR_NOT_FOUND;
    }
    struct der reader = der_reader(extension->value);
    TRY(der_read(&reader, DER_OCTET_STRING, &list));
    buf_append(scts, list);
    return buf_check(scts);
}

static enum err completion_derive(struct issuance *issuance, const struct ledger_row *row,
    const struct record_completion *completion, struct reason *ret_reason)
{
    AUTO(promise) promise = { 0 };
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) scts = buf_make(SCT_LIST_MAX_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(record_time(issuance->issuing, row->record, &issuance->time));
    TRY(promise_read(issuance->issuing, completion->precertificate, &promise));
    TRY(promise_entitle(issuance, &promise, /* verified= */ false, &arena, ret_reason));
    TRY(promises_of(completion->tbs, issuance->build.issuer, &scts));
    TRY(promises_check(issuance, &promise.precertificate, buf_span(&scts), ret_reason));
    TRY(completion_build(issuance, &promise.precertificate, buf_span(&scts), &tbs, ret_reason));
    bool same = span_equal(buf_span(&tbs), completion->tbs) &&
                strcmp(issuance->build.issuer->id, completion->issuer) == 0;
    return same ? issuance_standing(issuance, ret_reason)
                : reason_set(ret_reason, ERR_DENIED, "build.again", NULL, NULL, NULL);
}

enum err completion_confirm(struct issuing *issuing, const struct ledger_row *row,
    const struct record_completion *completion, struct reason *ret_reason)
{
    struct issuance issuance = { .issuing = issuing, .request = &completion->request };
    memcpy(issuance.serial, row->serial, SERIAL_BYTES);
    if (completion->precertificate == RECORD_PLACE_UNKNOWN) {
        return reason_set(ret_reason, ERR_DENIED, "request.unlogged", NULL, NULL, NULL);
    }
    struct reason reason = { .code = "build.der" };
    enum err err = completion_derive(&issuance, row, completion, &reason);
    if (err != OK && ret_reason != NULL) {
        *ret_reason = reason;
    }
    return err == OK || err == ERR_MEMORY || err == ERR_IO ? err : ERR_DENIED;
}

static enum err promises_check(const struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct reason *ret_reason)
{
    const struct issuing *issuing = issuance->issuing;
    const struct roster *roster = issuing->roster;
    const struct ct_logs logs = { roster->logs, issuing->log_keys, roster->log_count };
    AUTO(buf) signed_tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(sct_signed_tbs(promised->tbs, &signed_tbs));
    const struct ct_subject subject = {
        .issuer_spki_sha256 = key_spki_sha256(issuance->build.issuer->key).data,
        .signed_tbs = buf_span(&signed_tbs),
        .not_after = promised->not_after,
        .now = issuance->time,
    };
    return ct_list_check(
        &logs, scts, &subject, promised->not_after - promised->not_before + 1, ret_reason);
}

static enum err completion_build(struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct buf *tbs, struct reason *ret_reason)
{
    issuance->build.profile = issuance->entitlement.profile;
    issuance->build.sct_list = scts;
    TRY(build_tbs(&issuance->build, tbs, ret_reason));
    TRY(build_correspond(promised->tbs, buf_span(tbs), ret_reason));
    return issuance_look(issuance, buf_span(tbs), ret_reason);
}

enum err issuing_abandon(
    struct issuing *issuing, const struct request_id *request, struct reason *ret_reason)
{
    request_enter(issuing, request);
    enum err err = abandon_once(issuing, request, ret_reason);
    request_leave(issuing, request);
    follower_poke(issuing->follower);
    return err;
}

/* Taken whether issuance is stopped or not: it only takes back. */
static enum err abandon_once(
    struct issuing *issuing, const struct request_id *request, struct reason *ret_reason)
{
    struct ledger_row row;
    struct journal_ticket ticket;
    const struct record_abandoned record = { *request, clock_now(&issuing->clock) };
    if (!issuing_row(issuing, request, &row)) {
        return reason_set(ret_reason, ERR_CONFLICT, "request.unreserved", NULL, NULL, NULL);
    }
    switch ((enum ledger_state)row.state) {
    case LEDGER_ABANDONED:
        return OK;
    case LEDGER_INTENDED:
    case LEDGER_COMPLETING:
    case LEDGER_ISSUED:
        return reason_set(ret_reason, ERR_CONFLICT, "request.issued", NULL, NULL, NULL);
    case LEDGER_RESERVED:
    case LEDGER_PRECERTIFICATE_INTENDED:
    case LEDGER_PRECERTIFIED:
        break;
    }
    bool promised = row.state != LEDGER_RESERVED && !row.revoked && !row.pending;
    pthread_mutex_lock(&issuing->mutex);
    enum err err = promised ? ledger_pend_revocation(
                                  &issuing->ledger, SPAN_OF(row.serial), REVOCATION_SUPERSEDED)
                            : OK;
    err = err == OK ? journal_add(issuing->journal, JOURNAL_ABANDONED, record.date,
                          record_abandoned_write, &record, &ticket)
                    : err;
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK ? err : journal_wait(issuing->journal, &ticket);
}
