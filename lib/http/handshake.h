#pragma once
/* What a TLS server shows of itself: one handshake, at whose end nothing more is said. Whether the
 * certificates are any good is for the caller: nothing is verified here but that the server holds
 * the first one's key. */
#include "lib/base/buf.h"
#include "lib/http/starttls.h"

enum {
    HANDSHAKE_CERTIFICATES_MAX = 16,
    HANDSHAKE_BYTES_MAX = 256 * 1024, /* of all of them */
    HANDSHAKE_HOST_MAX = 256,
    HANDSHAKE_OCSP_MAX = 64 * 1024,
};

struct handshake_request {
    const char *host;    /* a name as DNS has it, or an IP literal: whom to ask for (SNI) */
    const char *address; /* where to connect instead, name or literal; NULL: `host` */
    uint16_t port;
    enum starttls starttls;
    int64_t timeout_ms; /* for all of it */
};

struct handshake {
    struct buf der; /* the certificates, one behind the other, in the order sent */
    struct span certificates[HANDSHAKE_CERTIFICATES_MAX]; /* borrow from `der` */
    size_t count;
    char version[16]; /* "TLS1.3" */
    bool old_version; /* below TLS 1.2 (RFC 8996) */
    bool whole;       /* else the server broke off later: it may want a client's certificate */
    struct buf ocsp;  /* the response that was stapled; empty: none */
};
void handshake_release(struct handshake *handshake);
AUTO_DEFINE(handshake, handshake_release)

/* May run in several threads at once. ERR_AGAIN with "handshake.name" (it has no address),
 * "handshake.connection" (seen: the system's words), "handshake.closed"; ERR_TIMEOUT with
 * "handshake.timeout" (seen: how far it came); ERR_PEER with "handshake.starttls" (seen: what the
 * server answered), "handshake.not_tls", "handshake.refused" (seen: the alert), "handshake.failed"
 * (seen: the library's words), "handshake.no_certificate"; ERR_LIMIT with "handshake.too_many"
 * certificates. The field is host:port. */
enum err handshake_make(const struct handshake_request *request, struct reason *ret_reason,
    struct handshake *ret_handshake) MUST_USE;
