#pragma once
/* Certificates and keys coming into the personal store, from the bytes of files. */
#include "cli/ecert/bundle.h"
#include "lib/certstore/store.h"

/* True for PEM, P7B or a certificate; what is none of these is taken for a PFX, which says itself
 * what is wrong. */
bool intake_holds_certificates(struct span file);
/* Joins the certificate among these that certifies the key of a waiting request to it; the others
 * become its chain. Reasons of key_complete. */
enum err intake_complete(struct tool *tool, struct certstore *store,
    const struct bundle *certificates, struct reason *ret_reason,
    struct certstore_item *ret_item) MUST_USE;

/* A certificate that comes with its key in a file of its own, or, without one, for a key that waits
 * here. */
struct intake_pair {
    struct span key_pem;
    const struct secret *password; /* of the key; NULL: none is known */
    const char *friendly_name;     /* may be NULL */
    int64_t now;
};
/* The server's certificate of the bundle; reasons of certstore_is_server, of key_from_pem (of these
 * "key.passphrase_needed" asks for the password), "install.mismatch", and certstore's. */
enum err intake_certificates(struct tool *tool, struct certstore *store,
    const struct bundle *certificates, const struct intake_pair *pair, struct reason *ret_reason,
    struct certstore_item *ret_item) MUST_USE;
