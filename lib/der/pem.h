#pragma once
/* PEM (RFC 7468): DER as text between BEGIN and END lines. Reading finds the blocks and leaves the
 * base64 where it is, so that a private key is decoded straight into locked memory; text around the
 * blocks, CRLF and stray white space are passed over. */
#include "lib/base/buf.h"

enum { PEM_LABEL_MAX = 64 };

struct pem {
    struct span label; /* "CERTIFICATE" */
    struct span body;  /* base64 with white space: decode with base64_parse or pem_decode */
};

/* UTF-16, told by its mark or by a NUL beside the first character, becomes bytes; so does UTF-8
 * with a mark; anything else, DER too, is appended as it is. Windows' programs write all three.
 * ERR_INPUT for a character that is no byte. */
enum err pem_narrow(struct span input, struct buf *buf) MUST_USE;
/* Takes the next block off the front of `text`. ERR_NOT_FOUND if there is no further BEGIN line,
 * ERR_INPUT for a block without its END line. */
enum err pem_next(struct span *text, struct pem *ret_pem) MUST_USE;
/* The first block with this label. */
enum err pem_find(struct span text, const char *label, struct pem *ret_pem) MUST_USE;
/* Appends the block's bytes to `buf`; ERR_INPUT if it isn't base64. Never for private keys. */
enum err pem_decode(const struct pem *pem, struct buf *buf) MUST_USE;
/* Appends a block, 64 characters a line. */
enum err pem_write(const char *label, struct span der, struct buf *buf) MUST_USE;
