#pragma once
/* A certificate and the CA certificates above it, put together from the repository. */
#include "lib/pki/certificate.h"
#include "proc/portal/visit.h"

enum { CHAIN_MAX = 4, CHAIN_PEM_MAX_BYTES = 6 * CERTIFICATE_MAX_BYTES };

struct link {
    const char *name; /* of the publication; NULL for the subscriber's */
    struct span der;
    struct certificate *certificate;
};

/* Leaf first, root last; and what it was put together from. */
struct chain_links {
    struct link links[CHAIN_MAX];
    size_t count;
    const struct link *published;
    size_t published_count;
};

/* The chain of `leaf`, DER, up to its root; ERR_AGAIN where the repository lacks one of them. */
enum err chain_of(struct visit *visit, struct span leaf, struct chain_links *ret_chain) MUST_USE;
/* What else is published under the name and the key of the link at `index`, roots left out: the
 * cross certificates of a root, the predecessors of an intermediate. */
size_t chain_twins(const struct chain_links *chain, size_t index, struct link ret_twins[CHAIN_MAX]);
/* Appends the links from `from` up to but without `to`. */
enum err chain_pem(
    const struct chain_links *chain, size_t from, size_t to, struct buf *pem) MUST_USE;
/* The links of a PKCS#7 file: all but the root, which nobody takes from a download. */
enum err chain_p7b(const struct chain_links *chain, struct buf *der) MUST_USE;
