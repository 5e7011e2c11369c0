/* PKCS#10 (RFC 2986) parsed, verified and written. */
#include "lib/pki/csr.h"
#include "lib/base/limits.h"
#include "lib/crypto/keycheck.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"
#include "lib/pki/certificate.h"
#include "lib/pki/extension.h"
#include "lib/pki/name.h"

/* 1.3.6.1.4.1.311.2.1.14: Microsoft's older name of extensionRequest. */
static const struct span oid_microsoft_extensions = {
    (const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e", 10
};

static enum err request_parse(struct span der, struct csr *csr);
static enum err info_parse(struct span tbs, struct csr *csr);
static enum err attribute_parse(struct der *attributes, struct csr *csr);
static enum err extensions_parse(struct der *values, struct csr *csr);
static enum err alt_names_parse(struct span value, struct csr *csr);
static enum err oid_note(struct span oid, struct csr *csr);
static void info_write(struct der_writer *writer, const void *object);

enum err csr_parse(struct span der, struct reason *ret_reason, struct csr *ret_csr)
{
    struct csr csr = { .der = der };
    if (der.len > CSR_MAX_BYTES) {
        return reason_set(ret_reason, ERR_INPUT, "csr.too_long", "csr", "", "");
    }
    enum err err = request_parse(der, &csr);
    if (err == ERR_UNSUPPORTED) {
        return reason_set(ret_reason, ERR_INPUT, "csr.algorithm", "csr", "",
            "sha256WithRSAEncryption, ecdsa-with-SHA256, ecdsa-with-SHA384");
    }
    if (err != OK) {
        return reason_set(ret_reason, ERR_INPUT, "csr.der", "csr", "", "");
    }
    *ret_csr = csr;
    return OK;
}

static enum err request_parse(struct span der, struct csr *csr)
{
    struct der outer = der_reader(der), inner;
    struct span algorithm;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &csr->tbs));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &algorithm));
    TRY(der_read_bit_string(&inner, &csr->signature));
    TRY(der_finish(&inner));
    TRY(info_parse(csr->tbs, csr));
    return signature_algorithm_from_der(algorithm, &csr->algorithm);
}

static enum err info_parse(struct span tbs, struct csr *csr)
{
    struct der outer = der_reader(tbs), info, attributes;
    struct name subject;
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &info));
    TRY(der_read_uint(&info, /* max= */ 0, &version));
    TRY(der_read_whole(&info, DER_SEQUENCE, &csr->subject));
    if (name_parse(csr->subject, &subject) != OK) {
        return ERR_INPUT;
    }
    TRY(der_read_whole(&info, DER_SEQUENCE, &csr->spki));
    if (der_empty(&info)) {
        return OK; /* RFC 2986 wants the empty [0]; old Java leaves it out */
    }
    TRY(der_enter(&info, DER_CONTEXT(0), &attributes));
    TRY(der_finish(&info));
    while (!der_empty(&attributes)) {
        TRY(attribute_parse(&attributes, csr));
    }
    return OK;
}

static enum err attribute_parse(struct der *attributes, struct csr *csr)
{
    struct der attribute, values;
    struct span oid;
    TRY(der_enter(attributes, DER_SEQUENCE, &attribute));
    TRY(der_read(&attribute, DER_OID, &oid));
    TRY(der_enter(&attribute, DER_SET, &values));
    TRY(der_finish(&attribute));
    if (span_equal(oid, oid_extension_request) || span_equal(oid, oid_microsoft_extensions)) {
        return extensions_parse(&values, csr);
    }
    csr->challenge_password = csr->challenge_password || span_equal(oid, oid_challenge_password);
    return oid_note(oid, csr);
}

static enum err extensions_parse(struct der *values, struct csr *csr)
{
    struct der extensions, extension;
    TRY(der_enter(values, DER_SEQUENCE, &extensions));
    TRY(der_finish(values));
    while (!der_empty(&extensions)) {
        struct span oid, value;
        bool critical;
        TRY(der_enter(&extensions, DER_SEQUENCE, &extension));
        TRY(der_read(&extension, DER_OID, &oid));
        if (der_peek(&extension, DER_BOOLEAN)) {
            TRY(der_read_boolean(&extension, &critical));
        }
        TRY(der_read(&extension, DER_OCTET_STRING, &value));
        TRY(der_finish(&extension));
        TRY(oid_note(oid, csr));
        if (span_equal(oid, oid_subject_alt_name)) {
            TRY(alt_names_parse(value, csr));
        }
    }
    return OK;
}

static enum err alt_names_parse(struct span value, struct csr *csr)
{
    struct der outer = der_reader(value), names;
    TRY(der_enter(&outer, DER_SEQUENCE, &names));
    TRY(der_finish(&outer));
    while (!der_empty(&names)) {
        struct der_element name;
        TRY(der_read_any(&names, &name));
        if (name.tag != DER_CONTEXT_PRIMITIVE(2)) {
            csr->other_name_count++;
            continue;
        }
        if (csr->dns_name_count == CSR_NAMES_MAX || name.content.len == 0 ||
            memchr(name.content.data, 0, name.content.len) != NULL) {
            return ERR_INPUT;
        }
        csr->dns_names[csr->dns_name_count++] = name.content;
    }
    return OK;
}

/* Neither an attribute nor an extension may be there twice: readers would differ about which
 * counts. */
static enum err oid_note(struct span oid, struct csr *csr)
{
    if (csr->attribute_count == CSR_ATTRIBUTES_MAX) {
        return ERR_INPUT;
    }
    for (size_t i = 0; i < csr->attribute_count; i++) {
        if (span_equal(csr->attributes[i], oid)) {
            return ERR_INPUT;
        }
    }
    csr->attributes[csr->attribute_count++] = oid;
    return OK;
}

enum err csr_verify(const struct csr *csr, struct reason *ret_reason, struct key **ret_key)
{
    AUTO_PTR(key) key = NULL;
    TRY(key_check(csr->spki, ret_reason, &key));
    if (signature_verify(key, csr->algorithm, csr->tbs, csr->signature) != OK) {
        return reason_set(ret_reason, ERR_SIGNATURE, "csr.signature", "csr", "", "");
    }
    if (ret_key != NULL) {
        *ret_key = key;
        key = NULL;
    }
    return OK;
}

/* What csr_write hands to the encoder. */
struct info {
    const struct csr_fields *fields;
    struct span spki;
};

enum err csr_write(const struct csr_fields *fields, const struct key *key, struct buf *buf)
{
    AUTO(buf) tbs = buf_make(CSR_MAX_BYTES);
    const struct info info = { fields, key_spki(key) };
    enum signature_algorithm algorithm = signature_algorithm_of_key(key);
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    TRY(der_encode(info_write, &info, &tbs));
    TRY(signature_make(key, algorithm, buf_span(&tbs), signature, &len));
    return certificate_assemble(buf_span(&tbs), algorithm, span_make(signature, len), buf);
}

static void info_write(struct der_writer *writer, const void *object)
{
    const struct info *info = object;
    const struct csr_fields *fields = info->fields;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, 0);
    der_write_raw(writer, fields->subject);
    der_write_raw(writer, info->spki);
    der_open(writer, DER_CONTEXT(0));
    if (fields->dns_name_count > 0) {
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, oid_extension_request);
        der_open(writer, DER_SET);
        der_open(writer, DER_SEQUENCE);
        extension_write_alt_names(
            writer, fields->dns_names, fields->dns_name_count, /* critical= */ false);
        der_close(writer);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
    der_close(writer);
}
