#pragma once
/* Finds a row by a key of its own: open addressing over row numbers, the keys stay in the rows. Its
 * hash is seeded at random, so that nobody outside can choose keys that meet. */
#include "lib/base/bytes.h"

struct index {
    uint32_t *places; /* row number + 1; 0 is free */
    size_t capacity;  /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
    /* The key of a row; must not change while it is in the index. */
    struct span (*key_of)(const void *ctx, uint32_t row);
    const void *ctx;
};

enum err index_init(struct index *index, struct span (*key_of)(const void *ctx, uint32_t row),
    const void *ctx) MUST_USE;
void index_release(struct index *index);
/* Empties it; its room stays. */
void index_clear(struct index *index);
bool index_find(const struct index *index, struct span key, uint32_t *ret_row);
/* The row's key must not be in the index yet. ERR_MEMORY. */
enum err index_add(struct index *index, uint32_t row) MUST_USE;
