#pragma once
/* A root and an issuing CA with P-256 keys, for tests that need certificates of the right form. */
#include "lib/crypto/key.h"
#include "lib/pki/certificate.h"

struct authority {
    struct key *root_key, *issuer_key;
    struct buf root, issuer;      /* DER */
    struct buf old_issuer, cross; /* the issuer as it was; the root under another's signature */
};

struct authority_request {
    const char *const *names;
    size_t name_count;
    const char *organisation;
    const struct key *key;
    struct span serial;
    int64_t not_before, not_after;
};

enum err authority_make(struct authority *authority, int64_t now) MUST_USE;
void authority_release(struct authority *authority);
AUTO_DEFINE(authority, authority_release)
enum err authority_issue(
    struct authority *authority, const struct authority_request *request, struct buf *der) MUST_USE;
