/* Lint findings as reasons. */
#include "proc/signer/linted.h"

enum err linted(struct span der, enum lint_kind kind, int64_t now, struct reason *ret_reason)
{
    struct lint_result result = { 0 };
    if (lint_check(der, kind, now, &result) == OK) {
        return OK;
    }
    const struct lint_finding *finding = &result.findings[0];
    return reason_set(ret_reason, ERR_CRYPTO, "lint", NULL, result.count > 0 ? finding->id : NULL,
        result.count > 0 ? finding->source : NULL);
}
