#pragma once
/* The keys by which this machine logs in at a portal without the PIN, one for each enrolment:
 * logins/REFERENCE-PORTAL.pem, PORTAL being 16 digits of the SHA-256 of the portal's URL. */
#include "lib/certstore/store.h"

/* ERR_NOT_FOUND if there is none. `reference` is all digits, else ERR_INPUT. */
enum err certstore_find_login(const struct certstore *store, const char *portal,
    const char *reference, struct key **ret_key) MUST_USE;
/* Makes a new one, in the place of an older one. */
enum err certstore_make_login(struct certstore *store, const char *portal, const char *reference,
    struct key **ret_key) MUST_USE;
