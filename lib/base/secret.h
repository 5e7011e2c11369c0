#pragma once
/* The only home of passwords, PINs, passphrases and raw private keys: own pages, locked, kept out
 * of core dumps, wiped when released. There is deliberately no function that formats one. */
#include "lib/base/bytes.h"

struct secret {
    uint8_t *data;
    size_t len;
};

/* `len` zero bytes to be filled by the caller. ERR_MEMORY if the pages can't be had. */
enum err secret_new(size_t len, struct secret *ret_secret) MUST_USE;
/* Copies; wiping the source is the caller's affair. */
enum err secret_copy(struct span bytes, struct secret *ret_secret) MUST_USE;
/* Wipes and unmaps; a zeroed struct is fine. */
void secret_release(struct secret *secret);
AUTO_DEFINE(secret, secret_release)
struct span secret_span(const struct secret *secret);
/* Reads until end of file from `fd`, at most `max` bytes; one trailing newline (LF or CRLF) is
 * dropped. For passphrases and PINs given by file or descriptor, never by argument. */
enum err secret_read_fd(int fd, size_t max, struct secret *ret_secret) MUST_USE;
