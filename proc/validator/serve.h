#pragma once
/* The two ways to be asked: over the primary's socket, or, as a remote perspective, over HTTPS. The
 * messages are the same, and so is what answers them. */
#include "lib/config/config.h"
#include "lib/http/server.h"
#include "lib/wire/server.h"
#include "proc/validator/check.h"

/* Takes one request's body and appends its answer's. ERR_PEER for a body that isn't a check;
 * otherwise as check_run. Logs one line. */
enum err serve_check(const struct checker *checker, struct der *body, struct buf *reply,
    struct reason *ret_reason) MUST_USE;

/* Answers on the inherited socket until it fails; only `user` may ask. */
enum err serve_socket(const struct checker *checker, int listen_fd, unsigned user) MUST_USE;

/* What HTTPS needs, read before files are given up. */
struct serve_identity {
    struct buf certificate_pem, key_pem, client_ca_pem;
};
enum err serve_identity_read(const struct config_transport *transport,
    struct serve_identity *ret_identity, struct reason *ret_reason) MUST_USE;
void serve_identity_release(struct serve_identity *identity);
AUTO_DEFINE(serve_identity, serve_identity_release)

/* Starts answering POST /check for clients that the transport CA knows. */
enum err serve_https(const struct checker *checker, const struct config_endpoint *listen,
    const struct serve_identity *identity, struct http_server **ret_server) MUST_USE;
