/* The bounded, growing buffer. */
#include "lib/base/buf.h"

#include <assert.h>
#include <stdlib.h>

struct buf buf_make(size_t max)
{
    return (struct buf){ .max = max };
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ .max = buf->max };
}

uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    if (buf->failed != OK) {
        return NULL;
    }
    if (len > buf->max || buf->len > buf->max - len) {
        buf->failed = ERR_LIMIT;
        return NULL;
    }
    /* One byte more than asked, so that buf_text can always terminate. */
    if (buf->capacity < buf->len + len + 1) {
        size_t grown =
            buf->capacity * 2 > buf->len + len + 1 ? buf->capacity * 2 : buf->len + len + 1;
        grown = grown < 64 ? 64 : grown > buf->max + 1 ? buf->max + 1 : grown;
        uint8_t *data = realloc(buf->data, grown);
        if (data == NULL) {
            buf->failed = ERR_MEMORY;
            return NULL;
        }
        buf->data = data;
        buf->capacity = grown;
    }
    return buf->data + buf->len;
}

void buf_append(struct buf *buf, struct span bytes)
{
    uint8_t *room = buf_reserve(buf, bytes.len);
    if (room != NULL && bytes.len > 0) {
        memcpy(room, bytes.data, bytes.len);
        buf->len += bytes.len;
    }
}

void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, span_from_text(text));
}

void buf_append_byte(struct buf *buf, uint8_t byte)
{
    buf_append(buf, span_make(&byte, 1));
}

void buf_append_format(struct buf *buf, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    uint8_t *room = buf_reserve(buf, (size_t)length);
    if (room != NULL) {
        vsnprintf((char *)room, (size_t)length + 1, format, again);
        buf->len += (size_t)length;
    }
    va_end(again);
}

enum err buf_check(const struct buf *buf)
{
    return buf->failed;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = OK;
}

struct span buf_span(const struct buf *buf)
{
    return span_make(buf->data, buf->len);
}

const char *buf_text(struct buf *buf)
{
    uint8_t *end = buf_reserve(buf, 0);
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    return (const char *)buf->data;
}

uint8_t *buf_detach(struct buf *buf, size_t *ret_len)
{
    uint8_t *data = buf->data;
    *ret_len = buf->len;
    *buf = (struct buf){ .max = buf->max };
    return data;
}
