/* CAA records: two of them, split at a length given by the first octet, evaluated as one node's
 * set. */
#include "lib/dns/caa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t first = data[0] < size - 1 ? data[0] : size - 1;
    const struct span records[] = { span_make(data + 1, first),
        span_make(data + 1 + first, size - 1 - first) };
    struct caa_request request = {
        .name = "www.example.com", .identity = "ca.example.net", .method = "ca-tbr-7"
    };
    struct caa_verdict verdict = { 0 };
    caa_evaluate(&request, records, 2, &verdict);
    request.wildcard = true;
    caa_evaluate(&request, records, 2, &verdict);
    return 0;
}
