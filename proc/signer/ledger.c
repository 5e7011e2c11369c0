/* Learning records, one function a type. */
#include "proc/signer/ledger.h"
#include "proc/signer/checkpoint.h"

#include <assert.h>
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
static struct ledger_row *row_own(struct ledger *ledger, const uint8_t *key);
static enum err row_add(struct ledger *ledger, const struct ledger_row *row);
static enum err open_add(struct ledger *ledger, const uint8_t *key);
static void open_remove(struct ledger *ledger, const uint8_t *key);
static enum err hash_add(struct ledger *ledger, struct ledger_hashes *hashes,
    enum segment_table table, const uint8_t *hash, int64_t seq, bool *ret_new);
static enum err issuer_learn(struct ledger *ledger, const char *id, size_t *ret_at);
static bool base_find(
    const struct ledger *ledger, enum segment_table table, const uint8_t *key, uint8_t *ret_entry);

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

static struct span hash_of_row(const void *ctx, uint32_t row)
{
    const struct ledger_hashes *hashes = ctx;
    return SPAN_OF(hashes->list[row].hash);
}

enum err ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){ .index_fd = -1 };
    TRY(index_init(&ledger->by_request, request_of_row, ledger));
    TRY(index_init(&ledger->by_serial, serial_of_row, ledger));
    TRY(index_init(&ledger->blocked.index, hash_of_row, &ledger->blocked));
    return index_init(&ledger->withdrawn.index, hash_of_row, &ledger->withdrawn);
}

void ledger_release(struct ledger *ledger)
{
    segments_release(&ledger->base);
    index_release(&ledger->by_request);
    index_release(&ledger->by_serial);
    index_release(&ledger->withdrawn.index);
    index_release(&ledger->blocked.index);
    free(ledger->rows);
    free(ledger->blocked.list);
    free(ledger->withdrawn.list);
    free(ledger->open);
    *ledger = (struct ledger){ 0 };
}

enum err ledger_learn(void *ledger, const struct journal_record *record)
{
    return lessons[record->type] == NULL ? ERR_INPUT : lessons[record->type](ledger, record);
}

/* Room for one more: the array doubles. */
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

static void request_key(const struct request_id *request, uint8_t ret_key[REQUEST_KEY_BYTES])
{
    memcpy(ret_key, request->enrolment, ENROLMENT_ID_BYTES);
    store_be32(ret_key + ENROLMENT_ID_BYTES, request->ordinal);
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
    request_key(&reserved.request, row.request);
    memcpy(row.serial, reserved.serial.data, SERIAL_BYTES);
    return row_add(ledger, &row);
}

static enum err row_add(struct ledger *ledger, const struct ledger_row *row)
{
    TRY(array_grow(
        (void **)&ledger->rows, ledger->count, &ledger->capacity, sizeof ledger->rows[0]));
    ledger->rows[ledger->count] = *row;
    TRY(index_add(&ledger->by_request, (uint32_t)ledger->count));
    TRY(index_add(&ledger->by_serial, (uint32_t)ledger->count));
    ledger->count++;
    return OK;
}

static enum err intent_learn(
    struct ledger *ledger, const struct journal_record *record, enum ledger_state state)
{
    struct record_intent intent;
    uint8_t key[REQUEST_KEY_BYTES];
    size_t issuer;
    TRY(record_intent_read(record->body, &intent));
    TRY(issuer_learn(ledger, intent.issuer, &issuer));
    request_key(&intent.request, key);
    struct ledger_row *row = row_own(ledger, key);
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
    request_key(&signed_.request, key);
    struct ledger_row *row = row_own(ledger, key);
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
    request_key(&completion.request, key);
    struct ledger_row *row = row_own(ledger, key);
    if (row == NULL || row->state != LEDGER_PRECERTIFIED || row->revoked) {
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
    request_key(&abandoned.request, key);
    struct ledger_row *row = row_own(ledger, key);
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
    request_key(&issued.request, key);
    struct ledger_row *row = row_own(ledger, key);
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
    struct ledger_row *row = row_own(ledger, known.request);
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
    TRY(hash_add(
        ledger, &ledger->blocked, TABLE_BLOCKED, revoked.blocked.data, record->seq, &is_new));
    ledger->sums.blocked += is_new;
    return OK;
}

static enum err learn_blocked(struct ledger *ledger, const struct journal_record *record)
{
    struct record_blocked blocked;
    bool is_new;
    TRY(record_blocked_read(record->body, &blocked));
    TRY(hash_add(ledger, &ledger->blocked, TABLE_BLOCKED, blocked.spki_hash, record->seq, &is_new));
    ledger->sums.blocked += is_new;
    return OK;
}

static enum err learn_withdrawn(struct ledger *ledger, const struct journal_record *record)
{
    struct record_withdrawn withdrawn;
    bool is_new;
    TRY(record_withdrawn_read(record->body, &withdrawn));
    TRY(hash_add(ledger, &ledger->withdrawn, TABLE_WITHDRAWN, withdrawn.application_hash,
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

/* Whether it was right to go on is checked before the record is written, and by the audit. */
static enum err learn_resumed(struct ledger *ledger, const struct journal_record *record)
{
    struct resumption resumption;
    TRY(record_resumed_read(record->body, &resumption));
    ledger->sums.halted = false;
    return OK;
}

/* New: no record said so before. */
static enum err hash_add(struct ledger *ledger, struct ledger_hashes *hashes,
    enum segment_table table, const uint8_t *hash, int64_t seq, bool *ret_new)
{
    uint32_t at;
    uint8_t entry[ENTRY_MAX];
    if (index_find(&hashes->index, span_make(hash, HASH_BYTES), &at)) {
        bool pending = hashes->list[at].seq == INT64_MAX;
        *ret_new = pending && !base_find(ledger, table, hash, entry);
        hashes->list[at].seq = pending ? seq : hashes->list[at].seq;
        return OK;
    }
    *ret_new = !base_find(ledger, table, hash, entry);
    if (!*ret_new && seq == INT64_MAX) {
        return OK; /* what the base has needs nobody to hold it */
    }
    TRY(array_grow(
        (void **)&hashes->list, hashes->count, &hashes->capacity, sizeof hashes->list[0]));
    hashes->list[hashes->count].seq = seq;
    memcpy(hashes->list[hashes->count].hash, hash, HASH_BYTES);
    TRY(index_add(&hashes->index, (uint32_t)hashes->count));
    hashes->count++;
    return OK;
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

enum err ledger_issuer(const struct ledger *ledger, const char *id, size_t *ret_at)
{
    for (size_t i = 0; i < ledger->sums.issuer_count; i++) {
        if (strcmp(ledger->sums.issuers[i].id, id) == 0) {
            *ret_at = i;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
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

/* The row in memory, brought there from the base if that has it. NULL: unknown. */
static struct ledger_row *row_own(struct ledger *ledger, const uint8_t *key)
{
    uint32_t at;
    struct ledger_row row;
    if (index_find(&ledger->by_request, span_make(key, REQUEST_KEY_BYTES), &at)) {
        return &ledger->rows[at];
    }
    bool found = ledger_by_key(ledger, key, &row) && row_add(ledger, &row) == OK;
    return found ? &ledger->rows[ledger->count - 1] : NULL;
}

enum err ledger_pend_revocation(
    struct ledger *ledger, struct span serial, enum revocation_reason reason)
{
    struct ledger_row known;
    if (!ledger_by_serial(ledger, serial, &known)) {
        return ERR_NOT_FOUND;
    }
    struct ledger_row *row = row_own(ledger, known.request);
    if (row == NULL) {
        return ERR_MEMORY;
    }
    row->pending = true;
    row->pending_reason = (uint8_t)reason;
    return OK;
}

enum err ledger_pend_withdrawal(struct ledger *ledger, const uint8_t hash[HASH_BYTES])
{
    bool is_new;
    return hash_add(ledger, &ledger->withdrawn, TABLE_WITHDRAWN, hash, INT64_MAX, &is_new);
}

enum err ledger_pend_block(
    struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES], bool *ret_new)
{
    return hash_add(ledger, &ledger->blocked, TABLE_BLOCKED, spki_hash, INT64_MAX, ret_new);
}

/* Rows as a segment has them. */
static void row_write(const struct ledger_row *row, uint8_t *entry)
{
    memcpy(entry, row->request, REQUEST_KEY_BYTES);
    memcpy(entry + 20, row->serial, SERIAL_BYTES);
    entry[37] = row->state;
    entry[38] = row->issuer;
    entry[39] = row->revoked;
    entry[40] = row->reason;
    store_be64(entry + 41, (uint64_t)row->revoked_at);
    store_be64(entry + 49, (uint64_t)row->record);
}

static void row_read(const uint8_t *entry, struct ledger_row *ret_row)
{
    *ret_row = (struct ledger_row){ .state = entry[37],
        .issuer = entry[38],
        .revoked = entry[39],
        .reason = entry[40],
        .revoked_at = (int64_t)load_be64(entry + 41),
        .record = (int64_t)load_be64(entry + 49) };
    memcpy(ret_row->request, entry, REQUEST_KEY_BYTES);
    memcpy(ret_row->serial, entry + 20, SERIAL_BYTES);
}

static void row_entry(const struct ledger_row *row, enum segment_table table, struct buf *entries)
{
    uint8_t entry[ENTRY_MAX];
    if (table == TABLE_REQUESTS) {
        row_write(row, entry);
    } else if (table == TABLE_SERIALS) {
        memcpy(entry, row->serial, SERIAL_BYTES);
        memcpy(entry + SERIAL_BYTES, row->request, REQUEST_KEY_BYTES);
    } else {
        entry[0] = row->issuer;
        memcpy(entry + 1, row->serial, SERIAL_BYTES);
        entry[18] = row->reason;
        store_be64(entry + 19, (uint64_t)row->revoked_at);
    }
    if (table != TABLE_REVOKED || row->revoked) {
        buf_append(entries, span_make(entry, table_shapes[table].size));
    }
}

enum err ledger_entries(const struct ledger *ledger, enum segment_table table, struct buf *entries)
{
    bool of_rows = table != TABLE_WITHDRAWN && table != TABLE_BLOCKED;
    const struct ledger_hashes *hashes =
        table == TABLE_WITHDRAWN ? &ledger->withdrawn : &ledger->blocked;
    for (size_t i = 0; of_rows && i < ledger->count; i++) {
        row_entry(&ledger->rows[i], table, entries);
    }
    for (size_t i = 0; !of_rows && i < hashes->count; i++) {
        buf_append(entries, SPAN_OF(hashes->list[i].hash));
    }
    entries_sort(entries, table);
    return buf_check(entries);
}

/* Something other than was written is no base to sign on. */
static bool base_find(
    const struct ledger *ledger, enum segment_table table, const uint8_t *key, uint8_t *ret_entry)
{
    enum err err = segments_find(&ledger->base, table, key, ret_entry);
    if (err != OK && err != ERR_NOT_FOUND) {
        checkpoint_condemn(ledger->index_fd);
    }
    return err == OK;
}

bool ledger_by_key(
    const struct ledger *ledger, const uint8_t key[REQUEST_KEY_BYTES], struct ledger_row *ret_row)
{
    uint32_t at;
    uint8_t entry[ENTRY_MAX];
    if (index_find(&ledger->by_request, span_make(key, REQUEST_KEY_BYTES), &at)) {
        *ret_row = ledger->rows[at];
        return true;
    }
    if (!base_find(ledger, TABLE_REQUESTS, key, entry)) {
        return false;
    }
    row_read(entry, ret_row);
    return true;
}

bool ledger_by_request(
    const struct ledger *ledger, const struct request_id *request, struct ledger_row *ret_row)
{
    uint8_t key[REQUEST_KEY_BYTES];
    request_key(request, key);
    return ledger_by_key(ledger, key, ret_row);
}

bool ledger_by_serial(const struct ledger *ledger, struct span serial, struct ledger_row *ret_row)
{
    uint32_t at;
    uint8_t entry[ENTRY_MAX];
    if (index_find(&ledger->by_serial, serial, &at)) {
        *ret_row = ledger->rows[at];
        return true;
    }
    return serial.len == SERIAL_BYTES && base_find(ledger, TABLE_SERIALS, serial.data, entry) &&
           ledger_by_key(ledger, entry + SERIAL_BYTES, ret_row);
}

bool ledger_is_withdrawn(const struct ledger *ledger, const uint8_t hash[HASH_BYTES])
{
    uint32_t at;
    uint8_t entry[ENTRY_MAX];
    return index_find(&ledger->withdrawn.index, span_make(hash, HASH_BYTES), &at) ||
           base_find(ledger, TABLE_WITHDRAWN, hash, entry);
}

bool ledger_is_blocked(const struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES])
{
    uint32_t at;
    uint8_t entry[ENTRY_MAX];
    return index_find(&ledger->blocked.index, span_make(spki_hash, HASH_BYTES), &at) ||
           base_find(ledger, TABLE_BLOCKED, spki_hash, entry);
}

static enum err hashes_forget(struct ledger_hashes *hashes, int64_t records)
{
    size_t count = hashes->count;
    index_clear(&hashes->index);
    hashes->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (hashes->list[i].seq > records) {
            hashes->list[hashes->count] = hashes->list[i];
            TRY(index_add(&hashes->index, (uint32_t)hashes->count));
            hashes->count++;
        }
    }
    return OK;
}

enum err ledger_rebase(
    struct ledger *ledger, const struct segments *base, int64_t records, int index_fd)
{
    size_t count = ledger->count;
    assert(records >= ledger->base_records);
    segments_release(&ledger->base);
    ledger->base = segments_hold(base);
    ledger->base_records = records;
    ledger->index_fd = index_fd;
    index_clear(&ledger->by_request);
    index_clear(&ledger->by_serial);
    ledger->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ledger_row row = ledger->rows[i];
        if (row.seq > records || row.pending) {
            TRY(row_add(ledger, &row));
        }
    }
    TRY(hashes_forget(&ledger->withdrawn, records));
    return hashes_forget(&ledger->blocked, records);
}
