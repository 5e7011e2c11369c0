/* From an intent to a signature, with a record before and one behind. */
#include "proc/signer/internal.h"

static enum err intent_queue(struct issuance *issuance, enum journal_type type, body_writer write,
    const void *record, struct journal_ticket *ret_ticket, struct reason *ret_reason);
static enum err certificate_make(struct issuing *issuing, const struct signing *signing,
    struct buf *der, struct reason *ret_reason);

/* What was signed, and as what it is to be recorded. */
struct result {
    const struct signing *signing;
    struct span der;
};

static void result_write(struct der_writer *writer, const void *object)
{
    const struct result *result = object;
    const struct signing *signing = result->signing;
    if (signing->result == JOURNAL_PRECERTIFICATE) {
        const struct record_precertificate record = { signing->request, signing->intent,
            result->der };
        record_precertificate_write(writer, &record);
    } else {
        const struct record_issued record = { signing->request, result->der };
        record_issued_write(writer, &record);
    }
}

/* Intent and result may reach the disk together, since the signature leaves only after both: the
 * intent's place in the order is fixed before the signature, and the ledger learns whatever part of
 * the two is on disk in the end. */
enum err signing_run(struct issuance *issuance, struct signing *signing, enum journal_type type,
    body_writer write, const void *record, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    struct buf *made = &issuance->errand->made;
    struct journal_ticket intended, signed_;
    /* What can't be signed now isn't intended either. */
    if (signature_ready(issuance->build.issuer->key) != OK) {
        return reason_set(
            ret_reason, ERR_AGAIN, "issuer.away", issuance->build.issuer->id, NULL, NULL);
    }
    TRY(intent_queue(issuance, type, write, record, &intended, ret_reason));
    errand_await(issuance->errand, &intended);
    signing->intent = intended.offset;
    TRY(certificate_make(issuing, signing, made, ret_reason));
    const struct result result = { signing, buf_span(made) };
    TRY(journal_add_behind(issuing->journal, &intended, signing->result, clock_now(&issuing->clock),
        result_write, &result, &signed_));
    errand_await(issuance->errand, &signed_);
    return OK;
}

/* Under one lock, so that no withdrawal, revocation or blocked key that stands before the intent in
 * the journal can have been overlooked. */
static enum err intent_queue(struct issuance *issuance, enum journal_type type, body_writer write,
    const void *record, struct journal_ticket *ret_ticket, struct reason *ret_reason)
{
    struct issuing *issuing = issuance->issuing;
    enum err err = OK;
    pthread_mutex_lock(&issuing->mutex);
    struct ledger_row row;
    bool known = ledger_by_request(&issuing->ledger, issuance->request, &row);
    err = halt_gate(issuing, ret_reason); /* no verdict on the warrant: not recorded */
    err = err == OK ? issuance_stands(issuance, ret_reason) : err;
    if (err == OK && (!known || row.revoked || row.pending)) {
        err = reason_set(ret_reason, ERR_DENIED, "warrant.serial_revoked", NULL, NULL, NULL);
    }
    err = err == OK ? journal_add(issuing->journal, type, issuance->time, write, record, ret_ticket)
                    : err;
    pthread_mutex_unlock(&issuing->mutex);
    return err == ERR_DENIED ? issuance_refuse(issuance, ret_reason, err) : err;
}

/* Signs, which verifies, and looks once more whether it is these bytes that were signed. */
static enum err certificate_make(struct issuing *issuing, const struct signing *signing,
    struct buf *der, struct reason *ret_reason)
{
    struct span signed_part;
    struct der reader, inner;
    const struct issuer_key *issuer = issuing_issuer(issuing, signing->issuer);
    if (issuer == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "issuer.key", signing->issuer, NULL, NULL);
    }
    enum err err =
        certificate_sign(signing->tbs, signature_algorithm_of_key(issuer->key), issuer->key, der);
    if (err == ERR_AGAIN) {
        return reason_set(ret_reason, err, "issuer.away", issuer->id, NULL, NULL);
    }
    TRY(err);
    reader = der_reader(buf_span(der));
    if (der_enter(&reader, DER_SEQUENCE, &inner) != OK ||
        der_read_whole(&inner, DER_SEQUENCE, &signed_part) != OK ||
        !span_equal(signed_part, signing->tbs)) {
        return reason_set(ret_reason, ERR_CRYPTO, "build.signed", NULL, NULL, NULL);
    }
    return OK;
}

/* What a row that is intended and not signed yet is about; borrows from `body`. */
static enum err signing_read(struct issuing *issuing, const struct ledger_row *row,
    struct buf *body, struct signing *signing, struct reason *ret_reason)
{
    struct record_intent intent;
    struct record_completion completion;
    TRY(journal_read_body(issuing->journal, row->record, body));
    if (row->state == LEDGER_COMPLETING) {
        TRY(record_completion_read(buf_span(body), &completion));
        TRY(completion_confirm(issuing, row, &completion, ret_reason));
        *signing = (struct signing){
            .request = completion.request, .tbs = completion.tbs, .result = JOURNAL_ISSUED
        };
        memcpy(signing->issuer, completion.issuer, sizeof signing->issuer);
        return OK;
    }
    bool first = row->state == LEDGER_PRECERTIFICATE_INTENDED;
    TRY(record_intent_read(buf_span(body), &intent));
    TRY(issuance_confirm(issuing, &intent, ret_reason));
    *signing = (struct signing){ .request = intent.request,
        .tbs = intent.tbs,
        .result = first ? JOURNAL_PRECERTIFICATE : JOURNAL_ISSUED,
        .intent = row->record };
    memcpy(signing->issuer, intent.issuer, sizeof signing->issuer);
    return OK;
}

enum err issuing_finish(struct issuing *issuing, const struct ledger_row *row,
    struct errand *errand, struct buf *der, struct reason *ret_reason)
{
    struct signing signing;
    struct journal_ticket signed_;
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    AUTO(buf) made = buf_make(CERTIFICATE_MAX_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = halt_gate(issuing, ret_reason);
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    TRY(signing_read(issuing, row, &body, &signing, ret_reason));
    TRY(certificate_make(issuing, &signing, &made, ret_reason));
    const struct result result = { &signing, buf_span(&made) };
    TRY(journal_add(issuing->journal, signing.result, clock_now(&issuing->clock), result_write,
        &result, &signed_));
    if (errand == NULL) {
        TRY(journal_gather(issuing->journal, &signed_));
    } else {
        errand_await(errand, &signed_);
    }
    buf_append(der, buf_span(&made));
    return buf_check(der);
}
