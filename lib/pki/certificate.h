#pragma once
/* X.509 certificates (RFC 5280 §4): parsed into spans and decoded fields, written field by field.
 * No policy lives here: what a certificate should hold is the issuer's profile, what it may hold is
 * lib/lint's. */
#include "lib/base/limits.h"
#include "lib/crypto/sign.h"
#include "lib/der/oid.h"
#include "lib/der/writer.h"

enum {
    CERTIFICATE_EXTENSIONS_MAX = 32,
    CERTIFICATE_NAMES_MAX = 250,
    CERTIFICATE_POLICIES_MAX = 8,
};

/* RFC 5280 §4.2.1.3, as der_read_named_bits gives them. */
enum key_usage {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_NON_REPUDIATION = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
};

struct certificate_extension {
    struct span oid;
    bool critical;
    struct span value; /* the OCTET STRING's content */
};

/* Spans point into the DER that was parsed. An absent field is an empty span. */
struct certificate {
    struct span der;
    struct span tbs;
    struct span algorithm; /* the outer AlgorithmIdentifier, equal to the inner one */
    struct span signature;
    struct span serial; /* magnitude, big-endian, without a sign octet */
    struct span issuer; /* Name, DER */
    struct span subject;
    int64_t not_before, not_after; /* the last second is still valid */
    struct span spki;
    struct certificate_extension extensions[CERTIFICATE_EXTENSIONS_MAX];
    size_t extension_count;

    bool is_ca;
    int path_length; /* -1: unlimited or absent */
    bool has_key_usage;
    uint32_t key_usage;
    bool has_ext_key_usage, server_auth, any_usage;
    struct span authority_key_id, subject_key_id;
    struct span dns_names[CERTIFICATE_NAMES_MAX];
    size_t dns_name_count;
    struct span policies[CERTIFICATE_POLICIES_MAX]; /* OIDs */
    size_t policy_count;
    struct span crl_uri, ca_issuers_uri, ocsp_uri; /* the first of each */
    bool unknown_critical; /* a critical extension, or name constraints: we don't process them */
};

/* Version 3, strict DER, each extension once. ERR_INPUT, ERR_LIMIT, ERR_UNSUPPORTED (version). */
enum err certificate_parse(struct span der, struct certificate *ret_certificate) MUST_USE;
/* PEM (first CERTIFICATE block) or DER -> DER appended to `buf`. */
enum err certificate_read_any(struct span input, struct buf *buf) MUST_USE;
/* Signature only: OK, ERR_SIGNATURE, ERR_UNSUPPORTED. */
enum err certificate_verify(
    const struct certificate *certificate, const struct key *issuer_key) MUST_USE;
const struct certificate_extension *certificate_find_extension(
    const struct certificate *certificate, struct span oid);
/* RFC 6125 §6.4.3 over the SAN dNSNames, left-most label wildcard only; `host` is an A-label name.
 * */
bool certificate_covers_host(const struct certificate *certificate, struct span host);
bool certificate_is_self_issued(const struct certificate *certificate);
/* Its key usage, where it has one, allows to sign revocation lists. */
bool certificate_signs_lists(const struct certificate *certificate);
/* Its TLS feature names status_request (RFC 7633): clients refuse it without an OCSP answer. */
bool certificate_must_staple(const struct certificate *certificate);

/* "4f:0a:…": lower-case hexadecimal pairs; `size` of at least 3 * SERIAL_MAX_BYTES + 1. */
enum err serial_format(struct span serial, char *ret_text, size_t size) MUST_USE;

/* Everything a certificate is made of, in the order in which it is written. */
struct certificate_fields {
    struct span serial; /* magnitude, 1 to 20 octets once encoded */
    enum signature_algorithm algorithm;
    struct span issuer; /* the issuing certificate's subject, byte for byte */
    int64_t not_before, not_after;
    struct span subject;
    struct span spki;
    struct span extensions; /* Extension elements one behind the other, made by extension.h */
};

/* Appends the TBSCertificate. */
enum err certificate_write_tbs(const struct certificate_fields *fields, struct buf *buf) MUST_USE;
/* Appends the Certificate. */
enum err certificate_assemble(struct span tbs, enum signature_algorithm algorithm,
    struct span signature, struct buf *buf) MUST_USE;
/* Signs `tbs` and appends the Certificate. */
enum err certificate_sign(struct span tbs, enum signature_algorithm algorithm,
    const struct key *issuer_key, struct buf *buf) MUST_USE;
