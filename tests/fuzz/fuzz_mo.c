/* A message catalogue: opened, then every id looked up. */
#include "lib/text/mo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) content = buf_make(MO_MAX_BYTES);
    struct mo mo;
    buf_append(&content, span_make(data, size));
    if (buf_check(&content) == OK && mo_open(buf_span(&content), &mo) == OK) {
        (void)!mo_check(&mo);
        for (uint32_t i = 0; i < mo.count; i++) {
            const char *id = mo_id(&mo, i);
            (void)mo_text(&mo, id == NULL ? "" : id);
        }
    }
    return 0;
}
