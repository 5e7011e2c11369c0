#pragma once
/* Room in an array that grows at its end, for rows that an index finds by number. */
#include "lib/base/err.h"

#include <stddef.h>

/* Makes sure that one more of `size` octets fits behind `count`; the array may move. ERR_MEMORY,
 * also where rows could not be numbered by 32 bits any more. free() releases it. */
enum err array_grow(void **array, size_t count, size_t *capacity, size_t size) MUST_USE;
