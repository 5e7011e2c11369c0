#pragma once
/* The certificates that a server sent, as a chain (RFC 8446 §4.4.2: the server's own first, each
 * following one should certify the one before it). Nothing is trusted here. */
#include "lib/pki/chain.h"

enum { SENT_MAX = 16 };

enum sent_place {
    SENT_OWN,          /* the first */
    SENT_IN_ORDER,     /* certifies what stands before it in the chain */
    SENT_OUT_OF_ORDER, /* part of the chain, but sent before what it certifies */
    SENT_OTHER_WAY, /* certifies one of the chain too: an old intermediate, a cross certificate */
    SENT_ROOT,      /* signed by itself: who trusts it has it */
    SENT_TWICE,
    SENT_UNRELATED, /* or no certificate at all */
};
/* "own", "in_order", "out_of_order", "other_way", "root", "twice", "unrelated". */
const char *sent_place_name(enum sent_place place);

struct sent {
    enum sent_place places[SENT_MAX];
    size_t count;
    /* The issuer that the chain ends at without having its certificate; empty if it ends in a
     * certificate that is signed by itself. Borrowed. */
    struct span open_issuer;
};

/* `count` of at least 1, at most SENT_MAX. ERR_INPUT if the first is no certificate. */
enum err sent_judge(const struct span *certificates, size_t count, struct sent *ret_sent) MUST_USE;
