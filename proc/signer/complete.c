/* From precertificate to certificate, or to nothing (RFC 6962 §3.1, doc/threats.md S1, S4). The
 * certificate is built a second time from the same warrant, and signed only if it is, byte for
 * byte, the one that the precertificate promised. */
#include "lib/crypto/digest.h"
#include "proc/signer/internal.h"

static enum err complete_once(struct issuing *issuing, const struct request_id *request,
    struct span scts, struct buf *certificate, struct reason *ret_reason);
static enum err complete_new(struct issuing *issuing, const struct ledger_row *row,
    struct issuance *issuance, struct span scts, struct buf *certificate,
    struct reason *ret_reason);
static enum err completion_build(struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct buf *tbs, struct reason *ret_reason);
static enum err promises_check(const struct issuance *issuance, const struct certificate *promised,
    struct span scts, struct reason *ret_reason);
static enum err abandon_once(
    struct issuing *issuing, const struct request_id *request, struct reason *ret_reason);

enum err issuing_complete(struct issuing *issuing, const struct request_id *request,
    struct span scts, struct buf *certificate, struct reason *ret_reason)
{
    struct reason reason = { 0 };
    pthread_mutex_t *lock = issuing_request_lock(issuing, request);
    pthread_mutex_lock(lock);
    enum err err = complete_once(issuing, request, scts, certificate, &reason);
    pthread_mutex_unlock(lock);
    if (err != OK && ret_reason != NULL) {
        *ret_reason = reason;
    }
    return err;
}

static enum err complete_once(struct issuing *issuing, const struct request_id *request,
    struct span scts, struct buf *certificate, struct reason *ret_reason)
{
    struct ledger_row row;
    struct record_issued issued;
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    struct issuance issuance = {
        .issuing = issuing, .request = request, .time = clock_now(&issuing->clock)
    };
    if (!issuing_row(issuing, request, &row)) {
        return reason_set(ret_reason, ERR_CONFLICT, "request.unreserved", NULL, NULL, NULL);
    }
    switch ((enum ledger_state)row.state) {
    case LEDGER_ISSUED:
        TRY(journal_read_body(issuing->journal, row.record, &body));
        TRY(record_issued_read(buf_span(&body), &issued));
        buf_append(certificate, issued.certificate);
        return buf_check(certificate);
    case LEDGER_INTENDED:
    case LEDGER_COMPLETING:
        return issuing_finish(issuing, &row, certificate, ret_reason);
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
    return complete_new(issuing, &row, &issuance, scts, certificate, ret_reason);
}

static enum err complete_new(struct issuing *issuing, const struct ledger_row *row,
    struct issuance *issuance, struct span scts, struct buf *certificate, struct reason *ret_reason)
{
    struct record_precertificate first;
    struct record_intent intent;
    struct certificate promised;
    AUTO(buf) first_body = buf_make(JOURNAL_RECORD_MAX);
    AUTO(buf) intent_body = buf_make(JOURNAL_RECORD_MAX);
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(journal_read_body(issuing->journal, row->record, &first_body));
    TRY(record_precertificate_read(buf_span(&first_body), &first));
    TRY(journal_read_body(issuing->journal, first.intent, &intent_body));
    TRY(record_intent_read(buf_span(&intent_body), &intent));
    TRY(certificate_parse(first.precertificate, &promised));
    issuance->warrant_der = intent.warrant;
    issuance->now = promised.not_before;
    memcpy(issuance->warrant_hash, intent.warrant_hash, HASH_BYTES);
    enum err err = issuance_entitle(issuance, /* verified= */ true, &arena, ret_reason);
    err = err == OK ? promises_check(issuance, &promised, scts, ret_reason) : err;
    if (err != OK) {
        return issuance_refuse(issuance, ret_reason, err);
    }
    TRY(completion_build(issuance, &promised, scts, &tbs, ret_reason));
    struct record_completion completion = { .request = *issuance->request, .tbs = buf_span(&tbs) };
    struct signing signing = {
        .request = completion.request, .tbs = completion.tbs, .result = JOURNAL_ISSUED
    };
    memcpy(completion.issuer, issuance->build.issuer->id, sizeof completion.issuer);
    memcpy(signing.issuer, completion.issuer, sizeof signing.issuer);
    return signing_run(issuance, &signing, JOURNAL_COMPLETION, record_completion_write, &completion,
        certificate, ret_reason);
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
    pthread_mutex_t *lock = issuing_request_lock(issuing, request);
    pthread_mutex_lock(lock);
    enum err err = abandon_once(issuing, request, ret_reason);
    pthread_mutex_unlock(lock);
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
