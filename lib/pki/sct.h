#pragma once
/* Signed certificate timestamps (RFC 6962 §3.2, §3.3): a log's promise to show a certificate.
 * Version 1 only, which is all that browsers know. Which logs count is lib/ca/transparency's
 * affair. */
#include "lib/base/buf.h"
#include "lib/crypto/sign.h"

enum {
    SCT_LOG_ID_BYTES = 32, /* the SHA-256 of the log's SubjectPublicKeyInfo */
    SCT_MAX_BYTES = 2048,  /* a signature of RSA 8192 and everything around it */
    SCT_LIST_MAX = 8,
    SCT_LIST_MAX_BYTES = SCT_LIST_MAX * (SCT_MAX_BYTES + 2) + 2,
};

/* Spans point into what was parsed. */
struct sct {
    struct span whole;
    struct span log_id;
    uint64_t timestamp_ms; /* since 1970 */
    struct span extensions;
    enum signature_algorithm algorithm; /* SHA-256 with RSA or ECDSA (RFC 6962 §2.1.4) */
    struct span signature;
};

/* One SerializedSCT without its length. ERR_INPUT, or ERR_UNSUPPORTED for another version or
 * algorithm. */
enum err sct_parse(struct span bytes, struct sct *ret_sct) MUST_USE;
/* Appends one of the fields as a log's answer gives them (RFC 6962 §4.1): `hash_and_signature` is a
 * DigitallySigned. Nothing of it is looked at: that is sct_parse's. */
enum err sct_write(const uint8_t log_id[SCT_LOG_ID_BYTES], uint64_t timestamp_ms,
    struct span extensions, struct span hash_and_signature, struct buf *buf) MUST_USE;
/* A SignedCertificateTimestampList, as it stands in the OCTET STRING of a certificate's extension:
 * one to SCT_LIST_MAX of them. */
enum err sct_list_parse(
    struct span list, struct sct ret_scts[SCT_LIST_MAX], size_t *ret_count) MUST_USE;
/* Appends such a list. ERR_LIMIT for none or too many. */
enum err sct_list_write(const struct sct *scts, size_t count, struct buf *buf) MUST_USE;

/* Appends the TBSCertificate that a log signs: `tbs`, of a precertificate or of a certificate,
 * without the poison and the list of SCTs (RFC 6962 §3.2). Equal results are what makes a
 * certificate the one of its precertificate, byte for byte. ERR_INPUT if it is no TBSCertificate
 * with extensions. */
enum err sct_signed_tbs(struct span tbs, struct buf *buf) MUST_USE;
/* The log's signature over a precertificate entry. `issuer_spki_sha256` is of the issuing CA's
 * SubjectPublicKeyInfo, `signed_tbs` from sct_signed_tbs. OK, ERR_SIGNATURE, ERR_UNSUPPORTED where
 * the key is of another kind; the log's id is compared too. */
enum err sct_verify(const struct sct *sct, const struct key *log_key,
    const uint8_t issuer_spki_sha256[SHA256_BYTES], struct span signed_tbs) MUST_USE;
