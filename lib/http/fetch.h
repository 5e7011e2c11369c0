#pragma once
/* One GET of a page that a stranger's server may have at an address which the caller has chosen.
 * Nothing else is connected to, whatever the URL's host resolves to by now; nothing is followed,
 * decompressed, remembered or kept open. A server's certificate is not checked: who asks wants to
 * know what anybody sees there (BR 3.2.2.4.18). */
#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "lib/http/url.h"

struct http_fetch {
    const struct url *url;
    const char *address; /* an IP literal: the one place to connect to */
    uint16_t port;       /* there; may differ from the URL's in a trial */
    const char *source;  /* an IP literal to connect from; NULL: the system's choice */
    const char *user_agent;
    size_t head_max, body_max;
    int64_t connect_timeout_ms, timeout_ms; /* the second for all of it */
};

struct http_fetched {
    int status;
    char redirect[HTTP_LOCATION_SIZE]; /* of a 3xx with Location: the absolute URL; else empty */
    struct buf body;
};
void http_fetched_release(struct http_fetched *fetched);
AUTO_DEFINE(http_fetched, http_fetched_release)

/* To be called once before a process gives up files: libcurl reads its libraries' settings here. */
enum err http_fetch_prepare(void) MUST_USE;

/* OK for an answer of any status. ERR_AGAIN (no connection), ERR_TIMEOUT, ERR_LIMIT (head or body
 * too long), ERR_DENIED (the socket led elsewhere than to `address`), ERR_PEER (what came back is
 * no HTTP or broke off), ERR_INPUT, ERR_MEMORY. */
enum err http_fetch(const struct http_fetch *fetch, struct http_fetched *ret_fetched) MUST_USE;
