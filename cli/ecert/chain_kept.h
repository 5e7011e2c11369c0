#pragma once
/* What --replace-old and --send-cross do to the chains that are kept beside certificates. */
#include "cli/ecert/bundle.h"
#include "lib/certstore/authority.h"
#include "lib/certstore/replace.h"

struct chain_kept {
    struct certstore_kept kept;
    struct authorities authorities;
    bool known; /* the two above are read */
    struct certstore_replacement replacements[CERTSTORE_REPLACEMENTS_MAX];
    size_t count;
};
void chain_kept_release(struct chain_kept *kept);
AUTO_DEFINE(chain_kept, chain_kept_release)

/* Finds what is to be sent behind the kept chains: the cross certificates of the stores and of
 * `coming` (lib/certstore/replace.h says behind which). Borrows from `coming`. */
enum err chain_kept_cross(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *ret_kept) MUST_USE;
/* Finds what of the kept chains is withdrawn, and by what of the stores, the chains and `coming`
 * each is replaced. Borrows from `coming`. */
enum err chain_kept_plan(const struct tool *tool, const struct certstore *store,
    const struct bundle *coming, struct chain_kept *ret_kept) MUST_USE;
