#pragma once
/* A small hierarchy for tests: root, intermediate, and leaves for any key, at any date; and its
 * CRLs. */
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"

#define TEST_NOW INT64_C(1795398000) /* 2026-11-23 */

struct authority {
    struct key *root_key, *issuer_key;
    struct buf root, issuer; /* DER */
    struct buf issuer_pem;
};

void authority_make(struct authority *authority);
void authority_release(struct authority *authority);
/* A leaf for `key` and `name`, DER. */
void authority_issue(const struct authority *authority, const struct key *key, const char *name,
    int64_t not_before, int64_t not_after, struct buf *ret_der);
/* The issuer's CRL (or the root's), holding `revoked`, or nothing where that is NULL. */
void authority_crl(const struct authority *authority, bool of_root,
    const struct certificate *revoked, int64_t this_update, struct buf *ret_der);
/* A new directory under /tmp; and its end. */
void scratch_make(char *ret_path, size_t size);
void scratch_remove(const char *path);
