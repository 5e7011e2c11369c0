#pragma once
/* A certificate request as the portal sees it: read, checked against the application, and
 * described. Looking at it changes nothing. */
#include "lib/pki/csr.h"
#include "proc/portal/visit.h"

struct request_view {
    struct csr_reading reading;
    struct csr csr;
    char key_type[32]; /* "RSA 2048" */
    uint8_t spki_hash[HASH_BYTES];
};

void request_view_release(struct request_view *view);
AUTO_DEFINE(request_view, request_view_release)

/* Reads whatever was sent and refuses, with a reason, what the application can't be issued for:
 * malformed, badly signed, weak or blocked key, a server name that the application doesn't have, a
 * key other than the one that the evidence is bound to. After failure `view->reading` still says
 * whether a private key came. */
enum err request_view_read(
    struct visit *visit, struct span input, struct request_view *view) MUST_USE;
/* {key_type, key_sha256, names: [{name, in_csr}], ignored: [{name, value}]}. */
enum err request_view_put(
    struct visit *visit, struct value *object, const struct request_view *view) MUST_USE;
