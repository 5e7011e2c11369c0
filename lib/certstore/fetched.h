#pragma once
/* What a server said of the revocation list that it gave last, so that it is asked for the list only
 * if that has changed (RFC 9110 §13.1). One file an address, by the address's SHA-256. Nothing of it
 * is believed: a list counts by its signature and its times. */
#include "lib/certstore/store.h"

enum { FETCHED_ETAG_MAX = 128, FETCHED_MODIFIED_MAX = 64 };

struct certstore_fetched {
    char etag[FETCHED_ETAG_MAX], modified[FETCHED_MODIFIED_MAX]; /* "": none was given */
    char list[CERTSTORE_ID_MAX];                                 /* SHA-256 of the list's DER */
};

/* ERR_NOT_FOUND too where that list isn't in the store any more, or its next update is past. */
enum err certstore_fetched_read(const struct certstore *store, const char *url, int64_t now,
    struct certstore_fetched *ret_fetched) MUST_USE;
/* `list` is the DER that came with the two words. */
enum err certstore_fetched_write(struct certstore *store, const char *url, const char *etag,
    const char *modified, struct span list) MUST_USE;
