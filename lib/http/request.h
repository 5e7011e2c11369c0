#pragma once
/* What a handler is given and what it fills. Everything a request points to dies with it. */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/http/cookie.h"
#include "lib/http/head.h"

enum { HTTP_REQUEST_ID_SIZE = 17, HTTP_ADDRESS_SIZE = 48, HTTP_FINGERPRINT_BYTES = 32 };

struct http_route;
struct http_shared;

struct http_request {
    enum http_method method;        /* HEAD arrives as GET; the server drops the body itself */
    const struct http_route *route; /* NULL where none matched */
    struct span path;               /* unescaped, valid UTF-8 */
    struct http_pair params[HTTP_PARAMS_MAX];
    size_t param_count;
    const struct http_pair *query; /* unescaped; no name twice where a handler gets it */
    size_t query_count;
    const struct http_pair *headers;
    size_t header_count;
    struct span body;                       /* at most the route's body_max; wiped at the end */
    char client_address[HTTP_ADDRESS_SIZE]; /* "127.0.0.1", without port */
    char id[HTTP_REQUEST_ID_SIZE];          /* also in X-Request-Id and on error pages */
    bool tls;
    bool client_certificate; /* the client proved it, and it is accepted */
    uint8_t client_fingerprint[HTTP_FINGERPRINT_BYTES]; /* SHA-256 of that certificate's DER */
    struct arena *arena;
    struct reason reason; /* filled by a handler that fails; shown by the error page */
};

/* Each: false where there is none; a name that occurs twice counts as absent. Header names are
 * compared without case. */
bool http_request_param(
    const struct http_request *request, const char *name, struct span *ret_value);
bool http_request_query(
    const struct http_request *request, const char *name, struct span *ret_value);
bool http_request_header(
    const struct http_request *request, const char *name, struct span *ret_value);
bool http_request_cookie(
    const struct http_request *request, const char *name, struct span *ret_value);
/* True if the Origin header (or, without one, Sec-Fetch-Site) says that the request came from a
 * page of this very host, or no browser sent either (doc/threats.md P7). For every POST of a
 * session. */
bool http_request_same_origin(const struct http_request *request);

struct http_response {
    int status;
    const char *content_type; /* a literal, or text in the request's arena */
    struct buf body;
    struct http_shared *shared; /* in the body's place (lib/http/shared.h); NULL: the body */
    struct http_pair headers[HTTP_RESPONSE_HEADERS_MAX];
    size_t header_count;
    int64_t public_seconds; /* > 0: Cache-Control public, max-age; else no-store */
    bool close;             /* close the connection after this response */
    struct arena *arena;
};

/* The reply family. Each sets status, type and body; the buffer of `body` is moved out and empty
 * afterwards. All return OK or ERR_MEMORY / ERR_LIMIT, so that a handler ends with `return
 * reply_…`. */
enum err reply_html(struct http_response *response, int status, struct buf *body) MUST_USE;
enum err reply_json(struct http_response *response, int status, struct buf *body) MUST_USE;
/* RFC 7807: application/problem+json. */
enum err reply_problem(struct http_response *response, int status, struct buf *body) MUST_USE;
enum err reply_text(struct http_response *response, int status, const char *text) MUST_USE;
/* Bytes are copied; `content_type` is a literal or lies in the request's arena. */
enum err reply_bytes(struct http_response *response, int status, const char *content_type,
    struct span body) MUST_USE;
/* The same as a download under `filename` (letters, digits and "._-" only: ERR_INPUT otherwise). */
enum err reply_download(struct http_response *response, const char *content_type,
    const char *filename, struct span body) MUST_USE;
/* The same, cacheable by everybody for `seconds`; gets an ETag, and If-None-Match is answered with
 * 304. Only for what carries nobody's data: style sheets, CA certificates, CRLs. */
enum err reply_public(struct http_response *response, const char *content_type, int64_t seconds,
    struct span body) MUST_USE;
/* 303 to a path of this server ("/…", never another host: ERR_INPUT). */
enum err reply_redirect(struct http_response *response, const char *path) MUST_USE;
/* 204. */
enum err reply_empty(struct http_response *response) MUST_USE;

/* Adds a header; name and value are copied. ERR_INPUT for a control character in the value. */
enum err response_header(
    struct http_response *response, const char *name, const char *value) MUST_USE;
enum err response_cookie(struct http_response *response, const struct cookie *cookie) MUST_USE;
