#pragma once
/* What each place says of one name, be it a check's word or a rehearsal's: one description for
 * both.
 */
#include "lib/ca/quorum.h"
#include "lib/crypto/digest.h"
#include "proc/portal/visit.h"

/* More failed names than these are shown as a list of closed rows. */
enum { OPEN_RESULTS_MAX = 5 };

/* Borrows the place's name and its report; the other texts are tables'. */
struct saying {
    const char *perspective;
    struct span report; /* lib/wire's, DER; may be empty */
    const char *dcv, *caa, *dnssec;
    bool passed;
    uint8_t likeness[SHA256_BYTES]; /* of its report; zeros without one */
};

/* What all of them come to, and the messages that a page marks good and bad with. */
struct verdict {
    const char *name;
    bool passed, open; /* open: shown at once on a page */
    const char *good, *bad;
};

/* `sight` is NULL where the place gave no answer. */
struct saying saying_make(const char *perspective, struct span report, const struct sight *sight);
/* The name, the verdict, "next", "quorum", and "perspectives" or for a page "groups" of places. */
void sayings_put(struct visit *visit, struct value *result, const struct verdict *verdict,
    const struct saying *sayings, size_t count);
