/* Requests as pasted: found, parsed, verified. */
#include "lib/pki/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(csr_reading) reading = { 0 };
    struct reason reason = { 0 };
    static struct csr csr;
    if (csr_read_any(span_make(data, size), &reason, &reading) == OK &&
        csr_parse(buf_span(&reading.der), &reason, &csr) == OK &&
        csr_verify(&csr, &reason, NULL) == OK) {
        return 0;
    }
    return 0;
}
