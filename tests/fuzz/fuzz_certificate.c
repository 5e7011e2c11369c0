/* Certificates and P7B files: read, parsed, shown, and linted as what they may be. */
#include "lib/lint/lint.h"
#include "lib/pki/certificate.h"
#include "lib/pki/name.h"
#include "lib/pki/p7b.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) text = buf_make(CERTIFICATE_MAX_BYTES);
    static struct certificate certificate;
    static struct lint_result result;
    struct span inside[P7B_CERTIFICATES_MAX];
    size_t count = 0;
    bool found = certificate_read_any(span_make(data, size), &der) == OK &&
                 certificate_parse(buf_span(&der), &certificate) == OK &&
                 name_format(certificate.subject, &text) == OK;
    found = (found && certificate_must_staple(&certificate)) || found;
    found = p7b_parse(span_make(data, size), inside, &count) == OK || found;
    for (unsigned kind = 0; kind < LINT_KIND_COUNT; kind++) {
        found =
            lint_check(buf_span(&der), (enum lint_kind)kind, 1900000000, &result) == OK || found;
    }
    return 0;
}
