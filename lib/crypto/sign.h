#pragma once
/* Signatures and the AlgorithmIdentifiers that name them, byte-exact as BR 7.1.3.2 lists them.
 * Every signature made here is verified before anybody sees it: one faulty RSA signature would give
 * the private key away. Keys may be shared between threads. */
#include "lib/crypto/key.h"

enum signature_algorithm {
    SIGNATURE_RSA_SHA256,
    SIGNATURE_RSA_SHA384,
    SIGNATURE_RSA_SHA512,
    SIGNATURE_ECDSA_SHA256,
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_ECDSA_SHA512,
    SIGNATURE_ED25519, /* our own messages and officers' keys only: never in a public certificate */
    SIGNATURE_ALGORITHM_COUNT,
};

enum { SIGNATURE_MAX_BYTES = KEY_RSA_MAX_BITS / 8 };

/* The whole AlgorithmIdentifier, a SEQUENCE; static. */
struct span signature_algorithm_der(enum signature_algorithm algorithm);
/* ERR_UNSUPPORTED for any other bytes. */
enum err signature_algorithm_from_der(
    struct span der, enum signature_algorithm *ret_algorithm) MUST_USE;
/* What a key of this kind signs with here: RSA and P-256 SHA-256, P-384 SHA-384, P-521 SHA-512. */
enum signature_algorithm signature_algorithm_of_key(const struct key *key);

/* `ret_signature` holds SIGNATURE_MAX_BYTES. ERR_UNSUPPORTED if the key isn't private or can't sign
 * so; ERR_CRYPTO if the library fails or its signature doesn't verify; ERR_AGAIN if the key is in a
 * token that is away (pkcs11.h). */
enum err signature_make(const struct key *key, enum signature_algorithm algorithm,
    struct span message, uint8_t *ret_signature, size_t *ret_len) MUST_USE;
/* ERR_AGAIN while the key's token is away, for whoever would rather not begin what can't be
 * finished. OK promises nothing. */
enum err signature_ready(const struct key *key) MUST_USE;
/* OK, ERR_SIGNATURE, ERR_UNSUPPORTED if the key is of another kind than the algorithm. */
enum err signature_verify(const struct key *key, enum signature_algorithm algorithm,
    struct span message, struct span signature) MUST_USE;
