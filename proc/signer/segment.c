/* Reading and writing one segment. File: the tables' entries one behind the other, then the fences.
 */
#include "proc/signer/segment.h"
#include "lib/base/file.h"
#include "lib/journal/chain.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

enum { WRITE_BYTES = 1024 * 1024, FENCES_MAX = 1024 * 1024 * 1024 };

const struct table_shape table_shapes[TABLE_COUNT] = {
    [TABLE_REQUESTS] = { 20, 57 },
    [TABLE_SERIALS] = { 17, 37 },
    [TABLE_REVOKED] = { 18, 27 },
    [TABLE_WITHDRAWN] = { 32, 32 },
    [TABLE_BLOCKED] = { 32, 32 },
};

static enum err leaf_read(
    const struct segment *segment, enum segment_table table, size_t leaf, uint8_t *ret_bytes);
static enum err leaf_finish(struct segment_writer *writer);
static enum err out_write(struct segment_writer *writer);

static size_t leaf_count(const struct segment_shape *shape, enum segment_table table)
{
    return ((size_t)shape->counts[table] + LEAF_ENTRIES - 1) / LEAF_ENTRIES;
}

static size_t fence_size(enum segment_table table)
{
    return table_shapes[table].key + SHA256_BYTES;
}

static int64_t entries_bytes(const struct segment_shape *shape)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        bytes += (int64_t)shape->counts[i] * (int64_t)table_shapes[i].size;
    }
    return bytes;
}

static size_t fences_bytes(const struct segment_shape *shape)
{
    size_t bytes = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        bytes += leaf_count(shape, i) * fence_size(i);
    }
    return bytes;
}

int64_t segment_bytes(const struct segment_shape *shape)
{
    return entries_bytes(shape) + (int64_t)fences_bytes(shape);
}

size_t segment_entries(const struct segment_shape *shape)
{
    size_t entries = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        entries += shape->counts[i];
    }
    return entries;
}

enum err segment_load(int fd, const struct segment_shape *shape, struct segment **ret_segment)
{
    AUTO_PTR(segment) segment = calloc(1, sizeof *segment);
    uint8_t hash[SHA256_BYTES];
    size_t len = fences_bytes(shape), fence_at = 0;
    int64_t entries_at = shape->offset;
    if (segment == NULL) {
        return ERR_MEMORY;
    }
    segment->fd = fd;
    segment->shape = *shape;
    segment->fences = buf_make(FENCES_MAX);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        segment->fence_at[i] = fence_at;
        segment->entries_at[i] = entries_at;
        fence_at += leaf_count(shape, i) * fence_size(i);
        entries_at += (int64_t)shape->counts[i] * (int64_t)table_shapes[i].size;
    }
    uint8_t *room = buf_reserve(&segment->fences, len + 1);
    if (room == NULL) {
        return ERR_MEMORY;
    }
    TRY(fd_read_at(fd, room, len, entries_at));
    segment->fences.len = len;
    TRY(sha256(buf_span(&segment->fences), hash));
    if (memcmp(hash, shape->fences_hash, sizeof hash) != 0) {
        return ERR_INPUT;
    }
    atomic_store(&segment->holders, 1);
    *ret_segment = segment;
    segment = NULL;
    return OK;
}

void segment_free(struct segment *segment)
{
    if (segment != NULL) {
        buf_release(&segment->fences);
        free(segment);
    }
}

static const uint8_t *fence_of(const struct segment *segment, enum segment_table table, size_t leaf)
{
    return segment->fences.data + segment->fence_at[table] + leaf * fence_size(table);
}

/* The leaf that has the key if any has: the last whose first key is not behind it. SIZE_MAX if the
 * key is before all. */
static size_t leaf_of(const struct segment *segment, enum segment_table table, const uint8_t *key)
{
    size_t low = 0, high = leaf_count(&segment->shape, table);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(fence_of(segment, table, middle), key, table_shapes[table].key) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? SIZE_MAX : low - 1;
}

static size_t leaf_entries(const struct segment *segment, enum segment_table table, size_t leaf)
{
    size_t left = segment->shape.counts[table] - leaf * LEAF_ENTRIES;
    return left < LEAF_ENTRIES ? left : LEAF_ENTRIES;
}

/* The first entry of the leaf whose key is not before `key`. */
static size_t entry_of(
    const uint8_t *bytes, size_t count, enum segment_table table, const uint8_t *key)
{
    const struct table_shape *shape = &table_shapes[table];
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(bytes + middle * shape->size, key, shape->key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum err segment_find(const struct segment *segment, enum segment_table table, const uint8_t *key,
    uint8_t ret_entry[ENTRY_MAX])
{
    const struct table_shape *shape = &table_shapes[table];
    uint8_t bytes[LEAF_ENTRIES * ENTRY_MAX];
    size_t leaf = leaf_of(segment, table, key);
    if (leaf == SIZE_MAX) {
        return ERR_NOT_FOUND;
    }
    TRY(leaf_read(segment, table, leaf, bytes));
    size_t count = leaf_entries(segment, table, leaf);
    size_t at = entry_of(bytes, count, table, key);
    const uint8_t *entry = bytes + at * shape->size;
    if (at == count || memcmp(entry, key, shape->key) != 0) {
        return ERR_NOT_FOUND;
    }
    memcpy(ret_entry, entry, shape->size);
    return OK;
}

/* Held against its hash each time: the file may change under a signer that runs for months. */
static enum err leaf_read(
    const struct segment *segment, enum segment_table table, size_t leaf, uint8_t *ret_bytes)
{
    const struct table_shape *shape = &table_shapes[table];
    size_t len = leaf_entries(segment, table, leaf) * shape->size;
    int64_t at = segment->entries_at[table] + (int64_t)(leaf * LEAF_ENTRIES * shape->size);
    uint8_t hash[SHA256_BYTES];
    TRY(fd_read_at(segment->fd, ret_bytes, len, at));
    TRY(sha256(span_make(ret_bytes, len), hash));
    return memcmp(hash, fence_of(segment, table, leaf) + shape->key, sizeof hash) == 0 ? OK
                                                                                       : ERR_INPUT;
}

enum err segment_cursor_seek(struct segment_cursor *cursor, const struct segment *segment,
    enum segment_table table, const uint8_t *key)
{
    cursor->segment = segment;
    cursor->table = table;
    cursor->leaf = SIZE_MAX;
    cursor->at = 0;
    size_t leaf = key == NULL ? SIZE_MAX : leaf_of(segment, table, key);
    if (leaf == SIZE_MAX) {
        return OK;
    }
    TRY(leaf_read(segment, table, leaf, cursor->bytes));
    cursor->leaf = leaf;
    cursor->at = leaf * LEAF_ENTRIES +
                 entry_of(cursor->bytes, leaf_entries(segment, table, leaf), table, key);
    return OK;
}

enum err segment_cursor_next(struct segment_cursor *cursor, const uint8_t **ret_entry)
{
    size_t leaf = cursor->at / LEAF_ENTRIES;
    if (cursor->at >= cursor->segment->shape.counts[cursor->table]) {
        return ERR_NOT_FOUND;
    }
    if (leaf != cursor->leaf) {
        TRY(leaf_read(cursor->segment, cursor->table, leaf, cursor->bytes));
        cursor->leaf = leaf;
    }
    *ret_entry = cursor->bytes + cursor->at % LEAF_ENTRIES * table_shapes[cursor->table].size;
    cursor->at++;
    return OK;
}

struct segment_writer segment_writer_make(int fd, int64_t offset)
{
    return (struct segment_writer){ .fd = fd,
        .at = offset,
        .shape = { .offset = offset },
        .out = buf_make(2 * WRITE_BYTES),
        .fences = buf_make(FENCES_MAX) };
}

void segment_writer_release(struct segment_writer *writer)
{
    buf_release(&writer->out);
    buf_release(&writer->fences);
}

enum err segment_writer_add(
    struct segment_writer *writer, enum segment_table table, const uint8_t *entry)
{
    const struct table_shape *shape = &table_shapes[table];
    assert(table >= writer->table);
    if (table != writer->table ||
        writer->out.len - writer->leaf_from == LEAF_ENTRIES * shape->size) {
        TRY(leaf_finish(writer));
    }
    if (writer->shape.counts[table] == UINT32_MAX) {
        return ERR_LIMIT;
    }
    writer->table = table;
    writer->shape.counts[table]++;
    buf_append(&writer->out, span_make(entry, shape->size));
    return buf_check(&writer->out);
}

static enum err leaf_finish(struct segment_writer *writer)
{
    uint8_t hash[SHA256_BYTES];
    struct span leaf =
        span_make(writer->out.data + writer->leaf_from, writer->out.len - writer->leaf_from);
    if (leaf.len == 0) {
        return OK;
    }
    TRY(sha256(leaf, hash));
    buf_append(&writer->fences, span_make(leaf.data, table_shapes[writer->table].key));
    buf_append(&writer->fences, SPAN_OF(hash));
    writer->leaf_from = writer->out.len;
    if (writer->out.len >= WRITE_BYTES) {
        TRY(out_write(writer));
    }
    return buf_check(&writer->fences);
}

static enum err out_write(struct segment_writer *writer)
{
    TRY(fd_write_at(writer->fd, buf_span(&writer->out), writer->at));
    writer->at += (int64_t)writer->out.len;
    writer->leaf_from = 0;
    buf_clear(&writer->out);
    return OK;
}

enum err segment_writer_finish(struct segment_writer *writer, struct segment_shape *ret_shape)
{
    TRY(leaf_finish(writer));
    TRY(out_write(writer));
    TRY(fd_write_at(writer->fd, buf_span(&writer->fences), writer->at));
    TRY(sha256(buf_span(&writer->fences), writer->shape.fences_hash));
    *ret_shape = writer->shape;
    return OK;
}
