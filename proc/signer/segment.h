#pragma once
/* One piece of the checkpointed index (doc/decisions/2026-11-27-the-signer-keeps-its-own-index.md):
 * what a stretch of the journal taught, as sorted tables of entries of one size, never changed once
 * written. It lies in the index's file beside others. Entries are read in leaves of LEAF_ENTRIES;
 * of each leaf the first key and the SHA-256 are kept in memory (its fence), so that a look-up
 * reads one leaf and believes none that is not what was written. */
#include "lib/base/buf.h"
#include "lib/crypto/digest.h"

#include <stdatomic.h>

/* Newer entries of one key stand for older ones. */
enum segment_table {
    TABLE_REQUESTS,  /* request 20 ‖ a row of the ledger */
    TABLE_SERIALS,   /* serial 17 ‖ request 20 */
    TABLE_REVOKED,   /* issuer 1 ‖ serial 17 ‖ reason 1 ‖ date 8 */
    TABLE_WITHDRAWN, /* application's hash 32 */
    TABLE_BLOCKED,   /* key's hash 32 */
    TABLE_COUNT,
};

enum { LEAF_ENTRIES = 128, ENTRY_MAX = 64 };

struct table_shape {
    size_t key;
    size_t size;
};
extern const struct table_shape table_shapes[TABLE_COUNT];

/* What has to be known of a segment to read it. */
struct segment_shape {
    int64_t offset; /* in the file */
    uint32_t counts[TABLE_COUNT];
    uint8_t fences_hash[SHA256_BYTES];
};

struct segment {
    int fd; /* the index's */
    struct segment_shape shape;
    struct buf fences;            /* of all tables: key ‖ SHA-256 of the leaf */
    size_t fence_at[TABLE_COUNT]; /* where a table's begin */
    int64_t entries_at[TABLE_COUNT];
    atomic_uint holders;
};

/* Bytes of the file that it takes. */
int64_t segment_bytes(const struct segment_shape *shape);
size_t segment_entries(const struct segment_shape *shape);
/* Reads the fences. ERR_INPUT if they are not what the shape says; ERR_NOT_FOUND if the file ends
 * before. One holder: the caller. */
enum err segment_load(
    int fd, const struct segment_shape *shape, struct segment **ret_segment) MUST_USE;
void segment_free(struct segment *segment);
AUTO_PTR_DEFINE(segment, segment_free)

/* ERR_NOT_FOUND; ERR_INPUT or ERR_IO if the file has something else than was written. */
enum err segment_find(const struct segment *segment, enum segment_table table, const uint8_t *key,
    uint8_t ret_entry[ENTRY_MAX]) MUST_USE;

/* Walks one table in the order of its keys. */
struct segment_cursor {
    const struct segment *segment;
    enum segment_table table;
    size_t at;
    size_t leaf; /* which is in `bytes`; SIZE_MAX: none */
    uint8_t bytes[LEAF_ENTRIES * ENTRY_MAX];
};

/* At the first entry whose key is not before `key`; NULL: at the first of all. */
enum err segment_cursor_seek(struct segment_cursor *cursor, const struct segment *segment,
    enum segment_table table, const uint8_t *key) MUST_USE;
/* The entry lives until the next call. ERR_NOT_FOUND behind the last. */
enum err segment_cursor_next(struct segment_cursor *cursor, const uint8_t **ret_entry) MUST_USE;

/* Writes one, tables and keys in ascending order. */
struct segment_writer {
    int fd;
    int64_t at; /* where the next bytes go */
    struct segment_shape shape;
    struct buf out; /* of the current leaf, and before it what is not written yet */
    size_t leaf_from;
    enum segment_table table;
    struct buf fences;
};

struct segment_writer segment_writer_make(int fd, int64_t offset);
void segment_writer_release(struct segment_writer *writer);
AUTO_DEFINE(segment_writer, segment_writer_release)
enum err segment_writer_add(
    struct segment_writer *writer, enum segment_table table, const uint8_t *entry) MUST_USE;
/* All of it has been handed to the system, not yet to the disk. */
enum err segment_writer_finish(
    struct segment_writer *writer, struct segment_shape *ret_shape) MUST_USE;
