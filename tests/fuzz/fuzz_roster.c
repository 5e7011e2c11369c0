/* Rosters: what parses comes out of the formatter byte for byte. */
#include "lib/ca/roster.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct roster roster;
    AUTO(arena) arena = arena_make(1024 * 1024);
    AUTO(buf) again = buf_make(512 * 1024);
    if (roster_parse(span_make(data, size), &arena, &roster) == OK) {
        assert(roster_format(&roster, &again) == OK);
        assert(span_equal(buf_span(&again), span_make(data, size)));
    }
    return 0;
}
