#pragma once
/* Applications and the officers' approvals of them. The DER is what was signed for and never
 * changes; only the state beside it does. */
#include "lib/ca/approval.h"
#include "lib/ca/warrant.h"
#include "lib/store/store.h"

enum application_state {
    APPLICATION_DRAFT,
    APPLICATION_VETTED,
    APPLICATION_APPROVED,
    APPLICATION_RETURNED,  /* the representative found it wrong: a new one is needed */
    APPLICATION_WITHDRAWN, /* nothing is ever signed for it again */
    APPLICATION_STATE_COUNT,
};

struct application_row {
    uint8_t id[APPLICATION_ID_BYTES];
    uint8_t hash[HASH_BYTES];
    struct span der;
    enum application_state state;
    int64_t created;
    const char *subscriber; /* the organisation, to be kept at the insertion; not read back */
};

struct approval_row {
    enum approval_role role;
    uint8_t key_id[HASH_BYTES];
    int64_t time;
    struct span der; /* approval_write */
};

/* Where the representative was when the application went back. */
enum return_step {
    RETURN_AT_DETAILS,     /* rejected: nothing was issued */
    RETURN_AT_CERTIFICATE, /* not accepted for its details: revoked, never published */
    RETURN_STEP_COUNT,
};

struct return_row {
    enum return_step step;
    const char *reason; /* in the representative's own words; may be "" */
    const char *actor;
    int64_t time;
};

/* "details", "certificate". */
const char *return_step_id(enum return_step step);
/* "draft", "vetted", "approved", "returned", "withdrawn". */
const char *application_state_id(enum application_state state);

/* The state is always draft. ERR_CONFLICT if the id or the hash is there already. */
enum err store_application_insert(
    struct store *store, const struct act *act, const struct application_row *row) MUST_USE;
enum err store_application_get(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct application_row *ret_row) MUST_USE;
enum err store_application_by_hash(struct store *store, const uint8_t hash[HASH_BYTES],
    uint8_t ret_id[APPLICATION_ID_BYTES]) MUST_USE;
/* Newest first, `from` the how manieth; at most `limit`. */
enum err store_application_list(struct store *store, size_t from, size_t limit, struct arena *arena,
    struct application_row **ret_rows, size_t *ret_count) MUST_USE;
/* Adds the approval and moves draft → vetted or vetted → approved; ERR_CONFLICT in any other state,
 * and if the same officer signed before. Verifying the signature is the caller's affair. */
enum err store_application_add_approval(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], const struct approval_row *approval) MUST_USE;
enum err store_application_approvals(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct approval_row **ret_rows, size_t *ret_count) MUST_USE;
/* For returned and withdrawn only; ERR_CONFLICT if the application is withdrawn already. */
enum err store_application_set_state(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], enum application_state state) MUST_USE;
/* Why it was returned, with the event that returns it; the audit trail has it as well. */
enum err store_application_return(struct store *store, const struct act *act,
    const uint8_t id[APPLICATION_ID_BYTES], enum return_step step, const char *reason) MUST_USE;
/* ERR_NOT_FOUND if it was never returned. */
enum err store_application_returned(struct store *store, const uint8_t id[APPLICATION_ID_BYTES],
    struct arena *arena, struct return_row *ret_row) MUST_USE;
