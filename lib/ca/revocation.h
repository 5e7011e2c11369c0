#pragma once
/* Reasons for revocation that a TLS CA may use (RFC 5280 §5.3.1, BR 7.2.2) and who may give them.
 */
#include "lib/base/err.h"

enum revocation_reason {
    REVOCATION_UNSPECIFIED = 0,
    REVOCATION_KEY_COMPROMISE = 1,
    REVOCATION_AFFILIATION_CHANGED = 3,
    REVOCATION_SUPERSEDED = 4,
    REVOCATION_CESSATION = 5,
    REVOCATION_PRIVILEGE_WITHDRAWN = 9, /* never offered to a subscriber */
};

/* "unspecified", "keyCompromise", … as RFC 5280 spells them; NULL for a code we never use. */
const char *revocation_reason_id(unsigned code);
enum err revocation_reason_from_id(const char *id, enum revocation_reason *ret_reason) MUST_USE;
bool revocation_reason_for_subscriber(enum revocation_reason reason);
/* Reasons may only be made graver: anything may become keyCompromise, nothing else changes. */
bool revocation_reason_may_change(enum revocation_reason from, enum revocation_reason to);
