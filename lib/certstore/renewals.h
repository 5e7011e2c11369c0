#pragma once
/* What watching has come to, so that the next run goes on from there: one text for each enrolment
 * whose certificates are renewed unattended, and what was told last. Only its writer reads a text.
 * Content, sync, rename: after a power cut it is the old text or the new one. */
#include "lib/certstore/store.h"

enum { RENEWAL_TEXT_MAX = 16 * 1024 };

/* `name` as ledger_name_valid (lib/certstore/ledger.h). ERR_NOT_FOUND; ERR_INPUT for a name that is
 * none. */
enum err certstore_renewal_read(
    const struct certstore *store, const char *name, struct buf *ret_text) MUST_USE;
enum err certstore_renewal_write(
    struct certstore *store, const char *name, struct span text) MUST_USE;
/* From now until the store is freed, or this process is gone, no other one renews out of this
 * store. ERR_AGAIN: another one does. */
enum err certstore_renewals_take(struct certstore *store) MUST_USE;
