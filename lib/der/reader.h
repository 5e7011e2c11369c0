#pragma once
/* Strict DER (X.690), read without copying. A reader refuses what DER does not allow: indefinite or
 * non-minimal lengths, multi-byte tags, depth beyond DER_DEPTH_MAX, non-minimal integers, booleans
 * other than 00 and FF, unused bits that are not zero. Every span returned points into the input
 * and lives as long as it. All failures are ERR_INPUT; outputs are untouched then. */
#include "lib/base/bytes.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
/* Context-specific tags [n]: constructed and primitive. n < 31. */
#define DER_CONTEXT(n)           ((uint8_t)(0xa0 | (n)))
#define DER_CONTEXT_PRIMITIVE(n) ((uint8_t)(0x80 | (n)))

struct der {
    struct span rest; /* what has not been read yet */
    unsigned depth;
};

struct der_element {
    uint8_t tag;
    struct span content;
    struct span whole; /* tag and length included */
};

struct der der_reader(struct span input);
bool der_empty(const struct der *reader);
/* True if the next element has this tag. */
bool der_peek(const struct der *reader, uint8_t tag);
/* OK only if nothing is left: call it at the end of every structure. */
enum err der_finish(const struct der *reader) MUST_USE;

enum err der_read_any(struct der *reader, struct der_element *ret_element) MUST_USE;
/* The content of an element that must have this tag. */
enum err der_read(struct der *reader, uint8_t tag, struct span *ret_content) MUST_USE;
/* Steps into an element that must have this (constructed) tag. */
enum err der_enter(struct der *reader, uint8_t tag, struct der *ret_inner) MUST_USE;
/* Tag, length and content of an element that must have this tag. */
enum err der_read_whole(struct der *reader, uint8_t tag, struct span *ret_whole) MUST_USE;

enum err der_read_boolean(struct der *reader, bool *ret_value) MUST_USE;
/* Non-negative and at most INT64_MAX. */
enum err der_read_int64(struct der *reader, int64_t *ret_value) MUST_USE;
/* As der_read_int64, but at most `max`; for enumerations sent as INTEGER. */
enum err der_read_uint(struct der *reader, unsigned max, unsigned *ret_value) MUST_USE;
/* A non-negative INTEGER's magnitude without a leading zero octet; zero is one octet 00. */
enum err der_read_magnitude(struct der *reader, struct span *ret_magnitude) MUST_USE;
/* A BIT STRING that must have no unused bits. */
enum err der_read_bit_string(struct der *reader, struct span *ret_bytes) MUST_USE;
/* A named-bit list (RFC 5280 KeyUsage): trailing zero bits must be dropped. Bit 0 is the first. */
enum err der_read_named_bits(struct der *reader, uint32_t *ret_bits) MUST_USE;
/* An OCTET STRING of exactly `len` bytes, copied. */
enum err der_read_fixed(struct der *reader, uint8_t *ret_bytes, size_t len) MUST_USE;
/* A UTF8String (valid UTF-8, no NUL), PrintableString (its alphabet) or IA5String (no NUL). */
enum err der_read_text(struct der *reader, uint8_t tag, struct span *ret_text) MUST_USE;
/* The same as a C string of fewer than `size` bytes. */
enum err der_read_cstring(struct der *reader, uint8_t tag, char *ret_text, size_t size) MUST_USE;
/* UTCTime or GeneralizedTime in RFC 5280 §4.1.2.5 form: seconds present, Z, no fraction, UTCTime
 * exactly for 1950 to 2049. */
enum err der_read_time(struct der *reader, int64_t *ret_time) MUST_USE;
/* GeneralizedTime YYYYMMDDHHMMSSZ of any year: the form of our own messages. */
enum err der_read_generalized_time(struct der *reader, int64_t *ret_time) MUST_USE;

/* True if `text` holds only PrintableString characters (X.680 §41.4). */
bool der_printable(struct span text);
