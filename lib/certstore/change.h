#pragma once
/* Several certificates put into the trust folders and taken out of them as one change. */
#include "lib/certstore/trust.h"
#include "lib/certstore/undo.h"

enum { CERTSTORE_CHANGES_MAX = 64 };

struct certstore_change {
    enum certstore_folder folder;
    bool add; /* else: take out */
    struct span der;
};

/* Adds first, then removes: at no moment is there less to build a path from than before and after.
 * What is so already is passed over; `ret_count` (may be NULL) says how many were not. Where one
 * step fails, a recorded change (certstore_record) is taken back. Reasons: "certstore.write". */
enum err certstore_apply(struct certstore *store, const struct certstore_change *changes,
    size_t count, struct reason *ret_reason, size_t *ret_count) MUST_USE;
