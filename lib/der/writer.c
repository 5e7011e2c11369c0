/* The DER writer. An element's length is one octet until it is closed; a longer one then makes room
 * for itself by moving the content: certificates are small and nest four deep, so this costs less
 * than a second pass. */
#include "lib/der/writer.h"
#include "lib/base/clock.h"
#include "lib/der/reader.h"

#include <assert.h>

static void bytes_put(struct der_writer *writer, const uint8_t *bytes, size_t len);
static size_t length_octets(size_t len, uint8_t ret_octets[5]);

struct der_writer der_writer_make(uint8_t *data, size_t capacity)
{
    return (struct der_writer){ .data = data, .capacity = capacity };
}

enum err der_writer_finish(const struct der_writer *writer, size_t *ret_len)
{
    assert(writer->depth == 0);
    if (writer->failed == OK) {
        *ret_len = writer->len;
    }
    return writer->failed;
}

static void bytes_put(struct der_writer *writer, const uint8_t *bytes, size_t len)
{
    if (writer->data != NULL) {
        if (writer->failed != OK || len > writer->capacity - writer->len) {
            writer->failed = writer->failed != OK ? writer->failed : ERR_LIMIT;
            return;
        }
        if (len > 0) {
            memcpy(writer->data + writer->len, bytes, len);
        }
    }
    writer->len += len;
}

static size_t length_octets(size_t len, uint8_t ret_octets[5])
{
    if (len < 0x80) {
        ret_octets[0] = (uint8_t)len;
        return 1;
    }
    size_t octets = len > 0xffffff ? 4 : len > 0xffff ? 3 : len > 0xff ? 2 : 1;
    ret_octets[0] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++) {
        ret_octets[1 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
    }
    return 1 + octets;
}

void der_open(struct der_writer *writer, uint8_t tag)
{
    const uint8_t header[2] = { tag, 0 };
    assert(writer->depth < DER_DEPTH_MAX);
    bytes_put(writer, header, sizeof header);
    writer->open_at[writer->depth++] = writer->len;
}

void der_close(struct der_writer *writer)
{
    static const uint8_t room[4] = { 0 };
    uint8_t octets[5];
    assert(writer->depth > 0);
    size_t start = writer->open_at[--writer->depth];
    if (writer->failed != OK) {
        return;
    }
    size_t content = writer->len - start;
    size_t count = length_octets(content, octets);
    bytes_put(writer, room, count - 1);
    if (writer->data != NULL && writer->failed == OK) {
        if (count > 1) {
            memmove(writer->data + start + count - 1, writer->data + start, content);
        }
        memcpy(writer->data + start - 1, octets, count);
    }
}

void der_write(struct der_writer *writer, uint8_t tag, struct span content)
{
    uint8_t octets[5];
    size_t count = length_octets(content.len, octets);
    bytes_put(writer, &tag, 1);
    bytes_put(writer, octets, count);
    bytes_put(writer, content.data, content.len);
}

void der_write_raw(struct der_writer *writer, struct span der)
{
    bytes_put(writer, der.data, der.len);
}

void der_write_boolean(struct der_writer *writer, bool value)
{
    uint8_t octet = value ? 0xff : 0x00;
    der_write(writer, DER_BOOLEAN, span_make(&octet, 1));
}

void der_write_int64(struct der_writer *writer, int64_t value)
{
    uint8_t magnitude[8];
    if (value < 0) {
        writer->failed = ERR_INPUT;
        return;
    }
    store_be64(magnitude, (uint64_t)value);
    der_write_magnitude(writer, SPAN_OF(magnitude));
}

void der_write_magnitude(struct der_writer *writer, struct span magnitude)
{
    static const uint8_t zero = 0;
    uint8_t octets[5];
    while (magnitude.len > 0 && magnitude.data[0] == 0) {
        magnitude.data++;
        magnitude.len--;
    }
    bool sign = magnitude.len == 0 || (magnitude.data[0] & 0x80) != 0;
    static const uint8_t tag = DER_INTEGER;
    bytes_put(writer, &tag, 1);
    bytes_put(writer, octets, length_octets(magnitude.len + sign, octets));
    bytes_put(writer, &zero, sign);
    bytes_put(writer, magnitude.data, magnitude.len);
}

void der_write_bit_string(struct der_writer *writer, struct span bytes)
{
    static const uint8_t tag = DER_BIT_STRING, unused = 0;
    uint8_t octets[5];
    bytes_put(writer, &tag, 1);
    bytes_put(writer, octets, length_octets(bytes.len + 1, octets));
    bytes_put(writer, &unused, 1);
    bytes_put(writer, bytes.data, bytes.len);
}

void der_write_named_bits(struct der_writer *writer, uint32_t bits)
{
    uint8_t content[5] = { 0 };
    size_t len = 1;
    for (unsigned b = 0; b < 32; b++) {
        if ((bits >> b & 1) != 0) {
            content[1 + b / 8] = (uint8_t)(content[1 + b / 8] | 0x80u >> b % 8);
            len = 2 + b / 8;
            content[0] = (uint8_t)(7 - b % 8);
        }
    }
    der_write(writer, DER_BIT_STRING, span_make(content, len));
}

void der_write_octets(struct der_writer *writer, struct span bytes)
{
    der_write(writer, DER_OCTET_STRING, bytes);
}

void der_write_null(struct der_writer *writer)
{
    der_write(writer, DER_NULL, (struct span){ 0 });
}

void der_write_oid(struct der_writer *writer, struct span oid)
{
    der_write(writer, DER_OID, oid);
}

void der_write_text(struct der_writer *writer, uint8_t tag, const char *text)
{
    struct span content = span_from_text(text);
    if (!utf8_valid(content) || (tag == DER_PRINTABLE_STRING && !der_printable(content))) {
        writer->failed = writer->failed != OK ? writer->failed : ERR_INPUT;
        return;
    }
    der_write(writer, tag, content);
}

/* Two digits by hand: a CRL writes a million times. */
static void pair_put(char *ret_pair, int value)
{
    ret_pair[0] = (char)('0' + value / 10);
    ret_pair[1] = (char)('0' + value % 10);
}

/* YYYYMMDDHHMMSSZ; UTCTime is the same without the century. */
static void time_put(int64_t time, char ret_text[15])
{
    struct civil c = civil_from_time(time);
    const int pairs[] = { c.year / 100, c.year % 100, c.month, c.day, c.hour, c.minute, c.second };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        pair_put(ret_text + 2 * i, pairs[i]);
    }
    ret_text[14] = 'Z';
}

void der_write_time(struct der_writer *writer, int64_t time)
{
    char text[15];
    time_put(time, text);
    bool utc_time = memcmp(text, "1950", 4) >= 0 && memcmp(text, "2050", 4) < 0;
    if (utc_time) {
        der_write(writer, DER_UTC_TIME, span_make(text + 2, sizeof text - 2));
    } else {
        der_write(writer, DER_GENERALIZED_TIME, SPAN_OF(text));
    }
}

void der_write_generalized_time(struct der_writer *writer, int64_t time)
{
    char text[15];
    time_put(time, text);
    der_write(writer, DER_GENERALIZED_TIME, SPAN_OF(text));
}

enum err der_encode(void (*write)(struct der_writer *writer, const void *object),
    const void *object, struct buf *buf)
{
    struct der_writer dry = der_writer_make(NULL, 0);
    size_t len = 0;
    write(&dry, object);
    TRY(der_writer_finish(&dry, &len));
    uint8_t *room = buf_reserve(buf, len);
    if (room == NULL) {
        return buf_check(buf);
    }
    struct der_writer writer = der_writer_make(room, len);
    write(&writer, object);
    TRY(der_writer_finish(&writer, &len));
    buf->len += len;
    return OK;
}
