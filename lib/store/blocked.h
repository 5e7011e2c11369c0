#pragma once
/* Keys nobody gets a certificate for: pasted private keys, reported compromises. */
#include "lib/ca/application.h"
#include "lib/store/store.h"

/* The same key twice is fine; the first reason stays. */
enum err store_blocked_add(struct store *store, const struct act *act,
    const uint8_t spki_hash[HASH_BYTES], const char *reason) MUST_USE;
enum err store_blocked_contains(
    struct store *store, const uint8_t spki_hash[HASH_BYTES], bool *ret_blocked) MUST_USE;
