/* Lint findings as reasons. */
#include "proc/signer/linted.h"

enum err linted(struct span der, enum lint_kind kind, int64_t now, struct reason *ret_reason)
{
    struct lint_result result;
    if (lint_check(der, kind, now, &result) == OK) {
        return OK;
    }
    const struct lint_finding *finding = &result.findings[0];
    for (size_t i = 1; finding->lint->severity != LINT_MUST && i < result.count; i++) {
        finding = &result.findings[i];
    }
    return reason_set(
        ret_reason, ERR_CRYPTO, "lint", finding->lint->id, finding->seen, finding->lint->source);
}

enum err linted_list(void *ctx, struct span tbs)
{
    const struct linting *linting = ctx;
    return linted(tbs, linting->kind, linting->now, linting->reason);
}
