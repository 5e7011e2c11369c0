#pragma once
/* The frame of every message between two processes: SEQUENCE { version, type, body }, and of its
 * answer: SEQUENCE { version, type, err, [0] reason OPTIONAL, [1] body OPTIONAL }. It is the same
 * in a packet of a Unix socket and in the body of an HTTPS request to a perspective. A body is one
 * SEQUENCE; whatever is malformed, unknown or left over is ERR_PEER: it ends the trust in the peer.
 */
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum { MESSAGE_VERSION = 1, MESSAGE_TYPE_MAX = 255 };

/* Writes one body: every x_write of this folder has this form. */
typedef void (*body_writer)(struct der_writer *writer, const void *object);

/* The empty body, for messages that say everything by their type. */
void nothing_write(struct der_writer *writer, const void *object);
enum err nothing_read(struct der *body) MUST_USE;

/* Appends a request. ERR_LIMIT if it is larger than MESSAGE_MAX_BYTES. */
enum err request_format(
    unsigned type, body_writer write, const void *object, struct buf *message) MUST_USE;
/* `ret_body` is positioned at the body, which is all that it holds. */
enum err request_parse(struct span message, unsigned *ret_type, struct der *ret_body) MUST_USE;

struct answer_fields {
    unsigned type;
    enum err err;
    const struct reason *reason; /* NULL or with an empty code: none */
    struct span body;            /* DER that is there already; empty: none */
};

enum err answer_format(const struct answer_fields *fields, struct buf *message) MUST_USE;
/* An answer to a message of `type`. Returns the peer's verdict, its reason in `ret_reason` (may be
 * NULL); ERR_PEER if the answer is malformed. After OK `ret_body` is at the body, or empty. */
enum err answer_parse(
    struct span message, unsigned type, struct der *ret_body, struct reason *ret_reason) MUST_USE;

/* A text of a body that will stand on pages and in logs: possibly empty, without control
 * characters. ERR_LIMIT if it doesn't fit, ERR_INPUT if it is none. */
enum err message_line_read(struct der *reader, uint8_t tag, char *ret_text, size_t size) MUST_USE;
