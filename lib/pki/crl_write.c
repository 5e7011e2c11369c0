/* CRLs, written. What stands before the entries depends on how long they are: so they are written
 * first, behind a margin, the rest is put before and behind them, and the whole moves to the front
 * once. */
#include "lib/der/oid.h"
#include "lib/der/writer.h"
#include "lib/pki/crl.h"
#include "lib/pki/extension.h"

#include <assert.h>

enum {
    MARGIN_BYTES = 4096,   /* everything before the entries; names are far smaller */
    ENTRY_MAX_BYTES = 80,  /* serial 22, time 17, reason 14, four headers */
    ENTRIES_A_ROUND = 64,  /* one writer for so many */
    TAIL_MAX_BYTES = 2048, /* extensions, algorithm, signature */
    ISSUER_MAX_BYTES = 2048,
};

static enum err entries_write(const struct crl_source *source, struct buf *buf);
static enum err entry_write(struct der_writer *writer, const struct crl_entry *entry);
static enum err head_write(
    const struct crl_fields *fields, uint8_t ret_head[MARGIN_BYTES], size_t *ret_len);
static enum err extensions_write(const struct crl_fields *fields, struct buf *buf);
static void put_before(struct buf *buf, size_t *at, struct span bytes);
static void header_before(struct buf *buf, size_t *at, uint8_t tag, size_t content);

enum err crl_write(const struct crl_fields *fields, const struct crl_source *source,
    const struct key *issuer_key, struct buf *buf)
{
    uint8_t head[MARGIN_BYTES], signature[SIGNATURE_MAX_BYTES], tail[TAIL_MAX_BYTES];
    size_t head_len = 0, len = 0, at = MARGIN_BYTES;
    assert(buf->len == 0);
    TRY(head_write(fields, head, &head_len));
    if (buf_reserve(buf, MARGIN_BYTES + TAIL_MAX_BYTES +
                             (source == NULL ? 0 : source->count * ENTRY_MAX_BYTES / 2)) == NULL) {
        return buf_check(buf);
    }
    buf->len = MARGIN_BYTES;
    if (source != NULL) {
        TRY(entries_write(source, buf));
    }
    if (buf->len > MARGIN_BYTES) { /* an empty list must be absent (RFC 5280 §5.1.2.6) */
        header_before(buf, &at, DER_SEQUENCE, buf->len - MARGIN_BYTES);
    }
    TRY(extensions_write(fields, buf));
    put_before(buf, &at, span_make(head, head_len));
    header_before(buf, &at, DER_SEQUENCE, buf->len - at);
    struct span tbs = span_make(buf->data + at, buf->len - at);
    TRY(buf_check(buf));
    if (fields->look != NULL) {
        TRY(fields->look(fields->look_ctx, tbs));
    }
    TRY(signature_make(issuer_key, fields->algorithm, tbs, signature, &len));
    struct der_writer writer = der_writer_make(tail, sizeof tail);
    der_write_raw(&writer, signature_algorithm_der(fields->algorithm));
    der_write_bit_string(&writer, span_make(signature, len));
    TRY(der_writer_finish(&writer, &len));
    buf_append(buf, span_make(tail, len));
    TRY(buf_check(buf));
    header_before(buf, &at, DER_SEQUENCE, buf->len - at);
    memmove(buf->data, buf->data + at, buf->len - at);
    buf->len -= at;
    return OK;
}

static enum err entries_write(const struct crl_source *source, struct buf *buf)
{
    enum err err = OK;
    while (err == OK) {
        size_t len = 0;
        uint8_t *room = buf_reserve(buf, ENTRIES_A_ROUND * ENTRY_MAX_BYTES);
        if (room == NULL) {
            return buf_check(buf);
        }
        struct der_writer writer = der_writer_make(room, ENTRIES_A_ROUND * ENTRY_MAX_BYTES);
        for (unsigned i = 0; i < ENTRIES_A_ROUND && err == OK; i++) {
            struct crl_entry entry;
            err = source->next(source->ctx, &entry);
            if (err == OK) {
                TRY(entry_write(&writer, &entry));
            }
        }
        TRY(der_writer_finish(&writer, &len));
        buf->len += len;
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

/* BR 7.2.2: the reason is not critical, absent for unspecified, and never hold or removal. */
static enum err entry_write(struct der_writer *writer, const struct crl_entry *entry)
{
    static const bool writable[] = {
        [CRL_UNSPECIFIED] = true,
        [CRL_KEY_COMPROMISE] = true,
        [CRL_CA_COMPROMISE] = true,
        [CRL_AFFILIATION_CHANGED] = true,
        [CRL_SUPERSEDED] = true,
        [CRL_CESSATION_OF_OPERATION] = true,
        [CRL_PRIVILEGE_WITHDRAWN] = true,
    };
    /* SEQUENCE { SEQUENCE { reasonCode, OCTET STRING { ENUMERATED … } } }, the last octet the
     * reason. */
    uint8_t reason[] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a,
        0x01, (uint8_t)entry->reason };
    size_t index = (size_t)entry->reason;
    if (index >= sizeof writable / sizeof writable[0] || !writable[index] ||
        entry->serial.len == 0 || entry->serial.len > SERIAL_MAX_BYTES) {
        return ERR_INPUT;
    }
    der_open(writer, DER_SEQUENCE);
    der_write_magnitude(writer, entry->serial);
    der_write_time(writer, entry->revoked_at);
    if (entry->reason != CRL_UNSPECIFIED) {
        der_write_raw(writer, SPAN_OF(reason));
    }
    der_close(writer);
    return OK;
}

/* Version to nextUpdate. */
static enum err head_write(
    const struct crl_fields *fields, uint8_t ret_head[MARGIN_BYTES], size_t *ret_len)
{
    enum { VERSION_2 = 1, HEAD_MAX = MARGIN_BYTES - 32 };
    if (fields->issuer.len == 0 || fields->issuer.len > ISSUER_MAX_BYTES ||
        fields->next_update <= fields->this_update) {
        return ERR_INPUT;
    }
    struct der_writer writer = der_writer_make(ret_head, HEAD_MAX);
    der_write_int64(&writer, VERSION_2);
    der_write_raw(&writer, signature_algorithm_der(fields->algorithm));
    der_write_raw(&writer, fields->issuer);
    der_write_time(&writer, fields->this_update);
    der_write_time(&writer, fields->next_update);
    return der_writer_finish(&writer, ret_len);
}

static enum err extensions_write(const struct crl_fields *fields, struct buf *buf)
{
    uint8_t bytes[256], number[SERIAL_MAX_BYTES + 4], key_id[128];
    size_t len = 0, number_len = 0, key_id_len = 0;
    struct der_writer writer = der_writer_make(number, sizeof number);
    der_write_magnitude(&writer, fields->number);
    TRY(der_writer_finish(&writer, &number_len));
    writer = der_writer_make(key_id, sizeof key_id);
    der_open(&writer, DER_SEQUENCE);
    der_write(&writer, DER_CONTEXT_PRIMITIVE(0), fields->authority_key_id);
    der_close(&writer);
    TRY(der_writer_finish(&writer, &key_id_len));
    writer = der_writer_make(bytes, sizeof bytes);
    der_open(&writer, DER_CONTEXT(0));
    der_open(&writer, DER_SEQUENCE);
    extension_write(&writer, oid_authority_key_identifier, /* critical= */ false,
        span_make(key_id, key_id_len));
    extension_write(&writer, oid_crl_number, /* critical= */ false, span_make(number, number_len));
    der_close(&writer);
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    buf_append(buf, span_make(bytes, len));
    return buf_check(buf);
}

static void put_before(struct buf *buf, size_t *at, struct span bytes)
{
    assert(bytes.len <= *at);
    *at -= bytes.len;
    memcpy(buf->data + *at, bytes.data, bytes.len);
}

/* Tag and length of an element whose content begins at `at` (X.690 §8.1.3). */
static void header_before(struct buf *buf, size_t *at, uint8_t tag, size_t content)
{
    uint8_t header[1 + sizeof content + 1];
    size_t first = sizeof header, rest = content;
    if (content >= 0x80) {
        size_t octets = 0;
        for (; rest > 0; rest >>= 8, octets++) {
            header[--first] = (uint8_t)rest;
        }
        header[--first] = (uint8_t)(0x80 | octets);
    } else {
        header[--first] = (uint8_t)content;
    }
    header[--first] = tag;
    put_before(buf, at, span_make(header + first, sizeof header - first));
}
