/* The configuration's values. The file itself is the operator's own and read by libConfuse. */
#include "lib/config/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256];
    struct config_endpoint endpoint;
    struct config_stub stub;
    if (span_to_text(span_make(data, size), text, sizeof text)) {
        (void)!config_endpoint_parse(text, ':', &endpoint);
        (void)!config_stub_parse(text, &stub);
        for (enum config_kind kind = KIND_TEXT; kind <= KIND_SANDBOX; kind++) {
            (void)config_text_fits(kind, text);
        }
    }
    return 0;
}
