#pragma once
/* Who did what, when: append-only, each row with the hash of the one before, written in the
 * transaction of what it records. The domain sentences call it themselves. */
#include "lib/ca/application.h"
#include "lib/store/store.h"

struct audit_row {
    int64_t seq;
    int64_t time;
    const char *actor;
    const char *action; /* "application.approved" */
    const char *object; /* the object's id, as hexadecimal or as a name */
    const char *detail; /* data, never a secret */
};

enum err store_audit_add(struct store *store, const struct act *act, const char *action,
    const char *object, const char *detail) MUST_USE;
/* The same for an object named by bytes. */
enum err store_audit_add_id(struct store *store, const struct act *act, const char *action,
    struct span object, const char *detail) MUST_USE;
/* Walks the whole chain. ERR_DENIED with "audit.broken" and the row's number in `field`. */
enum err store_audit_verify(struct store *store, int64_t *ret_rows, uint8_t ret_head[HASH_BYTES],
    struct reason *ret_reason) MUST_USE;
/* The rows after `after`, oldest first, at most `limit`. */
enum err store_audit_list(struct store *store, int64_t after, size_t limit, struct arena *arena,
    struct audit_row **ret_rows, size_t *ret_count) MUST_USE;
