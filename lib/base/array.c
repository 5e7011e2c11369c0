/* Doubles, so that a row costs the same however many there are. */
#include "lib/base/array.h"

#include <stdint.h>
#include <stdlib.h>

enum err array_grow(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return OK;
    }
    size_t grown = *capacity == 0 ? 256 : 2 * *capacity;
    void *moved = grown > UINT32_MAX ? NULL : realloc(*array, grown * size);
    if (moved == NULL) {
        return ERR_MEMORY;
    }
    *array = moved;
    *capacity = grown;
    return OK;
}
