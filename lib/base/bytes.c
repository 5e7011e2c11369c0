/* Comparing, checking and spelling out bytes. */
#include "lib/base/bytes.h"

#include <assert.h>

static int hex_digit(uint8_t byte);
static int base64_digit(uint8_t byte);
static bool ascii_eight(const uint8_t *data, size_t len);
static size_t utf8_sequence(const uint8_t *data, size_t len);

bool span_equal(struct span left, struct span right)
{
    return left.len == right.len && (left.len == 0 || memcmp(left.data, right.data, left.len) == 0);
}

bool span_equal_text(struct span span, const char *text)
{
    return span_equal(span, span_from_text(text));
}

bool bytes_equal_secret(struct span left, struct span right)
{
    if (left.len != right.len) {
        return false;
    }
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < left.len; i++) {
        difference = (uint8_t)(difference | (left.data[i] ^ right.data[i]));
    }
    return difference == 0;
}

bool span_to_text(struct span span, char *ret_text, size_t size)
{
    if (span.len == 0 || span.len >= size || memchr(span.data, '\0', span.len) != NULL) {
        return false;
    }
    memcpy(ret_text, span.data, span.len);
    ret_text[span.len] = '\0';
    return true;
}

bool utf8_valid(struct span text)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    for (size_t i = 0; i < text.len;) {
        size_t length = ascii_eight(text.data + i, text.len - i)
                            ? sizeof(uint64_t)
                            : utf8_sequence(text.data + i, text.len - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

/* Most texts are ASCII for long stretches: true of the next eight bytes. */
static bool ascii_eight(const uint8_t *data, size_t len)
{
    uint64_t eight = 0;
    if (len < sizeof eight) {
        return false;
    }
    memcpy(&eight, data, sizeof eight);
    return (eight & 0x8080808080808080) == 0;
}

/* The length of the plain character at the beginning, or 0 if it is none. */
static size_t plain_sequence(struct span text)
{
    static const struct {
        uint32_t low, high;
    } painting[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff } };
    size_t length = utf8_sequence(text.data, text.len);
    uint32_t character = text.data[0];
    if (length > 1) {
        character &= 0x7fU >> length;
        for (size_t i = 1; i < length; i++) {
            character = character << 6 | (text.data[i] & 0x3f);
        }
    }
    for (size_t i = 0; i < sizeof painting / sizeof painting[0]; i++) {
        if (character >= painting[i].low && character <= painting[i].high) {
            return 0;
        }
    }
    return length;
}

bool utf8_plain(struct span text)
{
    while (text.len > 0) {
        size_t length = plain_sequence(text);
        if (length == 0) {
            return false;
        }
        text = span_make(text.data + length, text.len - length);
    }
    return true;
}

void utf8_make_plain(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        struct span rest = span_make(text + i, len - i);
        size_t length = plain_sequence(rest);
        size_t broken = length == 0 ? utf8_sequence(rest.data, rest.len) : 0;
        memset(text + i, '?', length == 0 && broken == 0 ? 1 : broken);
        i += length + broken + (length == 0 && broken == 0);
    }
}

size_t utf8_length(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

/* The length of the sequence that starts at data, or 0 if it is malformed (RFC 3629 §4). */
static size_t utf8_sequence(const uint8_t *data, size_t len)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high, length;
    } forms[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 },
        { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        if (data[0] < forms[f].first_low || data[0] > forms[f].first_high) {
            continue;
        }
        if (forms[f].length > len) {
            return 0;
        }
        for (size_t i = 1; i < forms[f].length; i++) {
            uint8_t low = i == 1 ? forms[f].second_low : 0x80;
            uint8_t high = i == 1 ? forms[f].second_high : 0xbf;
            if (data[i] < low || data[i] > high) {
                return 0;
            }
        }
        return forms[f].length;
    }
    return 0;
}

void hex_format(struct span bytes, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        ret_text[2 * i] = digits[bytes.data[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    ret_text[2 * bytes.len] = '\0';
}

enum err hex_parse(struct span text, uint8_t *ret_bytes, size_t capacity, size_t *ret_len)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len;) {
        if (text.data[i] == ' ' || text.data[i] == ':' || text.data[i] == '-') {
            i++;
            continue;
        }
        int high = hex_digit(text.data[i]);
        int low = i + 1 < text.len ? hex_digit(text.data[i + 1]) : -1;
        if (high < 0 || low < 0) {
            return ERR_INPUT;
        }
        if (count == capacity) {
            return ERR_LIMIT;
        }
        ret_bytes[count++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *ret_len = count;
    return OK;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

size_t base32_length(size_t len)
{
    return (len * 8 + 4) / 5;
}

void base32_format(struct span bytes, char *ret_text, size_t size)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    size_t at = 0;
    unsigned bits = 0, held = 0;
    assert(size > base32_length(bytes.len));
    for (size_t i = 0; i < bytes.len; i++) {
        held = held << 8 | bytes.data[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            ret_text[at++] = digits[held >> bits & 31];
        }
        held &= (1u << bits) - 1;
    }
    if (bits > 0) {
        ret_text[at++] = digits[held << (5 - bits) & 31];
    }
    ret_text[at] = '\0';
}

size_t base64_length(size_t len)
{
    return (len + 2) / 3 * 4;
}

void base64_format(struct span bytes, char *ret_text, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    assert(size > base64_length(bytes.len));
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[i + 2] : 0;
        ret_text[at++] = digits[group >> 18];
        ret_text[at++] = digits[group >> 12 & 63];
        ret_text[at++] = left > 1 ? digits[group >> 6 & 63] : '=';
        ret_text[at++] = left > 2 ? digits[group & 63] : '=';
    }
    ret_text[at] = '\0';
}

enum err base64_parse(struct span text, uint8_t *ret_bytes, size_t capacity, size_t *ret_len)
{
    uint32_t held = 0;
    size_t digits = 0, padding = 0, count = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
            continue;
        }
        int digit = byte == '=' ? 0 : base64_digit(byte);
        if (digit < 0 || (padding > 0 && byte != '=')) {
            return ERR_INPUT;
        }
        padding += byte == '=';
        held = held << 6 | (uint32_t)digit;
        if (++digits % 4 != 0) {
            continue;
        }
        if (padding > 2 || (padding > 0 && (held & (padding == 1 ? 0xffu : 0xffffu)) != 0)) {
            return ERR_INPUT;
        }
        for (size_t k = 0; k < 3 - padding; k++) {
            if (count == capacity) {
                return ERR_LIMIT;
            }
            ret_bytes[count++] = (uint8_t)(held >> (16 - 8 * k));
        }
    }
    if (digits % 4 != 0 || padding > 2) {
        return ERR_INPUT;
    }
    *ret_len = count;
    return OK;
}

static int base64_digit(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return byte - '0' + 52;
    }
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

uint32_t load_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void store_be32(uint8_t *ret_bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        ret_bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

uint64_t load_be64(const uint8_t *bytes)
{
    return (uint64_t)load_be32(bytes) << 32 | load_be32(bytes + 4);
}

void store_be64(uint8_t *ret_bytes, uint64_t value)
{
    store_be32(ret_bytes, (uint32_t)(value >> 32));
    store_be32(ret_bytes + 4, (uint32_t)value);
}
