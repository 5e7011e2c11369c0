/* The index of rows. */
#include "lib/base/index.h"
#include "lib/base/random.h"

enum { CAPACITY_FIRST = 1024 };

static uint64_t key_hash(const struct index *index, struct span key)
{
    uint64_t hash = index->seed;
    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ key.data[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

/* Where the key is, or the free place where it would be. */
static size_t place_of(const struct index *index, struct span key)
{
    size_t place = (size_t)key_hash(index, key) & (index->capacity - 1);
    while (index->places[place] != 0 &&
           !span_equal(index->key_of(index->ctx, index->places[place] - 1), key)) {
        place = (place + 1) & (index->capacity - 1);
    }
    return place;
}

enum err index_init(
    struct index *index, struct span (*key_of)(const void *ctx, uint32_t row), const void *ctx)
{
    struct random random = random_system();
    *index = (struct index){ .key_of = key_of, .ctx = ctx };
    return random_fill(&random, (uint8_t *)&index->seed, sizeof index->seed);
}

void index_release(struct index *index)
{
    free(index->places);
    index->places = NULL;
    index->capacity = index->count = 0;
}

void index_clear(struct index *index)
{
    if (index->capacity > 0) {
        memset(index->places, 0, index->capacity * sizeof index->places[0]);
    }
    index->count = 0;
}

bool index_find(const struct index *index, struct span key, uint32_t *ret_row)
{
    if (index->capacity == 0) {
        return false;
    }
    size_t place = place_of(index, key);
    if (index->places[place] == 0) {
        return false;
    }
    *ret_row = index->places[place] - 1;
    return true;
}

static enum err index_grow(struct index *index)
{
    size_t capacity = index->capacity == 0 ? CAPACITY_FIRST : 2 * index->capacity;
    uint32_t *old = index->places, *places = calloc(capacity, sizeof *places);
    size_t old_capacity = index->capacity;
    if (places == NULL) {
        return ERR_MEMORY;
    }
    index->places = places;
    index->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i] != 0) {
            places[place_of(index, index->key_of(index->ctx, old[i] - 1))] = old[i];
        }
    }
    free(old);
    return OK;
}

enum err index_add(struct index *index, uint32_t row)
{
    if (index->count * 2 >= index->capacity) {
        TRY(index_grow(index));
    }
    index->places[place_of(index, index->key_of(index->ctx, row))] = row + 1;
    index->count++;
    return OK;
}
