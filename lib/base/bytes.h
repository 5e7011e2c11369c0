#pragma once
/* Borrowed bytes. A span never owns what it points to; text from outside stays a span until it has
 * been checked for NUL and for its character set. */
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *data;
    size_t len;
};

#define SPAN_OF(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })
/* A string literal without its terminator. */
#define SPAN_LITERAL(text) ((struct span){ (const uint8_t *)("" text), sizeof(text) - 1 })

static inline struct span span_make(const void *data, size_t len)
{
    return (struct span){ data, len };
}

static inline struct span span_from_text(const char *text)
{
    return (struct span){ (const uint8_t *)text, text == NULL ? 0 : strlen(text) };
}

/* Not constant-time: for public bytes. Secrets are compared by bytes_equal_secret. */
bool span_equal(struct span left, struct span right);
bool span_equal_text(struct span span, const char *text);
/* Compares without depending on where the first difference is. Unequal lengths are unequal. */
bool bytes_equal_secret(struct span left, struct span right);
/* True if the span is non-empty text that fits `size` with a terminator and holds no NUL; copies.
 */
bool span_to_text(struct span span, char *ret_text, size_t size);
/* True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool utf8_valid(struct span text);
/* True for valid UTF-8 in which nothing moves a terminal's cursor, turns the direction of writing
 * or is there without being seen: controls, marks of direction, zero-width spaces. */
bool utf8_plain(struct span text);
/* Makes it so in place: a question mark for every byte of what is not plain. */
void utf8_make_plain(char *text);
/* Characters, not bytes; `text` must be valid UTF-8. */
size_t utf8_length(struct span text);

/* Lower-case hexadecimal with terminator; `ret_text` holds 2*len+1 bytes. */
void hex_format(struct span bytes, char *ret_text);
/* Accepts either case and, between pairs, any of " :-" ; at most `capacity` bytes. */
enum err hex_parse(struct span text, uint8_t *ret_bytes, size_t capacity, size_t *ret_len) MUST_USE;
/* RFC 4648 §6 alphabet in lower case, without padding; `size` must hold base32_length(len)+1. */
size_t base32_length(size_t len);
void base32_format(struct span bytes, char *ret_text, size_t size);
/* RFC 4648 §4, padded, without line breaks; `size` must hold base64_length(len)+1. */
size_t base64_length(size_t len);
void base64_format(struct span bytes, char *ret_text, size_t size);
/* Ignores white space; refuses anything else outside the alphabet and wrong padding. */
enum err base64_parse(
    struct span text, uint8_t *ret_bytes, size_t capacity, size_t *ret_len) MUST_USE;

uint32_t load_be32(const uint8_t *bytes);
void store_be32(uint8_t *ret_bytes, uint32_t value);
uint64_t load_be64(const uint8_t *bytes);
void store_be64(uint8_t *ret_bytes, uint64_t value);
