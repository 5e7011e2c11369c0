/* Applications: what parses comes out again byte for byte, and can be checked without harm. */
#include "lib/ca/application.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct application application;
    struct reason reason;
    AUTO(arena) arena = arena_make(1024 * 1024);
    AUTO(buf) again = buf_make(64 * 1024);
    if (application_parse(span_make(data, size), &arena, &application) == OK) {
        assert(application_format(&application, &again) == OK);
        assert(span_equal(buf_span(&again), span_make(data, size)));
        (void)!application_check(&application, &reason);
    }
    return 0;
}
