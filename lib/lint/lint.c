/* Running the lints: take the bytes apart once, then ask every row that is in force. */
#include "lib/lint/lint.h"
#include "lib/lint/view.h"

#include <assert.h>

static const struct lint_table *const tables[] = { &lint_fields, &lint_names, &lint_extensions,
    &lint_servers, &lint_crls };

enum { TABLES = sizeof tables / sizeof tables[0] };

static void finding_add(struct lint_result *result, const char *id, const char *source)
{
    if (result->count < LINT_FINDINGS_MAX) {
        result->findings[result->count] = (struct lint_finding){ id, source };
    }
    result->count++;
}

enum err lint_check(
    struct span der, enum lint_kind kind, int64_t now, struct lint_result *ret_result)
{
    struct view view;
    struct lint_result result = { .count = 0 };
    assert(kind < LINT_KIND_COUNT);
    if (view_make(der, kind, now, &view) != OK) {
        finding_add(&result, "der", "X.690");
        *ret_result = result;
        return ERR_INPUT;
    }
    for (size_t table = 0; table < TABLES; table++) {
        for (size_t i = 0; i < tables[table]->count; i++) {
            const struct lint *lint = &tables[table]->lints[i];
            if ((lint->kinds & LINT_FOR(kind)) == 0 || view.not_before < lint->since) {
                continue;
            }
            result.checked++;
            if (!lint->holds(&view)) {
                finding_add(&result, lint->id, lint->source);
            }
        }
    }
    *ret_result = result;
    return result.count == 0 ? OK : ERR_INPUT;
}

size_t lint_count(void)
{
    size_t count = 1; /* "der" itself */
    for (size_t table = 0; table < TABLES; table++) {
        count += tables[table]->count;
    }
    return count;
}
