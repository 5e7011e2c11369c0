#pragma once
/* The lists of revoked CA certificates (ARLs), one of each root: signed from the ceremony's own
 * journal, with a number that grows. */
#include "lib/base/buf.h"
#include "lib/config/config.h"
#include "lib/crypto/key.h"
#include "proc/signer/journal.h"

struct arl_request {
    const char *directory;              /* of a ceremony that has been held */
    const char *revoke;                 /* file of a CA certificate of one of its roots, or NULL */
    const char *reason;                 /* as revocation_reason_id says it */
    const struct config_module *module; /* for roots whose keys are in one */
};

/* Writes the next list of each root over ca/NAME.crl. The roots' keys open by root/passphrase. */
enum err arl_issue(const struct arl_request *request, struct reason *ret_reason) MUST_USE;

/* A root's first one, at the ceremony. `root` is its certificate. Appends the CRL. */
enum err arl_first(struct journal *journal, const struct key *root_key, struct span root,
    const char *root_id, int64_t now, struct buf *crl, struct reason *ret_reason) MUST_USE;
