#pragma once
/* The signer's memory: an append-only file in which every record carries the hash of the one
 * before. A record is on disk before its effect leaves the process; waiting records share one
 * fdatasync. Nothing here ever changes or removes what was acknowledged: only a torn tail, written
 * by a process that died before it could acknowledge, is cut off. One process holds the file at a
 * time.
 *
 * File: records `u32 length ‖ SEQUENCE { seq, time, type, OCTET STRING previous, body }`, where
 * previous is the SHA-256 of the DER before (zero for the first) and body is one SEQUENCE. */
#include "lib/base/buf.h"
#include "lib/crypto/digest.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum journal_type {
    JOURNAL_RESERVED = 1,
    JOURNAL_INTENT,
    JOURNAL_ISSUED,
    JOURNAL_REFUSED,
    JOURNAL_REVOKED,
    JOURNAL_WITHDRAWN,
    JOURNAL_CRL,
    JOURNAL_EPOCH,
    JOURNAL_CEREMONY,
    JOURNAL_BLOCKED,
    JOURNAL_TYPE_COUNT,
};

/* A warrant of the largest size, its certificate, and the frame. */
enum { JOURNAL_RECORD_MAX = 1280 * 1024 };

struct journal_record {
    int64_t seq; /* from 1 */
    int64_t time;
    enum journal_type type;
    struct span body; /* a SEQUENCE, whole */
    int64_t offset;   /* of the record in the file, for journal_read_body */
};

/* Called for each record when the journal is opened, in order. */
typedef enum err (*journal_visitor)(void *ctx, const struct journal_record *record);

struct journal_state {
    int64_t records;
    int64_t bytes;
    int64_t last_time;
    uint8_t head[SHA256_BYTES];
};

struct journal;

/* Opens or makes the file, reads it through, cuts off a torn tail (`ret_cut` bytes, may be NULL).
 * ERR_CONFLICT if another process holds it; ERR_INPUT with "journal.broken" (seen: the offset) if
 * the chain doesn't hold: then nothing is changed. */
enum err journal_open(const char *path, journal_visitor visit, void *ctx,
    struct journal **ret_journal, int64_t *ret_cut, struct reason *ret_reason) MUST_USE;
void journal_free(struct journal *journal);
AUTO_PTR_DEFINE(journal, journal_free)

/* A record's place in the queue. */
struct journal_ticket {
    int64_t seq;
    int64_t offset;
    unsigned generation;
    unsigned batch;
};

/* Puts a record into the queue: its order among all records is fixed now, its being on disk is not.
 * ERR_IO once the journal has failed for good. */
enum err journal_add(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* The same for a record that means nothing without an earlier one: refused, as that one was, if
 * that has been lost on the way to the disk. */
enum err journal_add_behind(struct journal *journal, const struct journal_ticket *earlier,
    enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* Returns when the record is on disk. ERR_NO_SPACE: it isn't, nor is anything queued behind it, and
 * the file is as it was. ERR_IO: the disk failed, and no further record will be taken. */
enum err journal_wait(struct journal *journal, const struct journal_ticket *ticket) MUST_USE;
/* Both at once. */
enum err journal_append(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* Appends the body of the record at `offset` to `body`. */
enum err journal_read_body(struct journal *journal, int64_t offset, struct buf *body) MUST_USE;
void journal_look(struct journal *journal, struct journal_state *ret_state);
