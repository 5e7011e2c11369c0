#pragma once
/* Withdrawn CA certificates in the chains that are kept beside certificates, which is what server
 * programs are given. */
#include "lib/certstore/trust.h"

enum { CERTSTORE_REPLACEMENTS_MAX = 16 };

struct certstore_replacement {
    struct span withdrawn; /* DER */
    struct span successor; /* takes its place; empty: nothing does */
};

/* The DER of every certificate in the chains, one span each; the spans borrow from `der`. */
struct certstore_kept {
    struct buf der;
    struct span spans[CHAIN_CANDIDATES_MAX];
    size_t count;
};
void certstore_kept_release(struct certstore_kept *kept);
AUTO_DEFINE(certstore_kept, certstore_kept_release)
enum err certstore_kept_chains(
    const struct certstore *store, struct certstore_kept *ret_kept) MUST_USE;

/* Rewrites the chains that hold what is withdrawn; `ret_count` says how many. "certstore.write". */
enum err certstore_replace(struct certstore *store,
    const struct certstore_replacement *replacements, size_t count, struct reason *ret_reason,
    size_t *ret_count) MUST_USE;
