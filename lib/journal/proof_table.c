/* What the walk has learnt: a row for each reserved serial, by request and by serial; the hashes of
 * withdrawn applications and of blocked keys, each with the place where it was first named. */
#include "lib/journal/proof_table.h"
#include "lib/base/array.h"

#include <stdlib.h>

static struct span request_of_row(const void *ctx, uint32_t row)
{
    const struct proof *proof = ctx;
    return SPAN_OF(proof->rows[row].request);
}

static struct span serial_of_row(const void *ctx, uint32_t row)
{
    const struct proof *proof = ctx;
    return span_make(proof->rows[row].serial, proof->rows[row].serial_len);
}

static struct span hash_of_row(const void *ctx, uint32_t row)
{
    const struct proof_hashes *hashes = ctx;
    return SPAN_OF(hashes->list[row].hash);
}

enum err proof_tables_init(struct proof *proof)
{
    TRY(index_init(&proof->by_request, request_of_row, proof));
    TRY(index_init(&proof->by_serial, serial_of_row, proof));
    TRY(index_init(&proof->withdrawn.index, hash_of_row, &proof->withdrawn));
    return index_init(&proof->blocked.index, hash_of_row, &proof->blocked);
}

void proof_tables_release(struct proof *proof)
{
    index_release(&proof->by_request);
    index_release(&proof->by_serial);
    index_release(&proof->withdrawn.index);
    index_release(&proof->blocked.index);
    free(proof->rows);
    free(proof->withdrawn.list);
    free(proof->blocked.list);
}

struct proof_row *proof_row_of(const struct proof *proof, const struct request_id *request)
{
    uint8_t key[ENROLMENT_ID_BYTES + 4];
    uint32_t at;
    memcpy(key, request->enrolment, ENROLMENT_ID_BYTES);
    store_be32(key + ENROLMENT_ID_BYTES, request->ordinal);
    return index_find(&proof->by_request, SPAN_OF(key), &at) ? &proof->rows[at] : NULL;
}

const struct proof_row *proof_by_request(
    const struct proof *proof, const struct request_id *request)
{
    return proof_row_of(proof, request);
}

const struct proof_row *proof_by_serial(const struct proof *proof, struct span serial)
{
    uint32_t at;
    return index_find(&proof->by_serial, serial, &at) ? &proof->rows[at] : NULL;
}

enum err proof_row_add(
    struct proof *proof, const struct request_id *request, struct span serial, int64_t seq)
{
    TRY(array_grow((void **)&proof->rows, proof->count, &proof->capacity, sizeof proof->rows[0]));
    struct proof_row *row = &proof->rows[proof->count];
    *row = (struct proof_row){ .serial_len = (uint8_t)serial.len, .seq = seq };
    memcpy(row->request, request->enrolment, ENROLMENT_ID_BYTES);
    store_be32(row->request + ENROLMENT_ID_BYTES, request->ordinal);
    memcpy(row->serial, serial.data, serial.len);
    TRY(index_add(&proof->by_request, (uint32_t)proof->count));
    TRY(index_add(&proof->by_serial, (uint32_t)proof->count));
    proof->count++;
    return OK;
}

enum err proof_hash_add(struct proof_hashes *hashes, const uint8_t *hash, int64_t seq)
{
    uint32_t at;
    if (index_find(&hashes->index, span_make(hash, HASH_BYTES), &at)) {
        return OK;
    }
    TRY(array_grow(
        (void **)&hashes->list, hashes->count, &hashes->capacity, sizeof hashes->list[0]));
    hashes->list[hashes->count].seq = seq;
    memcpy(hashes->list[hashes->count].hash, hash, HASH_BYTES);
    TRY(index_add(&hashes->index, (uint32_t)hashes->count));
    hashes->count++;
    return OK;
}

bool proof_hash_stood(const struct proof_hashes *hashes, const uint8_t *hash, int64_t seq)
{
    uint32_t at;
    return index_find(&hashes->index, span_make(hash, HASH_BYTES), &at) &&
           hashes->list[at].seq < seq;
}

bool proof_is_withdrawn(const struct proof *proof, const uint8_t hash[HASH_BYTES])
{
    uint32_t at;
    return index_find(&proof->withdrawn.index, span_make(hash, HASH_BYTES), &at);
}

bool proof_is_blocked(const struct proof *proof, const uint8_t spki_hash[HASH_BYTES])
{
    uint32_t at;
    return index_find(&proof->blocked.index, span_make(spki_hash, HASH_BYTES), &at);
}

enum err proof_certificate_of(
    const struct proof *proof, const struct proof_row *row, struct buf *certificate)
{
    struct journal_record record;
    struct record_issued issued;
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    TRY(journal_record_load(proof->setup.fd, row->record, &der));
    TRY(journal_record_parse(buf_span(&der), row->record, &record));
    TRY(record_issued_read(record.body, &issued));
    buf_append(certificate, issued.certificate);
    return buf_check(certificate);
}
