/* Learning records, one lesson a type. */
#include "lib/base/array.h"
#include "proc/signer/ledger_internal.h"

#include <stdio.h>

static enum err learn_reserved(struct ledger *ledger, const struct journal_record *record);
static enum err learn_intent(struct ledger *ledger, const struct journal_record *record);
static enum err learn_issued(struct ledger *ledger, const struct journal_record *record);
static enum err learn_precertificate_intent(
    struct ledger *ledger, const struct journal_record *record);
static enum err learn_precertificate(struct ledger *ledger, const struct journal_record *record);
static enum err learn_completion(struct ledger *ledger, const struct journal_record *record);
static enum err learn_abandoned(struct ledger *ledger, const struct journal_record *record);
static enum err learn_refused(struct ledger *ledger, const struct journal_record *record);
static enum err learn_revoked(struct ledger *ledger, const struct journal_record *record);
static enum err learn_withdrawn(struct ledger *ledger, const struct journal_record *record);
static enum err learn_halted(struct ledger *ledger, const struct journal_record *record);
static enum err learn_resumed(struct ledger *ledger, const struct journal_record *record);
static enum err learn_blocked(struct ledger *ledger, const struct journal_record *record);
static enum err learn_crl(struct ledger *ledger, const struct journal_record *record);
static enum err learn_epoch(struct ledger *ledger, const struct journal_record *record);
static enum err learn_responder(struct ledger *ledger, const struct journal_record *record);
static enum err open_add(struct ledger *ledger, const uint8_t *key);
static void open_remove(struct ledger *ledger, const uint8_t *key);
static enum err issuer_learn(struct ledger *ledger, const char *id, size_t *ret_at);

static enum err (*const lessons[JOURNAL_TYPE_COUNT])(
    struct ledger *ledger, const struct journal_record *record) = {
    [JOURNAL_RESERVED] = learn_reserved,
    [JOURNAL_INTENT] = learn_intent,
    [JOURNAL_ISSUED] = learn_issued,
    [JOURNAL_REFUSED] = learn_refused,
    [JOURNAL_REVOKED] = learn_revoked,
    [JOURNAL_WITHDRAWN] = learn_withdrawn,
    [JOURNAL_CRL] = learn_crl,
    [JOURNAL_EPOCH] = learn_epoch,
    [JOURNAL_HALTED] = learn_halted,
    [JOURNAL_RESUMED] = learn_resumed,
    [JOURNAL_BLOCKED] = learn_blocked,
    [JOURNAL_PRECERTIFICATE_INTENT] = learn_precertificate_intent,
    [JOURNAL_PRECERTIFICATE] = learn_precertificate,
    [JOURNAL_COMPLETION] = learn_completion,
    [JOURNAL_ABANDONED] = learn_abandoned,
    [JOURNAL_RESPONDER] = learn_responder,
};

enum err ledger_learn(void *ledger, const struct journal_record *record)
{
    return lessons[record->type] == NULL ? ERR_INPUT : lessons[record->type](ledger, record);
}

static enum err learn_reserved(struct ledger *ledger, const struct journal_record *record)
{
    struct record_reserved reserved;
    struct ledger_row row = { .state = LEDGER_RESERVED, .seq = record->seq }, known;
    TRY(record_reserved_read(record->body, &reserved));
    if (reserved.serial.len != SERIAL_BYTES ||
        ledger_by_request(ledger, &reserved.request, &known) ||
        ledger_by_serial(ledger, reserved.serial, &known)) {
        return ERR_INPUT;
    }
    ledger_request_key(&reserved.request, row.request);
    memcpy(row.serial, reserved.serial.data, SERIAL_BYTES);
    return ledger_row_add(ledger, &row);
}

static enum err intent_learn(
    struct ledger *ledger, const struct journal_record *record, enum ledger_state state)
{
    struct record_intent intent;
    uint8_t key[REQUEST_KEY_BYTES];
    size_t issuer;
    TRY(record_intent_read(record->body, &intent));
    TRY(issuer_learn(ledger, intent.issuer, &issuer));
    ledger_request_key(&intent.request, key);
    struct ledger_row *row = ledger_row_own(ledger, key);
    if (row == NULL || row->state != LEDGER_RESERVED || row->revoked ||
        !span_equal(SPAN_OF(row->serial), intent.serial)) {
        return ERR_INPUT;
    }
    TRY(open_add(ledger, key));
    row->state = (uint8_t)state;
    row->issuer = (uint8_t)issuer;
    row->record = record->offset;
    row->seq = record->seq;
    return OK;
}

static enum err learn_intent(struct ledger *ledger, const struct journal_record *record)
{
    return intent_learn(ledger, record, LEDGER_INTENDED);
}

static enum err learn_precertificate_intent(
    struct ledger *ledger, const struct journal_record *record)
{
    return intent_learn(ledger, record, LEDGER_PRECERTIFICATE_INTENDED);
}

static enum err learn_precertificate(struct ledger *ledger, const struct journal_record *record)
{
    struct record_precertificate signed_;
    uint8_t key[REQUEST_KEY_BYTES];
    TRY(record_precertificate_read(record->body, &signed_));
    ledger_request_key(&signed_.request, key);
    struct ledger_row *row = ledger_row_own(ledger, key);
    if (row == NULL || row->state != LEDGER_PRECERTIFICATE_INTENDED ||
        row->record != signed_.intent) {
        return ERR_INPUT;
    }
    row->state = LEDGER_PRECERTIFIED;
    row->record = record->offset;
    row->seq = record->seq;
    open_remove(ledger, key);
    return OK;
}

static enum err learn_completion(struct ledger *ledger, const struct journal_record *record)
{
    struct record_completion completion;
    uint8_t key[REQUEST_KEY_BYTES];
    TRY(record_completion_read(record->body, &completion));
    ledger_request_key(&completion.request, key);
    struct ledger_row *row = ledger_row_own(ledger, key);
    if (row == NULL || row->state != LEDGER_PRECERTIFIED || row->revoked ||
        (completion.precertificate != RECORD_PLACE_UNKNOWN &&
            completion.precertificate != row->record)) {
        return ERR_INPUT;
    }
    TRY(open_add(ledger, key));
    row->state = LEDGER_COMPLETING;
    row->record = record->offset;
    row->seq = record->seq;
    return OK;
}

/* A precertificate that may have been signed is revoked by the same record, so that no cut can part
 * the two. */
static enum err learn_abandoned(struct ledger *ledger, const struct journal_record *record)
{
    struct record_abandoned abandoned;
    uint8_t key[REQUEST_KEY_BYTES];
    TRY(record_abandoned_read(record->body, &abandoned));
    ledger_request_key(&abandoned.request, key);
    struct ledger_row *row = ledger_row_own(ledger, key);
    if (row == NULL ||
        (row->state != LEDGER_RESERVED && row->state != LEDGER_PRECERTIFICATE_INTENDED &&
            row->state != LEDGER_PRECERTIFIED)) {
        return ERR_INPUT;
    }
    if (row->state != LEDGER_RESERVED && !row->revoked) {
        row->revoked = 1;
        row->reason = REVOCATION_SUPERSEDED;
        row->revoked_at = abandoned.date;
        ledger->sums.revoked++;
    }
    row->pending = row->pending && row->pending_reason != REVOCATION_SUPERSEDED;
    row->state = LEDGER_ABANDONED;
    row->record = record->offset;
    row->seq = record->seq;
    open_remove(ledger, key);
    return OK;
}

static enum err open_add(struct ledger *ledger, const uint8_t *key)
{
    TRY(array_grow((void **)&ledger->open, ledger->open_count, &ledger->open_capacity,
        sizeof ledger->open[0]));
    memcpy(ledger->open[ledger->open_count++], key, REQUEST_KEY_BYTES);
    return OK;
}

static enum err learn_issued(struct ledger *ledger, const struct journal_record *record)
{
    struct record_issued issued;
    uint8_t key[REQUEST_KEY_BYTES];
    TRY(record_issued_read(record->body, &issued));
    ledger_request_key(&issued.request, key);
    struct ledger_row *row = ledger_row_own(ledger, key);
    if (row == NULL || (row->state != LEDGER_INTENDED && row->state != LEDGER_COMPLETING)) {
        return ERR_INPUT;
    }
    row->state = LEDGER_ISSUED;
    row->record = record->offset;
    row->seq = record->seq;
    ledger->sums.issued++;
    open_remove(ledger, key);
    return OK;
}

static void open_remove(struct ledger *ledger, const uint8_t *key)
{
    for (size_t i = ledger->open_count; i-- > 0;) {
        if (memcmp(ledger->open[i], key, REQUEST_KEY_BYTES) == 0) {
            memmove(ledger->open[i], ledger->open[i + 1],
                (--ledger->open_count - i) * REQUEST_KEY_BYTES);
            return;
        }
    }
}

/* A refusal changes nothing: another warrant may come. */
static enum err learn_refused(struct ledger *ledger, const struct journal_record *record)
{
    struct record_refused refused;
    (void)ledger;
    return record_refused_read(record->body, &refused);
}

static enum err learn_revoked(struct ledger *ledger, const struct journal_record *record)
{
    struct record_revoked revoked;
    struct ledger_row known;
    size_t issuer;
    bool is_new;
    TRY(record_revoked_read(record->body, &revoked));
    TRY(issuer_learn(ledger, revoked.issuer, &issuer));
    if (!ledger_by_serial(ledger, revoked.serial, &known)) {
        return ERR_INPUT;
    }
    struct ledger_row *row = ledger_row_own(ledger, known.request);
    if (row == NULL) {
        return ERR_MEMORY;
    }
    if (!row->revoked) {
        row->revoked_at = revoked.date;
        row->reason = (uint8_t)revoked.reason;
        ledger->sums.revoked++;
        /* Whose list it belongs on is decided for ever, by the intent or here
         * (doc/threats.md R13). */
        row->issuer = ledger_row_blank(row) ? (uint8_t)issuer : row->issuer;
    } else if (revocation_reason_may_change((enum revocation_reason)row->reason, revoked.reason)) {
        row->reason = (uint8_t)revoked.reason;
    }
    row->revoked = 1;
    row->pending = row->pending && row->pending_reason != row->reason;
    row->seq = record->seq;
    if (revoked.blocked.len == 0) {
        return OK;
    }
    TRY(ledger_hash_add(
        ledger, &ledger->blocked, TABLE_BLOCKED, revoked.blocked.data, record->seq, &is_new));
    ledger->sums.blocked += is_new;
    return OK;
}

static enum err learn_blocked(struct ledger *ledger, const struct journal_record *record)
{
    struct record_blocked blocked;
    bool is_new;
    TRY(record_blocked_read(record->body, &blocked));
    TRY(ledger_hash_add(
        ledger, &ledger->blocked, TABLE_BLOCKED, blocked.spki_hash, record->seq, &is_new));
    ledger->sums.blocked += is_new;
    return OK;
}

static enum err learn_withdrawn(struct ledger *ledger, const struct journal_record *record)
{
    struct record_withdrawn withdrawn;
    bool is_new;
    TRY(record_withdrawn_read(record->body, &withdrawn));
    TRY(ledger_hash_add(ledger, &ledger->withdrawn, TABLE_WITHDRAWN, withdrawn.application_hash,
        record->seq, &is_new));
    ledger->sums.withdrawn += is_new;
    return OK;
}

static enum err learn_halted(struct ledger *ledger, const struct journal_record *record)
{
    struct halt halt;
    TRY(record_halted_read(record->body, &halt));
    ledger->sums.halt = ledger->sums.halted ? ledger->sums.halt : halt; /* the first stop stands */
    ledger->sums.halted = true;
    return OK;
}

/* Only those whom our roster names can have it go on, whoever wrote the record; one that stands
 * before our roster came into force was for that day's signer to judge, and is for the audit. */
static enum err learn_resumed(struct ledger *ledger, const struct journal_record *record)
{
    struct resumption resumption;
    struct reason reason;
    const struct ledger_roster *by = &ledger->roster;
    TRY(record_resumed_read(record->body, &resumption));
    bool ours = by->roster != NULL &&
                memcmp(by->hash, ledger->sums.epoch.roster_hash, sizeof by->hash) == 0;
    if (ours && (!ledger->sums.halted || resumption_check(&resumption, &ledger->sums.halt,
                                             by->roster, record->time, &reason) != OK)) {
        ledger->resumption_refused = true;
        return OK;
    }
    ledger->sums.halted = false;
    return OK;
}

/* Nothing follows from it: it is nobody's request, and is signed by whoever wrote it or never. */
static enum err learn_responder(struct ledger *ledger, const struct journal_record *record)
{
    struct record_responder responder;
    (void)ledger;
    return record_responder_read(record->body, &responder);
}

static enum err learn_crl(struct ledger *ledger, const struct journal_record *record)
{
    struct record_crl crl;
    size_t at;
    TRY(record_crl_read(record->body, &crl));
    TRY(issuer_learn(ledger, crl.issuer, &at));
    if (crl.number <= ledger->sums.issuers[at].crl_number) {
        return ERR_INPUT;
    }
    ledger->sums.issuers[at].crl_number = crl.number;
    return OK;
}

static enum err learn_epoch(struct ledger *ledger, const struct journal_record *record)
{
    struct record_epoch epoch;
    TRY(record_epoch_read(record->body, &epoch));
    if (epoch.epoch < ledger->sums.epoch.epoch) {
        return ERR_INPUT;
    }
    ledger->sums.epoch = epoch;
    return OK;
}

/* Made if it isn't there: by records alone, so that a place means the same in every segment. */
static enum err issuer_learn(struct ledger *ledger, const char *id, size_t *ret_at)
{
    if (ledger_issuer(ledger, id, ret_at) == OK) {
        return OK;
    }
    if (ledger->sums.issuer_count == ISSUERS_MAX) {
        return ERR_LIMIT;
    }
    *ret_at = ledger->sums.issuer_count++;
    struct ledger_issuer *issuer = &ledger->sums.issuers[*ret_at];
    *issuer = (struct ledger_issuer){ .crl_number = 0 };
    snprintf(issuer->id, sizeof issuer->id, "%s", id);
    return OK;
}
