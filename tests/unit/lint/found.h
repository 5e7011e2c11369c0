#pragma once
/* What the lints found, for their tests. */
#include "lib/lint/lint.h"

bool found(const struct lint_result *result, const char *id);
/* Fails with the ids of all that was found instead. */
void assert_finding(const struct lint_result *result, const char *id);
