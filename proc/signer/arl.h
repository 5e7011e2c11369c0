#pragma once
/* The list of revoked CA certificates (ARL): signed by the root from the ceremony's own journal,
 * with a number that grows. */
#include "lib/base/buf.h"
#include "lib/crypto/key.h"
#include "proc/signer/journal.h"

struct arl_request {
    const char *directory; /* of a ceremony that has been held */
    const char *revoke;    /* file of a CA certificate of that root, or NULL */
    const char *reason;    /* as revocation_reason_id says it */
};

/* Writes the next list over ca/NAME.crl. Asks for the root's key by root/passphrase. */
enum err arl_issue(const struct arl_request *request, struct reason *ret_reason) MUST_USE;

/* The first one, at the ceremony. `root` is the root's certificate. Appends the CRL. */
enum err arl_first(struct journal *journal, const struct key *root_key, struct span root,
    const char *root_id, int64_t now, struct buf *crl, struct reason *ret_reason) MUST_USE;
