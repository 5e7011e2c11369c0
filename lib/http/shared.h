#pragma once
/* Bytes that many answers send at the same time without a copy of their own: a revocation list of a
 * million entries has 40 MB, and may be on its way to a thousand slow readers. */
#include "lib/http/request.h"

struct http_shared;

/* Copies the bytes and hashes them once, for the ETag. The caller is the first holder. */
enum err http_shared_new(struct span bytes, struct http_shared **ret_shared) MUST_USE;
/* One holder more; from any thread. */
struct http_shared *http_shared_hold(struct http_shared *shared);
/* One holder fewer; the last one's takes the bytes away. NULL is fine. */
void http_shared_free(struct http_shared *shared);
AUTO_PTR_DEFINE(http_shared, http_shared_free)
struct span http_shared_bytes(const struct http_shared *shared);

/* As reply_public; the answer becomes a holder until it has been sent. */
enum err reply_shared(struct http_response *response, const char *content_type, int64_t seconds,
    struct http_shared *shared) MUST_USE;
