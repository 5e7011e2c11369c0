#pragma once
/* Certificate profiles as readable tables with a stable id and a hash. A warrant pins both, so that
 * a signer with another table refuses instead of issuing something else. */
#include "lib/base/bytes.h"
#include "lib/ca/application.h"

struct profile {
    const char *id;         /* "ov-server-1" */
    struct span policy_oid; /* the one reserved policy OID */
    bool ev_subject;
    bool organisational_units; /* only ever in `classic`, for private hierarchies */
    bool key_encipherment_rsa;
};

/* NULL if unknown. */
const struct profile *profile_by_id(const char *id);
/* SHA-256 over the DER of the table row: changes with anything that changes certificates. */
enum err profile_hash(const struct profile *profile, uint8_t ret_hash[HASH_BYTES]) MUST_USE;
