#pragma once
/* Certificate revocation lists (RFC 5280 §5, BR 7.2), read and written for a million entries:
 * entries stream through, nothing is sorted, nothing is held twice. */
#include "lib/base/limits.h"
#include "lib/crypto/sign.h"
#include "lib/der/reader.h"
#include "lib/pki/certificate.h"

/* RFC 5280 §5.3.1. Unspecified is written as no reason at all. */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_CERTIFICATE_HOLD = 6, /* read from foreign lists, never written */
    CRL_REMOVE_FROM_CRL = 8,  /* the same */
    CRL_PRIVILEGE_WITHDRAWN = 9,
    CRL_AA_COMPROMISE = 10, /* the same */
};

/* "keyCompromise", …; "unknown" for a number without a name. */
const char *crl_reason_name(enum crl_reason reason);

struct crl_entry {
    struct span serial; /* magnitude */
    int64_t revoked_at;
    enum crl_reason reason;
};

/* Spans point into the DER that was parsed. */
struct crl {
    struct span der;
    struct span tbs;
    struct span algorithm; /* AlgorithmIdentifier */
    struct span signature;
    struct span issuer;
    int64_t this_update, next_update; /* 0: no nextUpdate */
    struct span entries;              /* content of revokedCertificates; empty if there are none */
    struct span number;               /* CRLNumber's magnitude; empty if absent */
    struct span authority_key_id;
    /* Its issuingDistributionPoint (RFC 5280 §5.2.5): what it is about, if not everything. */
    struct span scope_uri; /* the first URI; only certificates that name it too */
    bool only_servers, only_authorities;
    bool partial; /* some reasons only, others' certificates too, or what changed since another list
                   */
    bool unknown_critical;
};

/* The frame only; entries are read by crl_entry_next, or checked as a whole by crl_find. */
enum err crl_parse(struct span der, struct crl *ret_crl) MUST_USE;
/* Whether what the list doesn't hold is not revoked: it is the issuer's, its scope includes this
 * certificate, and nothing in it is beyond us (RFC 5280 §6.3.3 (b), for complete lists). */
bool crl_covers(const struct crl *crl, const struct certificate *certificate);
/* Whether one of the two replaces the other: one issuer, key identifier and scope. */
bool crl_same_series(const struct crl *left, const struct crl *right);
/* PEM ("X509 CRL") or DER -> DER appended. */
enum err crl_read_any(struct span input, struct buf *buf) MUST_USE;
enum err crl_verify(const struct crl *crl, const struct key *issuer_key) MUST_USE;
/* Reads on: begin with der_reader(crl.entries), end at der_empty. */
enum err crl_entry_next(struct der *entries, struct crl_entry *ret_entry) MUST_USE;
/* ERR_NOT_FOUND: not revoked; ERR_INPUT: malformed before it was found. */
enum err crl_find(const struct crl *crl, struct span serial, struct crl_entry *ret_entry) MUST_USE;

struct crl_fields {
    enum signature_algorithm algorithm;
    struct span issuer; /* the issuing certificate's subject, byte for byte */
    int64_t this_update, next_update;
    struct span number; /* CRLNumber, magnitude, at most 20 octets */
    struct span authority_key_id;
    /* The last look at what is to be signed, or NULL: what it refuses, with that, is not signed. */
    enum err (*look)(void *ctx, struct span tbs);
    void *look_ctx;
};

/* Where entries come from, one at a time: OK, ERR_NOT_FOUND behind the last, or a failure, which is
 * passed on. The entry's span must live until the next call. `count` is a hint for the memory. */
struct crl_source {
    enum err (*next)(void *ctx, struct crl_entry *ret_entry);
    void *ctx;
    size_t count;
};

/* Appends a signed CRL, version 2, to an empty `buf`. `source` may be NULL for a list without
 * entries. ERR_INPUT for a reason that may not be written or a serial longer than 20 octets. */
enum err crl_write(const struct crl_fields *fields, const struct crl_source *source,
    const struct key *issuer_key, struct buf *buf) MUST_USE;
