#pragma once
/* How far the signer's journal was, noted in the audit chain when the signer had acknowledged
 * something: a journal that lost records since, or another one, is noticed by it. */
#include "lib/ca/application.h"
#include "lib/store/store.h"

struct anchor {
    int64_t records;     /* of the journal */
    int64_t last_offset; /* of the last of them in its file */
    uint8_t head[HASH_BYTES];
};

/* An audit row "journal.anchored", unless the last anchor says as much or more. */
enum err store_anchor_put(
    struct store *store, const struct act *act, const struct anchor *anchor) MUST_USE;
/* The youngest; all zero if there is none. */
enum err store_anchor_last(struct store *store, struct anchor *ret_anchor) MUST_USE;
/* Those behind the audit row `after`, oldest first, at most `limit`; `ret_after` is where to go on.
 */
enum err store_anchor_list(struct store *store, int64_t after, size_t limit, struct arena *arena,
    struct anchor **ret_anchors, size_t *ret_count, int64_t *ret_after) MUST_USE;
