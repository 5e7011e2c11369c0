#pragma once
/* What makes an application approved: two officers of the roster of the day. */
#include "lib/ca/warrant.h"

/* What approvals are held against. */
struct officers_rules {
    const struct roster *roster;
    const struct observation_verifier *verifier;
    const uint8_t *application_hash; /* HASH_BYTES */
    int64_t now;
};

/* Exactly one vetting and one approval of this application, in this order, by two different
 * officers who are on the roster in that role and signed before `now` (doc/threats.md S14).
 * `approvals` has room for APPROVALS_MAX. ERR_DENIED with "warrant.<what>", the officer's id in
 * `field` where the roster has one. */
enum err officers_check(const struct approval *approvals, size_t count,
    const struct officers_rules *rules, struct reason *ret_reason) MUST_USE;
