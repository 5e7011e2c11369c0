#pragma once
/* Every way from a certificate upwards (RFC 4158 §2.2), not only the first that is good: an old and
 * a new intermediate of one name and key, and a cross certificate beside the root, each make paths
 * that different clients may take. */
#include "lib/pki/chain.h"

enum { PATHS_MAX = 16 };

struct path {
    struct chain chain; /* leaf first; borrowed from the request */
    bool rooted;        /* its last certificate is one of the request's roots */
    enum err verdict;   /* of chain_verify on this path alone */
    struct reason reason;
};

struct paths {
    struct path paths[PATHS_MAX];
    size_t count;
    size_t work; /* signatures looked at */
    bool cut;    /* there may be more: PATHS_MAX, or CHAIN_WORK_MAX, was reached */
};

/* Candidates count where name, key identifier and signature fit; what else is wrong with a path is
 * its verdict. Rooted paths first, of these the good ones, of these the short ones: the first path
 * is the one that a client with all of these certificates should take. ERR_INPUT with
 * "chain.malformed". */
enum err paths_find(const struct chain_request *request, struct reason *ret_reason,
    struct paths *ret_paths) MUST_USE;
