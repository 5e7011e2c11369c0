#pragma once
/* Nonces of log-ins by key: given out by the portal, good for one attempt and a short while. Here
 * only as SHA-256, which the portal computes. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

/* Good before `until`; forgets those that are over at `now`. */
enum err store_login_nonce_add(
    struct store *store, const uint8_t hash[HASH_BYTES], int64_t now, int64_t until) MUST_USE;
/* ERR_NOT_FOUND for one that was never given, is over, or has been spent. */
enum err store_login_nonce_spend(
    struct store *store, const uint8_t hash[HASH_BYTES], int64_t now) MUST_USE;
