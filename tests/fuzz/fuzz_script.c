/* Scripts of ceremonies, which come from whoever wants something signed. */
#include "lib/config/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(script) script = { .parsed = NULL };
    struct reason reason;
    (void)!script_read(span_make(data, size), /* path= */ NULL, &script, &reason);
    return 0;
}
