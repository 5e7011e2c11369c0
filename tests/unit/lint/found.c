/* Looking for one finding among those that a lint's result has room for. */
#include "tests/unit/lint/found.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

bool found(const struct lint_result *result, const char *id)
{
    for (size_t i = 0; i < result->count && i < LINT_FINDINGS_MAX; i++) {
        if (strcmp(result->findings[i].lint->id, id) == 0) {
            return true;
        }
    }
    return false;
}

void assert_finding(const struct lint_result *result, const char *id)
{
    if (found(result, id)) {
        return;
    }
    print_error("expected %s, found %zu:", id, result->count);
    for (size_t i = 0; i < result->count && i < LINT_FINDINGS_MAX; i++) {
        print_error(" %s", result->findings[i].lint->id);
    }
    fail_msg("%s not found", id);
}
