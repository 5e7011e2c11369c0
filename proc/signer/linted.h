#pragma once
/* The last look before a signature, and after one: nothing leaves that a lint complains of. */
#include "lib/lint/lint.h"

/* ERR_CRYPTO with "lint": the first error's id is the field, beside what was seen and the source of
 * the rule: what was built here is wrong, whoever asked. */
enum err linted(
    struct span der, enum lint_kind kind, int64_t now, struct reason *ret_reason) MUST_USE;
