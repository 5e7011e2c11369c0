#pragma once
/* How a key that isn't certified proves that somebody holds it: to be registered at the portal, and
 * to log in there. What is signed is DER and names its purpose, the portal, the enrolment and the
 * key, so that a signature is good nowhere else and for nothing else:
 *
 *     SEQUENCE { UTF8String purpose, UTF8String portal URL, UTF8String reference number,
 *                OCTET STRING SHA-256 of the key, OCTET STRING nonce OPTIONAL }
 *
 * The portal's URL is the one that each side knows by itself, never one that it was told. Keys are
 * Ed25519 only. */
#include "lib/crypto/sign.h"

enum proof_purpose {
    PROOF_REGISTRATION, /* without a nonce: the session that it is sent in is fresh already */
    PROOF_LOGIN,
};

enum { PROOF_NONCE_BYTES = 16, PROOF_SIGNATURE_BYTES = 64, PROOF_MAX_BYTES = 1024 };

struct proof {
    enum proof_purpose purpose;
    const char *portal;    /* its URL, without '/' at the end */
    const char *reference; /* 9 digits */
    struct span nonce;     /* PROOF_NONCE_BYTES, the portal's; for PROOF_LOGIN */
};

/* The bytes that are signed, appended to `der`. ERR_INPUT for a portal that isn't UTF-8. */
enum err proof_format(const struct proof *proof, const struct key *key, struct buf *der) MUST_USE;
/* ERR_UNSUPPORTED for any other key than a private one of Ed25519. */
enum err proof_make(const struct proof *proof, const struct key *key,
    uint8_t ret_signature[PROOF_SIGNATURE_BYTES]) MUST_USE;
/* OK, ERR_SIGNATURE, or ERR_UNSUPPORTED for any other key than Ed25519. */
enum err proof_check(
    const struct proof *proof, const struct key *key, struct span signature) MUST_USE;
