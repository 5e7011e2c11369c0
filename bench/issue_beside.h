#pragma once
/* What the issuing core is measured against, all by OpenSSL alone: the bare operations that a
 * warrant needs, and the X509 functions on the way from a request to a certificate. */
#include "lib/base/bytes.h"

struct beside;

/* `issuer_der` and `subscriber_der` are private keys, PKCS#8; `csr` and `issuer_certificate` DER.
 */
struct beside_setup {
    struct span issuer_key, issuer_certificate;
    struct span csr;
    bool logged; /* with Certificate Transparency: two signatures, and three promises to verify */
};

/* NULL if OpenSSL fails. */
struct beside *beside_new(const struct beside_setup *setup);
void beside_free(struct beside *beside);
/* Two Ed25519 and six RSA-2048 verifications, the request's, one signature or two. False if any
 * fails. */
bool beside_bare(struct beside *beside);
/* The same and what can't be left out either: the request's key made from its numbers, every
 * signature of our own verified before it leaves, each log's promise verified. */
bool beside_needed(struct beside *beside);
/* What proving it again needs: the same verifications, and that of the issuer's signature. */
bool beside_verify(struct beside *beside);
/* Reads and verifies the request, builds the same certificate, signs it, writes it as DER. */
bool beside_x509(struct beside *beside, unsigned long number);
