/* Certificates, parsed: the frame first, then each extension that has a row in the table. */
#include "lib/pki/certificate.h"
#include "lib/base/limits.h"
#include "lib/der/pem.h"
#include "lib/der/reader.h"

#include <ctype.h>

enum { GENERAL_NAME_DNS = 2, GENERAL_NAME_URI = 6, TLS_STATUS_REQUEST = 5 /* RFC 6066 §8 */ };

static enum err tbs_parse(struct span tbs, struct certificate *certificate);
static enum err validity_parse(struct der *fields, struct certificate *certificate);
static enum err extensions_parse(struct der *fields, struct certificate *certificate);
static enum err extension_take(
    const struct certificate_extension *extension, struct certificate *certificate);
static enum err authority_key_parse(struct der *value, struct certificate *certificate);
static enum err subject_key_parse(struct der *value, struct certificate *certificate);
static enum err key_usage_parse(struct der *value, struct certificate *certificate);
static enum err ext_key_usage_parse(struct der *value, struct certificate *certificate);
static enum err basic_constraints_parse(struct der *value, struct certificate *certificate);
static enum err alt_names_parse(struct der *value, struct certificate *certificate);
static enum err policies_parse(struct der *value, struct certificate *certificate);
static enum err crl_points_parse(struct der *value, struct certificate *certificate);
static enum err authority_info_parse(struct der *value, struct certificate *certificate);

struct extension_row {
    const struct span *oid;
    enum err (*parse)(struct der *value, struct certificate *certificate);
};

static const struct extension_row known_extensions[] = {
    { &oid_authority_key_identifier, authority_key_parse },
    { &oid_subject_key_identifier, subject_key_parse },
    { &oid_key_usage, key_usage_parse },
    { &oid_ext_key_usage, ext_key_usage_parse },
    { &oid_basic_constraints, basic_constraints_parse },
    { &oid_subject_alt_name, alt_names_parse },
    { &oid_certificate_policies, policies_parse },
    { &oid_crl_distribution_points, crl_points_parse },
    { &oid_authority_info_access, authority_info_parse },
};

enum err certificate_parse(struct span der, struct certificate *ret_certificate)
{
    struct certificate certificate = { .der = der, .path_length = -1 };
    struct der outer = der_reader(der), inner;
    if (der.len > CERTIFICATE_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &certificate.tbs));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &certificate.algorithm));
    TRY(der_read_bit_string(&inner, &certificate.signature));
    TRY(der_finish(&inner));
    TRY(tbs_parse(certificate.tbs, &certificate));
    *ret_certificate = certificate;
    return OK;
}

static enum err tbs_parse(struct span tbs, struct certificate *certificate)
{
    struct der outer = der_reader(tbs), fields, version_field;
    struct span algorithm, unique;
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &fields));
    if (!der_peek(&fields, DER_CONTEXT(0))) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_enter(&fields, DER_CONTEXT(0), &version_field));
    TRY(der_read_uint(&version_field, /* max= */ 2, &version));
    TRY(der_finish(&version_field));
    if (version != 2) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_read_magnitude(&fields, &certificate->serial));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &algorithm));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &certificate->issuer));
    TRY(validity_parse(&fields, certificate));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &certificate->subject));
    TRY(der_read_whole(&fields, DER_SEQUENCE, &certificate->spki));
    for (unsigned tag = 1; tag <= 2; tag++) {
        if (der_peek(&fields, DER_CONTEXT_PRIMITIVE(tag))) {
            TRY(der_read(&fields, DER_CONTEXT_PRIMITIVE(tag), &unique));
        }
    }
    TRY(extensions_parse(&fields, certificate));
    TRY(der_finish(&fields));
    return span_equal(algorithm, certificate->algorithm) ? OK : ERR_INPUT;
}

static enum err validity_parse(struct der *fields, struct certificate *certificate)
{
    struct der validity;
    TRY(der_enter(fields, DER_SEQUENCE, &validity));
    TRY(der_read_time(&validity, &certificate->not_before));
    TRY(der_read_time(&validity, &certificate->not_after));
    return der_finish(&validity);
}

static enum err extensions_parse(struct der *fields, struct certificate *certificate)
{
    struct der wrapper, extensions, extension;
    if (der_empty(fields)) {
        return OK;
    }
    TRY(der_enter(fields, DER_CONTEXT(3), &wrapper));
    TRY(der_enter(&wrapper, DER_SEQUENCE, &extensions));
    TRY(der_finish(&wrapper));
    while (!der_empty(&extensions)) {
        struct certificate_extension read = { .critical = false };
        TRY(der_enter(&extensions, DER_SEQUENCE, &extension));
        TRY(der_read(&extension, DER_OID, &read.oid));
        if (der_peek(&extension, DER_BOOLEAN)) {
            TRY(der_read_boolean(&extension, &read.critical));
        }
        TRY(der_read(&extension, DER_OCTET_STRING, &read.value));
        TRY(der_finish(&extension));
        TRY(extension_take(&read, certificate));
    }
    return OK;
}

static enum err extension_take(
    const struct certificate_extension *extension, struct certificate *certificate)
{
    if (certificate_find_extension(certificate, extension->oid) != NULL) {
        return ERR_INPUT;
    }
    if (certificate->extension_count == CERTIFICATE_EXTENSIONS_MAX) {
        return ERR_LIMIT;
    }
    certificate->extensions[certificate->extension_count++] = *extension;
    for (size_t i = 0; i < sizeof known_extensions / sizeof known_extensions[0]; i++) {
        if (span_equal(*known_extensions[i].oid, extension->oid)) {
            struct der value = der_reader(extension->value);
            TRY(known_extensions[i].parse(&value, certificate));
            return der_finish(&value);
        }
    }
    /* Name constraints narrow what is below, marked as critical or not (BR 7.1.2.5.2). */
    certificate->unknown_critical = certificate->unknown_critical || extension->critical ||
                                    span_equal(extension->oid, oid_name_constraints);
    return OK;
}

static enum err authority_key_parse(struct der *value, struct certificate *certificate)
{
    struct der inner;
    TRY(der_enter(value, DER_SEQUENCE, &inner));
    if (der_peek(&inner, DER_CONTEXT_PRIMITIVE(0))) {
        TRY(der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &certificate->authority_key_id));
    }
    return OK;
}

static enum err subject_key_parse(struct der *value, struct certificate *certificate)
{
    return der_read(value, DER_OCTET_STRING, &certificate->subject_key_id);
}

static enum err key_usage_parse(struct der *value, struct certificate *certificate)
{
    certificate->has_key_usage = true;
    return der_read_named_bits(value, &certificate->key_usage);
}

static enum err ext_key_usage_parse(struct der *value, struct certificate *certificate)
{
    struct der usages;
    certificate->has_ext_key_usage = true;
    TRY(der_enter(value, DER_SEQUENCE, &usages));
    do {
        struct span oid;
        TRY(der_read(&usages, DER_OID, &oid));
        certificate->server_auth = certificate->server_auth || span_equal(oid, oid_server_auth);
        certificate->any_usage = certificate->any_usage || span_equal(oid, oid_any_ext_key_usage);
    } while (!der_empty(&usages));
    return OK;
}

static enum err basic_constraints_parse(struct der *value, struct certificate *certificate)
{
    enum { PATH_LENGTH_MAX = 255 };
    struct der inner;
    unsigned path_length;
    TRY(der_enter(value, DER_SEQUENCE, &inner));
    if (der_peek(&inner, DER_BOOLEAN)) {
        TRY(der_read_boolean(&inner, &certificate->is_ca));
    }
    if (der_peek(&inner, DER_INTEGER)) {
        TRY(der_read_uint(&inner, PATH_LENGTH_MAX, &path_length));
        certificate->path_length = (int)path_length;
    }
    return der_finish(&inner);
}

static enum err alt_names_parse(struct der *value, struct certificate *certificate)
{
    struct der names;
    TRY(der_enter(value, DER_SEQUENCE, &names));
    while (!der_empty(&names)) {
        struct der_element name;
        TRY(der_read_any(&names, &name));
        if (name.tag != DER_CONTEXT_PRIMITIVE(GENERAL_NAME_DNS)) {
            continue;
        }
        if (certificate->dns_name_count == CERTIFICATE_NAMES_MAX) {
            return ERR_LIMIT;
        }
        if (name.content.len == 0 || memchr(name.content.data, 0, name.content.len) != NULL) {
            return ERR_INPUT;
        }
        certificate->dns_names[certificate->dns_name_count++] = name.content;
    }
    return OK;
}

static enum err policies_parse(struct der *value, struct certificate *certificate)
{
    struct der policies, policy;
    TRY(der_enter(value, DER_SEQUENCE, &policies));
    do {
        struct span oid;
        TRY(der_enter(&policies, DER_SEQUENCE, &policy));
        TRY(der_read(&policy, DER_OID, &oid));
        if (certificate->policy_count == CERTIFICATE_POLICIES_MAX) {
            return ERR_LIMIT;
        }
        certificate->policies[certificate->policy_count++] = oid;
    } while (!der_empty(&policies));
    return OK;
}

/* The first URI of the first point; others are allowed and not looked at. */
static enum err crl_points_parse(struct der *value, struct certificate *certificate)
{
    struct der points, point, name, full;
    TRY(der_enter(value, DER_SEQUENCE, &points));
    TRY(der_enter(&points, DER_SEQUENCE, &point));
    if (!der_peek(&point, DER_CONTEXT(0))) {
        return OK;
    }
    TRY(der_enter(&point, DER_CONTEXT(0), &name));
    if (!der_peek(&name, DER_CONTEXT(0))) {
        return OK;
    }
    TRY(der_enter(&name, DER_CONTEXT(0), &full));
    while (!der_empty(&full)) {
        struct der_element general;
        TRY(der_read_any(&full, &general));
        if (general.tag == DER_CONTEXT_PRIMITIVE(GENERAL_NAME_URI)) {
            certificate->crl_uri = general.content;
            return OK;
        }
    }
    return OK;
}

static enum err authority_info_parse(struct der *value, struct certificate *certificate)
{
    struct der descriptions, description;
    TRY(der_enter(value, DER_SEQUENCE, &descriptions));
    while (!der_empty(&descriptions)) {
        struct der_element location;
        struct span method;
        TRY(der_enter(&descriptions, DER_SEQUENCE, &description));
        TRY(der_read(&description, DER_OID, &method));
        TRY(der_read_any(&description, &location));
        struct span *place = span_equal(method, oid_ocsp)         ? &certificate->ocsp_uri
                             : span_equal(method, oid_ca_issuers) ? &certificate->ca_issuers_uri
                                                                  : NULL;
        if (place != NULL && place->len == 0 &&
            location.tag == DER_CONTEXT_PRIMITIVE(GENERAL_NAME_URI)) {
            *place = location.content;
        }
    }
    return OK;
}

const struct certificate_extension *certificate_find_extension(
    const struct certificate *certificate, struct span oid)
{
    for (size_t i = 0; i < certificate->extension_count; i++) {
        if (span_equal(certificate->extensions[i].oid, oid)) {
            return &certificate->extensions[i];
        }
    }
    return NULL;
}

enum err certificate_read_any(struct span input, struct buf *buf)
{
    struct pem pem;
    if (input.len > 0 && input.data[0] == DER_SEQUENCE) {
        buf_append(buf, input);
        return buf_check(buf);
    }
    TRY(pem_find(input, "CERTIFICATE", &pem));
    return pem_decode(&pem, buf);
}

enum err certificate_verify(const struct certificate *certificate, const struct key *issuer_key)
{
    enum signature_algorithm algorithm;
    TRY(signature_algorithm_from_der(certificate->algorithm, &algorithm));
    return signature_verify(issuer_key, algorithm, certificate->tbs, certificate->signature);
}

static bool text_equal(struct span left, struct span right)
{
    return left.len == right.len &&
           strncasecmp((const char *)left.data, (const char *)right.data, left.len) == 0;
}

bool certificate_covers_host(const struct certificate *certificate, struct span host)
{
    const uint8_t *dot = host.len == 0 ? NULL : memchr(host.data, '.', host.len);
    size_t label = dot == NULL ? 0 : (size_t)(dot - host.data);
    struct span parent = label == 0 ? (struct span){ 0 } : span_make(dot, host.len - label);
    for (size_t i = 0; i < certificate->dns_name_count; i++) {
        struct span name = certificate->dns_names[i];
        bool wildcard = name.len > 2 && name.data[0] == '*' && name.data[1] == '.';
        if (wildcard && parent.len > 0 &&
            text_equal(span_make(name.data + 1, name.len - 1), parent)) {
            return true;
        }
        if (!wildcard && text_equal(name, host)) {
            return true;
        }
    }
    return false;
}

bool certificate_is_self_issued(const struct certificate *certificate)
{
    return span_equal(certificate->subject, certificate->issuer);
}

bool certificate_signs_lists(const struct certificate *certificate)
{
    return !certificate->has_key_usage || (certificate->key_usage & KEY_USAGE_CRL_SIGN) != 0;
}

bool certificate_must_staple(const struct certificate *certificate)
{
    const struct certificate_extension *feature =
        certificate_find_extension(certificate, oid_tls_feature);
    struct der outer = der_reader(feature == NULL ? (struct span){ 0 } : feature->value), list;
    bool found = false;
    if (feature == NULL || der_enter(&outer, DER_SEQUENCE, &list) != OK) {
        return false;
    }
    while (!der_empty(&list)) {
        int64_t number;
        if (der_read_int64(&list, &number) != OK) {
            return false;
        }
        found |= number == TLS_STATUS_REQUEST;
    }
    return found;
}

enum err serial_format(struct span serial, char *ret_text, size_t size)
{
    if (serial.len == 0 || size < 3 * serial.len) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < serial.len; i++) {
        char pair[3];
        hex_format(span_make(serial.data + i, 1), pair);
        memcpy(ret_text + 3 * i, pair, 2);
        ret_text[3 * i + 2] = i + 1 < serial.len ? ':' : '\0';
    }
    return OK;
}
