/* Certificates, lists and OCSP responses in DER, held to the rules as each kind there is. */
#include "lib/lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lint_result result;
    struct span der = span_make(data, size);
    enum lint_kind kind;
    bool found =
        lint_guess(der, &kind) == OK && lint_check(der, kind, INT64_C(1900000000), &result) == OK;
    for (unsigned i = 0; i < LINT_KIND_COUNT; i++) {
        found = lint_judge(der, (enum lint_kind)i, 0, &result) == OK || found;
    }
    return 0;
}
