/* Warrants: what parses must come out of the formatter byte for byte. */
#include "lib/ca/warrant.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct warrant warrant;
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    AUTO(buf) again = buf_make(WARRANT_MAX_BYTES);
    if (warrant_parse(span_make(data, size), &arena, &warrant) == OK) {
        assert(warrant_format(&warrant, &again) == OK);
        assert(span_equal(buf_span(&again), span_make(data, size)));
    }
    return 0;
}
