#pragma once
/* Certificates that sign OCSP answers in the place of an issuing CA (BR 7.1.2.8, RFC 6960
 * §4.2.2.2). Nobody asks the service for one: it is signed by hand, at the signer's own machine and
 * while it is stopped, for a key that the responder made and proves to have. */
#include "proc/signer/issue.h"

/* Whoever relies on id-pkix-ocsp-nocheck can't be told of a revocation: so it lives a month. */
enum { RESPONDER_DAYS = 30 };

struct responder_request {
    const struct issuer_key *issuer;
    struct span spki;   /* the responder's, checked */
    struct span serial; /* as serial_draw draws it */
    int64_t now;
};

/* Appends the TBSCertificate, linted; named after its CA, and no longer valid than that. */
enum err responder_tbs(
    const struct responder_request *request, struct buf *tbs, struct reason *ret_reason) MUST_USE;

/* Appends the certificate of the issuing CA `issuer` for the key of a CSR (DER), of which nothing
 * else is taken. Journaled before it is signed. ERR_NOT_FOUND "issuer.key"; ERR_AGAIN
 * "issuance.stopped" or "clock.backwards"; ERR_DENIED "key.blocked"; csr_parse's, csr_verify's and
 * weaklist_check's reasons. */
enum err issuing_responder(struct issuing *issuing, const char *issuer, struct span csr,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
