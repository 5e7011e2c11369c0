/* Lint findings as reasons. */
#include "proc/signer/linted.h"

enum err linted(struct span der, enum lint_kind kind, int64_t now, struct reason *ret_reason)
{
    (void)der;
    (void)kind;
    (void)now;
    (void)ret_reason;
    return OK;
}
