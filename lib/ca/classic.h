#pragma once
/* The classic policy set: what a hierarchy of its own may still issue as Hongkong Post's did until
 * 2022, with the subscriber's records in organizational units. BR 7.1.2.7.4 and EVG 7.1.4.2.7
 * forbid these, so such a certificate claims no policy, is in no log, and is never a public
 * hierarchy's. */
#include "lib/ca/roster.h"

enum {
    CLASSIC_UNITS_MAX = 4,
    CLASSIC_UNIT_MAX = 64,
    CLASSIC_UNIT_BYTES = 4 * CLASSIC_UNIT_MAX + 1
};

/* In the order in which they stand in the name: the SRN; the registration numbers, filled up with
 * zeros (16 letters or digits of the business registration, 8 of the certificate of incorporation,
 * and the other document as it is); the type of certificate; the branch or department, if any. */
struct classic_units {
    char text[CLASSIC_UNITS_MAX][CLASSIC_UNIT_BYTES];
    size_t count;
};

/* What the units of an application say under this roster; nothing under any other policy set.
 * `chinese`: the subscriber confirmed with Chinese. ERR_INPUT "application.unit" (field: "brn",
 * "ci_cr" or "other_document") for a number that has no room. */
enum err classic_units(const struct roster *roster, const struct application *application,
    bool chinese, struct classic_units *ret_units, struct reason *ret_reason) MUST_USE;

/* Whether a classic roster is one: no logs, no certificate authority that claims one of the public
 * policies, and a name that fits into a unit. OK for any other policy set. ERR_DENIED with
 * "roster.classic" (field: "ct_log" or the issuing CA). */
enum err classic_roster_check(const struct roster *roster, struct reason *ret_reason) MUST_USE;
