#pragma once
/* Public and private keys. A public key comes from SubjectPublicKeyInfo bytes read by lib/der and
 * handed to the library as numbers: its own certificate decoders cost twenty times as much and are
 * never used. A private key is kept inside the library's object; it leaves only as PKCS#8 (RFC
 * 5958) in a struct secret, or encrypted. */
#include "lib/base/buf.h"
#include "lib/base/secret.h"
#include "lib/crypto/digest.h"

enum key_kind { KEY_RSA, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_KIND_COUNT };

/* What key_generate can make. */
enum key_type {
    KEY_TYPE_RSA_2048,
    KEY_TYPE_RSA_3072,
    KEY_TYPE_RSA_4096,
    KEY_TYPE_P256,
    KEY_TYPE_P384,
    KEY_TYPE_ED25519,
    KEY_TYPE_COUNT,
};

/* How an encrypted private key's passphrase becomes a key. */
enum key_stretch {
    KEY_STRETCH_SCRYPT, /* N 2^14, r 8, p 5: 16 MiB */
    KEY_STRETCH_PBKDF2, /* HMAC-SHA-256, 600,000 iterations: for software that has no scrypt */
};

enum {
    /* RSA 8192 is the largest RSA key that is loaded at all (BR 6.1.1.3 speaks of no larger). */
    KEY_RSA_MAX_BITS = 8192,
    KEY_SPKI_MAX_BYTES = 1280,
    /* A PKCS#8 of RSA 8192 has about 4.8 KB; PEM makes a third more of it. */
    KEY_PRIVATE_MAX_BYTES = 16384,
};

struct key;

/* "rsa2048", "rsa3072", "rsa4096", "p256", "p384", "ed25519"; NULL is never returned. */
const char *key_type_name(enum key_type type);
/* ERR_INPUT for anything but these names. */
enum err key_type_from_name(const char *name, enum key_type *ret_type) MUST_USE;

/* ERR_UNSUPPORTED for a key of no such type: RSA of another size, P-521. */
enum err key_type_of(const struct key *key, enum key_type *ret_type) MUST_USE;

enum err key_generate(enum key_type type, struct key **ret_key) MUST_USE;
/* As key_generate, but an RSA key's primes are built with their proof, in a quarter of the time,
 * and the key is held against key_check (keycheck.h). For a subscriber's own; an authority's keys
 * are key_generate's. */
enum err key_generate_proven(enum key_type type, struct key **ret_key) MUST_USE;
/* The bytes of a SubjectPublicKeyInfo. ERR_INPUT if malformed or the point is not on its curve;
 * ERR_UNSUPPORTED for an algorithm, a curve, parameters or a size that this program doesn't know.
 * The AlgorithmIdentifier must be byte-exact (BR 7.1.3.1). Weakness is keycheck.h's affair. */
enum err key_from_spki(struct span spki, struct key **ret_key) MUST_USE;
void key_free(struct key *key);
AUTO_PTR_DEFINE(key, key_free)

enum key_kind key_kind(const struct key *key);
/* Of a SubjectPublicKeyInfo, by its exact AlgorithmIdentifier; the key itself isn't looked at.
 * ERR_UNSUPPORTED for any other. */
enum err key_kind_of_spki(struct span spki, enum key_kind *ret_kind) MUST_USE;
/* "RSA", "P-256", "P-384", "P-521", "Ed25519". */
const char *key_kind_name(enum key_kind kind);
/* Bits of the modulus or of the curve's order. */
unsigned key_bits(const struct key *key);
bool key_is_private(const struct key *key);
/* True if its private half is in a security module: its signatures come by another thread, and may
 * not come at all. */
bool key_in_token(const struct key *key);
/* SubjectPublicKeyInfo, DER; lives as long as the key. */
struct span key_spki(const struct key *key);
/* SHA-256 over key_spki: how keys are named everywhere in this program. */
struct span key_spki_sha256(const struct key *key);
/* RFC 7093 §2 method 1 as CAs use it: the leftmost 160 bits of the SHA-256 of the BIT STRING's
 * content. */
enum { KEY_IDENTIFIER_BYTES = 20 };
enum err key_identifier(struct span spki, uint8_t ret_identifier[KEY_IDENTIFIER_BYTES]) MUST_USE;
bool key_same_public(const struct key *left, const struct key *right);

/* PrivateKeyInfo (also OneAsymmetricKey), DER. The public half is derived anew, never believed. */
enum err key_from_pkcs8(struct span der, struct key **ret_key) MUST_USE;
enum err key_to_pkcs8(const struct key *key, struct secret *ret_der) MUST_USE;
/* EncryptedPrivateKeyInfo with PBES2 (RFC 8018): AES-128/192/256-CBC behind scrypt or PBKDF2,
 * within bounds of cost. A wrong passphrase is ERR_DENIED, an unknown scheme ERR_UNSUPPORTED. */
enum err key_from_encrypted_pkcs8(
    struct span der, const struct secret *passphrase, struct key **ret_key) MUST_USE;
/* AES-256-CBC; appends to `buf`. */
enum err key_to_encrypted_pkcs8(const struct key *key, const struct secret *passphrase,
    enum key_stretch stretch, struct buf *buf) MUST_USE;

/* The first private key in PEM text: PRIVATE KEY, ENCRYPTED PRIVATE KEY (needs `passphrase`, else
 * ERR_DENIED with code "key.passphrase_needed"), RSA PRIVATE KEY, EC PRIVATE KEY. Reasons:
 * "key.not_pem", "key.malformed", "key.unsupported", "key.passphrase_needed", "key.passphrase". */
enum err key_from_pem(struct span pem, const struct secret *passphrase, struct reason *ret_reason,
    struct key **ret_key) MUST_USE;
enum err key_to_pem(const struct key *key, struct secret *ret_pem) MUST_USE;
enum err key_to_encrypted_pem(const struct key *key, const struct secret *passphrase,
    enum key_stretch stretch, struct buf *buf) MUST_USE;
/* "PUBLIC KEY". */
enum err key_from_public_pem(struct span pem, struct key **ret_key) MUST_USE;
