#pragma once
/* An HTTP client for two kinds of caller: the registrar asking perspectives, and `ecert` asking the
 * portal and the repositories of revocation lists. No redirects, no proxies, no cookies, no
 * decompression; plain HTTP to loopback only, but for what is signed itself; the answer and the
 * time it may take are bounded. One client keeps one connection alive and serves one thread at a
 * time. */
#include "lib/base/buf.h"
#include "lib/base/secret.h"
#include "lib/http/head.h"

struct http_client;

struct http_client_config {
    /* Connect here whatever the URL's host says ("127.0.0.11", an IP literal); NULL: resolve. The
     * URL's host still is what the server's certificate is checked for. */
    const char *connect_address;
    struct span ca_pem;          /* the only trust anchors; empty: the system's */
    struct span certificate_pem; /* the client's own, with key_pem; empty: none */
    struct span key_pem;
    const char *pinned_key;     /* "sha256//BASE64" of the server's public key; NULL: none */
    int64_t connect_timeout_ms; /* 0: 5,000 */
    int64_t timeout_ms;         /* the whole call; 0: 30,000 */
    size_t answer_max;          /* bytes of the body; 0: HTTP_BODY_MAX_BYTES */
    const char *user_agent;     /* NULL: "ecert" */
};

struct http_call {
    enum http_method method;
    const char *url;          /* absolute */
    const char *content_type; /* of the body; NULL without one */
    struct span body;
    const struct http_pair *headers; /* extra ones */
    size_t header_count;
    /* ETag and Last-Modified of what the caller has already (RFC 9110 §13.1); NULL or "": none.
     * Where that is what the server still has, it answers 304, without a body. */
    const char *have_etag, *have_modified;
    /* Plain HTTP may go to any address: for public objects that carry their own signature, which
     * the caller verifies before believing a byte. Revocation lists are published so and no other
     * way (BR 7.1.2.11.2; RFC 5280 §8: TLS would need the very list). A request that says more than
     * "GET this, unless it is still that" never goes there: a body, a header of the caller's, or a
     * client with a certificate is a bug (assert). */
    bool plain_allowed;
};

enum {
    HTTP_CONTENT_TYPE_SIZE = 128,
    HTTP_LOCATION_SIZE = 1024,
    HTTP_ETAG_SIZE = 128,
    HTTP_MODIFIED_SIZE = 64,
};
struct http_answer {
    int status;
    char content_type[HTTP_CONTENT_TYPE_SIZE];
    char location[HTTP_LOCATION_SIZE];                       /* of a 201 or 3xx, never followed */
    char etag[HTTP_ETAG_SIZE], modified[HTTP_MODIFIED_SIZE]; /* as given; "" if longer */
    char request_id[64];         /* X-Request-Id, to be named in messages */
    int64_t retry_after_seconds; /* 0: not given */
    struct buf body;
};
void http_answer_release(struct http_answer *answer);
AUTO_DEFINE(http_answer, http_answer_release)

/* Copies what the configuration points to. */
enum err http_client_new(
    const struct http_client_config *config, struct http_client **ret_client) MUST_USE;
void http_client_free(struct http_client *client);
AUTO_PTR_DEFINE(http_client, http_client_free)

/* OK for an answer of any status. ERR_TIMEOUT, ERR_AGAIN (could not connect, or the connection
 * broke), ERR_LIMIT (answer too long), ERR_DENIED (the server is not the one trusted, or plain HTTP
 * off loopback), ERR_INPUT (URL). `ret_reason` (may be NULL) gets "http.…" codes with the URL's
 * host as field and the library's words as seen. */
enum err http_client_call(struct http_client *client, const struct http_call *call,
    struct http_answer *ret_answer, struct reason *ret_reason) MUST_USE;
