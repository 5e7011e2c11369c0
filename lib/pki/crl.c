/* CRLs, read: the frame is parsed once, entries are walked in place. */
#include "lib/pki/crl.h"
#include "lib/der/oid.h"
#include "lib/der/pem.h"

static enum err tbs_parse(struct span tbs, struct crl *crl);
static enum err extensions_parse(struct der *fields, struct crl *crl);
static enum err extension_take(struct der *extensions, struct crl *crl);
static enum err scope_parse(struct der *content, struct crl *crl);
static enum err scope_uri_parse(struct der *point, struct crl *crl);
static enum err entry_extensions(struct der *entry, enum crl_reason *reason);

const char *crl_reason_name(enum crl_reason reason)
{
    static const char *const names[] = {
        [CRL_UNSPECIFIED] = "unspecified",
        [CRL_KEY_COMPROMISE] = "keyCompromise",
        [CRL_CA_COMPROMISE] = "cACompromise",
        [CRL_AFFILIATION_CHANGED] = "affiliationChanged",
        [CRL_SUPERSEDED] = "superseded",
        [CRL_CESSATION_OF_OPERATION] = "cessationOfOperation",
        [CRL_CERTIFICATE_HOLD] = "certificateHold",
        [CRL_REMOVE_FROM_CRL] = "removeFromCRL",
        [CRL_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
        [CRL_AA_COMPROMISE] = "aACompromise",
    };
    size_t index = (size_t)reason;
    return index < sizeof names / sizeof names[0] && names[index] != NULL ? names[index]
                                                                          : "unknown";
}

enum err crl_parse(struct span der, struct crl *ret_crl)
{
    struct crl crl = { .der = der };
    struct der outer = der_reader(der), inner;
    if (der.len > FILE_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &crl.tbs));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &crl.algorithm));
    TRY(der_read_bit_string(&inner, &crl.signature));
    TRY(der_finish(&inner));
    TRY(tbs_parse(crl.tbs, &crl));
    *ret_crl = crl;
    return OK;
}

static enum err tbs_parse(struct span tbs, struct crl *crl)
{
    struct der outer = der_reader(tbs), fields;
    struct span algorithm;
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &fields));
    if (!der_peek(&fields, DER_INTEGER)) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_read_uint(&fields, /* max= */ 1, &version));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &algorithm));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &crl->issuer));
    TRY(der_read_time(&fields, &crl->this_update));
    if (der_peek(&fields, DER_UTC_TIME) || der_peek(&fields, DER_GENERALIZED_TIME)) {
        TRY(der_read_time(&fields, &crl->next_update));
    }
    if (der_peek(&fields, DER_SEQUENCE)) {
        TRY(der_read(&fields, DER_SEQUENCE, &crl->entries));
    }
    TRY(extensions_parse(&fields, crl));
    TRY(der_finish(&fields));
    return version == 1 && span_equal(algorithm, crl->algorithm) ? OK : ERR_INPUT;
}

static enum err extensions_parse(struct der *fields, struct crl *crl)
{
    struct der wrapper, extensions;
    if (der_empty(fields)) {
        return OK;
    }
    TRY(der_enter(fields, DER_CONTEXT(0), &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &extensions));
    TRY(der_finish(&wrapper));
    while (!der_empty(&extensions)) {
        TRY(extension_take(&extensions, crl));
    }
    return OK;
}

static enum err extension_take(struct der *extensions, struct crl *crl)
{
    struct der extension, inner;
    struct span oid, value;
    bool critical = false;
    TRY(der_enter(extensions, DER_SEQUENCE, &extension));
    TRY(der_read(&extension, DER_OID, &oid));
    if (der_peek(&extension, DER_BOOLEAN)) {
        TRY(der_read_boolean(&extension, &critical));
    }
    TRY(der_read(&extension, DER_OCTET_STRING, &value));
    TRY(der_finish(&extension));
    struct der content = der_reader(value);
    if (span_equal(oid, oid_crl_number)) {
        TRY(der_read_magnitude(&content, &crl->number));
        return der_finish(&content);
    }
    if (span_equal(oid, oid_authority_key_identifier)) {
        TRY(der_enter(&content, DER_SEQUENCE, &inner));
        return der_peek(&inner, DER_CONTEXT_PRIMITIVE(0))
                   ? der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &crl->authority_key_id)
                   : OK;
    }
    if (span_equal(oid, oid_issuing_distribution_point)) {
        return scope_parse(&content, crl);
    }
    crl->partial = crl->partial || span_equal(oid, oid_delta_crl_indicator);
    crl->unknown_critical = crl->unknown_critical || critical;
    return OK;
}

static enum err scope_parse(struct der *content, struct crl *crl)
{
    enum { POINT, ONLY_SERVERS, ONLY_AUTHORITIES };
    struct der scope;
    TRY(der_enter(content, DER_SEQUENCE, &scope));
    TRY(der_finish(content));
    while (!der_empty(&scope)) {
        struct der_element element;
        TRY(der_read_any(&scope, &element));
        struct der point = der_reader(element.content);
        if (element.tag == DER_CONTEXT(POINT)) {
            TRY(scope_uri_parse(&point, crl));
            crl->partial = crl->partial || crl->scope_uri.len == 0;
        } else if (element.tag == DER_CONTEXT_PRIMITIVE(ONLY_SERVERS)) {
            crl->only_servers = true;
        } else if (element.tag == DER_CONTEXT_PRIMITIVE(ONLY_AUTHORITIES)) {
            crl->only_authorities = true;
        } else {
            crl->partial = true;
        }
    }
    return OK;
}

/* A name relative to the issuer leaves the URI empty. */
static enum err scope_uri_parse(struct der *point, struct crl *crl)
{
    enum { GENERAL_NAME_URI = 6 };
    struct der names;
    if (!der_peek(point, DER_CONTEXT(0))) {
        return OK;
    }
    TRY(der_enter(point, DER_CONTEXT(0), &names));
    while (!der_empty(&names)) {
        struct der_element name;
        TRY(der_read_any(&names, &name));
        if (name.tag == DER_CONTEXT_PRIMITIVE(GENERAL_NAME_URI) && crl->scope_uri.len == 0) {
            crl->scope_uri = name.content;
        }
    }
    return OK;
}

bool crl_covers(const struct crl *crl, const struct certificate *certificate)
{
    return span_equal(crl->issuer, certificate->issuer) && !crl->partial &&
           !crl->unknown_critical && !(crl->only_servers && certificate->is_ca) &&
           !(crl->only_authorities && !certificate->is_ca) &&
           (crl->scope_uri.len == 0 || span_equal(crl->scope_uri, certificate->crl_uri));
}

bool crl_same_series(const struct crl *left, const struct crl *right)
{
    return span_equal(left->issuer, right->issuer) &&
           span_equal(left->authority_key_id, right->authority_key_id) &&
           span_equal(left->scope_uri, right->scope_uri) &&
           left->only_servers == right->only_servers &&
           left->only_authorities == right->only_authorities;
}

enum err crl_read_any(struct span input, struct buf *buf)
{
    struct pem pem;
    if (input.len > 0 && input.data[0] == DER_SEQUENCE) {
        buf_append(buf, input);
        return buf_check(buf);
    }
    TRY(pem_find(input, "X509 CRL", &pem));
    return pem_decode(&pem, buf);
}

enum err crl_verify(const struct crl *crl, const struct key *issuer_key)
{
    enum signature_algorithm algorithm;
    TRY(signature_algorithm_from_der(crl->algorithm, &algorithm));
    return signature_verify(issuer_key, algorithm, crl->tbs, crl->signature);
}

enum err crl_entry_next(struct der *entries, struct crl_entry *ret_entry)
{
    struct crl_entry read = { .reason = CRL_UNSPECIFIED };
    struct der entry;
    TRY(der_enter(entries, DER_SEQUENCE, &entry));
    TRY(der_read_magnitude(&entry, &read.serial));
    TRY(der_read_time(&entry, &read.revoked_at));
    if (!der_empty(&entry)) {
        TRY(entry_extensions(&entry, &read.reason));
    }
    TRY(der_finish(&entry));
    *ret_entry = read;
    return OK;
}

/* Only the reason is understood; a critical other one (certificateIssuer) makes the entry mean
 * something else than it seems, and is refused. */
static enum err entry_extensions(struct der *entry, enum crl_reason *reason)
{
    enum { REASON_MAX = 10 };
    struct der extensions, extension;
    TRY(der_enter(entry, DER_SEQUENCE, &extensions));
    while (!der_empty(&extensions)) {
        struct span oid, value, code;
        bool critical = false;
        TRY(der_enter(&extensions, DER_SEQUENCE, &extension));
        TRY(der_read(&extension, DER_OID, &oid));
        if (der_peek(&extension, DER_BOOLEAN)) {
            TRY(der_read_boolean(&extension, &critical));
        }
        TRY(der_read(&extension, DER_OCTET_STRING, &value));
        TRY(der_finish(&extension));
        if (span_equal(oid, oid_reason_code)) {
            struct der content = der_reader(value);
            TRY(der_read(&content, DER_ENUMERATED, &code));
            if (code.len != 1 || code.data[0] > REASON_MAX) {
                return ERR_INPUT;
            }
            *reason = (enum crl_reason)code.data[0];
        } else if (critical) {
            return ERR_INPUT;
        }
    }
    return OK;
}

enum err crl_find(const struct crl *crl, struct span serial, struct crl_entry *ret_entry)
{
    struct der entries = der_reader(crl->entries);
    while (!der_empty(&entries)) {
        struct crl_entry entry;
        TRY(crl_entry_next(&entries, &entry));
        if (span_equal(entry.serial, serial)) {
            *ret_entry = entry;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}
