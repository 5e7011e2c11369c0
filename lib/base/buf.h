#pragma once
/* Growing bytes with a maximum from birth. Appending past the maximum fails and marks the buffer
 * failed; a chain of appends may therefore be checked once, at its end, with buf_check. */
#include "lib/base/bytes.h"

#include <stdarg.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t max;
    enum err failed;
};

/* An empty buffer that will never hold more than `max` bytes; allocates nothing yet. */
struct buf buf_make(size_t max);
void buf_release(struct buf *buf);
AUTO_DEFINE(buf, buf_release)

/* Each append does nothing on a failed buffer. */
void buf_append(struct buf *buf, struct span bytes);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_byte(struct buf *buf, uint8_t byte);
void buf_append_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* OK, or why an append failed: ERR_LIMIT or ERR_MEMORY. */
enum err buf_check(const struct buf *buf) MUST_USE;
/* Makes room for `len` more bytes and returns where they go, or NULL on a failed buffer; the
 * caller fills them and then adds what it used to buf->len. */
uint8_t *buf_reserve(struct buf *buf, size_t len);
/* Empties without freeing, and clears a failure. */
void buf_clear(struct buf *buf);
struct span buf_span(const struct buf *buf);
/* The content with a terminator behind it, as text; NULL on a failed buffer. Owned by the buffer.
 */
const char *buf_text(struct buf *buf);
/* Moves the bytes out, to be freed by the caller with free(); the buffer is empty afterwards. */
uint8_t *buf_detach(struct buf *buf, size_t *ret_len);
