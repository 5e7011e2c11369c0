/* Learning records, one function a type. */
#include "proc/signer/ledger.h"

#include <stdio.h>

static enum err learn_reserved(struct ledger *ledger, const struct journal_record *record);
static enum err learn_intent(struct ledger *ledger, const struct journal_record *record);
static enum err learn_issued(struct ledger *ledger, const struct journal_record *record);
static enum err learn_refused(struct ledger *ledger, const struct journal_record *record);
static enum err learn_revoked(struct ledger *ledger, const struct journal_record *record);
static enum err key_block(struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES]);
static enum err learn_withdrawn(struct ledger *ledger, const struct journal_record *record);
static enum err learn_blocked(struct ledger *ledger, const struct journal_record *record);
static enum err learn_crl(struct ledger *ledger, const struct journal_record *record);
static enum err learn_epoch(struct ledger *ledger, const struct journal_record *record);

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
    [JOURNAL_BLOCKED] = learn_blocked,
};

static struct span request_of_row(const void *ctx, uint32_t row)
{
    const struct ledger *ledger = ctx;
    return SPAN_OF(ledger->rows[row].request);
}

static struct span serial_of_row(const void *ctx, uint32_t row)
{
    const struct ledger *ledger = ctx;
    return SPAN_OF(ledger->rows[row].serial);
}

static struct span withdrawn_of_row(const void *ctx, uint32_t row)
{
    const struct ledger *ledger = ctx;
    return SPAN_OF(ledger->withdrawn[row]);
}

static struct span blocked_of_row(const void *ctx, uint32_t row)
{
    const struct ledger *ledger = ctx;
    return SPAN_OF(ledger->blocked[row]);
}

enum err ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){ 0 };
    TRY(index_init(&ledger->by_request, request_of_row, ledger));
    TRY(index_init(&ledger->by_serial, serial_of_row, ledger));
    TRY(index_init(&ledger->by_blocked, blocked_of_row, ledger));
    return index_init(&ledger->by_withdrawn, withdrawn_of_row, ledger);
}

void ledger_release(struct ledger *ledger)
{
    index_release(&ledger->by_request);
    index_release(&ledger->by_serial);
    index_release(&ledger->by_withdrawn);
    index_release(&ledger->by_blocked);
    free(ledger->rows);
    free(ledger->blocked);
    free(ledger->withdrawn);
    free(ledger->revoked);
    *ledger = (struct ledger){ 0 };
}

enum err ledger_learn(void *ledger, const struct journal_record *record)
{
    return lessons[record->type] == NULL ? ERR_INPUT : lessons[record->type](ledger, record);
}

/* Room for one more: the array doubles, so that ten million rows cost two dozen moves. */
static enum err array_grow(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return OK;
    }
    size_t grown = *capacity == 0 ? 256 : 2 * *capacity;
    void *moved = grown > UINT32_MAX ? NULL : realloc(*array, grown * size);
    if (moved == NULL) {
        return ERR_MEMORY;
    }
    *array = moved;
    *capacity = grown;
    return OK;
}

static void request_key(const struct request_id *request, uint8_t ret_key[ENROLMENT_ID_BYTES + 4])
{
    memcpy(ret_key, request->enrolment, ENROLMENT_ID_BYTES);
    store_be32(ret_key + ENROLMENT_ID_BYTES, request->ordinal);
}

static enum err learn_reserved(struct ledger *ledger, const struct journal_record *record)
{
    struct record_reserved reserved;
    TRY(record_reserved_read(record->body, &reserved));
    if (reserved.serial.len != SERIAL_BYTES ||
        ledger_by_request(ledger, &reserved.request) != NULL ||
        ledger_by_serial(ledger, reserved.serial) != NULL) {
        return ERR_INPUT;
    }
    TRY(array_grow(
        (void **)&ledger->rows, ledger->count, &ledger->capacity, sizeof ledger->rows[0]));
    struct ledger_row *row = &ledger->rows[ledger->count];
    *row = (struct ledger_row){ .state = LEDGER_RESERVED };
    request_key(&reserved.request, row->request);
    memcpy(row->serial, reserved.serial.data, SERIAL_BYTES);
    TRY(index_add(&ledger->by_request, (uint32_t)ledger->count));
    TRY(index_add(&ledger->by_serial, (uint32_t)ledger->count));
    ledger->count++;
    return OK;
}

static enum err learn_intent(struct ledger *ledger, const struct journal_record *record)
{
    struct record_intent intent;
    struct ledger_issuer *issuer;
    TRY(record_intent_read(record->body, &intent));
    TRY(ledger_issuer(ledger, intent.issuer, &issuer));
    struct ledger_row *row = ledger_by_request(ledger, &intent.request);
    if (row == NULL || row->state != LEDGER_RESERVED ||
        !span_equal(SPAN_OF(row->serial), intent.serial)) {
        return ERR_INPUT;
    }
    row->state = LEDGER_INTENDED;
    row->issuer = (uint8_t)(issuer - ledger->issuers);
    row->record = record->offset;
    return OK;
}

static enum err learn_issued(struct ledger *ledger, const struct journal_record *record)
{
    struct record_issued issued;
    TRY(record_issued_read(record->body, &issued));
    struct ledger_row *row = ledger_by_request(ledger, &issued.request);
    if (row == NULL || row->state != LEDGER_INTENDED) {
        return ERR_INPUT;
    }
    row->state = LEDGER_ISSUED;
    row->record = record->offset;
    ledger->issued_count++;
    return OK;
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
    struct ledger_issuer *issuer;
    TRY(record_revoked_read(record->body, &revoked));
    TRY(ledger_issuer(ledger, revoked.issuer, &issuer));
    struct ledger_row *row = ledger_by_serial(ledger, revoked.serial);
    if (row == NULL) {
        return ERR_INPUT;
    }
    if (!row->revoked) {
        TRY(array_grow((void **)&ledger->revoked, ledger->revoked_count, &ledger->revoked_capacity,
            sizeof ledger->revoked[0]));
        ledger->revoked[ledger->revoked_count++] = (uint32_t)(row - ledger->rows);
        row->revoked_at = revoked.date;
    }
    row->revoked = true;
    row->settled = true;
    /* Whose list it belongs on, an intent has decided for ever (doc/threats.md R13). */
    if (row->state == LEDGER_RESERVED) {
        row->issuer = (uint8_t)(issuer - ledger->issuers);
    }
    row->reason = (uint8_t)revoked.reason;
    return revoked.blocked.len == 0 ? OK : key_block(ledger, revoked.blocked.data);
}

static enum err key_block(struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES])
{
    if (ledger_is_blocked(ledger, spki_hash)) {
        return OK;
    }
    TRY(array_grow((void **)&ledger->blocked, ledger->blocked_count, &ledger->blocked_capacity,
        sizeof ledger->blocked[0]));
    memcpy(ledger->blocked[ledger->blocked_count], spki_hash, HASH_BYTES);
    TRY(index_add(&ledger->by_blocked, (uint32_t)ledger->blocked_count));
    ledger->blocked_count++;
    return OK;
}

static enum err learn_blocked(struct ledger *ledger, const struct journal_record *record)
{
    struct record_blocked blocked;
    TRY(record_blocked_read(record->body, &blocked));
    return key_block(ledger, blocked.spki_hash);
}

static enum err learn_withdrawn(struct ledger *ledger, const struct journal_record *record)
{
    struct record_withdrawn withdrawn;
    TRY(record_withdrawn_read(record->body, &withdrawn));
    if (ledger_is_withdrawn(ledger, withdrawn.application_hash)) {
        return OK;
    }
    TRY(array_grow((void **)&ledger->withdrawn, ledger->withdrawn_count,
        &ledger->withdrawn_capacity, sizeof ledger->withdrawn[0]));
    memcpy(ledger->withdrawn[ledger->withdrawn_count], withdrawn.application_hash, HASH_BYTES);
    TRY(index_add(&ledger->by_withdrawn, (uint32_t)ledger->withdrawn_count));
    ledger->withdrawn_count++;
    return OK;
}

static enum err learn_crl(struct ledger *ledger, const struct journal_record *record)
{
    struct record_crl crl;
    struct ledger_issuer *issuer;
    TRY(record_crl_read(record->body, &crl));
    TRY(ledger_issuer(ledger, crl.issuer, &issuer));
    if (crl.number <= issuer->crl_number) {
        return ERR_INPUT;
    }
    issuer->crl_number = crl.number;
    return OK;
}

static enum err learn_epoch(struct ledger *ledger, const struct journal_record *record)
{
    struct record_epoch epoch;
    TRY(record_epoch_read(record->body, &epoch));
    if (epoch.epoch < ledger->epoch.epoch) {
        return ERR_INPUT;
    }
    ledger->epoch = epoch;
    return OK;
}

struct ledger_row *ledger_by_request(const struct ledger *ledger, const struct request_id *request)
{
    uint8_t key[ENROLMENT_ID_BYTES + 4];
    uint32_t row;
    request_key(request, key);
    return index_find(&ledger->by_request, SPAN_OF(key), &row) ? &ledger->rows[row] : NULL;
}

struct ledger_row *ledger_by_serial(const struct ledger *ledger, struct span serial)
{
    uint32_t row;
    return index_find(&ledger->by_serial, serial, &row) ? &ledger->rows[row] : NULL;
}

bool ledger_is_withdrawn(const struct ledger *ledger, const uint8_t hash[HASH_BYTES])
{
    uint32_t row;
    return index_find(&ledger->by_withdrawn, span_make(hash, HASH_BYTES), &row);
}

bool ledger_is_blocked(const struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES])
{
    uint32_t row;
    return index_find(&ledger->by_blocked, span_make(spki_hash, HASH_BYTES), &row);
}

enum err ledger_issuer(struct ledger *ledger, const char *id, struct ledger_issuer **ret_issuer)
{
    for (size_t i = 0; i < ledger->issuer_count; i++) {
        if (strcmp(ledger->issuers[i].id, id) == 0) {
            *ret_issuer = &ledger->issuers[i];
            return OK;
        }
    }
    if (ledger->issuer_count == ISSUERS_MAX) {
        return ERR_LIMIT;
    }
    struct ledger_issuer *issuer = &ledger->issuers[ledger->issuer_count++];
    snprintf(issuer->id, sizeof issuer->id, "%s", id);
    *ret_issuer = issuer;
    return OK;
}
