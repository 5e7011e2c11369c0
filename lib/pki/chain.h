#pragma once
/* Whether a server certificate leads to a trusted root (RFC 5280 §6, as far as a TLS server's
 * hierarchy goes: no policies; what constrains names is refused, and names are compared as bytes,
 * as BR 7.1.4.1 has them), for the subscriber's tool and for checks
 * of our own work. Among intermediates of one name every one is tried. */
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"

enum {
    CHAIN_LENGTH_MAX = 6,
    CHAIN_CANDIDATES_MAX = 64,
    /* Signatures looked at in one search. A hierarchy as it should be needs two a step; of 64
     * certificates that certify each other there are a thousand million paths. */
    CHAIN_WORK_MAX = 512,
};

struct chain_request {
    struct span leaf; /* DER, as all that follow */
    const struct span *intermediates;
    size_t intermediate_count;
    const struct span *roots; /* trusted */
    size_t root_count;
    const struct span *crls;
    size_t crl_count;
    bool require_crl; /* else a missing CRL is no failure; a revocation found always is */
    int64_t now;
    struct span host; /* empty: any */
};

struct chain {
    struct span path[CHAIN_LENGTH_MAX]; /* leaf first, root last */
    size_t length;
};

/* ERR_DENIED with the reason of the path that came furthest: "chain.host", "chain.expired",
 * "chain.not_yet_valid", "chain.untrusted" (no path to a root), "chain.signature", "chain.not_ca",
 * "chain.path_length", "chain.usage", "chain.critical", "chain.revoked", "chain.crl_missing",
 * "chain.crl_stale", "chain.crl_signature", "chain.limit" (one of the maxima above;
 * seen: the number of signatures, where it was that); the field is
 * the subject concerned (of "chain.host" the host). ERR_INPUT with
 * "chain.malformed" for a leaf that isn't a certificate; malformed candidates are passed over. */
enum err chain_verify(const struct chain_request *request, struct reason *ret_reason,
    struct chain *ret_chain) MUST_USE;
/* Whether `issuer` could stand above `subject`, the last of `chain`, by name and key identifier.
 * What is in the chain already can't, nor a CA there of the same name and key (RFC 4158 §2.4.2). */
bool chain_fits(
    const struct chain *chain, const struct certificate *subject, const struct certificate *issuer);
