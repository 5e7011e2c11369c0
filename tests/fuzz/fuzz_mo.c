/* A message catalogue: opened, then every id looked up. */
#include "lib/text/mo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) content = buf_make(MO_MAX_BYTES);
    AUTO(mo) mo = { 0 };
    buf_append(&content, span_make(data, size));
    if (buf_check(&content) == OK && mo_open(&content, &mo) == OK) {
        for (uint32_t i = 0; i < mo.count; i++) {
            (void)mo_text(&mo, mo_id(&mo, i));
        }
    }
    return 0;
}
