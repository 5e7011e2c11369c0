#pragma once
/* The little that the server does with GnuTLS itself: libmicrohttpd speaks TLS by it, but leaves
 * the judgement on client certificates to its user. */
#include "lib/http/request.h"

/* `session` is the gnutls_session_t of the connection. ERR_DENIED unless the client proved a
 * certificate for client authentication below the server's trust list, whose SHA-256 is one of
 * `fingerprints` (NULL: any); `ret_fingerprint` gets it. */
enum err tls_client_check(void *session, const uint8_t (*fingerprints)[HTTP_FINGERPRINT_BYTES],
    size_t fingerprint_count, uint8_t ret_fingerprint[HTTP_FINGERPRINT_BYTES]) MUST_USE;
/* ERR_INPUT unless certificate and key are PEM and belong together. */
enum err tls_pair_check(struct span certificate_pem, struct span key_pem) MUST_USE;
enum err tls_sha256(struct span bytes, uint8_t ret_digest[HTTP_FINGERPRINT_BYTES]) MUST_USE;
