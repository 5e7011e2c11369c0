#pragma once
/* Several certificates put into the trust folders and taken out of them as one change, which can be
 * undone once. What is to be undone is on disk before anything changes, so that a change that was
 * interrupted anywhere can be undone too. */
#include "lib/certstore/trust.h"

enum { CERTSTORE_CHANGES_MAX = 64 };

struct certstore_change {
    enum certstore_folder folder;
    bool add; /* else: take out */
    struct span der;
};

/* Adds first, then removes: at no moment is there less to build a path from than before and after.
 * What is so already is passed over; `ret_count` (may be NULL) says how many were not. With none
 * the last change stays the one to be undone. Reasons: "certstore.write". */
enum err certstore_apply(struct certstore *store, const struct certstore_change *changes,
    size_t count, struct reason *ret_reason, size_t *ret_count) MUST_USE;

/* Takes the last change back and forgets it. ERR_NOT_FOUND with "certstore.nothing_to_undo". */
enum err certstore_undo(struct certstore *store, struct reason *ret_reason, size_t *ret_added,
    size_t *ret_removed) MUST_USE;
