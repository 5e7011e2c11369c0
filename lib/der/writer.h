#pragma once
/* DER, written forwards into memory of the caller's. A writer over NULL writes nothing and only
 * counts: its dry run is the length, so there is never a second formula for it. Errors stick: a
 * chain of writes is checked once, by der_writer_finish. */
#include "lib/base/buf.h"
#include "lib/base/limits.h"

struct der_writer {
    uint8_t *data; /* NULL in a dry run */
    size_t capacity;
    size_t len;
    size_t open_at[DER_DEPTH_MAX]; /* where the content of each open element begins */
    unsigned depth;
    enum err failed;
};

struct der_writer der_writer_make(uint8_t *data, size_t capacity);
/* The length written, or ERR_LIMIT (capacity), or ERR_INPUT (a value that DER cannot hold). Every
 * opened element must be closed. */
enum err der_writer_finish(const struct der_writer *writer, size_t *ret_len) MUST_USE;

/* Elements written between der_open and der_close become the content of one constructed element. */
void der_open(struct der_writer *writer, uint8_t tag);
void der_close(struct der_writer *writer);

void der_write(struct der_writer *writer, uint8_t tag, struct span content);
/* Bytes that are DER already. */
void der_write_raw(struct der_writer *writer, struct span der);
void der_write_boolean(struct der_writer *writer, bool value);
/* `value` >= 0. */
void der_write_int64(struct der_writer *writer, int64_t value);
/* A big-endian magnitude; leading zeros are dropped, a sign octet added where needed. */
void der_write_magnitude(struct der_writer *writer, struct span magnitude);
void der_write_bit_string(struct der_writer *writer, struct span bytes);
/* Bit 0 is the first; trailing zero bits are dropped (X.690 §11.2.2). */
void der_write_named_bits(struct der_writer *writer, uint32_t bits);
void der_write_octets(struct der_writer *writer, struct span bytes);
void der_write_null(struct der_writer *writer);
/* `oid` is the element's content, as lib/der/oid.h gives it. */
void der_write_oid(struct der_writer *writer, struct span oid);
void der_write_text(struct der_writer *writer, uint8_t tag, const char *text);
/* RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050. */
void der_write_time(struct der_writer *writer, int64_t time);
/* Always GeneralizedTime: the form of our own messages. */
void der_write_generalized_time(struct der_writer *writer, int64_t time);

/* Runs `write` dry for the length and again for the bytes, appending them to `buf`. */
enum err der_encode(void (*write)(struct der_writer *writer, const void *object),
    const void *object, struct buf *buf) MUST_USE;
