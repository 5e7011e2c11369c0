/* SCTs are TLS structures (RFC 8446 §3.4): big-endian numbers and vectors with their length before
 * them. */
#include "lib/pki/sct.h"
#include "lib/base/limits.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum { VERSION_1 = 0, HASH_SHA256 = 4, SIGNATURE_TYPE_TIMESTAMP = 0, ENTRY_PRECERTIFICATE = 1 };

static enum err number_read(struct span *rest, size_t octets, uint64_t *ret_number);
static enum err bytes_read(struct span *rest, size_t len, struct span *ret_bytes);
static enum err vector_read(struct span *rest, size_t octets, struct span *ret_bytes);
static void number_append(struct buf *buf, size_t octets, uint64_t number);
static void tbs_without_transparency(struct der_writer *writer, const void *object);
static enum err extensions_find(
    struct span tbs, struct span *ret_before, struct span *ret_extensions);
static bool of_transparency(struct span extension);

enum err sct_parse(struct span bytes, struct sct *ret_sct)
{
    struct sct sct = { .whole = bytes };
    struct span rest = bytes;
    uint64_t version, hash, signature;
    TRY(number_read(&rest, 1, &version));
    if (version != VERSION_1) {
        return ERR_UNSUPPORTED;
    }
    TRY(bytes_read(&rest, SCT_LOG_ID_BYTES, &sct.log_id));
    TRY(number_read(&rest, 8, &sct.timestamp_ms));
    TRY(vector_read(&rest, 2, &sct.extensions));
    TRY(number_read(&rest, 1, &hash));
    TRY(number_read(&rest, 1, &signature));
    TRY(vector_read(&rest, 2, &sct.signature));
    if (rest.len > 0 || bytes.len > SCT_MAX_BYTES) {
        return ERR_INPUT;
    }
    enum { RSA = 1, ECDSA = 3 };
    if (hash != HASH_SHA256 || (signature != RSA && signature != ECDSA)) {
        return ERR_UNSUPPORTED;
    }
    sct.algorithm = signature == RSA ? SIGNATURE_RSA_SHA256 : SIGNATURE_ECDSA_SHA256;
    *ret_sct = sct;
    return OK;
}

enum err sct_write(const uint8_t log_id[SCT_LOG_ID_BYTES], uint64_t timestamp_ms,
    struct span extensions, struct span hash_and_signature, struct buf *buf)
{
    if (extensions.len > SCT_MAX_BYTES || hash_and_signature.len > SCT_MAX_BYTES) {
        return ERR_LIMIT;
    }
    number_append(buf, 1, VERSION_1);
    buf_append(buf, span_make(log_id, SCT_LOG_ID_BYTES));
    number_append(buf, 8, timestamp_ms);
    number_append(buf, 2, extensions.len);
    buf_append(buf, extensions);
    buf_append(buf, hash_and_signature);
    return buf_check(buf);
}

enum err sct_list_parse(struct span list, struct sct ret_scts[SCT_LIST_MAX], size_t *ret_count)
{
    struct sct scts[SCT_LIST_MAX];
    struct span rest = list, inner;
    size_t count = 0;
    TRY(vector_read(&rest, 2, &inner));
    if (rest.len > 0 || inner.len == 0) {
        return ERR_INPUT;
    }
    while (inner.len > 0) {
        struct span one;
        if (count == SCT_LIST_MAX) {
            return ERR_LIMIT;
        }
        TRY(vector_read(&inner, 2, &one));
        TRY(sct_parse(one, &scts[count]));
        count++;
    }
    memcpy(ret_scts, scts, count * sizeof scts[0]);
    *ret_count = count;
    return OK;
}

enum err sct_list_write(const struct sct *scts, size_t count, struct buf *buf)
{
    size_t len = 0;
    if (count == 0 || count > SCT_LIST_MAX) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        len += 2 + scts[i].whole.len;
    }
    number_append(buf, 2, len);
    for (size_t i = 0; i < count; i++) {
        number_append(buf, 2, scts[i].whole.len);
        buf_append(buf, scts[i].whole);
    }
    return buf_check(buf);
}

enum err sct_verify(const struct sct *sct, const struct key *log_key,
    const uint8_t issuer_spki_sha256[SHA256_BYTES], struct span signed_tbs)
{
    AUTO(buf) message = buf_make(CERTIFICATE_MAX_BYTES + SCT_MAX_BYTES);
    if (!span_equal(sct->log_id, key_spki_sha256(log_key))) {
        return ERR_SIGNATURE;
    }
    number_append(&message, 1, VERSION_1);
    number_append(&message, 1, SIGNATURE_TYPE_TIMESTAMP);
    number_append(&message, 8, sct->timestamp_ms);
    number_append(&message, 2, ENTRY_PRECERTIFICATE);
    buf_append(&message, span_make(issuer_spki_sha256, SHA256_BYTES));
    number_append(&message, 3, signed_tbs.len);
    buf_append(&message, signed_tbs);
    number_append(&message, 2, sct->extensions.len);
    buf_append(&message, sct->extensions);
    TRY(buf_check(&message));
    return signature_verify(log_key, sct->algorithm, buf_span(&message), sct->signature);
}

enum err sct_signed_tbs(struct span tbs, struct buf *buf)
{
    struct span before, extensions;
    TRY(extensions_find(tbs, &before, &extensions));
    return der_encode(tbs_without_transparency, &tbs, buf);
}

static void tbs_without_transparency(struct der_writer *writer, const void *object)
{
    struct span before, extensions;
    if (extensions_find(*(const struct span *)object, &before, &extensions) != OK) {
        writer->failed = ERR_INPUT;
        return;
    }
    der_open(writer, DER_SEQUENCE);
    der_write_raw(writer, before);
    der_open(writer, DER_CONTEXT(3));
    der_open(writer, DER_SEQUENCE);
    struct der list = der_reader(extensions);
    struct der_element extension;
    while (der_read_any(&list, &extension) == OK) {
        if (!of_transparency(extension.content)) {
            der_write_raw(writer, extension.whole);
        }
    }
    der_close(writer);
    der_close(writer);
    der_close(writer);
}

/* What stands before the extensions, which come last, and their list's content. */
static enum err extensions_find(
    struct span tbs, struct span *ret_before, struct span *ret_extensions)
{
    struct der whole = der_reader(tbs), inner, wrapped;
    struct span extensions;
    TRY(der_enter(&whole, DER_SEQUENCE, &inner));
    TRY(der_finish(&whole));
    const uint8_t *begin = inner.rest.data;
    while (!der_peek(&inner, DER_CONTEXT(3))) {
        struct der_element field;
        TRY(der_read_any(&inner, &field));
    }
    const struct span before = span_make(begin, (size_t)(inner.rest.data - begin));
    TRY(der_enter(&inner, DER_CONTEXT(3), &wrapped));
    TRY(der_finish(&inner));
    TRY(der_read(&wrapped, DER_SEQUENCE, &extensions));
    TRY(der_finish(&wrapped));
    for (struct der list = der_reader(extensions); !der_empty(&list);) {
        struct span extension;
        TRY(der_read(&list, DER_SEQUENCE, &extension));
    }
    *ret_before = before;
    *ret_extensions = extensions;
    return OK;
}

static bool of_transparency(struct span extension)
{
    struct der reader = der_reader(extension);
    struct span oid;
    return der_read(&reader, DER_OID, &oid) == OK &&
           (span_equal(oid, oid_ct_poison) || span_equal(oid, oid_sct_list));
}

static enum err number_read(struct span *rest, size_t octets, uint64_t *ret_number)
{
    struct span bytes;
    uint64_t number = 0;
    TRY(bytes_read(rest, octets, &bytes));
    for (size_t i = 0; i < octets; i++) {
        number = number << 8 | bytes.data[i];
    }
    *ret_number = number;
    return OK;
}

static enum err bytes_read(struct span *rest, size_t len, struct span *ret_bytes)
{
    if (rest->len < len) {
        return ERR_INPUT;
    }
    *ret_bytes = span_make(rest->data, len);
    *rest = span_make(rest->data + len, rest->len - len);
    return OK;
}

static enum err vector_read(struct span *rest, size_t octets, struct span *ret_bytes)
{
    uint64_t len;
    TRY(number_read(rest, octets, &len));
    return bytes_read(rest, (size_t)len, ret_bytes);
}

static void number_append(struct buf *buf, size_t octets, uint64_t number)
{
    while (octets-- > 0) {
        buf_append_byte(buf, (uint8_t)(number >> 8 * octets));
    }
}
