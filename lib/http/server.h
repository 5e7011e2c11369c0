#pragma once
/* The HTTP server: a table of routes, a pool of threads, nothing else. A request that matches no
 * route gets 404 or 405 from the table; a request whose framing is doubtful gets 400 and its
 * connection is closed before any handler sees it (RFC 9112, doc/threats.md P14 to P18). Every
 * answer that this program words carries the security headers; the library below words a few itself
 * (a request line that is no HTTP at all), with fixed text, and closes.
 * Handlers run in several threads at once: what `ctx` points to must allow that. */
#include "lib/base/random.h"
#include "lib/base/secret.h"
#include "lib/http/request.h"

struct http_server;

/* Fills the response by one of the reply_* family. An error instead is turned into a status by
 * http_status_from_err, and the error page is asked to word it. */
typedef enum err (*http_handler)(
    struct http_request *request, struct http_response *response, void *ctx);
/* Words a refusal, for people or machines; must not fail in a way that shows: if it returns an
 * error, a plain text with the request's id goes out. */
typedef enum err (*http_error_page)(
    struct http_request *request, struct http_response *response, int status, void *ctx);
/* Told once for each answered request, for the access log. */
typedef void (*http_observer)(
    const struct http_request *request, int status, int64_t elapsed_ms, void *ctx);

struct http_route {
    enum http_method method;
    const char *pattern; /* "/enrolment/{id}/csr": {name} matches one non-empty part of the path */
    http_handler handler;
    unsigned flags; /* the caller's own, for its error page and its permission check */
    size_t
        body_max; /* 0: no body accepted; at most HTTP_BODY_MAX_BYTES unless the server says more */
};

/* Routes, hosts and fingerprints must outlive the server; the PEM texts are copied. */
struct http_server_config {
    const char *address; /* an IP literal; without TLS only 127.0.0.0/8 and ::1 (ERR_DENIED) */
    uint16_t port;       /* 0: any free one, see http_server_port */
    const struct http_route *routes; /* the first that matches wins */
    size_t route_count;
    void *ctx;
    http_error_page error_page;           /* NULL: plain text */
    http_observer observer;               /* NULL: nobody is told */
    const char *const *hosts;             /* accepted Host values, NULL-terminated; NULL: any */
    const struct random *random;          /* for request ids; NULL: the system's */
    unsigned threads;                     /* 0: 2 */
    bool thread_each;                     /* connection: for handlers that wait long */
    unsigned connections_max;             /* 0: 1024 */
    unsigned connections_per_address_max; /* 0: no limit (as behind a proxy) */
    unsigned idle_seconds;                /* 0: 15 without a byte */
    unsigned client_idle_seconds; /* for who has proved a certificate; 0: no longer than others.
                                   * Not above request_seconds, which go on between requests */
    unsigned request_seconds;     /* 0: four times that; a request must be whole within it */
    struct span certificate_pem;  /* with chain; empty: plain HTTP */
    struct span key_pem;
    /* Not empty: a client must prove a certificate below one of these (or one of these itself). */
    struct span client_ca_pem;
    /* Not NULL: and its SHA-256 must be one of these. */
    const uint8_t (*client_fingerprints)[HTTP_FINGERPRINT_BYTES];
    size_t client_fingerprint_count;
};

/* Listens when it returns OK. ERR_DENIED for plain HTTP off loopback, ERR_INPUT for an address that
 * is no literal or a key that does not load, ERR_IO for a port that can't be had. */
enum err http_server_start(
    const struct http_server_config *config, struct http_server **ret_server) MUST_USE;
uint16_t http_server_port(const struct http_server *server);
/* Stops listening and waits for the handlers that run. NULL is fine. */
void http_server_free(struct http_server *server);
AUTO_PTR_DEFINE(http_server, http_server_free)

/* 400 input, 403 denied, 404 not found, 409 conflict, 413 limit, 415 unsupported, 503 again,
 * 504 timeout, 507 disk full, 500 all else. */
int http_status_from_err(enum err err);
