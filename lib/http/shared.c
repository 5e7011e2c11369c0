/* A count of holders behind the bytes; the answers of several threads change it. */
#include "lib/http/shared.h"

#include "lib/http/tls.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG_BYTES = 16 };

struct http_shared {
    atomic_size_t holders;
    char tag[2 * TAG_BYTES + 3]; /* in quotation marks */
    size_t len;
    uint8_t bytes[];
};

enum err http_shared_new(struct span bytes, struct http_shared **ret_shared)
{
    uint8_t digest[HTTP_FINGERPRINT_BYTES];
    char hex[2 * sizeof digest + 1];
    TRY(tls_sha256(bytes, digest));
    hex_format(span_make(digest, TAG_BYTES), hex);
    struct http_shared *shared = malloc(sizeof *shared + bytes.len);
    if (shared == NULL) {
        return ERR_MEMORY;
    }
    atomic_init(&shared->holders, 1);
    snprintf(shared->tag, sizeof shared->tag, "\"%.*s\"", 2 * TAG_BYTES, hex);
    shared->len = bytes.len;
    if (bytes.len > 0) {
        memcpy(shared->bytes, bytes.data, bytes.len);
    }
    *ret_shared = shared;
    return OK;
}

struct http_shared *http_shared_hold(struct http_shared *shared)
{
    atomic_fetch_add(&shared->holders, 1);
    return shared;
}

void http_shared_free(struct http_shared *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->holders, 1) == 1) {
        free(shared);
    }
}

struct span http_shared_bytes(const struct http_shared *shared)
{
    return span_make(shared->bytes, shared->len);
}

enum err reply_shared(struct http_response *response, const char *content_type, int64_t seconds,
    struct http_shared *shared)
{
    TRY(reply_bytes(response, 200, content_type, (struct span){ 0 }));
    TRY(response_header(response, "ETag", shared->tag));
    response->public_seconds = seconds;
    response->shared = http_shared_hold(shared);
    return OK;
}
