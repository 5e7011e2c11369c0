/* Says of requests, one a line in hexadecimal, whether they are accepted: "ok" or the reason's
 * code. For csr_laxity.py. */
#include "lib/pki/csr.h"

#include <assert.h>

int main(void)
{
    static char line[64 * 1024];
    static uint8_t bytes[sizeof line / 2];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct reason reason = { 0 };
        struct csr csr;
        size_t len = 0;
        enum err err = hex_parse(span_make(line, strcspn(line, "\n")), bytes, sizeof bytes, &len);
        assert(err == OK);
        err = csr_parse(span_make(bytes, len), &reason, &csr);
        if (err == OK) {
            err = csr_verify(&csr, &reason, NULL);
        }
        puts(err == OK ? "ok" : reason.code);
    }
    return 0;
}
