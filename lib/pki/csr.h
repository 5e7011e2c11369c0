#pragma once
/* Certificate requests (PKCS#10, RFC 2986), in every form in which people paste and upload them.
 * From a request the certificate takes the key alone; names and subject are read for showing. */
#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"
#include "lib/der/oid.h"

enum { CSR_NAMES_MAX = 250, CSR_ATTRIBUTES_MAX = 32 };

/* The result of reading whatever came: DER bytes, owned, or the discovery that a private key came.
 * */
struct csr_reading {
    struct buf der;
    bool private_key;       /* what came was, or held, a private key: block its public half */
    bool private_key_known; /* spki_sha256 is filled (the key was not encrypted) */
    uint8_t spki_sha256[SHA256_BYTES];
};

void csr_reading_release(struct csr_reading *reading);
AUTO_DEFINE(csr_reading, csr_reading_release)

/* Accepts PEM with either header, CRLF, stray white space and text around it, UTF-8 BOM, UTF-16
 * with or without BOM (Exchange writes UTF-16LE), bare base64, DER. Reasons, all ERR_INPUT:
 * "csr.empty", "csr.too_long" (more than CSR_MAX_BYTES; UTF-16 counts as it comes), "csr.not_pem",
 * "csr.truncated" (a BEGIN line without END), "csr.certificate" (a certificate was pasted),
 * "csr.private_key" (the reading then says more: it must be released after failure too). The DER is
 * not yet parsed. */
enum err csr_read_any(
    struct span input, struct reason *ret_reason, struct csr_reading *ret_reading) MUST_USE;

/* Spans point into the DER that was parsed. */
struct csr {
    struct span der;
    struct span tbs;     /* CertificationRequestInfo: what is signed */
    struct span subject; /* Name, DER */
    struct span spki;
    enum signature_algorithm algorithm;
    struct span signature;
    struct span dns_names[CSR_NAMES_MAX]; /* SAN dNSNames as they came: unchecked text, no NUL */
    size_t dns_name_count;
    size_t other_name_count; /* SAN entries of other kinds: shown as a number and ignored */
    struct span attributes[CSR_ATTRIBUTES_MAX]; /* OIDs of attributes and requested extensions */
    size_t attribute_count;
    bool challenge_password; /* there is one: never shown, never stored */
};

/* Strict DER. ERR_INPUT with "csr.der" (malformed, also bytes behind the end), "csr.algorithm" (a
 * signature algorithm that we don't take: SHA-1, PSS, …; seen: its OID), "csr.too_long". */
enum err csr_parse(struct span der, struct reason *ret_reason, struct csr *ret_csr) MUST_USE;
/* Key quality as key_check, then proof of possession: ERR_SIGNATURE with code "csr.signature". The
 * loaded key is returned if `ret_key` is not NULL. */
enum err csr_verify(
    const struct csr *csr, struct reason *ret_reason, struct key **ret_key) MUST_USE;

/* A request made by the subscriber's tool: `subject` a whole Name; SAN from `dns_names`. */
struct csr_fields {
    struct span subject;
    const struct span *dns_names;
    size_t dns_name_count;
};
/* Appends DER. */
enum err csr_write(
    const struct csr_fields *fields, const struct key *key, struct buf *buf) MUST_USE;
