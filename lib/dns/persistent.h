#pragma once
/* A persistent TXT record (BR 3.2.2.4.22): who may issue for a domain, on whose behalf, and until
 * when, in the form of CAA's issue property (RFC 8659 §4.2):
 * "ca.example; accounturi=acct:0002142877@ca.example; persistUntil=1830297600". */
#include "lib/base/bytes.h"

#include <stdint.h>

struct persistent_request {
    const char *identity;    /* our issuer domain name, lower case */
    const char *account_uri; /* of the subscriber: compared byte by byte */
    int64_t now;
};

enum persistent_finding { /* the more hopeful first */
    PERSISTENT_AUTHORISES,
    PERSISTENT_ENDED,         /* persistUntil has passed */
    PERSISTENT_OTHER_ACCOUNT, /* ours, but another's or nobody's */
    PERSISTENT_MALFORMED,     /* not of the form; a parameter of the two twice; no time */
    PERSISTENT_OTHER_ISSUER,
    PERSISTENT_FINDING_COUNT,
};

/* `text` is the record's strings, joined. `ret_until` is persistUntil, 0 if there is none; set for
 * PERSISTENT_AUTHORISES alone. Parameters that we don't know mean nothing. */
enum persistent_finding persistent_evaluate(
    struct span text, const struct persistent_request *request, int64_t *ret_until);
/* The message id: "dcv.persist_found", "dcv.persist_ended", … */
const char *persistent_code(enum persistent_finding finding);
