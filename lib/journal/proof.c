/* The walk through the journal: what needs the order of the records is done here, one lesson a
 * type; what can be proved of one certificate by itself is done by the pool. */
#include "lib/journal/proof.h"
#include "lib/journal/proof_table.h"
#include "lib/pki/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* doc/threats.md S8: the signer itself goes on up to here. */
#define CLOCK_BACKWARDS_SECONDS INT64_C(60)

enum { PROGRESS_RECORDS = 4096 };

static enum err walk(struct proof *proof);
static enum err record_check(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_reserved(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_intent(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_precertificate_intent(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_precertificate(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_completion(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_abandoned(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_issued(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_refused(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_revoked(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_withdrawn(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_crl(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_epoch(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_halted(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_resumed(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_blocked(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static enum err check_responder(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason);
static void jobs_collect(struct proof *proof, bool wait);

/* A signer's journal has nothing else. */
static enum err (*const checks[JOURNAL_TYPE_COUNT])(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason) = {
    [JOURNAL_RESERVED] = check_reserved,
    [JOURNAL_INTENT] = check_intent,
    [JOURNAL_ISSUED] = check_issued,
    [JOURNAL_REFUSED] = check_refused,
    [JOURNAL_REVOKED] = check_revoked,
    [JOURNAL_WITHDRAWN] = check_withdrawn,
    [JOURNAL_CRL] = check_crl,
    [JOURNAL_EPOCH] = check_epoch,
    [JOURNAL_HALTED] = check_halted,
    [JOURNAL_RESUMED] = check_resumed,
    [JOURNAL_BLOCKED] = check_blocked,
    [JOURNAL_PRECERTIFICATE_INTENT] = check_precertificate_intent,
    [JOURNAL_PRECERTIFICATE] = check_precertificate,
    [JOURNAL_COMPLETION] = check_completion,
    [JOURNAL_ABANDONED] = check_abandoned,
    [JOURNAL_RESPONDER] = check_responder,
};

static enum err denied(struct reason *ret_reason, const char *code)
{
    return reason_set(ret_reason, ERR_DENIED, code, NULL, NULL, NULL);
}

enum err proof_run(
    const struct proof_setup *setup, struct proof *ret_proof, struct reason *ret_reason)
{
    struct proof *proof = ret_proof;
    *proof = (struct proof){ .setup = *setup };
    TRY(proof_tables_init(proof));
    TRY(proof_pool_new(setup->threads, &proof->pool));
    enum err err = walk(proof);
    while (err == OK && proof->open != NULL) {
        struct proof_job *job = proof->open;
        proof->open = job->next;
        proof->unsigned_yet++;
        proof_pool_put(proof->pool, job);
    }
    jobs_collect(proof, /* wait= */ true);
    if (proof->failed_seq != 0) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)proof->failed_seq);
        return reason_set(ret_reason, ERR_DENIED, proof->failure.code, number,
            proof->failure.seen[0] != '\0' ? proof->failure.seen : proof->failure.field,
            proof->failure.expected);
    }
    return err;
}

void proof_release(struct proof *proof)
{
    proof_pool_free(proof->pool);
    while (proof->open != NULL) {
        struct proof_job *job = proof->open;
        proof->open = job->next;
        proof_job_free(job);
    }
    proof_tables_release(proof);
    *proof = (struct proof){ 0 };
}

/* The first that fails is what is told, whichever thread found it. */
static void failure_note(struct proof *proof, int64_t seq, const struct reason *reason)
{
    if (proof->failed_seq == 0 || seq < proof->failed_seq) {
        proof->failed_seq = seq;
        proof->failure = *reason;
    }
}

/* All anchors of the place that is reached. */
static bool anchors_hold(struct proof *proof, struct reason *ret_reason)
{
    while (proof->anchors_held < proof->setup.anchor_count) {
        const struct proof_anchor *anchor = &proof->setup.anchors[proof->anchors_held];
        if (anchor->records > proof->state.records) {
            return true;
        }
        if (anchor->records < proof->state.records ||
            memcmp(anchor->head, proof->state.head, SHA256_BYTES) != 0) {
            (void)denied(ret_reason, "proof.anchor");
            return false;
        }
        proof->anchors_held++;
    }
    return true;
}

/* An anchor beyond the end: records were lost (doc/threats.md S18). */
static enum err end_check(struct proof *proof)
{
    if (proof->anchors_held == proof->setup.anchor_count) {
        return OK;
    }
    struct reason reason = { 0 };
    char seen[24], expected[24];
    snprintf(seen, sizeof seen, "%lld", (long long)proof->state.records);
    snprintf(expected, sizeof expected, "%lld",
        (long long)proof->setup.anchors[proof->setup.anchor_count - 1].records);
    (void)reason_set(&reason, ERR_DENIED, "proof.behind", NULL, seen, expected);
    failure_note(proof, proof->state.records + 1, &reason);
    return ERR_DENIED;
}

static enum err walk(struct proof *proof)
{
    struct stat status;
    struct journal_record record;
    if (fstat(proof->setup.fd, &status) != 0) {
        return ERR_IO;
    }
    AUTO(journal_reader) reader =
        journal_reader_make(proof->setup.fd, /* from= */ NULL, status.st_size);
    enum err err = OK;
    while (proof->failed_seq == 0 && (err = journal_reader_next(&reader, &record)) == OK) {
        struct reason reason = { 0 };
        err = record_check(proof, &record, &reason);
        if (err == ERR_MEMORY || err == ERR_IO) {
            return err;
        }
        if (err != OK) {
            if (reason.code[0] == '\0') {
                (void)denied(&reason, "proof.record");
            }
            failure_note(proof, record.seq, &reason);
            return ERR_DENIED;
        }
        proof->state = reader.state;
        if (!anchors_hold(proof, &reason)) {
            failure_note(proof, record.seq, &reason);
            return ERR_DENIED;
        }
        if (record.seq % PROGRESS_RECORDS == 0) {
            jobs_collect(proof, /* wait= */ false);
            if (proof->setup.progress != NULL) {
                proof->setup.progress(proof->setup.ctx, reader.state.bytes, status.st_size);
            }
        }
    }
    err = err == ERR_INPUT ? journal_reader_end(&reader, &proof->torn) : err;
    if (err == ERR_INPUT) {
        struct reason reason = { 0 };
        (void)denied(&reason, "proof.chain");
        failure_note(proof, reader.state.records + 1, &reason);
        return ERR_DENIED;
    }
    return err == ERR_NOT_FOUND ? end_check(proof) : err;
}

static enum err record_check(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    if (record->time < proof->state.last_time - CLOCK_BACKWARDS_SECONDS) {
        return denied(ret_reason, "proof.clock");
    }
    if (checks[record->type] == NULL) {
        return denied(ret_reason, "proof.record_type");
    }
    proof->counts[record->type]++;
    return checks[record->type](proof, record, ret_reason);
}

/* doc/threats.md S2 and S3. */
static enum err check_reserved(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_reserved reserved;
    TRY(record_reserved_read(record->body, &reserved));
    if (reserved.serial.len == 0 || reserved.serial.len > SERIAL_MAX_BYTES) {
        return denied(ret_reason, "proof.serial");
    }
    if (proof_row_of(proof, &reserved.request) != NULL) {
        return denied(ret_reason, "proof.request_twice");
    }
    if (proof_by_serial(proof, reserved.serial) != NULL) {
        return denied(ret_reason, "proof.serial_twice");
    }
    return proof_row_add(proof, &reserved.request, reserved.serial, record->seq);
}

static enum err issuer_of(struct proof *proof, const char *id, uint8_t *ret_at)
{
    for (size_t i = 0; i < proof->issuer_count; i++) {
        if (strcmp(proof->issuers[i].id, id) == 0) {
            *ret_at = (uint8_t)i;
            return OK;
        }
    }
    if (proof->issuer_count == ISSUERS_MAX) {
        return ERR_LIMIT;
    }
    *ret_at = (uint8_t)proof->issuer_count;
    snprintf(proof->issuers[proof->issuer_count++].id, ISSUER_ID_MAX, "%s", id);
    return OK;
}

static enum err intent_check(struct proof *proof, const struct journal_record *record,
    enum proof_state state, struct reason *ret_reason)
{
    struct proof_job *job = NULL;
    if (proof->roster == NULL) {
        return denied(ret_reason, "proof.no_epoch");
    }
    if (proof->halted) {
        return denied(ret_reason, "proof.halted");
    }
    TRY(proof_job_new(record->body, &job));
    job->next = proof->open;
    proof->open = job;
    job->of.roster = proof->roster;
    job->of.seq = record->seq;
    job->of.time = record->time;
    job->of.logged = state == PROOF_PRECERTIFICATE_INTENDED;
    struct proof_row *row = proof_row_of(proof, &job->of.intent.request);
    if (row == NULL ||
        !span_equal(span_make(row->serial, row->serial_len), job->of.intent.serial)) {
        return denied(ret_reason, "proof.unreserved");
    }
    if (row->state != PROOF_RESERVED) {
        return denied(ret_reason, "proof.request_twice");
    }
    if (row->revoked) {
        return denied(ret_reason, "proof.revoked_before");
    }
    row->state = (uint8_t)state;
    row->record = record->offset;
    row->seq = record->seq;
    return issuer_of(proof, job->of.intent.issuer, &row->issuer);
}

static enum err check_intent(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    return intent_check(proof, record, PROOF_INTENDED, ret_reason);
}

static enum err check_precertificate_intent(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    return intent_check(proof, record, PROOF_PRECERTIFICATE_INTENDED, ret_reason);
}

/* Where the open job of a request hangs; the end's if there is none. */
static struct proof_job **open_job(struct proof *proof, const struct request_id *request)
{
    struct proof_job **at = &proof->open;
    while (*at != NULL && (memcmp((*at)->of.intent.request.enrolment, request->enrolment,
                               ENROLMENT_ID_BYTES) != 0 ||
                              (*at)->of.intent.request.ordinal != request->ordinal)) {
        at = &(*at)->next;
    }
    return at;
}

static void row_move(
    struct proof_row *row, enum proof_state state, const struct journal_record *record)
{
    row->state = (uint8_t)state;
    row->record = record->offset;
    row->seq = record->seq;
}

static enum err check_precertificate(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_precertificate first;
    TRY(record_precertificate_read(record->body, &first));
    struct proof_row *row = proof_row_of(proof, &first.request);
    struct proof_job *job = *open_job(proof, &first.request);
    if (row == NULL || job == NULL || row->state != PROOF_PRECERTIFICATE_INTENDED ||
        row->record != first.intent) {
        return denied(ret_reason, "proof.unintended");
    }
    row_move(row, PROOF_PRECERTIFIED, record);
    return proof_job_precertify(job, first.precertificate);
}

/* From here on the certificate is signed: what must not stand before it, must not stand before
 * this. */
static enum err check_completion(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_completion completion;
    TRY(record_completion_read(record->body, &completion));
    struct proof_row *row = proof_row_of(proof, &completion.request);
    struct proof_job *job = *open_job(proof, &completion.request);
    if (proof->halted) {
        return denied(ret_reason, "proof.halted");
    }
    bool follows = row != NULL && row->state == PROOF_PRECERTIFIED &&
                   (completion.precertificate == RECORD_PLACE_UNKNOWN ||
                       completion.precertificate == row->record);
    if (job == NULL || !follows || strcmp(job->of.intent.issuer, completion.issuer) != 0) {
        return denied(ret_reason, "proof.precertificate");
    }
    if (row->revoked) {
        return denied(ret_reason, "proof.revoked_before");
    }
    if (job->of.roster != proof->roster) {
        return denied(ret_reason, "proof.epoch");
    }
    job->of.completion_seq = record->seq;
    job->of.completion_time = record->time;
    row_move(row, PROOF_COMPLETING, record);
    return proof_job_complete(job, completion.tbs);
}

/* A promised certificate that never came is revoked with it. */
static enum err check_abandoned(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_abandoned abandoned;
    TRY(record_abandoned_read(record->body, &abandoned));
    struct proof_row *row = proof_row_of(proof, &abandoned.request);
    bool promised = row != NULL && (row->state == PROOF_PRECERTIFICATE_INTENDED ||
                                       row->state == PROOF_PRECERTIFIED);
    if (row == NULL || (!promised && row->state != PROOF_RESERVED)) {
        return denied(ret_reason, row == NULL ? "proof.unreserved" : "proof.abandoned");
    }
    if (promised && !row->revoked) {
        proof->revoked++;
        row->revoked = 1;
        row->reason = REVOCATION_SUPERSEDED;
    }
    proof->abandoned++;
    row_move(row, PROOF_ABANDONED, record);
    struct proof_job **at = open_job(proof, &abandoned.request);
    if (*at != NULL) {
        struct proof_job *job = *at;
        *at = job->next;
        proof_pool_put(proof->pool, job);
    }
    return OK;
}

static enum err check_issued(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_issued issued;
    TRY(record_issued_read(record->body, &issued));
    struct proof_row *row = proof_row_of(proof, &issued.request);
    if (row == NULL || (row->state != PROOF_INTENDED && row->state != PROOF_COMPLETING)) {
        return denied(ret_reason,
            row != NULL && row->state == PROOF_ISSUED ? "proof.request_twice" : "proof.unintended");
    }
    row_move(row, PROOF_ISSUED, record);
    struct proof_job **at = open_job(proof, &issued.request), *job = *at;
    if (job == NULL) {
        return denied(ret_reason, "proof.unintended");
    }
    TRY(proof_job_certify(job, issued.certificate));
    *at = job->next;
    proof_pool_put(proof->pool, job);
    return OK;
}

static enum err check_refused(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_refused refused;
    TRY(record_refused_read(record->body, &refused));
    const struct proof_row *row = proof_row_of(proof, &refused.request);
    bool waits = row != NULL && (row->state == PROOF_RESERVED || row->state == PROOF_PRECERTIFIED);
    return waits ? OK : denied(ret_reason, "proof.unreserved");
}

/* A blocked key is that of the certificate. */
static enum err blocked_check(
    struct proof *proof, const struct proof_row *row, struct span blocked, int64_t seq)
{
    struct certificate certificate;
    uint8_t hash[HASH_BYTES];
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    if (row->state != PROOF_ISSUED || row->reason != REVOCATION_KEY_COMPROMISE) {
        return ERR_INPUT;
    }
    TRY(proof_certificate_of(proof, row, &der));
    TRY(certificate_parse(buf_span(&der), &certificate));
    TRY(sha256(certificate.spki, hash));
    return span_equal(SPAN_OF(hash), blocked) ? proof_hash_add(&proof->blocked, hash, seq)
                                              : ERR_INPUT;
}

static enum err check_revoked(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_revoked revoked;
    uint8_t issuer;
    uint32_t at;
    TRY(record_revoked_read(record->body, &revoked));
    TRY(issuer_of(proof, revoked.issuer, &issuer));
    if (!index_find(&proof->by_serial, revoked.serial, &at)) {
        return denied(ret_reason, "proof.unreserved");
    }
    struct proof_row *row = &proof->rows[at];
    bool blank = !row->revoked && (row->state == PROOF_RESERVED || row->state == PROOF_ABANDONED);
    if (!blank && row->issuer != issuer) {
        return denied(ret_reason, "proof.revoked_elsewhere");
    }
    bool same = row->revoked && row->reason == revoked.reason;
    if (row->revoked && !same &&
        !revocation_reason_may_change((enum revocation_reason)row->reason, revoked.reason)) {
        return denied(ret_reason, "proof.revocation_undone");
    }
    proof->revoked += !row->revoked;
    row->revoked = 1;
    row->reason = (uint8_t)revoked.reason;
    row->issuer = issuer;
    row->seq = record->seq;
    if (revoked.blocked.len > 0 && blocked_check(proof, row, revoked.blocked, record->seq) != OK) {
        return denied(ret_reason, "proof.blocked");
    }
    return OK;
}

static enum err check_withdrawn(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_withdrawn withdrawn;
    (void)ret_reason;
    TRY(record_withdrawn_read(record->body, &withdrawn));
    return proof_hash_add(&proof->withdrawn, withdrawn.application_hash, record->seq);
}

/* Any key may be blocked, one that no certificate has as well; what counts is that nothing is
 * signed for it behind this. */
static enum err check_blocked(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_blocked blocked;
    (void)ret_reason;
    TRY(record_blocked_read(record->body, &blocked));
    return proof_hash_add(&proof->blocked, blocked.spki_hash, record->seq);
}

static enum err check_crl(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_crl crl;
    uint8_t at;
    TRY(record_crl_read(record->body, &crl));
    TRY(issuer_of(proof, crl.issuer, &at));
    if (crl.number <= proof->issuers[at].crl_number || crl.next_update <= crl.this_update) {
        return denied(ret_reason, "proof.crl_number");
    }
    proof->issuers[at].crl_number = crl.number;
    return OK;
}

static enum err check_halted(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct halt halt;
    (void)ret_reason;
    TRY(record_halted_read(record->body, &halt));
    proof->halt = proof->halted ? proof->halt : halt;
    proof->halted = true;
    return OK;
}

/* Only those whom the roster of that day names could have it go on. */
static enum err check_resumed(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct resumption resumption;
    TRY(record_resumed_read(record->body, &resumption));
    if (!proof->halted || proof->roster == NULL) {
        return denied(ret_reason, "proof.resumed");
    }
    proof->halted = false;
    return resumption_check(
        &resumption, &proof->halt, &proof->roster->roster, record->time, ret_reason);
}

static enum err check_responder(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_responder responder;
    TRY(record_responder_read(record->body, &responder));
    if (proof->roster == NULL || proof->halted) {
        return denied(ret_reason, proof->halted ? "proof.halted" : "proof.epoch");
    }
    return proof_responder(proof->roster, &responder, record->time, ret_reason);
}

/* doc/threats.md S5. */
static enum err check_epoch(
    struct proof *proof, const struct journal_record *record, struct reason *ret_reason)
{
    struct record_epoch epoch;
    char hash[2 * HASH_BYTES + 1];
    TRY(record_epoch_read(record->body, &epoch));
    if (epoch.epoch < proof->epoch || (epoch.epoch == proof->epoch && proof->roster != NULL)) {
        return denied(ret_reason, "proof.epoch");
    }
    for (size_t i = 0; i < proof->setup.roster_count; i++) {
        const struct proof_roster *roster = &proof->setup.rosters[i];
        if (memcmp(roster->hash, epoch.roster_hash, HASH_BYTES) == 0) {
            proof->roster = roster;
            proof->epoch = epoch.epoch;
            bool same = roster->roster.epoch == epoch.epoch &&
                        roster->roster.policy_set == epoch.policy_set;
            return same ? OK : denied(ret_reason, "proof.epoch");
        }
    }
    hex_format(SPAN_OF(epoch.roster_hash), hash);
    return reason_set(ret_reason, ERR_DENIED, "proof.roster_missing", NULL, NULL, hash);
}

/* What the order decides is decided by the intent's place in it. */
static void job_judge(struct proof *proof, struct proof_job *job)
{
    const struct proof_case *of = &job->of;
    int64_t last = of->completion_seq != 0 ? of->completion_seq : of->seq;
    if (job->err == OK &&
        proof_hash_stood(&proof->withdrawn, job->outcome.application_hash, last)) {
        job->err = denied(&job->reason, "proof.withdrawn_before");
    }
    for (size_t i = 0; job->err == OK && i < job->outcome.earlier_count; i++) {
        if (proof_hash_stood(&proof->withdrawn, job->outcome.earlier[i], last)) {
            job->err = denied(&job->reason, "proof.earlier_withdrawn");
        }
    }
    if (job->err == OK && proof_hash_stood(&proof->blocked, job->outcome.spki_hash, last)) {
        job->err = denied(&job->reason, "proof.blocked_before");
    }
    if (job->err != OK) {
        if (job->reason.code[0] == '\0') {
            (void)reason_set(&job->reason, job->err, "proof.certificate", NULL, NULL, NULL);
        }
        failure_note(proof, job->of.seq, &job->reason);
    }
    proof_job_free(job);
}

static void jobs_collect(struct proof *proof, bool wait)
{
    struct proof_job *job = proof_pool_take(proof->pool, wait);
    while (job != NULL) {
        job_judge(proof, job);
        job = proof_pool_take(proof->pool, wait);
    }
}
