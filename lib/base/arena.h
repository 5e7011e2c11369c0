#pragma once
/* Memory that dies together: with the request or the message it was made for. Never for secrets:
 * where one may pass through all the same (a form's raw fields), arena_wipe ends it. */
#include "lib/base/bytes.h"

struct arena {
    struct arena_block *blocks;
    size_t used_total;
    size_t max;
};

/* `max` bounds the sum of all allocations; allocates nothing yet. */
struct arena arena_make(size_t max);
void arena_release(struct arena *arena);
/* The same, overwriting everything first. */
void arena_wipe(struct arena *arena);
AUTO_DEFINE(arena, arena_release)

/* Zeroed memory for `count` objects of `size` bytes, aligned for any type; NULL if the maximum or
 * the machine's memory is exceeded. A count of zero gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* Copies; the copy of text is terminated. NULL as arena_alloc; a NULL text gives NULL. */
char *arena_text(struct arena *arena, struct span text);
struct span arena_span(struct arena *arena, struct span bytes);
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
