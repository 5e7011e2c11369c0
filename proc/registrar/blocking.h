#pragma once
/* What a blocked key has as its consequence: the signer keeps it in its journal, out of reach of
 * whoever writes the store; every certificate with it is revoked, and its representative told. */
#include "proc/registrar/registrar.h"

/* All keys that are not settled yet. */
enum err blocking_step(
    struct registrar *registrar, struct client *signer, bool *ret_worked) MUST_USE;
