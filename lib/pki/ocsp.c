/* One request, one answer. A CertID's hashes name the issuer and prove nothing: what counts is who
 * signed. */
#include "lib/pki/ocsp.h"

#include "lib/base/clock.h"
#include "lib/der/reader.h"

#include <stdio.h>

/* Clocks differ: an answer may be this much ahead of ours. */
enum { CLOCK_SKEW = 300 };

/* RFC 6960 §4.1.1. */
struct cert_id {
    uint8_t name_hash[SHA1_BYTES], key_hash[SHA1_BYTES];
    struct span serial; /* magnitude */
};

static enum err cert_id_make(const struct certificate *certificate,
    const struct certificate *issuer, struct cert_id *ret_id);
static enum err key_bits_of(struct span spki, struct span *ret_bits);
static void request_encode(struct der_writer *writer, const void *object);
static enum err response_open(struct span der, struct reason *ret_reason, struct span *ret_basic);
static enum err basic_parse(struct span basic, struct ocsp_answer *answer);
static enum err data_parse(const struct cert_id *id, struct ocsp_answer *answer, bool *ret_found);
static enum err responder_parse(struct der *fields, struct ocsp_answer *answer);
static enum err single_parse(
    struct der *singles, const struct cert_id *id, struct ocsp_answer *answer, bool *ret_found);
static enum err id_matches(struct der *single, const struct cert_id *id, bool *ret_same);
static enum err status_parse(struct der *single, struct ocsp_answer *answer);
static enum err extensions_pass(struct der *fields, uint8_t tag);
static enum err signer_verify(
    const struct ocsp_answer *answer, const struct certificate *issuer, int64_t now);
static bool is_appointed(
    const struct certificate *responder, const struct certificate *issuer, int64_t now);
static bool signs_answers(const struct certificate *responder);
static bool is_responder(const struct ocsp_answer *answer, const struct certificate *certificate);
static enum err signed_by(const struct ocsp_answer *answer, const struct certificate *signer);

const char *ocsp_status_name(enum ocsp_status status)
{
    static const char *const names[] = { "good", "revoked", "unknown" };
    return names[status];
}

enum err ocsp_request_write(
    const struct certificate *certificate, const struct certificate *issuer, struct buf *buf)
{
    struct cert_id id;
    TRY(cert_id_make(certificate, issuer, &id));
    return der_encode(request_encode, &id, buf);
}

static enum err cert_id_make(
    const struct certificate *certificate, const struct certificate *issuer, struct cert_id *ret_id)
{
    struct cert_id id = { .serial = certificate->serial };
    struct span bits;
    TRY(key_bits_of(issuer->spki, &bits));
    TRY(digest_bytes(DIGEST_SHA1_THUMBPRINT, issuer->subject, id.name_hash));
    TRY(digest_bytes(DIGEST_SHA1_THUMBPRINT, bits, id.key_hash));
    *ret_id = id;
    return OK;
}

/* "excluding the tag, length, and number of unused bits" (RFC 6960 §4.1.1). */
static enum err key_bits_of(struct span spki, struct span *ret_bits)
{
    struct der outer = der_reader(spki), fields;
    struct span algorithm;
    TRY(der_enter(&outer, DER_SEQUENCE, &fields));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &algorithm));
    return der_read_bit_string(&fields, ret_bits);
}

static void request_encode(struct der_writer *writer, const void *object)
{
    const struct cert_id *id = object;
    der_open(writer, DER_SEQUENCE); /* OCSPRequest */
    der_open(writer, DER_SEQUENCE); /* TBSRequest */
    der_open(writer, DER_SEQUENCE); /* requestList */
    der_open(writer, DER_SEQUENCE); /* Request */
    der_open(writer, DER_SEQUENCE); /* CertID */
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid_sha1);
    der_write_null(writer);
    der_close(writer);
    der_write_octets(writer, SPAN_OF(id->name_hash));
    der_write_octets(writer, SPAN_OF(id->key_hash));
    der_write_magnitude(writer, id->serial);
    for (int i = 0; i < 5; i++) {
        der_close(writer);
    }
}

enum err ocsp_answer_parse(struct span der, const struct certificate *certificate,
    const struct certificate *issuer, struct reason *ret_reason, struct ocsp_answer *ret_answer)
{
    struct ocsp_answer answer = { .der = der };
    struct cert_id id;
    struct span basic;
    bool found = false;
    TRY(cert_id_make(certificate, issuer, &id));
    TRY(response_open(der, ret_reason, &basic));
    enum err err = basic_parse(basic, &answer);
    err = err == OK ? data_parse(&id, &answer, &found) : err;
    if (err != OK) {
        return reason_set(ret_reason, ERR_INPUT, "ocsp.malformed", NULL, NULL, NULL);
    }
    if (!found) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "ocsp.other", NULL, NULL, NULL);
    }
    *ret_answer = answer;
    return OK;
}

/* OCSPResponse: its status, and the one kind of answer that there is. */
static enum err response_open(struct span der, struct reason *ret_reason, struct span *ret_basic)
{
    struct der outer = der_reader(der), response, wrapper, bytes;
    struct span status, type;
    char number[24];
    bool framed = der.len <= OCSP_ANSWER_MAX_BYTES &&
                  der_enter(&outer, DER_SEQUENCE, &response) == OK && der_finish(&outer) == OK &&
                  der_read(&response, DER_ENUMERATED, &status) == OK && status.len == 1;
    if (framed && status.data[0] != 0) {
        snprintf(number, sizeof number, "%u", status.data[0]);
        return reason_set(ret_reason, ERR_AGAIN, "ocsp.refused", NULL, number, "0");
    }
    bool basic = framed && der_enter(&response, DER_CONTEXT(0), &wrapper) == OK &&
                 der_finish(&response) == OK && der_enter(&wrapper, DER_SEQUENCE, &bytes) == OK &&
                 der_finish(&wrapper) == OK && der_read(&bytes, DER_OID, &type) == OK &&
                 span_equal(type, oid_ocsp_basic) &&
                 der_read(&bytes, DER_OCTET_STRING, ret_basic) == OK && der_finish(&bytes) == OK;
    return basic ? OK : reason_set(ret_reason, ERR_INPUT, "ocsp.malformed", NULL, NULL, NULL);
}

static enum err basic_parse(struct span basic, struct ocsp_answer *answer)
{
    struct der outer = der_reader(basic), fields, wrapper, list;
    TRY(der_enter(&outer, DER_SEQUENCE, &fields));
    TRY(der_finish(&outer));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &answer->tbs));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &answer->algorithm));
    TRY(der_read_bit_string(&fields, &answer->signature));
    if (der_empty(&fields)) {
        return OK;
    }
    TRY(der_enter(&fields, DER_CONTEXT(0), &wrapper));
    TRY(der_finish(&fields));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &list));
    TRY(der_finish(&wrapper));
    while (!der_empty(&list)) {
        if (answer->certificate_count == OCSP_CERTIFICATES_MAX) {
            return ERR_LIMIT;
        }
        TRY(der_read_whole(
            &list, DER_SEQUENCE, &answer->certificates[answer->certificate_count++]));
    }
    return OK;
}

static enum err data_parse(const struct cert_id *id, struct ocsp_answer *answer, bool *ret_found)
{
    struct der outer = der_reader(answer->tbs), fields, singles;
    struct span version;
    TRY(der_enter(&outer, DER_SEQUENCE, &fields));
    if (der_peek(&fields, DER_CONTEXT(0))) { /* v1 is the default and may not be written */
        TRY(der_read(&fields, DER_CONTEXT(0), &version));
        return ERR_UNSUPPORTED;
    }
    TRY(responder_parse(&fields, answer));
    TRY(der_read_generalized_time(&fields, &answer->produced_at));
    TRY(der_enter(&fields, DER_SEQUENCE, &singles));
    while (!der_empty(&singles)) {
        TRY(single_parse(&singles, id, answer, ret_found));
    }
    TRY(extensions_pass(&fields, DER_CONTEXT(1)));
    return der_finish(&fields);
}

static enum err responder_parse(struct der *fields, struct ocsp_answer *answer)
{
    struct der inner;
    if (der_peek(fields, DER_CONTEXT(1))) {
        TRY(der_enter(fields, DER_CONTEXT(1), &inner));
        TRY(der_read_whole(&inner, DER_SEQUENCE, &answer->responder_name));
        return der_finish(&inner);
    }
    TRY(der_enter(fields, DER_CONTEXT(2), &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &answer->responder_key));
    return der_finish(&inner);
}

/* The first that is about our certificate counts; all must be well-formed. */
static enum err single_parse(
    struct der *singles, const struct cert_id *id, struct ocsp_answer *answer, bool *ret_found)
{
    struct ocsp_answer one = *answer;
    struct der single, wrapper;
    bool same = false;
    one.next_update = one.revoked_at = 0;
    TRY(der_enter(singles, DER_SEQUENCE, &single));
    TRY(id_matches(&single, id, &same));
    TRY(status_parse(&single, &one));
    TRY(der_read_generalized_time(&single, &one.this_update));
    if (der_peek(&single, DER_CONTEXT(0))) {
        TRY(der_enter(&single, DER_CONTEXT(0), &wrapper));
        TRY(der_read_generalized_time(&wrapper, &one.next_update));
        TRY(der_finish(&wrapper));
    }
    TRY(extensions_pass(&single, DER_CONTEXT(1)));
    TRY(der_finish(&single));
    if (same && !*ret_found) {
        *answer = one;
        *ret_found = true;
    }
    return OK;
}

/* A CertID by another hash than the one we asked with is another's. */
static enum err id_matches(struct der *single, const struct cert_id *id, bool *ret_same)
{
    struct der fields, algorithm;
    struct span oid, name_hash, key_hash, serial;
    TRY(der_enter(single, DER_SEQUENCE, &fields));
    TRY(der_enter(&fields, DER_SEQUENCE, &algorithm));
    TRY(der_read(&algorithm, DER_OID, &oid));
    TRY(der_read(&fields, DER_OCTET_STRING, &name_hash));
    TRY(der_read(&fields, DER_OCTET_STRING, &key_hash));
    TRY(der_read_magnitude(&fields, &serial));
    *ret_same = span_equal(oid, oid_sha1) && span_equal(name_hash, SPAN_OF(id->name_hash)) &&
                span_equal(key_hash, SPAN_OF(id->key_hash)) && span_equal(serial, id->serial);
    return der_finish(&fields);
}

static enum err status_parse(struct der *single, struct ocsp_answer *answer)
{
    struct der revoked;
    struct der_element element;
    TRY(der_read_any(single, &element));
    if (element.tag == DER_CONTEXT(1)) {
        revoked = der_reader(element.content);
        answer->status = OCSP_REVOKED;
        return der_read_generalized_time(&revoked, &answer->revoked_at);
    }
    answer->status = element.tag == DER_CONTEXT_PRIMITIVE(0) ? OCSP_GOOD : OCSP_UNKNOWN;
    bool known = element.tag == DER_CONTEXT_PRIMITIVE(0) || element.tag == DER_CONTEXT_PRIMITIVE(2);
    return known && element.content.len == 0 ? OK : ERR_INPUT;
}

/* None of them changes what is said, unless it claims to. */
static enum err extensions_pass(struct der *fields, uint8_t tag)
{
    struct der wrapper, list, extension;
    if (!der_peek(fields, tag)) {
        return OK;
    }
    TRY(der_enter(fields, tag, &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &list));
    TRY(der_finish(&wrapper));
    while (!der_empty(&list)) {
        struct span oid, value;
        bool critical = false;
        TRY(der_enter(&list, DER_SEQUENCE, &extension));
        TRY(der_read(&extension, DER_OID, &oid));
        if (der_peek(&extension, DER_BOOLEAN)) {
            TRY(der_read_boolean(&extension, &critical));
        }
        TRY(der_read(&extension, DER_OCTET_STRING, &value));
        TRY(der_finish(&extension));
        TRY(critical ? ERR_UNSUPPORTED : OK);
    }
    return OK;
}

enum err ocsp_answer_verify(const struct ocsp_answer *answer, const struct certificate *issuer,
    int64_t now, struct reason *ret_reason)
{
    char seen[TIME_TEXT_MAX];
    if (signer_verify(answer, issuer, now) != OK) {
        return reason_set(ret_reason, ERR_SIGNATURE, "ocsp.signature", NULL, NULL, NULL);
    }
    if (answer->this_update > now + CLOCK_SKEW) {
        time_format_rfc3339(answer->this_update, seen);
        return reason_set(ret_reason, ERR_DENIED, "ocsp.future", NULL, seen, NULL);
    }
    if (answer->next_update == 0) {
        return reason_set(ret_reason, ERR_DENIED, "ocsp.endless", NULL, NULL, NULL);
    }
    if (answer->next_update <= now) {
        time_format_rfc3339(answer->next_update, seen);
        return reason_set(ret_reason, ERR_DENIED, "ocsp.stale", NULL, seen, NULL);
    }
    return OK;
}

/* By the issuer's own key, or by one that it certified for this and nothing else's. */
static enum err signer_verify(
    const struct ocsp_answer *answer, const struct certificate *issuer, int64_t now)
{
    if (is_responder(answer, issuer)) {
        return signed_by(answer, issuer);
    }
    for (size_t i = 0; i < answer->certificate_count; i++) {
        struct certificate responder;
        bool candidate = certificate_parse(answer->certificates[i], &responder) == OK &&
                         is_responder(answer, &responder) && is_appointed(&responder, issuer, now);
        if (candidate && signed_by(answer, &responder) == OK) {
            return OK;
        }
    }
    return ERR_SIGNATURE;
}

static bool is_appointed(
    const struct certificate *responder, const struct certificate *issuer, int64_t now)
{
    AUTO_PTR(key) key = NULL;
    return span_equal(responder->issuer, issuer->subject) && !responder->unknown_critical &&
           signs_answers(responder) && responder->not_before <= now &&
           now <= responder->not_after && key_from_spki(issuer->spki, &key) == OK &&
           certificate_verify(responder, key) == OK;
}

/* id-kp-OCSPSigning itself: anyExtendedKeyUsage doesn't do (RFC 6960 §4.2.2.2). */
static bool signs_answers(const struct certificate *responder)
{
    const struct certificate_extension *usage =
        certificate_find_extension(responder, oid_ext_key_usage);
    struct der outer = der_reader(usage == NULL ? (struct span){ 0 } : usage->value), list;
    bool found = false;
    if (usage == NULL || der_enter(&outer, DER_SEQUENCE, &list) != OK) {
        return false;
    }
    while (!der_empty(&list)) {
        struct span oid;
        if (der_read(&list, DER_OID, &oid) != OK) {
            return false;
        }
        found |= span_equal(oid, oid_ocsp_signing);
    }
    bool may_sign =
        !responder->has_key_usage || (responder->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0;
    return found && may_sign;
}

static bool is_responder(const struct ocsp_answer *answer, const struct certificate *certificate)
{
    uint8_t hash[SHA1_BYTES];
    struct span bits;
    if (answer->responder_name.len > 0) {
        return span_equal(answer->responder_name, certificate->subject);
    }
    return key_bits_of(certificate->spki, &bits) == OK &&
           digest_bytes(DIGEST_SHA1_THUMBPRINT, bits, hash) == OK &&
           span_equal(answer->responder_key, SPAN_OF(hash));
}

static enum err signed_by(const struct ocsp_answer *answer, const struct certificate *signer)
{
    AUTO_PTR(key) key = NULL;
    enum signature_algorithm algorithm;
    TRY(signature_algorithm_from_der(answer->algorithm, &algorithm));
    TRY(key_from_spki(signer->spki, &key));
    return signature_verify(key, algorithm, answer->tbs, answer->signature);
}
