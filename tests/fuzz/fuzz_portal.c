/* A portal's answers to one whole walk of `ecert enrol`, a line each: the HTTP status and the body.
 * Whatever they say, the walk ends, and the store has the one request or its certificate. */
#include "tests/fuzz/portal_walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!portal_walk_is_whole(span_make(data, size))) {
        abort();
    }
    return 0;
}
