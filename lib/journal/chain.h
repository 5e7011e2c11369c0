#pragma once
/* The signer's journal as a file: records `u32 length ‖ SEQUENCE { seq, time, type, OCTET STRING
 * previous, body } ‖ seal`, where previous is the SHA-256 of the DER before (zero for the first),
 * body is one SEQUENCE (record.h) and the seal is the beginning of the SHA-256 of this DER: the
 * last record has no next that vouches for it. Those of an earlier day have no seal. Read in order,
 * each against the one before; nothing here writes. Behind the last record there may be room for
 * more, all zeros (doc/decisions, 2026-11-28-the-journal-is-written-over-zeros.md): no record
 * begins with zeros. */
#include "lib/base/buf.h"
#include "lib/crypto/digest.h"
#include "lib/der/reader.h"

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
    JOURNAL_HALTED,
    JOURNAL_RESUMED,
    JOURNAL_BLOCKED,
    /* With Certificate Transparency: instead of the intent, this one, its precertificate, and, once
     * logs have promised to show that, the intent of the certificate; or it is abandoned. */
    JOURNAL_PRECERTIFICATE_INTENT,
    JOURNAL_PRECERTIFICATE,
    JOURNAL_COMPLETION,
    JOURNAL_ABANDONED,
    JOURNAL_RESPONDER, /* the intent of a certificate that signs OCSP answers */
    JOURNAL_TYPE_COUNT,
};

enum {
    /* A warrant of the largest size, its certificate, and the frame. */
    JOURNAL_RECORD_MAX = 1280 * 1024,
    JOURNAL_LENGTH_BYTES = 4,
    JOURNAL_SEAL_BYTES = 8,
    /* No more than this is ever written that isn't known to be on disk. */
    JOURNAL_WRITE_MAX = 256 * 1024,
};

struct journal_record {
    int64_t seq; /* from 1 */
    int64_t time;
    enum journal_type type;
    struct span previous; /* SHA256_BYTES */
    struct span body;     /* a SEQUENCE, whole */
    struct span der;      /* all of that, which the next one's previous is the hash of */
    struct span seal;     /* JOURNAL_SEAL_BYTES, or empty; not held against the hash yet */
    int64_t offset;       /* of the record in the file, length included */
};

/* A place in the journal: behind so many records. All zero: before the first. */
struct journal_state {
    int64_t records;
    int64_t bytes;
    int64_t last_time;
    int64_t last_offset; /* of the record that ends here */
    uint8_t head[SHA256_BYTES];
};

/* One record by itself, as behind its length, whatever stood before it; `offset` is what the caller
 * knows. */
enum err journal_record_parse(
    struct span bytes, int64_t offset, struct journal_record *ret_record) MUST_USE;

/* Reads on from a place, in large pieces. */
struct journal_reader {
    int fd;
    int64_t end; /* nothing is read from here on */
    struct journal_state state;
    struct buf window;
    int64_t window_at; /* the window's place in the file */
};

/* `from` NULL: from the beginning. The descriptor stays the caller's. */
struct journal_reader journal_reader_make(int fd, const struct journal_state *from, int64_t end);
void journal_reader_release(struct journal_reader *reader);
AUTO_DEFINE(journal_reader, journal_reader_release)
/* The next record, which borrows from the reader; the state has moved behind it. ERR_NOT_FOUND at
 * the end; ERR_INPUT if what stands at state.bytes is no record that continues the chain; ERR_IO.
 */
enum err journal_reader_next(
    struct journal_reader *reader, struct journal_record *ret_record) MUST_USE;
/* After ERR_INPUT: ERR_NOT_FOUND if the journal ends here all the same, with room for more behind
 * it, or with `ret_torn` octets of what a process or a machine that died was writing; ERR_INPUT if
 * what stands here is damaged; ERR_IO. */
enum err journal_reader_end(struct journal_reader *reader, int64_t *ret_torn) MUST_USE;

/* OK if the file has, at this place, exactly what the place says of it. ERR_NOT_FOUND, ERR_IO. */
enum err journal_holds(int fd, const struct journal_state *place) MUST_USE;
/* The record at `offset`, its seal included, replacing `buf`'s content. ERR_NOT_FOUND if the file
 * ends before it does, ERR_INPUT for an impossible length. */
enum err journal_record_load(int fd, int64_t offset, struct buf *buf) MUST_USE;
