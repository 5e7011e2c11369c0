/* Revocation lists: the frame, and every entry. */
#include "lib/lint/lint.h"
#include "lib/pki/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) der = buf_make(FILE_MAX_BYTES);
    struct crl crl;
    struct crl_entry entry;
    static struct lint_result result;
    if (crl_read_any(span_make(data, size), &der) != OK) {
        return 0;
    }
    bool found = crl_parse(buf_span(&der), &crl) == OK &&
                 crl_find(&crl, SPAN_LITERAL("\xff\xff"), &entry) == OK;
    found = lint_check(buf_span(&der), LINT_CRL, 0, &result) == OK || found;
    return 0;
}
