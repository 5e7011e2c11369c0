#pragma once
/* Segments behind one another, the youngest last: what it says of a key is what counts. */
#include "proc/signer/segment.h"

enum { SEGMENTS_MAX = 48 };

struct segments {
    struct segment *list[SEGMENTS_MAX];
    size_t count;
};

/* Another holder of the same segments. */
struct segments segments_hold(const struct segments *segments);
/* Those that nobody holds any more are freed. */
void segments_release(struct segments *segments);
AUTO_DEFINE(segments, segments_release)

/* As segment_find. */
enum err segments_find(const struct segments *segments, enum segment_table table,
    const uint8_t *key, uint8_t ret_entry[ENTRY_MAX]) MUST_USE;

/* Sorts entries of a table by their keys. */
void entries_sort(struct buf *entries, enum segment_table table);

/* Several sorted sources as one, of each key the youngest entry. */
struct merge {
    enum segment_table table;
    struct merge_source *sources; /* the youngest first */
    size_t count;
};

/* `entries`: sorted ones in memory, younger than all segments; both stay the caller's and must
 * outlive the merge. From `key` on; NULL: from the first. */
enum err merge_begin(const struct segments *segments, struct span entries, enum segment_table table,
    const uint8_t *key, struct merge *ret_merge) MUST_USE;
void merge_release(struct merge *merge);
AUTO_DEFINE(merge, merge_release)
/* The entry lives until the next call. ERR_NOT_FOUND behind the last. */
enum err merge_next(struct merge *merge, uint8_t ret_entry[ENTRY_MAX]) MUST_USE;
