#pragma once
/* The certificates a ceremony makes: root (BR 7.1.2.1), issuing CA (BR 7.1.2.6), and those of the
 * transport between registrar and perspectives, which belong to no public hierarchy. */
#include "lib/base/buf.h"
#include "lib/config/ceremony.h"
#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"

/* Appends the self-signed root certificate. */
enum err authority_root(const struct ceremony_profile *profile, const struct key *key, int64_t now,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* Appends the issuing CA's; `root` is the root's certificate, DER. */
enum err authority_issuer(const struct ceremony_profile *profile, const struct key *key,
    const struct key *root_key, struct span root, int64_t now, struct buf *certificate,
    struct reason *ret_reason) MUST_USE;

struct transport_request {
    const char *name;      /* common name: "registrar", "perspective-1"; the CA's for its own */
    const char *address;   /* IP address of a server; NULL for a client and for the CA */
    const struct key *key;
    const struct key *ca_key; /* the same as `key` for the CA's own */
    int64_t now;
    unsigned years;
};

/* Appends a certificate of the transport CA. */
enum err authority_transport(
    const struct transport_request *request, struct buf *certificate) MUST_USE;
