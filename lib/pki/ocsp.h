#pragma once
/* OCSP (RFC 6960) as a server needs it that staples: a request for one certificate, without nonce,
 * as RFC 5019 has it for answers that may be kept; and what came back, parsed and verified. A
 * responder may be anybody until its signature has been checked. */
#include "lib/pki/certificate.h"

enum { OCSP_CERTIFICATES_MAX = 4, OCSP_ANSWER_MAX_BYTES = 64 * 1024 };

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };
/* "good", "revoked", "unknown". */
const char *ocsp_status_name(enum ocsp_status status);

/* Spans point into the DER that was parsed. */
struct ocsp_answer {
    struct span der;
    struct span tbs;       /* ResponseData: what is signed */
    struct span algorithm; /* AlgorithmIdentifier */
    struct span signature;
    struct span responder_name;                      /* Name, DER; empty: it is named by its key */
    struct span responder_key;                       /* SHA-1 of its public key */
    struct span certificates[OCSP_CERTIFICATES_MAX]; /* that came along, DER */
    size_t certificate_count;
    int64_t produced_at;
    /* Of the certificate that was asked about: */
    enum ocsp_status status;
    int64_t this_update, next_update; /* 0: it says none */
    int64_t revoked_at;               /* 0: it isn't */
};

/* Appends an OCSPRequest. The issuer is who signed the certificate. */
enum err ocsp_request_write(const struct certificate *certificate, const struct certificate *issuer,
    struct buf *buf) MUST_USE;

/* What an answer says of one certificate. ERR_INPUT with "ocsp.malformed"; ERR_AGAIN with
 * "ocsp.refused" for an error status (seen: its number; RFC 6960 §4.2.1); ERR_NOT_FOUND with
 * "ocsp.other" where it is about others. */
enum err ocsp_answer_parse(struct span der, const struct certificate *certificate,
    const struct certificate *issuer, struct reason *ret_reason,
    struct ocsp_answer *ret_answer) MUST_USE;

/* Whether the certificate's issuer says so, or whom it appointed (a certificate of its own for
 * OCSPSigning, RFC 6960 §4.2.2.2), and whether that is of this time. ERR_SIGNATURE with
 * "ocsp.signature"; ERR_DENIED with "ocsp.future" and "ocsp.stale" (seen: its time), and with
 * "ocsp.endless" for one without a next update, which can't be kept. */
enum err ocsp_answer_verify(const struct ocsp_answer *answer, const struct certificate *issuer,
    int64_t now, struct reason *ret_reason) MUST_USE;
