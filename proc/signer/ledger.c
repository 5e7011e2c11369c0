/* What was learnt: looked up, noted as pending, and written for the index's segments. */
#include "proc/signer/ledger.h"
#include "lib/base/array.h"
#include "proc/signer/checkpoint.h"
#include "proc/signer/ledger_internal.h"

#include <assert.h>

static bool base_find(
    const struct ledger *ledger, enum segment_table table, const uint8_t *key, uint8_t *ret_entry);

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

enum err ledger_init(struct ledger *ledger, const struct ledger_roster *roster)
{
    *ledger = (struct ledger){ .roster = *roster, .index_fd = -1 };
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

void ledger_request_key(const struct request_id *request, uint8_t ret_key[REQUEST_KEY_BYTES])
{
    memcpy(ret_key, request->enrolment, ENROLMENT_ID_BYTES);
    store_be32(ret_key + ENROLMENT_ID_BYTES, request->ordinal);
}

enum err ledger_row_add(struct ledger *ledger, const struct ledger_row *row)
{
    TRY(array_grow(
        (void **)&ledger->rows, ledger->count, &ledger->capacity, sizeof ledger->rows[0]));
    ledger->rows[ledger->count] = *row;
    TRY(index_add(&ledger->by_request, (uint32_t)ledger->count));
    TRY(index_add(&ledger->by_serial, (uint32_t)ledger->count));
    ledger->count++;
    return OK;
}

enum err ledger_hash_add(struct ledger *ledger, struct ledger_hashes *hashes,
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

struct ledger_row *ledger_row_own(struct ledger *ledger, const uint8_t *key)
{
    uint32_t at;
    struct ledger_row row;
    if (index_find(&ledger->by_request, span_make(key, REQUEST_KEY_BYTES), &at)) {
        return &ledger->rows[at];
    }
    bool found = ledger_by_key(ledger, key, &row) && ledger_row_add(ledger, &row) == OK;
    return found ? &ledger->rows[ledger->count - 1] : NULL;
}

enum err ledger_pend_revocation(
    struct ledger *ledger, struct span serial, enum revocation_reason reason)
{
    struct ledger_row known;
    if (!ledger_by_serial(ledger, serial, &known)) {
        return ERR_NOT_FOUND;
    }
    struct ledger_row *row = ledger_row_own(ledger, known.request);
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
    return ledger_hash_add(ledger, &ledger->withdrawn, TABLE_WITHDRAWN, hash, INT64_MAX, &is_new);
}

enum err ledger_pend_block(
    struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES], bool *ret_new)
{
    return ledger_hash_add(ledger, &ledger->blocked, TABLE_BLOCKED, spki_hash, INT64_MAX, ret_new);
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
    ledger_request_key(request, key);
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
            TRY(ledger_row_add(ledger, &row));
        }
    }
    TRY(hashes_forget(&ledger->withdrawn, records));
    return hashes_forget(&ledger->blocked, records);
}
