/* Many segments as one table. */
#include "proc/signer/segments.h"

struct merge_source {
    struct span entries;          /* in memory */
    struct segment_cursor cursor; /* in the file, if it has a segment */
    const uint8_t *current;       /* NULL: at its end */
};

struct segments segments_hold(const struct segments *segments)
{
    for (size_t i = 0; i < segments->count; i++) {
        atomic_fetch_add(&segments->list[i]->holders, 1);
    }
    return *segments;
}

void segments_release(struct segments *segments)
{
    for (size_t i = 0; i < segments->count; i++) {
        if (atomic_fetch_sub(&segments->list[i]->holders, 1) == 1) {
            segment_free(segments->list[i]);
        }
    }
    segments->count = 0;
}

enum err segments_find(const struct segments *segments, enum segment_table table,
    const uint8_t *key, uint8_t ret_entry[ENTRY_MAX])
{
    for (size_t i = segments->count; i-- > 0;) {
        enum err err = segment_find(segments->list[i], table, key, ret_entry);
        if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return ERR_NOT_FOUND;
}

static int entries_compare(const void *left, const void *right, void *key_len)
{
    return memcmp(left, right, *(const size_t *)key_len);
}

void entries_sort(struct buf *entries, enum segment_table table)
{
    struct table_shape shape = table_shapes[table];
    if (entries->len > 0) {
        qsort_r(entries->data, entries->len / shape.size, shape.size, entries_compare, &shape.key);
    }
}

static enum err source_advance(struct merge_source *source, enum segment_table table)
{
    size_t size = table_shapes[table].size;
    if (source->cursor.segment != NULL) {
        enum err err = segment_cursor_next(&source->cursor, &source->current);
        if (err == ERR_NOT_FOUND) {
            source->current = NULL;
            return OK;
        }
        return err;
    }
    source->current = source->entries.len == 0 ? NULL : source->entries.data;
    if (source->current != NULL) {
        source->entries = span_make(source->entries.data + size, source->entries.len - size);
    }
    return OK;
}

enum err merge_begin(const struct segments *segments, struct span entries, enum segment_table table,
    const uint8_t *key, struct merge *ret_merge)
{
    const struct table_shape *shape = &table_shapes[table];
    AUTO(merge) merge = { .table = table, .count = segments->count + 1 };
    merge.sources = calloc(merge.count, sizeof merge.sources[0]);
    if (merge.sources == NULL) {
        return ERR_MEMORY;
    }
    while (key != NULL && entries.len > 0 && memcmp(entries.data, key, shape->key) < 0) {
        entries = span_make(entries.data + shape->size, entries.len - shape->size);
    }
    merge.sources[0].entries = entries;
    for (size_t i = 1; i < merge.count; i++) {
        TRY(segment_cursor_seek(
            &merge.sources[i].cursor, segments->list[segments->count - i], table, key));
    }
    for (size_t i = 0; i < merge.count; i++) {
        TRY(source_advance(&merge.sources[i], table));
    }
    *ret_merge = merge;
    merge.sources = NULL;
    return OK;
}

void merge_release(struct merge *merge)
{
    free(merge->sources);
    merge->sources = NULL;
}

enum err merge_next(struct merge *merge, uint8_t ret_entry[ENTRY_MAX])
{
    const struct table_shape *shape = &table_shapes[merge->table];
    const uint8_t *first = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        const uint8_t *current = merge->sources[i].current;
        if (current != NULL && (first == NULL || memcmp(current, first, shape->key) < 0)) {
            first = current;
        }
    }
    if (first == NULL) {
        return ERR_NOT_FOUND;
    }
    memcpy(ret_entry, first, shape->size);
    for (size_t i = 0; i < merge->count; i++) {
        struct merge_source *source = &merge->sources[i];
        if (source->current != NULL && memcmp(source->current, ret_entry, shape->key) == 0) {
            TRY(source_advance(source, merge->table));
        }
    }
    return OK;
}
