#pragma once
/* What the files of this library know of each other and nobody else does: the library's objects
 * behind ours, and how they are released. */
#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"

#include <openssl/evp.h>

#include <stdatomic.h>

/* A context set up once for one algorithm. Whoever finds one free uses it, others make their own:
 * so a key may be shared between threads, and few pay the set-up more than once. Several, since who
 * has one may lose the processor while he has it. */
enum { PREPARED = 4 };

struct prepared {
    atomic_flag busy;
    EVP_PKEY_CTX *ctx;    /* for signatures of a hash */
    EVP_MD_CTX *messages; /* for those of a whole message: Ed25519 */
    enum signature_algorithm algorithm;
};

struct held;

struct key {
    EVP_PKEY *pkey; /* its public half only, where it is held by a token */
    enum key_kind kind;
    unsigned bits;
    bool is_private;
    struct buf spki;
    uint8_t spki_sha256[SHA256_BYTES];
    struct prepared verifying[PREPARED], signing[PREPARED];
    struct held *held; /* in a token: pkcs11.c; else NULL */
};

/* A signature by the token, not verified yet; ERR_AGAIN or ERR_CRYPTO. */
enum err held_sign(const struct key *key, enum digest digest, const uint8_t *hash,
    uint8_t *ret_signature, size_t *ret_len) MUST_USE;
/* What became of it: too many bad ones, and the token counts as away. */
void held_judge(const struct key *key, bool good);
/* OK, or ERR_AGAIN while it does. */
enum err held_ready(const struct key *key) MUST_USE;

/* SubjectPublicKeyInfo around the BIT STRING's bytes, and these bytes of an RSA key. */
enum err spki_from_bits(enum key_kind kind, struct span bits, struct buf *spki) MUST_USE;
enum err rsa_public_write(struct span modulus, struct span exponent, struct buf *bits) MUST_USE;
/* What a type is made of. */
void key_type_shape(enum key_type type, enum key_kind *ret_kind, unsigned *ret_bits);

/* Takes the object over, whatever happens, and derives all else from it. */
enum err key_adopt(
    EVP_PKEY *pkey, struct span spki, bool is_private, struct key **ret_key) MUST_USE;
/* RSAPrivateKey (RFC 8017 A.1.2) and ECPrivateKey (RFC 5915), as PKCS#8 holds them. `curve` is the
 * OID of PKCS#8's parameters, empty where the structure names its curve itself. */
enum err key_from_rsa_private(struct span der, struct key **ret_key) MUST_USE;
enum err key_from_ec_private(struct span der, struct span curve, struct key **ret_key) MUST_USE;

/* EncryptedPrivateKeyInfo (RFC 5958 §3) around any plaintext. */
enum err pbes2_encrypt(struct span plain, const struct secret *passphrase, enum key_stretch stretch,
    struct buf *buf) MUST_USE;
/* ERR_DENIED if the padding is wrong, which a wrong passphrase causes all but always. */
enum err pbes2_decrypt(
    struct span der, const struct secret *passphrase, struct secret *ret_plain) MUST_USE;

/* From now on OpenSSL's PKCS#12 and PKCS#8 functions derive keys by nettle where they can. */
void pbes2_hasten(void);
/* As OpenSSL's PKCS#12 functions want it: NUL-terminated. ERR_LIMIT beyond 512 octets, ERR_INPUT if
 * not UTF-8. */
enum err pfx_passphrase_text(const struct secret *passphrase, struct secret *ret_text) MUST_USE;

/* What a modulus leaves modulo each odd prime below 752, in their order: taken once for all checks
 * that ask. */
enum { RESIDUES = 132 };
struct residues {
    uint16_t of[RESIDUES];
};
void residues_take(struct span modulus, struct residues *ret_residues);
/* The smallest of these primes that divides it, or 0. */
unsigned residues_factor(const struct residues *residues);

/* Moduli that somebody can factor; public numbers of at most KEY_RSA_MAX_BITS. */
enum err rsa_primes_close(struct span modulus, bool *ret_close) MUST_USE;
bool rsa_roca(const struct residues *residues);
/* True for every n = p^k with odd k > 2 (a square is rsa_primes_close's) that has no small factor;
 * by chance for one good modulus in 10^12. */
bool rsa_is_power(struct span modulus, const struct residues *residues);

/* Forgets the library's own account of a failure, and is the failure. */
enum err crypto_failed(enum err err) MUST_USE;
const EVP_MD *digest_method(enum digest digest);

struct evp_pkey_ctx {
    EVP_PKEY_CTX *ctx;
};
static inline void evp_pkey_ctx_release(struct evp_pkey_ctx *holder)
{
    EVP_PKEY_CTX_free(holder->ctx);
}
AUTO_DEFINE(evp_pkey_ctx, evp_pkey_ctx_release)
