#pragma once
/* Keys nobody gets a certificate for: pasted private keys, reported compromises. A row is settled
 * once the signer has it in its journal and every certificate with that key is being revoked. */
#include "lib/ca/application.h"
#include "lib/store/store.h"

enum { BLOCKED_REASON_MAX = 128 };

struct blocked_row {
    uint8_t spki_hash[HASH_BYTES];
    char reason[BLOCKED_REASON_MAX]; /* for people */
    int64_t time;
    bool settled;
};

/* The same key twice is fine; the first reason stays. */
enum err store_blocked_add(struct store *store, const struct act *act,
    const uint8_t spki_hash[HASH_BYTES], const char *reason) MUST_USE;
enum err store_blocked_contains(
    struct store *store, const uint8_t spki_hash[HASH_BYTES], bool *ret_blocked) MUST_USE;
/* Newest first, `from` the how manieth. */
enum err store_blocked_list(struct store *store, size_t from, size_t limit, struct arena *arena,
    struct blocked_row **ret_rows, size_t *ret_count) MUST_USE;
/* Those that are not settled, oldest first. */
enum err store_blocked_due(struct store *store, size_t limit, struct arena *arena,
    struct blocked_row **ret_rows, size_t *ret_count) MUST_USE;
enum err store_blocked_settle(
    struct store *store, const struct act *act, const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
/* For a certificate that came in late: if its key is blocked, the row is due once more. */
enum err store_blocked_again(struct store *store, const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
