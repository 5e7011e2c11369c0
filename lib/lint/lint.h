#pragma once
/* Lints: the rules of RFC 5280 and the Baseline Requirements held against finished bytes, a
 * certificate, a CRL, or either still to be signed. They share no code with what builds these bytes
 * and never ask what was meant, only what is there. */
#include "lib/base/bytes.h"

enum lint_kind {
    LINT_ROOT,           /* BR 7.1.2.1 */
    LINT_ISSUING_CA,     /* BR 7.1.2.6 */
    LINT_ISSUING_CA_OLD, /* the same as it was before an EKU was demanded; only to be revoked */
    LINT_CROSS_CA,       /* BR 7.1.2.2 */
    LINT_SERVER,         /* BR 7.1.2.7, organisation validated */
    LINT_SERVER_EV,      /* the same with EVG 7.1.4 */
    LINT_CRL,            /* BR 7.2, revoked subscriber certificates */
    LINT_ARL,            /* BR 7.2, revoked CA certificates */
    LINT_KIND_COUNT,
};

enum { LINT_FINDINGS_MAX = 32 };

struct lint_finding {
    const char *id;     /* "validity.too_long": stable, static */
    const char *source; /* "BR 6.3.2": static */
};

struct lint_result {
    struct lint_finding findings[LINT_FINDINGS_MAX];
    size_t count;   /* may exceed LINT_FINDINGS_MAX: the rest is not kept */
    size_t checked; /* how many lints applied */
};

/* `der` is a signed object or its to-be-signed part, `now` decides which rules are in force. OK if
 * no lint complains; ERR_INPUT if one does (bytes that can't be parsed are the finding "der"). */
enum err lint_check(
    struct span der, enum lint_kind kind, int64_t now, struct lint_result *ret_result) MUST_USE;
/* How many lints there are in all, for `doctor` and tests. */
size_t lint_count(void);
