#pragma once
/* The last look before a signature: nothing is signed that breaks a rule. */
#include "lib/lint/lint.h"

/* ERR_CRYPTO with "lint": the first error's id is the field, beside what was seen and the source of
 * the rule: what was built here is wrong, whoever asked. */
enum err linted(
    struct span der, enum lint_kind kind, int64_t now, struct reason *ret_reason) MUST_USE;

/* The same as struct crl_fields has it: `ctx` is a struct linting. */
struct linting {
    enum lint_kind kind;
    int64_t now;
    struct reason *reason;
};
enum err linted_list(void *ctx, struct span tbs) MUST_USE;
