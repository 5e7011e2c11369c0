#pragma once
/* The certificates a ceremony makes: root (BR 7.1.2.1), issuing CA (BR 7.1.2.6), the partner's for
 * our root (BR 7.1.2.2), and those of the transport between registrar and perspectives, which
 * belong to no public hierarchy. */
#include "lib/base/buf.h"
#include "lib/config/ceremony.h"
#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"
#include "lib/lint/lint.h"

/* What is to be signed of a root, ours or the partner's, appended; nothing is looked at yet. */
enum err authority_root_tbs(const struct ceremony_profile *profile,
    const struct ceremony_authority *root, const struct key *key, int64_t now, struct buf *tbs,
    struct reason *ret_reason) MUST_USE;

struct authority_request {
    const struct ceremony_profile *profile;
    enum lint_kind kind; /* LINT_ISSUING_CA, LINT_ISSUING_CA_OLD or LINT_CROSS_CA */
    const struct ceremony_authority *authority; /* whose certificate it will be */
    struct span
        subject; /* the Name it must have to the byte, instead of the authority's; or empty */
    struct span subject_key_id; /* the same: what certificates below it point to; or empty */
    const struct key *key;      /* its public half is enough */
    const struct ceremony_authority *root; /* who signs it: names of files and list */
    const struct key *root_key;            /* of the to-be-signed part its public half is enough */
    struct span root_certificate;
    int64_t not_before;
    int64_t not_after; /* shortened to the root's */
};

/* The same of a CA below a root. */
enum err authority_subordinate_tbs(
    const struct authority_request *request, struct buf *tbs, struct reason *ret_reason) MUST_USE;
int64_t years_after(int64_t time, unsigned years);

struct transport_request {
    const char *name;    /* common name: "registrar", "perspective-1"; the CA's for its own */
    const char *address; /* IP address of a server; NULL for a client and for the CA */
    const struct key *key;
    const struct key *ca_key; /* the same as `key` for the CA's own */
    int64_t now;
    unsigned years;
};

/* Appends a certificate of the transport CA. */
enum err authority_transport(
    const struct transport_request *request, struct buf *certificate) MUST_USE;
