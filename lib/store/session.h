#pragma once
/* Sessions of the portal. A token is known here only by its SHA-256, which the portal computes. */
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum { LANGUAGE_TAG_MAX = 16 };

struct session_row {
    uint8_t enrolment[ENROLMENT_ID_BYTES];
    int64_t created;
    int64_t seen;
    char language[LANGUAGE_TAG_MAX];
    bool has_key; /* opened by this registered key; else by the PIN */
    uint8_t spki_hash[HASH_BYTES];
};

enum err store_session_insert(struct store *store, const uint8_t token_hash[HASH_BYTES],
    const struct session_row *row) MUST_USE;
/* ERR_NOT_FOUND if there is none or it was idle for SESSION_IDLE_SECONDS, or is
 * SESSION_LIFE_SECONDS old. */
enum err store_session_get(struct store *store, const uint8_t token_hash[HASH_BYTES], int64_t now,
    struct session_row *ret_row) MUST_USE;
/* True if store_session_touch is worth a write: not more often than once in half a minute. */
bool session_wants_touch(const struct session_row *row, int64_t now);
/* Moves `seen` on; ERR_NOT_FOUND as store_session_get. */
enum err store_session_touch(
    struct store *store, const uint8_t token_hash[HASH_BYTES], int64_t now) MUST_USE;
/* When a page or a call of any of the enrolment's sessions was last seen, to within half a minute;
 * 0 if there is none. */
enum err store_session_last_seen(
    struct store *store, const uint8_t enrolment[ENROLMENT_ID_BYTES], int64_t *ret_seen) MUST_USE;
/* Fine if there is none. */
enum err store_session_delete(struct store *store, const uint8_t token_hash[HASH_BYTES]) MUST_USE;
/* Forgets every session that is over. */
enum err store_session_sweep(struct store *store, int64_t now) MUST_USE;
