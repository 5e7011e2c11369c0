/* The issuing core's frame: opening it over a journal, and what it must never forget. */
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/crypto/mac.h"
#include "lib/pki/crl.h"
#include "proc/signer/internal.h"
#include "proc/signer/linted.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* BR 4.9.7: a CRL lives ten days at most. */
#define CRL_LIFE_MAX_SECONDS    (10 * DAY_SECONDS)
#define CLOCK_TOLERANCE_SECONDS INT64_C(60)

/* More than a follower ever leaves: an index that was lost, or of an earlier day. */
enum { TAIL_BYTES_MAX = 64 * 1024 * 1024, REVOCATIONS_MAX_BYTES = 64 * 1024 * 1024 };

static enum err index_secret_get(const char *path, const struct random *random,
    struct secret *ret_secret, struct reason *ret_reason);
static enum err roster_keys_load(struct issuing *issuing, struct reason *ret_reason);
static enum err past_learn(struct issuing *issuing, const struct issuing_setup *setup,
    int64_t *ret_cut, struct reason *ret_reason);
static enum err record_learn(void *ctx, const struct journal_record *record);
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

enum err issuing_index_key(const struct issuer_key *issuers, size_t issuer_count, const char *path,
    const struct random *random, uint8_t ret_key[CHECKPOINT_KEY_BYTES], struct reason *ret_reason)
{
    AUTO(secret) secret = { 0 };
    bool readable = false;
    for (size_t i = 0; i < issuer_count && !readable; i++) {
        readable = key_to_pkcs8(issuers[i].key, &secret) == OK;
    }
    if (!readable) {
        TRY(index_secret_get(path, random, &secret, ret_reason));
    }
    return hmac_sha256(secret_span(&secret), SPAN_LITERAL("ecert journal index key v1"), ret_key);
}

static enum err index_secret_get(const char *path, const struct random *random,
    struct secret *ret_secret, struct reason *ret_reason)
{
    /* As text: a reader of secrets takes a newline at the end for one. */
    enum { DIGITS = 2 * CHECKPOINT_KEY_BYTES };
    enum err err = file_read_secret(path, DIGITS, ret_secret);
    if (err == ERR_NOT_FOUND) {
        uint8_t drawn[CHECKPOINT_KEY_BYTES];
        TRY(secret_new(DIGITS + 1, ret_secret));
        TRY(random_fill(random, drawn, sizeof drawn));
        hex_format(SPAN_OF(drawn), (char *)ret_secret->data);
        explicit_bzero(drawn, sizeof drawn);
        ret_secret->len = DIGITS;
        err = file_create(path, secret_span(ret_secret), 0600);
        err = err == ERR_NO_SPACE ? OK : err;
    } else if (err == ERR_LIMIT || (err == OK && ret_secret->len != DIGITS)) {
        err = ERR_INPUT;
    }
    return err == OK ? OK
                     : reason_set(ret_reason, err, "signer.index_key", path, err_name(err),
                           "64 hexadecimal digits");
}

static struct ledger_roster ledger_roster_of(const struct issuing_setup *setup)
{
    struct ledger_roster by = { .roster = setup->roster };
    memcpy(by.hash, setup->roster_hash, sizeof by.hash);
    return by;
}

enum err issuing_open(const struct issuing_setup *setup, struct issuing **ret_issuing,
    int64_t *ret_cut, struct reason *ret_reason)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN); /* asks for a file: not from the sandbox */
    TRY(classic_roster_check(setup->roster, ret_reason));
    AUTO_PTR(issuing) issuing = calloc(1, sizeof *issuing);
    if (issuing == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&issuing->mutex, NULL);
    for (size_t i = 0; i < REQUEST_LOCKS; i++) {
        pthread_mutex_init(&issuing->requests[i], NULL);
    }
    issuing->processors = processors > 0 ? (size_t)processors : 1;
    issuing->roster = setup->roster;
    issuing->weak = setup->weak;
    issuing->issuers = setup->issuers;
    issuing->issuer_count = setup->issuer_count;
    watch_init(&issuing->watch, &setup->clock, &setup->elapsed);
    issuing->clock = watch_clock(&issuing->watch);
    issuing->random = setup->random;
    issuing->index_records = setup->index_records == 0 ? FOLLOW_RECORDS : setup->index_records;
    const struct ledger_roster by = ledger_roster_of(setup);
    TRY(ledger_init(&issuing->ledger, &by));
    TRY(roster_keys_load(issuing, ret_reason));
    TRY(past_learn(issuing, setup, ret_cut, ret_reason));
    journal_teach(issuing->journal, record_learn, issuing);
    TRY(epoch_record(issuing, setup->roster_hash, ret_reason));
    TRY(intents_finish(issuing, ret_reason));
    *ret_issuing = issuing;
    issuing = NULL;
    return OK;
}

/* Whose key is in a token waits for it, perhaps for long: each caller for himself. */
enum err issuing_follow(struct issuing *issuing)
{
    const struct follow_setup follow = { issuing->checkpoint, issuing->journal, &issuing->ledger,
        &issuing->mutex, issuing->index_records };
    bool token = false;
    for (size_t i = 0; i < issuing->issuer_count; i++) {
        token = token || key_in_token(issuing->issuers[i].key);
    }
    TRY(token ? OK : pool_start(issuing->processors, &issuing->pool));
    return issuing->checkpoint == NULL ? OK : follower_start(&follow, &issuing->follower);
}

void issuing_free(struct issuing *issuing)
{
    if (issuing == NULL) {
        return;
    }
    pool_stop(issuing->pool);
    follower_stop(issuing->follower);
    journal_free(issuing->journal);
    checkpoint_free(issuing->checkpoint);
    ledger_release(&issuing->ledger);
    for (size_t i = 0; i < PERSPECTIVES_MAX; i++) {
        key_free(issuing->perspective_keys[i]);
    }
    for (size_t i = 0; i < OFFICERS_MAX; i++) {
        key_free(issuing->officer_keys[i]);
    }
    for (size_t i = 0; i < CT_LOGS_MAX; i++) {
        key_free(issuing->log_keys[i]);
    }
    for (size_t i = 0; i < REQUEST_LOCKS; i++) {
        pthread_mutex_destroy(&issuing->requests[i]);
    }
    pthread_mutex_destroy(&issuing->mutex);
    watch_release(&issuing->watch);
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
    for (size_t i = 0; i < issuing->roster->log_count; i++) {
        const struct ct_log *log = &issuing->roster->logs[i];
        enum err err = key_from_spki(log->spki, &issuing->log_keys[i]);
        if (err != OK) {
            return reason_set(ret_reason, err, "roster.log", log->name, NULL, NULL);
        }
    }
    return OK;
}

/* A journal far longer than its index goes into the index first: memory holds a tail. Where there
 * is no room for an index, it is the journal that is read. */
static enum err index_open(
    struct issuing *issuing, const struct issuing_setup *setup, struct reason *ret_reason)
{
    char path[PATH_MAX];
    bool advanced;
    struct stat status;
    struct journal_state place;
    int length = snprintf(path, sizeof path, "%s.index", setup->journal_path);
    if (length < 0 || (size_t)length >= sizeof path) {
        return ERR_LIMIT;
    }
    enum err err = checkpoint_open(
        path, setup->index_key, &issuing->ledger.roster, &issuing->checkpoint, ret_reason);
    if (err != OK) {
        return err == ERR_NO_SPACE ? OK : err;
    }
    checkpoint_place(issuing->checkpoint, &place);
    int fd = open(setup->journal_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size - place.bytes > TAIL_BYTES_MAX &&
        journal_holds(fd, &place) == OK) {
        err =
            checkpoint_advance(issuing->checkpoint, fd, status.st_size, FOLLOW_RECORDS, &advanced);
    }
    if (fd >= 0) {
        close(fd);
    }
    return err == ERR_NO_SPACE ? OK : err;
}

static enum err past_learn(struct issuing *issuing, const struct issuing_setup *setup,
    int64_t *ret_cut, struct reason *ret_reason)
{
    struct journal_state place = { .records = 0 };
    if (setup->index_key != NULL) {
        TRY(index_open(issuing, setup, ret_reason));
    }
    if (issuing->checkpoint != NULL) {
        TRY(checkpoint_fill(issuing->checkpoint, &issuing->ledger));
        checkpoint_place(issuing->checkpoint, &place);
    }
    TRY(journal_open(setup->journal_path, &place, ledger_learn, &issuing->ledger, &issuing->journal,
        ret_cut, ret_reason));
    journal_look(issuing->journal, &place);
    issuing->found = place.bytes;
    if (issuing->ledger.resumption_refused) {
        log_event(LOG_ERROR, "journal.resumption_refused", "next",
            "issuance stays stopped until two of the roster resume it", NULL);
    }
    return OK;
}

/* Whatever is on the disk, the ledger knows before anybody else hears of it. */
static enum err record_learn(void *ctx, const struct journal_record *record)
{
    struct issuing *issuing = ctx;
    pthread_mutex_lock(&issuing->mutex);
    enum err err = ledger_learn(&issuing->ledger, record);
    pthread_mutex_unlock(&issuing->mutex);
    return err;
}

/* A roster never goes back: who was struck off stays so (doc/threats.md S5, S18). And a hierarchy
 * that issued classic certificates never becomes a public one, nor the other way. */
static enum err epoch_record(
    struct issuing *issuing, const uint8_t *roster_hash, struct reason *ret_reason)
{
    const struct record_epoch *known = &issuing->ledger.sums.epoch;
    struct record_epoch record = { .epoch = issuing->roster->epoch,
        .policy_set = issuing->roster->policy_set };
    memcpy(record.roster_hash, roster_hash, HASH_BYTES);
    bool same = memcmp(known->roster_hash, roster_hash, HASH_BYTES) == 0;
    bool classic = record.policy_set == POLICY_CLASSIC;
    if (record.epoch < known->epoch || (record.epoch == known->epoch && !same)) {
        return reason_set(ret_reason, ERR_DENIED, "roster.epoch", NULL, NULL, NULL);
    }
    if (known->epoch > 0 && classic != (known->policy_set == POLICY_CLASSIC)) {
        return reason_set(ret_reason, ERR_DENIED, "roster.classic", "policy_set",
            policy_set_id(record.policy_set), policy_set_id(known->policy_set));
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
    size_t at = 0; /* behind those that stay open */
    while (at < issuing->ledger.open_count && !issuing->ledger.sums.halted) {
        struct ledger_row row;
        AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
        if (!ledger_by_key(&issuing->ledger, issuing->ledger.open[at], &row)) {
            return reason_set(ret_reason, ERR_INPUT, "journal.broken", NULL, NULL, NULL);
        }
        const char *id = issuing->ledger.sums.issuers[row.issuer].id;
        const struct issuer_key *issuer = issuing_issuer(issuing, id);
        if (issuer != NULL && key_in_token(issuer->key)) {
            at++;
            continue;
        }
        enum err err = issuing_finish(issuing, &row, /* errand= */ NULL, &certificate, ret_reason);
        if (err == ERR_DENIED) {
            log_failure(LOG_ERROR, "journal.intent_refused", err, ret_reason);
            at++;
        } else if (err != OK) {
            return err;
        }
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

enum err issuing_record(struct issuing *issuing, enum journal_type type, int64_t time,
    body_writer write, const void *object)
{
    struct journal_ticket ticket;
    enum err err = journal_add(issuing->journal, type, time, write, object, &ticket);
    err = err == OK ? journal_gather(issuing->journal, &ticket) : err;
    follower_poke(issuing->follower);
    return err;
}

static enum err revocation_check(const struct issuing *issuing, const struct signer_revoke *revoke,
    bool *ret_known, struct reason *ret_reason)
{
    struct ledger_row row;
    *ret_known = false;
    if (!ledger_by_serial(
            &issuing->ledger, span_make(revoke->serial.bytes, revoke->serial.len), &row)) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "revocation.serial", NULL, NULL, NULL);
    }
    const char *issuer = issuing->ledger.sums.issuers[row.issuer].id;
    if (!ledger_row_blank(&row) && strcmp(issuer, revoke->issuer) != 0) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "revocation.issuer", "issuer", revoke->issuer, issuer);
    }
    if (!row.revoked && !row.pending) {
        return OK;
    }
    uint8_t reason = row.pending ? row.pending_reason : row.reason;
    bool same = reason == revoke->reason;
    *ret_known = same && !row.pending;
    if (!same && !revocation_reason_may_change((enum revocation_reason)reason, revoke->reason)) {
        return reason_set(ret_reason, ERR_CONFLICT, "revocation.reason", "reason",
            revocation_reason_id(revoke->reason), revocation_reason_id(reason));
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
    struct ledger_row row;
    bool issued_already =
        ledger_by_serial(&issuing->ledger, serial, &row) && row.state == LEDGER_ISSUED;
    int64_t record = issued_already ? row.record : -1;
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
        bool is_new;
        err = ledger_pend_revocation(&issuing->ledger, record.serial, revoke->reason);
        err = err == OK && record.blocked.len > 0
                  ? ledger_pend_block(&issuing->ledger, spki_hash, &is_new)
                  : err;
        err = err == OK ? journal_add(issuing->journal, JOURNAL_REVOKED, now, record_revoked_write,
                              &record, &ticket)
                        : err;
    }
    pthread_mutex_unlock(&issuing->mutex);
    follower_poke(issuing->follower);
    return err != OK || known ? err : journal_wait(issuing->journal, &ticket);
}

enum err issuing_withdraw(struct issuing *issuing, const uint8_t application_hash[HASH_BYTES])
{
    struct journal_ticket ticket = { 0 };
    struct record_withdrawn record;
    memcpy(record.application_hash, application_hash, HASH_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = ledger_pend_withdrawal(&issuing->ledger, application_hash);
    err = err == OK ? journal_add(issuing->journal, JOURNAL_WITHDRAWN, clock_now(&issuing->clock),
                          record_withdrawn_write, &record, &ticket)
                    : err;
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK ? err : journal_wait(issuing->journal, &ticket);
}

/* In the journal once: it is asked for again, after a failure or for a key that is blocked anew. */
enum err issuing_block(struct issuing *issuing, const uint8_t spki_hash[HASH_BYTES])
{
    struct journal_ticket ticket = { 0 };
    struct record_blocked record;
    bool is_new = false;
    memcpy(record.spki_hash, spki_hash, HASH_BYTES);
    pthread_mutex_lock(&issuing->mutex);
    enum err err = ledger_pend_block(&issuing->ledger, spki_hash, &is_new);
    err = err == OK && is_new
              ? journal_add(issuing->journal, JOURNAL_BLOCKED, clock_now(&issuing->clock),
                    record_blocked_write, &record, &ticket)
              : err;
    pthread_mutex_unlock(&issuing->mutex);
    return err != OK || !is_new ? err : journal_wait(issuing->journal, &ticket);
}

/* The revocations of one issuer: what memory had of them when the number was taken, and the
 * segments behind it. */
struct revocations {
    struct segments segments;
    struct buf entries;
    struct merge merge;
    uint8_t entry[ENTRY_MAX];
    uint8_t issuer; /* 1st octet of their keys */
    int index_fd;
    int64_t count;
};

static void revocations_release(struct revocations *revocations)
{
    merge_release(&revocations->merge);
    buf_release(&revocations->entries);
    segments_release(&revocations->segments);
}
AUTO_DEFINE(revocations, revocations_release)

static enum err revocation_next(void *ctx, struct crl_entry *ret_entry)
{
    struct revocations *revocations = ctx;
    const uint8_t *entry = revocations->entry;
    enum err err = merge_next(&revocations->merge, revocations->entry);
    if (err != OK && err != ERR_NOT_FOUND) {
        checkpoint_condemn(revocations->index_fd);
    }
    TRY(err);
    if (entry[0] != revocations->issuer) {
        return ERR_NOT_FOUND;
    }
    revocations->count++;
    *ret_entry = (struct crl_entry){ span_make(entry + 1, SERIAL_BYTES),
        (int64_t)load_be64(entry + 19), (enum crl_reason)entry[18] };
    return OK;
}

/* The number and what stands under it are taken together; the record of it is behind every
 * revocation that it lists. */
static enum err crl_begin(struct issuing *issuing, const struct signer_crl *wanted, int64_t now,
    struct revocations *revocations, int64_t *ret_number, struct journal_ticket *ret_ticket)
{
    const struct ledger *ledger = &issuing->ledger;
    int64_t *taken =
        &issuing->crl_taken[issuing_issuer(issuing, wanted->issuer) - issuing->issuers];
    struct record_crl record = { .this_update = wanted->this_update,
        .next_update = wanted->next_update };
    size_t at = ISSUERS_MAX; /* nothing is listed under a place that nobody has */
    bool known = ledger_issuer(ledger, wanted->issuer, &at) == OK;
    int64_t last = known ? ledger->sums.issuers[at].crl_number : 0;
    revocations->issuer = (uint8_t)at;
    revocations->index_fd = ledger->index_fd;
    revocations->segments = segments_hold(&ledger->base);
    TRY(ledger_entries(ledger, TABLE_REVOKED, &revocations->entries));
    memcpy(record.issuer, wanted->issuer, sizeof record.issuer);
    *taken = (*taken > last ? *taken : last) + 1;
    *ret_number = record.number = *taken;
    return journal_add(issuing->journal, JOURNAL_CRL, now, record_crl_write, &record, ret_ticket);
}

static enum err crl_sign(const struct issuer_key *issuer, const struct signer_crl *wanted,
    int64_t number, struct revocations *revocations, struct linting *linting, struct buf *crl)
{
    uint8_t number_bytes[8], first[18] = { revocations->issuer };
    struct crl_source source = { revocation_next, revocations, /* count= */ 0 };
    TRY(merge_begin(&revocations->segments, buf_span(&revocations->entries), TABLE_REVOKED, first,
        &revocations->merge));
    store_be64(number_bytes, (uint64_t)number);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(issuer->key),
        .issuer = issuer->certificate.subject,
        .this_update = wanted->this_update,
        .next_update = wanted->next_update,
        .number = SPAN_OF(number_bytes),
        .authority_key_id = issuer->certificate.subject_key_id,
        .look = linted_list,
        .look_ctx = linting,
    };
    return crl_write(&fields, &source, issuer->key, crl);
}

enum err issuing_crl(struct issuing *issuing, const struct signer_crl *wanted,
    struct signer_crl_made *ret_made, struct buf *crl, struct reason *ret_reason)
{
    int64_t now = clock_now(&issuing->clock), number = 0;
    struct journal_ticket ticket = { 0 };
    AUTO(revocations) revocations = { .entries = buf_make(REVOCATIONS_MAX_BYTES) };
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
    struct linting linting = { LINT_CRL, now, ret_reason };
    pthread_mutex_lock(&issuing->mutex);
    enum err err = crl_begin(issuing, wanted, now, &revocations, &number, &ticket);
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    TRY(crl_sign(issuer, wanted, number, &revocations, &linting, crl));
    TRY(journal_wait(issuing->journal, &ticket));
    *ret_made = (struct signer_crl_made){ number, revocations.count };
    return OK;
}

void issuing_status(struct issuing *issuing, struct signer_status *ret_status)
{
    struct journal_state state;
    struct signer_status status = { .epoch = issuing->roster->epoch,
        .policy_set = issuing->roster->policy_set };
    journal_look(issuing->journal, &state);
    pthread_mutex_lock(&issuing->mutex);
    status.issued = issuing->ledger.sums.issued;
    status.revoked = issuing->ledger.sums.revoked;
    status.withdrawn = issuing->ledger.sums.withdrawn;
    status.blocked = issuing->ledger.sums.blocked;
    status.halted = issuing->ledger.sums.halted;
    status.halt = issuing->ledger.sums.halt;
    pthread_mutex_unlock(&issuing->mutex);
    status.journal_records = state.records;
    status.journal_bytes = state.bytes;
    memcpy(status.journal_head, state.head, HASH_BYTES);
    *ret_status = status;
}
