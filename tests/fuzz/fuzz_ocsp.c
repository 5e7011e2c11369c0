/* OCSP answers: a certificate and its issuer, each behind its length of two bytes, and what came
 * back about it. */
#include "lib/pki/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate parsed[2];
    struct ocsp_answer answer;
    for (size_t i = 0; i < 2; i++) {
        size_t len = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
        if (size < 2 || len > size - 2 ||
            certificate_parse(span_make(data + 2, len), &parsed[i]) != OK) {
            return 0;
        }
        data += 2 + len;
        size -= 2 + len;
    }
    if (ocsp_answer_parse(span_make(data, size), &parsed[0], &parsed[1], NULL, &answer) == OK) {
        (void)!ocsp_answer_verify(&answer, &parsed[1], INT64_C(1795392000), NULL);
    }
    return 0;
}
