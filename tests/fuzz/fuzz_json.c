/* JSON from outside: what is taken and written again must be taken again as the same. */
#include "lib/text/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) arena = arena_make(4 * 1024 * 1024);
    AUTO(buf) first = buf_make(1024 * 1024);
    AUTO(buf) second = buf_make(1024 * 1024);
    struct value_tree tree = value_tree_make(&arena);
    const struct value *value = NULL;
    if (json_parse(span_make(data, size), 65536, &tree, &value, NULL) == OK) {
        json_format(&first, value);
        if (json_parse(buf_span(&first), 1024 * 1024, &tree, &value, NULL) == OK) {
            json_format(&second, value);
        }
        if (!span_equal(buf_span(&first), buf_span(&second))) {
            abort();
        }
    }
    return 0;
}
