/* TXT records and what a report shows of them. */
#include "lib/dns/txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char excerpt[64];
    AUTO(buf) text = buf_make(1024);
    if (txt_join(span_make(data, size), &text) == OK) {
        txt_excerpt(buf_span(&text), excerpt, sizeof excerpt);
    }
    return 0;
}
