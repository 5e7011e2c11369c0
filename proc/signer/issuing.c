/* The issuing core's frame: opening it over a journal, and what it must never forget. */
#include "lib/pki/crl.h"
#include "proc/signer/internal.h"
#include "proc/signer/linted.h"

#include <stdio.h>

/* BR 4.9.7: a CRL lives ten days at most. */
#define CRL_LIFE_MAX_SECONDS    (10 * DAY_SECONDS)
#define CLOCK_TOLERANCE_SECONDS INT64_C(60)

static enum err roster_keys_load(struct issuing *issuing, struct reason *ret_reason);
static enum err intents_finish(struct issuing *issuing, struct reason *ret_reason);
static enum err epoch_record(
    struct issuing *issuing, const uint8_t *roster_hash, struct reason *ret_reason);

enum err issuer_key_init(const struct roster *roster, const struct issuer *issuer, struct key *key,
    struct issuer_key *ret_issuer, struct reason *ret_reason)
{
    *ret_issuer = (struct issuer_key){ .key = key, .der = buf_make(CERTIFICATE_MAX_BYTES) };
    snprintf(ret_issuer->id, sizeof ret_issuer->id, "%s", issuer->id);
    snprintf(ret_issuer->crl_url, sizeof ret_issuer->crl_url, "%s/crl/%s.crl",
        roster->repository_url, issuer->crl_name);
    snprintf(ret_issuer->ca_url, sizeof ret_issuer->ca_url, "%s/root/%s.crt",
        roster->repository_url, issuer->name);
    buf_append(&ret_issuer->der, issuer->certificate);
    enum err err = buf_check(&ret_issuer->der);
    err = err == OK ? certificate_parse(buf_span(&ret_issuer->der), &ret_issuer->certificate) : err;
    if (err != OK) {
        err = reason_set(ret_reason, err, "issuer.certificate", issuer->id, NULL, NULL);
    } else if (!span_equal(key_spki(key), ret_issuer->certificate.spki)) {
        err = reason_set(ret_reason, ERR_DENIED, "issuer.key", issuer->id, NULL, NULL);
    }
    if (err != OK) {
        issuer_key_release(ret_issuer);
    }
    return err;
}

void issuer_key_release(struct issuer_key *issuer)
{
    key_free(issuer->key);
    issuer->key = NULL;
    buf_release(&issuer->der);
}

enum err issuing_open(const struct issuing_setup *setup, struct issuing **ret_issuing,
    int64_t *ret_cut, struct reason *ret_reason)
{
    AUTO_PTR(issuing) issuing = calloc(1, sizeof *issuing);
    if (issuing == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&issuing->mutex, NULL);
    for (size_t i = 0; i < REQUEST_LOCKS; i++) {
        pthread_mutex_init(&issuing->requests[i], NULL);
    }
    issuing->roster = setup->roster;
    issuing->weak = setup->weak;
    issuing->issuers = setup->issuers;
    issuing->issuer_count = setup->issuer_count;
    issuing->clock = setup->clock;
    issuing->random = setup->random;
    TRY(ledger_init(&issuing->ledger));
    TRY(roster_keys_load(issuing, ret_reason));
    TRY(journal_open(setup->journal_path, ledger_learn, &issuing->ledger, &issuing->journal,
        ret_cut, ret_reason));
    TRY(epoch_record(issuing, setup->roster_hash, ret_reason));
    TRY(intents_finish(issuing, ret_reason));
    *ret_issuing = issuing;
    issuing = NULL;
    return OK;
}

void issuing_free(struct issuing *issuing)
{
    if (issuing == NULL) {
        return;
    }
    journal_free(issuing->journal);
    ledger_release(&issuing->ledger);
    for (size_t i = 0; i < PERSPECTIVES_MAX; i++) {
        key_free(issuing->perspective_keys[i]);
    }
    for (size_t i = 0; i < OFFICERS_MAX; i++) {
        key_free(issuing->officer_keys[i]);
    }
    for (size_t i = 0; i < REQUEST_LOCKS; i++) {
        pthread_mutex_destroy(&issuing->requests[i]);
    }
    pthread_mutex_destroy(&issuing->mutex);
    free(issuing);
}

static enum err roster_keys_load(struct issuing *issuing, struct reason *ret_reason)
{
    for (size_t i = 0; i < issuing->roster->perspective_count; i++) {
        const struct perspective *perspective = &issuing->roster->perspectives[i];
        enum err err = key_from_spki(perspective->spki, &issuing->perspective_keys[i]);
        if (err != OK) {
            return reason_set(ret_reason, err, "roster.perspective", perspective->id, NULL, NULL);
        }
    }
    for (size_t i = 0; i < issuing->roster->officer_count; i++) {
        const struct officer *officer = &issuing->roster->officers[i];
        enum err err = key_from_spki(officer->spki, &issuing->officer_keys[i]);
        if (err != OK) {
            return reason_set(ret_reason, err, "roster.officer", officer->id, NULL, NULL);
        }
    }
    return OK;
}

/* A roster never goes back: who was struck off stays so (doc/threats.md S5, S18). */
static enum err epoch_record(
    struct issuing *issuing, const uint8_t *roster_hash, struct reason *ret_reason)
{
    const struct record_epoch *known = &issuing->ledger.epoch;
    struct record_epoch record = { .epoch = issuing->roster->epoch,
        .policy_set = issuing->roster->policy_set };
    memcpy(record.roster_hash, roster_hash, HASH_BYTES);
    bool same = memcmp(known->roster_hash, roster_hash, HASH_BYTES) == 0;
    if (record.epoch < known->epoch || (record.epoch == known->epoch && !same)) {
        return reason_set(ret_reason, ERR_DENIED, "roster.epoch", NULL, NULL, NULL);
    }
    if (same) {
        return OK;
    }
    return issuing_record(
        issuing, JOURNAL_EPOCH, clock_now(&issuing->clock), record_epoch_write, &record);
}

/* What a process intended before it died is signed now, from the journal's own bytes: the intent
 * was checked, and whoever asks for that request again gets this certificate. Where a token signs,
 * who asks again has it signed: a token may be away, and no thread may run yet. */
static enum err intents_finish(struct issuing *issuing, struct reason *ret_reason)
{
    for (size_t i = 0; i < issuing->ledger.count; i++) {
        struct record_intent intent;
        AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        if (issuing->ledger.rows[i].state != LEDGER_INTENDED) {
            continue;
        }
        TRY(journal_read_body(issuing->journal, issuing->ledger.rows[i].record, &body));
        TRY(record_intent_read(buf_span(&body), &intent));
        const struct issuer_key *issuer = issuing_issuer(issuing, intent.issuer);
        if (issuer != NULL && key_in_token(issuer->key)) {
            continue;
        }
        TRY(issuing_finish(issuing, &intent, &certificate, ret_reason));
    }
    return OK;
}

struct issuer_key *issuing_issuer(struct issuing *issuing, const char *id)
{
    for (size_t i = 0; i < issuing->issuer_count; i++) {
        if (strcmp(issuing->issuers[i].id, id) == 0) {
            return &issuing->issuers[i];
        }
    }
    return NULL;
}

/* Memory that lags behind the journal would sign twice: the process ends, and the next one reads.
 */
void issuing_learn(struct issuing *issuing, enum journal_type type,
    const struct journal_ticket *ticket, body_writer write, const void *object)
{
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    enum err err = der_encode(write, object, &body);
    const struct journal_record record = {
        .seq = ticket->seq, .type = type, .body = buf_span(&body), .offset = ticket->offset
    };
    err = err == OK ? ledger_learn(&issuing->ledger, &record) : err;
    if (err != OK) {
        abort();
    }
}

enum err issuing_record(struct issuing *issuing, enum journal_type type, int64_t time,
    body_writer write, const void *object)
{
    struct journal_ticket ticket;
    TRY(journal_append(issuing->journal, type, time, write, object, &ticket));
    pthread_mutex_lock(&issuing->mutex);
    issuing_learn(issuing, type, &ticket, write, object);
    pthread_mutex_unlock(&issuing->mutex);
    return OK;
}

/* In memory first, under the lock that every intent passes: from the moment this is in the queue
 * nothing can be signed behind it. */
static enum err record_at_once(struct issuing *issuing, enum journal_type type, int64_t time,
    body_writer write, const void *object, struct journal_ticket *ret_ticket)
{
    TRY(journal_add(issuing->journal, type, time, write, object, ret_ticket));
    issuing_learn(issuing, type, ret_ticket, write, object);
    return OK;
}

static enum err revocation_check(const struct issuing *issuing, const struct signer_revoke *revoke,
    bool *ret_known, struct reason *ret_reason)
{
    const struct ledger_row *row =
        ledger_by_serial(&issuing->ledger, span_make(revoke->serial.bytes, revoke->serial.len));
    *ret_known = false;
    if (row == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "revocation.serial", NULL, NULL, NULL);
    }
    const char *issuer = issuing->ledger.issuers[row->issuer].id;
    if (row->state != LEDGER_RESERVED && strcmp(issuer, revoke->issuer) != 0) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "revocation.issuer", "issuer", revoke->issuer, issuer);
    }
    if (!row->revoked) {
        return OK;
    }
    bool same = row->reason == revoke->reason;
    *ret_known = same && row->settled;
    if (!same &&
        !revocation_reason_may_change((enum revocation_reason)row->reason, revoke->reason)) {
        return reason_set(ret_reason, ERR_CONFLICT, "revocation.reason", "reason",
            revocation_reason_id(revoke->reason), revocation_reason_id(row->reason));
    }
    return OK;
}

/* The SHA-256 of an issued certificate's key. ERR_NOT_FOUND while there is none. */
static enum err key_of_serial(
    struct issuing *issuing, struct span serial, uint8_t ret_hash[HASH_BYTES])
{
    struct record_issued issued;
    struct certificate certificate;
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    pthread_mutex_lock(&issuing->mutex);
    const struct ledger_row *row = ledger_by_serial(&issuing->ledger, serial);
    int64_t record = row != NULL && row->state == LEDGER_ISSUED ? row->record : -1;
    pthread_mutex_unlock(&issuing->mutex);
    if (record < 0) {
        return ERR_NOT_FOUND;
    }
    TRY(journal_read_body(issuing->journal, record, &body));
    TRY(record_issued_read(buf_span(&body), &issued));
    TRY(certificate_parse(issued.certificate, &certificate));
    return sha256(certificate.spki, ret_hash);
}

enum err issuing_revoke(
    struct issuing *issuing, const struct signer_revoke *revoke, struct reason *ret_reason)
{
    struct journal_ticket ticket = { 0 };
    uint8_t spki_hash[HASH_BYTES];
    int64_t now = clock_now(&issuing->clock);
    bool known = false;
    struct record_revoked record = {
        .serial = span_make(revoke->serial.bytes, revoke->serial.len),
        .reason = revoke->reason,
        .date = revoke->date > now ? now : revoke->date,
    };
    if (issuing_issuer(issuing, revoke->issuer) == NULL) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "revocation.issuer", "issuer", revoke->issuer, NULL);
    }
    snprintf(record.issuer, sizeof record.issuer, "%s", revoke->issuer);
    /* Whatever can't be read of the certificate, the revocation is taken. */
    if (revoke->reason == REVOCATION_KEY_COMPROMISE &&
        key_of_serial(issuing, record.serial, spki_hash) == OK) {
        record.blocked = SPAN_OF(spki_hash);
    }
    pthread_mutex_lock(&issuing->mutex);
    enum err err = revocation_check(issuing, revoke, &known, ret_reason);
    if (err == OK && !known) {
        err = record_at_once(issuing, JOURNAL_REVOKED, now, record_revoked_write, &record, &ticket);
    }
    pthread_mutex_unlock(&issuing->mutex);
    if (err != OK || known) {
        return err;
    }
    err = journal_wait(issuing->journal, &ticket);
    if (err != OK) {
        pthread_mutex_lock(&issuing->mutex);
        ledger_by_serial(&issuing->ledger, record.serial)->settled = false;
        pthread_mutex_unlock(&issuing->mutex);
    }
    return err;
}

enum err issuing_withdraw(struct issuing *issuing, const uint8_t application_hash[HASH_BYTES])
{
    struct journal_ticket ticket = { 0 };
    struct record_withdrawn record;
    memcpy(record.application_hash, application_hash, HASH_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = record_at_once(issuing, JOURNAL_WITHDRAWN, clock_now(&issuing->clock),
        record_withdrawn_write, &record, &ticket);
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK ? err : journal_wait(issuing->journal, &ticket);
}

enum err issuing_block(struct issuing *issuing, const uint8_t spki_hash[HASH_BYTES])
{
    struct journal_ticket ticket = { 0 };
    struct record_blocked record;
    memcpy(record.spki_hash, spki_hash, HASH_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    bool known = ledger_is_blocked(&issuing->ledger, spki_hash);
    enum err err = known ? OK
                         : record_at_once(issuing, JOURNAL_BLOCKED, clock_now(&issuing->clock),
                               record_blocked_write, &record, &ticket);
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK || known ? err : journal_wait(issuing->journal, &ticket);
}

/* The revocations of one issuer, copied out of the ledger, while the CRL is being written. */
struct revocations {
    struct ledger_row *rows;
    size_t count, at;
};

static enum err revocation_next(void *ctx, struct crl_entry *ret_entry)
{
    struct revocations *revocations = ctx;
    if (revocations->at == revocations->count) {
        return ERR_NOT_FOUND;
    }
    const struct ledger_row *row = &revocations->rows[revocations->at++];
    *ret_entry =
        (struct crl_entry){ SPAN_OF(row->serial), row->revoked_at, (enum crl_reason)row->reason };
    return OK;
}

/* The number and what stands under it are taken together; the record of it is behind every
 * revocation that it lists. */
static enum err crl_begin(struct issuing *issuing, const struct signer_crl *wanted, int64_t now,
    struct revocations *revocations, int64_t *ret_number, struct journal_ticket *ret_ticket)
{
    struct ledger *ledger = &issuing->ledger;
    struct ledger_issuer *issuer;
    struct record_crl record = { .this_update = wanted->this_update,
        .next_update = wanted->next_update };
    TRY(ledger_issuer(ledger, wanted->issuer, &issuer));
    revocations->rows = malloc((ledger->revoked_count + 1) * sizeof revocations->rows[0]);
    if (revocations->rows == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < ledger->revoked_count; i++) {
        const struct ledger_row *row = &ledger->rows[ledger->revoked[i]];
        if (row->settled && row->issuer == issuer - ledger->issuers) {
            revocations->rows[revocations->count++] = *row;
        }
    }
    memcpy(record.issuer, issuer->id, sizeof record.issuer);
    record.number = issuer->crl_number + 1;
    *ret_number = record.number;
    return record_at_once(issuing, JOURNAL_CRL, now, record_crl_write, &record, ret_ticket);
}

static enum err crl_sign(const struct issuer_key *issuer, const struct signer_crl *wanted,
    int64_t number, struct revocations *revocations, struct buf *crl)
{
    uint8_t number_bytes[8];
    struct crl_source source = { revocation_next, revocations, revocations->count };
    store_be64(number_bytes, (uint64_t)number);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(issuer->key),
        .issuer = issuer->certificate.subject,
        .this_update = wanted->this_update,
        .next_update = wanted->next_update,
        .number = SPAN_OF(number_bytes),
        .authority_key_id = issuer->certificate.subject_key_id,
    };
    return crl_write(&fields, &source, issuer->key, crl);
}

enum err issuing_crl(struct issuing *issuing, const struct signer_crl *wanted,
    struct signer_crl_made *ret_made, struct buf *crl, struct reason *ret_reason)
{
    int64_t now = clock_now(&issuing->clock), number = 0;
    struct journal_ticket ticket = { 0 };
    struct revocations revocations = { 0 };
    const struct issuer_key *issuer = issuing_issuer(issuing, wanted->issuer);
    if (issuer == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "crl.issuer", "issuer", wanted->issuer, NULL);
    }
    if (wanted->this_update > now + CLOCK_TOLERANCE_SECONDS ||
        wanted->next_update <= wanted->this_update ||
        wanted->next_update - wanted->this_update > CRL_LIFE_MAX_SECONDS) {
        return reason_set(ret_reason, ERR_INPUT, "crl.window", NULL, NULL, NULL);
    }
    if (signature_ready(issuer->key) != OK) {
        return reason_set(ret_reason, ERR_AGAIN, "issuer.away", issuer->id, NULL, NULL);
    }
    pthread_mutex_lock(&issuing->mutex);
    enum err err = crl_begin(issuing, wanted, now, &revocations, &number, &ticket);
    pthread_mutex_unlock(&issuing->mutex);
    err = err == OK ? crl_sign(issuer, wanted, number, &revocations, crl) : err;
    free(revocations.rows);
    TRY(err);
    TRY(journal_wait(issuing->journal, &ticket));
    TRY(linted(buf_span(crl), LINT_CRL, now, ret_reason));
    *ret_made = (struct signer_crl_made){ number, (int64_t)revocations.count };
    return OK;
}

void issuing_status(struct issuing *issuing, struct signer_status *ret_status)
{
    struct journal_state state;
    struct signer_status status = { .epoch = issuing->roster->epoch,
        .policy_set = issuing->roster->policy_set };
    journal_look(issuing->journal, &state);
    pthread_mutex_lock(&issuing->mutex);
    status.issued = (int64_t)issuing->ledger.issued_count;
    status.revoked = (int64_t)issuing->ledger.revoked_count;
    status.withdrawn = (int64_t)issuing->ledger.withdrawn_count;
    status.blocked = (int64_t)issuing->ledger.blocked_count;
    pthread_mutex_unlock(&issuing->mutex);
    status.journal_records = state.records;
    status.journal_bytes = state.bytes;
    memcpy(status.journal_head, state.head, HASH_BYTES);
    *ret_status = status;
}
