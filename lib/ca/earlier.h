#pragma once
/* Evidence of an earlier application serves a later one of the same subscriber
 * (doc/decisions/2026-11-28-a-proof-serves-the-subscriber.md). */
#include "lib/ca/evidence.h"

/* How every reason begins that says that an earlier application's evidence doesn't serve: proving
 * the name again cures it. */
#define EARLIER_REASON "warrant.earlier_"

/* Whether the evidence of `earlier` may serve `present`: an application as good as any, approved by
 * two officers of the roster of today and looked into no longer ago than a present one's may be, of
 * the same SRN, organisation and government mark. That its subscription is over does not matter.
 * Uses roster, verifier, policy and time of `rules`. ERR_DENIED "warrant.earlier_<what>", with
 * the reason that a present one would be given in `seen`. */
enum err earlier_check(const struct earlier_application *earlier, const struct application *present,
    const struct evidence_rules *rules, struct reason *ret_reason) MUST_USE;
/* The one of that hash; NULL if it is not there. */
const struct earlier_application *earlier_of_hash(
    const struct earlier_application *earlier, size_t count, const uint8_t hash[HASH_BYTES]);
/* True if it asked for this very name. */
bool earlier_has_name(const struct earlier_application *earlier, const char *name);
