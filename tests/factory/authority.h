#pragma once
/* CA certificates as a ceremony makes them, held to the rules and signed, but without its journal:
 * hierarchies for tests. */
#include "proc/signer/authority.h"

/* Appends the self-signed certificate of a root, ours or the partner's. */
enum err authority_root(const struct ceremony_profile *profile,
    const struct ceremony_authority *root, const struct key *key, int64_t now,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* Appends the certificate of a CA below a root. */
enum err authority_subordinate(const struct authority_request *request, struct buf *certificate,
    struct reason *ret_reason) MUST_USE;
