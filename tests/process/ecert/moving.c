/* An allocator that moves whatever grows, as any may: what was there before is left where it was.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *realloc(void *data, size_t size)
{
    void *moved = malloc(size);
    if (moved != NULL && data != NULL) {
        size_t before = malloc_usable_size(data);
        memcpy(moved, data, before < size ? before : size);
        free(data);
    }
    return moved;
}
