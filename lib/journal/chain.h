#pragma once
/* The signer's journal as a file: records `u32 length ‖ SEQUENCE { seq, time, type, OCTET STRING
 * previous, body }`, where previous is the SHA-256 of the DER before (zero for the first) and body
 * is one SEQUENCE (record.h). Read in order, each against the one before; nothing here writes. */
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
};

struct journal_record {
    int64_t seq; /* from 1 */
    int64_t time;
    enum journal_type type;
    struct span previous; /* SHA256_BYTES */
    struct span body;     /* a SEQUENCE, whole */
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

/* One record's DER by itself, whatever stood before it; `offset` is what the caller knows. */
enum err journal_record_parse(
    struct span der, int64_t offset, struct journal_record *ret_record) MUST_USE;

/* Reads on from a place, in large pieces. */
struct journal_reader {
    int fd;
    int64_t end; /* nothing is read from here on */
    struct journal_state state;
    struct buf window;
    int64_t window_at; /* the window's place in the file */
    struct span der;   /* of the last record; lives until the next is read */
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
/* After ERR_INPUT: whether what is left looks like the last write of a process that died. */
bool journal_reader_at_torn_tail(const struct journal_reader *reader);

/* OK if the file has, at this place, exactly what the place says of it. ERR_NOT_FOUND, ERR_IO. */
enum err journal_holds(int fd, const struct journal_state *place) MUST_USE;
/* The DER of the record at `offset`, replacing `buf`'s content. ERR_NOT_FOUND if the file ends
 * before it does, ERR_INPUT for an impossible length. */
enum err journal_record_load(int fd, int64_t offset, struct buf *buf) MUST_USE;
/* All `len` bytes, through EINTR and short reads. ERR_NOT_FOUND if the file ends before. */
enum err pread_all(int fd, void *ret_bytes, size_t len, int64_t offset) MUST_USE;
