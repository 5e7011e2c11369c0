#pragma once
/* Percent-encoding and the cutting of URLs (RFC 3986 §2.1, §3), queries and urlencoded bodies
 * (WHATWG URL, application/x-www-form-urlencoded). */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/http/head.h"

/* Everything but the unreserved characters of RFC 3986 §2.3 becomes %XX, '/' too. */
void url_escape(struct buf *buf, struct span text);

enum url_plus { URL_PLUS_IS_PLUS, URL_PLUS_IS_SPACE };
/* ERR_INPUT for a broken %XX; the result lies in the arena and may hold any byte, NUL included. */
enum err url_unescape(
    struct span text, enum url_plus plus, struct arena *arena, struct span *ret_text) MUST_USE;

/* Cuts "a=1&b=2" into unescaped pairs, at most HTTP_PAIRS_MAX (ERR_LIMIT). Empty pieces are
 * skipped, a piece without '=' has an empty value. */
enum err url_pairs_parse(struct span text, struct arena *arena, struct http_pair **ret_pairs,
    size_t *ret_count) MUST_USE;

enum { URL_HOST_SIZE = 256, URL_PATH_SIZE = 1024 };
/* An absolute http or https URL. No user-info, no fragment; an IPv6 literal keeps its brackets. */
struct url {
    bool tls;
    char host[URL_HOST_SIZE];
    uint16_t port;            /* the scheme's own where none was written */
    char path[URL_PATH_SIZE]; /* path and query, begins with '/' */
};
enum err url_parse(const char *text, struct url *ret_url) MUST_USE;
