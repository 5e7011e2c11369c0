#pragma once
/* A TLS server as people name it: [PROTOCOL://]HOST[:PORT][@ADDRESS]. The address is where to
 * connect instead of where the name leads, so that each server behind one name can be asked. The
 * protocol (tls, smtp, imap, pop3) says what is spoken before TLS where the port's number doesn't.
 */
#include "lib/http/handshake.h"

enum { ENDPOINT_TEXT_MAX = 2 * HANDSHAKE_HOST_MAX + 16 };

struct endpoint {
    char host[HANDSHAKE_HOST_MAX];    /* A-labels, or an IP literal without brackets */
    char address[HANDSHAKE_HOST_MAX]; /* empty: none given */
    uint16_t port;
    enum starttls starttls;
    bool literal; /* the host is an IP address */
};

/* Without a port it is `port`. ERR_INPUT with "endpoint.form", or the host name's own reason. */
enum err endpoint_parse(const char *text, uint16_t port, struct endpoint *ret_endpoint,
    struct reason *ret_reason) MUST_USE;
/* What to shake hands with: borrows from `endpoint`. */
struct handshake_request endpoint_request(const struct endpoint *endpoint, int64_t timeout_ms);
