#pragma once
/* The head of a request after it was cut into lines and before anything believes it: the framing
 * rules of RFC 9112 that keep one request from being read as two (doc/threats.md P14, P15, P17).
 * Knows no connection; what has been checked here may be routed. */
#include "lib/base/bytes.h"
#include "lib/http/method.h"

struct http_pair {
    struct span name, value;
};

struct http_head {
    const char *method;  /* as sent */
    const char *uri;     /* as sent, still escaped */
    const char *version; /* "HTTP/1.1" */
    const struct http_pair *headers;
    size_t header_count;
};

/* What is known of a head once it has been accepted. */
struct http_head_facts {
    enum http_method method;
    bool head_only;        /* the method was HEAD */
    size_t content_length; /* 0 where none was given */
    struct span path;      /* escaped, begins with '/' */
    struct span query;     /* escaped, without '?' */
};

/* ERR_INPUT with `*ret_status` the HTTP status that refuses it: 400 for anything that another
 * parser might frame or address otherwise, 411 for Transfer-Encoding (every client we serve knows
 * its length), 405 for a method outside the table, 414 and 431 for sizes, 505 for the version.
 * `hosts`, a NULL-terminated list of accepted Host values, may be NULL. */
enum err http_head_check(const struct http_head *head, const char *const *hosts, int *ret_status,
    struct http_head_facts *ret_facts) MUST_USE;
