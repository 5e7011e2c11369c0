#pragma once
/* Keys by which an enrolment's holder logs in instead of the PIN: Ed25519, at most
 * ENROLMENT_KEYS_MAX for one enrolment. Proof of possession is the caller's affair. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

/* A SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4). */
enum { REGISTERED_KEY_SPKI_BYTES = 44 };

struct registered_key {
    uint8_t spki_hash[HASH_BYTES];
    uint8_t spki[REGISTERED_KEY_SPKI_BYTES];
    char label[KEY_LABEL_MAX + 1]; /* the name of its host */
    int64_t registered;
    int64_t used; /* 0: never */
};

/* A key that is there already stays as it is: OK, and `ret_new` false. ERR_LIMIT where there are
 * ENROLMENT_KEYS_MAX. */
enum err store_registered_key_add(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct registered_key *row,
    bool *ret_new) MUST_USE;
enum err store_registered_key_get(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    const uint8_t spki_hash[HASH_BYTES], struct registered_key *ret_row) MUST_USE;
/* Oldest first. */
enum err store_registered_key_list(struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct registered_key **ret_rows, size_t *ret_count) MUST_USE;
/* A log-in by it. ERR_NOT_FOUND if it has been removed meanwhile. */
enum err store_registered_key_use(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
/* The sessions that it opened end with it. ERR_NOT_FOUND. */
enum err store_registered_key_remove(struct store *store, const struct act *act,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
