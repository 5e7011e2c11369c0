/* The strict DER reader: X.690 §8 and §10 to 11. */
#include "lib/der/reader.h"
#include "lib/base/clock.h"
#include "lib/base/limits.h"

#include <assert.h>

static enum err header_read(
    struct span rest, uint8_t *ret_tag, size_t *ret_header, size_t *ret_len);
static bool oid_well_formed(struct span oid);
static enum err digits_read(struct span text, size_t at, size_t count, int *ret_value);
static enum err time_parse(struct span text, size_t year_digits, int64_t *ret_time);

struct der der_reader(struct span input)
{
    return (struct der){ .rest = input, .depth = 0 };
}

bool der_empty(const struct der *reader)
{
    return reader->rest.len == 0;
}

bool der_peek(const struct der *reader, uint8_t tag)
{
    return reader->rest.len > 0 && reader->rest.data[0] == tag;
}

enum err der_finish(const struct der *reader)
{
    return reader->rest.len == 0 ? OK : ERR_INPUT;
}

enum err der_read_any(struct der *reader, struct der_element *ret_element)
{
    uint8_t tag;
    size_t header, len;
    TRY(header_read(reader->rest, &tag, &header, &len));
    *ret_element = (struct der_element){
        .tag = tag,
        .content = span_make(reader->rest.data + header, len),
        .whole = span_make(reader->rest.data, header + len),
    };
    reader->rest.data += header + len;
    reader->rest.len -= header + len;
    return OK;
}

/* Length octets: short form below 128, else the fewest octets that hold it, at most four. */
static enum err header_read(struct span rest, uint8_t *ret_tag, size_t *ret_header, size_t *ret_len)
{
    if (rest.len < 2 || (rest.data[0] & 0x1f) == 0x1f) {
        return ERR_INPUT;
    }
    size_t header = 2, len = rest.data[1];
    if (len >= 0x80) {
        size_t octets = len & 0x7f;
        if (octets == 0 || octets > 4 || rest.len < 2 + octets || rest.data[2] == 0) {
            return ERR_INPUT;
        }
        len = 0;
        for (size_t i = 0; i < octets; i++) {
            len = len << 8 | rest.data[2 + i];
        }
        if (len < 0x80) {
            return ERR_INPUT;
        }
        header += octets;
    }
    if (len > rest.len - header) {
        return ERR_INPUT;
    }
    *ret_tag = rest.data[0];
    *ret_header = header;
    *ret_len = len;
    return OK;
}

enum err der_read(struct der *reader, uint8_t tag, struct span *ret_content)
{
    struct der_element element;
    if (!der_peek(reader, tag)) {
        return ERR_INPUT;
    }
    struct der rest = *reader;
    TRY(der_read_any(&rest, &element));
    if (tag == DER_OID && !oid_well_formed(element.content)) {
        return ERR_INPUT;
    }
    *reader = rest;
    *ret_content = element.content;
    return OK;
}

/* X.690 §8.19.2: whole numbers, each in the fewest octets. */
static bool oid_well_formed(struct span oid)
{
    bool first = true;
    for (size_t i = 0; i < oid.len; i++) {
        if (first && oid.data[i] == 0x80) {
            return false;
        }
        first = (oid.data[i] & 0x80) == 0;
    }
    return oid.len > 0 && first;
}

enum err der_enter(struct der *reader, uint8_t tag, struct der *ret_inner)
{
    struct span content;
    assert((tag & 0x20) != 0);
    if (reader->depth >= DER_DEPTH_MAX) {
        return ERR_INPUT;
    }
    TRY(der_read(reader, tag, &content));
    *ret_inner = (struct der){ .rest = content, .depth = reader->depth + 1 };
    return OK;
}

enum err der_read_whole(struct der *reader, uint8_t tag, struct span *ret_whole)
{
    struct der_element element;
    if (!der_peek(reader, tag)) {
        return ERR_INPUT;
    }
    TRY(der_read_any(reader, &element));
    *ret_whole = element.whole;
    return OK;
}

enum err der_read_boolean(struct der *reader, bool *ret_value)
{
    struct span content;
    TRY(der_read(reader, DER_BOOLEAN, &content));
    if (content.len != 1 || (content.data[0] != 0x00 && content.data[0] != 0xff)) {
        return ERR_INPUT;
    }
    *ret_value = content.data[0] == 0xff;
    return OK;
}

enum err der_read_magnitude(struct der *reader, struct span *ret_magnitude)
{
    struct span content;
    TRY(der_read(reader, DER_INTEGER, &content));
    if (content.len == 0 || (content.data[0] & 0x80) != 0) {
        return ERR_INPUT;
    }
    if (content.len > 1 && content.data[0] == 0) {
        if ((content.data[1] & 0x80) == 0) {
            return ERR_INPUT;
        }
        content.data++;
        content.len--;
    }
    *ret_magnitude = content;
    return OK;
}

enum err der_read_int64(struct der *reader, int64_t *ret_value)
{
    struct span magnitude;
    TRY(der_read_magnitude(reader, &magnitude));
    if (magnitude.len > 8 || (magnitude.len == 8 && (magnitude.data[0] & 0x80) != 0)) {
        return ERR_INPUT;
    }
    int64_t value = 0;
    for (size_t i = 0; i < magnitude.len; i++) {
        value = value << 8 | magnitude.data[i];
    }
    *ret_value = value;
    return OK;
}

enum err der_read_uint(struct der *reader, unsigned max, unsigned *ret_value)
{
    int64_t value;
    TRY(der_read_int64(reader, &value));
    if (value > (int64_t)max) {
        return ERR_INPUT;
    }
    *ret_value = (unsigned)value;
    return OK;
}

enum err der_read_bit_string(struct der *reader, struct span *ret_bytes)
{
    struct span content;
    TRY(der_read(reader, DER_BIT_STRING, &content));
    if (content.len == 0 || content.data[0] != 0) {
        return ERR_INPUT;
    }
    *ret_bytes = span_make(content.data + 1, content.len - 1);
    return OK;
}

/* X.690 §11.2.2: a named-bit list has no trailing zero bit. */
enum err der_read_named_bits(struct der *reader, uint32_t *ret_bits)
{
    struct span content;
    TRY(der_read(reader, DER_BIT_STRING, &content));
    if (content.len == 0 || content.len > 5 || content.data[0] > 7) {
        return ERR_INPUT;
    }
    uint8_t unused = content.data[0];
    uint8_t last = content.data[content.len - 1];
    bool empty = content.len == 1;
    if (empty ? unused != 0 : (last & ((1u << unused) - 1)) != 0 || (last >> unused & 1) == 0) {
        return ERR_INPUT;
    }
    uint32_t bits = 0;
    for (size_t i = 1; i < content.len; i++) {
        for (unsigned b = 0; b < 8; b++) {
            bits |= (uint32_t)(content.data[i] >> (7 - b) & 1) << (8 * (i - 1) + b);
        }
    }
    *ret_bits = bits;
    return OK;
}

enum err der_read_fixed(struct der *reader, uint8_t *ret_bytes, size_t len)
{
    struct span content;
    TRY(der_read(reader, DER_OCTET_STRING, &content));
    if (content.len != len) {
        return ERR_INPUT;
    }
    memcpy(ret_bytes, content.data, len);
    return OK;
}

enum err der_read_text(struct der *reader, uint8_t tag, struct span *ret_text)
{
    struct span text;
    TRY(der_read(reader, tag, &text));
    bool valid = utf8_valid(text);
    if (tag == DER_PRINTABLE_STRING) {
        valid = der_printable(text);
    } else if (tag == DER_IA5_STRING) {
        for (size_t i = 0; valid && i < text.len; i++) {
            valid = text.data[i] < 0x80;
        }
    }
    if (!valid) {
        return ERR_INPUT;
    }
    *ret_text = text;
    return OK;
}

enum err der_read_cstring(struct der *reader, uint8_t tag, char *ret_text, size_t size)
{
    struct span text;
    TRY(der_read_text(reader, tag, &text));
    if (text.len >= size) {
        return ERR_INPUT;
    }
    if (text.len > 0) {
        memcpy(ret_text, text.data, text.len);
    }
    ret_text[text.len] = '\0';
    return OK;
}

bool der_printable(struct span text)
{
    static const char others[] = " '()+,-./:=?";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= '0' && byte <= '9');
        if (!alphanumeric && (byte == '\0' || strchr(others, byte) == NULL)) {
            return false;
        }
    }
    return true;
}

enum err der_read_time(struct der *reader, int64_t *ret_time)
{
    struct span text;
    int64_t time;
    bool short_form = der_peek(reader, DER_UTC_TIME);
    TRY(der_read(reader, short_form ? DER_UTC_TIME : DER_GENERALIZED_TIME, &text));
    TRY(time_parse(text, short_form ? 2 : 4, &time));
    int year = civil_from_time(time).year;
    if (!short_form && year >= 1950 && year < 2050) {
        return ERR_INPUT;
    }
    *ret_time = time;
    return OK;
}

enum err der_read_generalized_time(struct der *reader, int64_t *ret_time)
{
    struct span text;
    TRY(der_read(reader, DER_GENERALIZED_TIME, &text));
    return time_parse(text, 4, ret_time);
}

static enum err time_parse(struct span text, size_t year_digits, int64_t *ret_time)
{
    struct civil c = { 0 };
    if (text.len != year_digits + 11 || text.data[text.len - 1] != 'Z') {
        return ERR_INPUT;
    }
    TRY(digits_read(text, 0, year_digits, &c.year));
    if (year_digits == 2) {
        c.year += c.year < 50 ? 2000 : 1900;
    }
    int *const parts[] = { &c.month, &c.day, &c.hour, &c.minute, &c.second };
    for (size_t i = 0; i < 5; i++) {
        TRY(digits_read(text, year_digits + 2 * i, 2, parts[i]));
    }
    return civil_to_time(&c, ret_time);
}

static enum err digits_read(struct span text, size_t at, size_t count, int *ret_value)
{
    int value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERR_INPUT;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    *ret_value = value;
    return OK;
}
