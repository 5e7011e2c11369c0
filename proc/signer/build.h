#pragma once
/* The to-be-signed part of a server certificate (BR 7.1.2.7) or of its precertificate (BR 7.1.2.9),
 * built from an entitlement and nothing else: what the CSR, the store or the caller would like to
 * stand there is not even at hand. */
#include "lib/ca/policy.h"
#include "lib/ca/warrant.h"
#include "lib/pki/certificate.h"

/* An issuing CA, loaded. */
struct issuer_key {
    char id[ISSUER_ID_MAX];
    struct key *key;
    struct buf der;                 /* its certificate */
    struct certificate certificate; /* parsed from der */
    char crl_url[512], ca_url[512];
};

struct build_request {
    const struct entitlement *entitlement;
    const struct profile *profile; /* the entitlement's, or its precertificate's */
    const struct issuer_key *issuer;
    struct span serial;
    const struct policy *policy; /* of `now` */
    int64_t now;
    struct span sct_list; /* where the profile has one */
};

/* Appends the TBSCertificate. ERR_DENIED with "warrant.subscription" if no second is left of it or
 * of the issuer's own life; ERR_INPUT with name_write's reason. */
enum err build_tbs(
    const struct build_request *request, struct buf *tbs, struct reason *ret_reason) MUST_USE;
/* Whether what was built says what the request asked for, read with a parser's eyes: before it is
 * intended, since an intent is signed whatever happens. ERR_CRYPTO with "build.<field>". */
enum err build_compare(
    const struct build_request *request, struct span tbs, struct reason *ret_reason) MUST_USE;
/* Whether these bytes are what the request asks for, octet by octet: ERR_CRYPTO "build.again". */
enum err build_again(
    const struct build_request *request, struct span tbs, struct reason *ret_reason) MUST_USE;
/* Whether a certificate would be the one of its precertificate, byte for byte but for the poison
 * and the SCTs (RFC 6962 §3.2, doc/threats.md S4). ERR_CRYPTO "build.correspondence". */
enum err build_correspond(
    struct span precertificate_tbs, struct span tbs, struct reason *ret_reason) MUST_USE;
