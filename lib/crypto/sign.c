/* Signing and verifying: hash first, then one operation on a context that stays set up with its
 * key. */
#include "lib/crypto/sign.h"
#include "lib/crypto/internal.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <assert.h>

struct algorithm_row {
    struct span der;
    enum digest digest;
    bool rsa, ecdsa;
};

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

/* BR 7.1.3.2; Ed25519 by RFC 8410. */
static const struct algorithm_row algorithms[SIGNATURE_ALGORITHM_COUNT] = {
    [SIGNATURE_RSA_SHA256] = { .der = BYTES(
                                   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
        .digest = DIGEST_SHA256,
        .rsa = true },
    [SIGNATURE_RSA_SHA384] = { .der = BYTES(
                                   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
        .digest = DIGEST_SHA384,
        .rsa = true },
    [SIGNATURE_RSA_SHA512] = { .der = BYTES(
                                   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
        .digest = DIGEST_SHA512,
        .rsa = true },
    [SIGNATURE_ECDSA_SHA256] = { .der = BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        .digest = DIGEST_SHA256,
        .ecdsa = true },
    [SIGNATURE_ECDSA_SHA384] = { .der = BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
        .digest = DIGEST_SHA384,
        .ecdsa = true },
    [SIGNATURE_ECDSA_SHA512] = { .der = BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
        .digest = DIGEST_SHA512,
        .ecdsa = true },
    [SIGNATURE_ED25519] = { .der = BYTES("\x30\x05\x06\x03\x2b\x65\x70"), .digest = DIGEST_SHA512 },
};

enum direction { SIGNING, VERIFYING };

/* A context in use: the key's own, to be given back, or one made for the occasion. */
struct loan {
    EVP_PKEY_CTX *ctx;
    struct prepared *lender;
};

static void loan_release(struct loan *loan);
AUTO_DEFINE(loan, loan_release)

static bool fits(const struct key *key, enum signature_algorithm algorithm);
static enum err context_make(const struct key *key, enum signature_algorithm algorithm,
    enum direction direction, EVP_PKEY_CTX **ret_ctx);
static enum err ed25519_make(
    const struct key *key, struct span message, uint8_t *ret_signature, size_t *ret_len);
static enum err ed25519_verify(const struct key *key, struct span message, struct span signature);
static enum err message_verify(
    const struct key *key, EVP_MD_CTX **ctx, struct span message, struct span signature);
static enum err hashed_make(const struct key *key, enum signature_algorithm algorithm,
    const uint8_t *hash, uint8_t *ret_signature, size_t *ret_len);
static enum err hashed_verify(const struct key *key, enum signature_algorithm algorithm,
    const uint8_t *hash, struct span signature);

struct span signature_algorithm_der(enum signature_algorithm algorithm)
{
    assert(algorithm < SIGNATURE_ALGORITHM_COUNT);
    return algorithms[algorithm].der;
}

enum err signature_algorithm_from_der(struct span der, enum signature_algorithm *ret_algorithm)
{
    for (unsigned i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        if (span_equal(algorithms[i].der, der)) {
            *ret_algorithm = (enum signature_algorithm)i;
            return OK;
        }
    }
    return ERR_UNSUPPORTED;
}

enum signature_algorithm signature_algorithm_of_key(const struct key *key)
{
    static const enum signature_algorithm of_kind[KEY_KIND_COUNT] = {
        [KEY_RSA] = SIGNATURE_RSA_SHA256,
        [KEY_P256] = SIGNATURE_ECDSA_SHA256,
        [KEY_P384] = SIGNATURE_ECDSA_SHA384,
        [KEY_P521] = SIGNATURE_ECDSA_SHA512,
        [KEY_ED25519] = SIGNATURE_ED25519,
    };
    return of_kind[key->kind];
}

/* BR 7.1.3.2.2 ties the hash to the curve when we sign; others' signatures may mix them. */
static bool fits(const struct key *key, enum signature_algorithm algorithm)
{
    assert(algorithm < SIGNATURE_ALGORITHM_COUNT);
    bool rsa = key->kind == KEY_RSA, ed25519 = key->kind == KEY_ED25519;
    return algorithms[algorithm].rsa == rsa && algorithms[algorithm].ecdsa == (!rsa && !ed25519);
}

enum err signature_make(const struct key *key, enum signature_algorithm algorithm,
    struct span message, uint8_t *ret_signature, size_t *ret_len)
{
    uint8_t signature[SIGNATURE_MAX_BYTES], hash[DIGEST_MAX_BYTES];
    size_t len = 0;
    if (!key->is_private || !fits(key, algorithm) ||
        (algorithms[algorithm].ecdsa && signature_algorithm_of_key(key) != algorithm)) {
        return ERR_UNSUPPORTED;
    }
    enum err verified;
    if (algorithm == SIGNATURE_ED25519) {
        TRY(ed25519_make(key, message, signature, &len));
        verified = ed25519_verify(key, message, span_make(signature, len));
    } else {
        /* Hashed once: a CRL is long, and the fault to fear is in the key's arithmetic. */
        TRY(digest_bytes(algorithms[algorithm].digest, message, hash));
        TRY(hashed_make(key, algorithm, hash, signature, &len));
        verified = hashed_verify(key, algorithm, hash, span_make(signature, len));
    }
    if (key->held != NULL) {
        held_judge(key, verified == OK);
    }
    if (verified != OK) {
        explicit_bzero(signature, sizeof signature);
        return ERR_CRYPTO;
    }
    memcpy(ret_signature, signature, len);
    *ret_len = len;
    return OK;
}

static enum err ed25519_make(
    const struct key *key, struct span message, uint8_t *ret_signature, size_t *ret_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = SIGNATURE_MAX_BYTES;
    bool made = ctx != NULL &&
                EVP_DigestSignInit(
                    ctx, /* pctx= */ NULL, /* type= */ NULL, /* engine= */ NULL, key->pkey) == 1 &&
                EVP_DigestSign(ctx, ret_signature, &len, message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!made) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_len = len;
    return OK;
}

enum err signature_ready(const struct key *key)
{
    return key->held == NULL ? OK : held_ready(key);
}

enum err signature_verify(const struct key *key, enum signature_algorithm algorithm,
    struct span message, struct span signature)
{
    uint8_t hash[DIGEST_MAX_BYTES];
    if (!fits(key, algorithm)) {
        return ERR_UNSUPPORTED;
    }
    if (algorithm == SIGNATURE_ED25519) {
        return ed25519_verify(key, message, signature);
    }
    TRY(digest_bytes(algorithms[algorithm].digest, message, hash));
    return hashed_verify(key, algorithm, hash, signature);
}

/* One that is free, now taken; NULL: none is. The contexts are a cache, not part of the key's
 * value: hence the cast. */
static struct prepared *prepared_take(const struct key *key, enum direction direction)
{
    struct key *owner = (struct key *)(uintptr_t)key;
    struct prepared *prepared = direction == SIGNING ? owner->signing : owner->verifying;
    for (size_t i = 0; i < PREPARED; i++) {
        if (!atomic_flag_test_and_set(&prepared[i].busy)) {
            return &prepared[i];
        }
    }
    return NULL;
}

/* On one of the key's own contexts if one is free. */
static enum err ed25519_verify(const struct key *key, struct span message, struct span signature)
{
    struct prepared *prepared = prepared_take(key, VERIFYING);
    EVP_MD_CTX *made = NULL;
    if (prepared == NULL) {
        enum err err = message_verify(key, &made, message, signature);
        EVP_MD_CTX_free(made);
        return err;
    }
    enum err err = message_verify(key, &prepared->messages, message, signature);
    atomic_flag_clear(&prepared->busy);
    return err;
}

/* Makes the context if there is none; one that has the key begins anew with it. */
static enum err message_verify(
    const struct key *key, EVP_MD_CTX **ctx, struct span message, struct span signature)
{
    EVP_PKEY *named = *ctx == NULL ? key->pkey : NULL;
    *ctx = *ctx == NULL ? EVP_MD_CTX_new() : *ctx;
    if (*ctx == NULL || EVP_DigestVerifyInit(*ctx, /* pctx= */ NULL, /* type= */ NULL,
                            /* engine= */ NULL, named) != 1) {
        EVP_MD_CTX_free(*ctx);
        *ctx = NULL;
        return crypto_failed(ERR_CRYPTO);
    }
    bool good =
        EVP_DigestVerify(*ctx, signature.data, signature.len, message.data, message.len) == 1;
    return good ? OK : crypto_failed(ERR_SIGNATURE);
}

/* Lends one of the key's own contexts if one is free, else a new one. */
static enum err context_borrow(const struct key *key, enum signature_algorithm algorithm,
    enum direction direction, struct loan *ret_loan)
{
    struct prepared *prepared = prepared_take(key, direction);
    if (prepared == NULL) {
        ret_loan->lender = NULL;
        return context_make(key, algorithm, direction, &ret_loan->ctx);
    }
    if (prepared->ctx == NULL || prepared->algorithm != algorithm) {
        EVP_PKEY_CTX_free(prepared->ctx);
        prepared->ctx = NULL;
        enum err err = context_make(key, algorithm, direction, &prepared->ctx);
        if (err != OK) {
            atomic_flag_clear(&prepared->busy);
            return err;
        }
        prepared->algorithm = algorithm;
    }
    *ret_loan = (struct loan){ .ctx = prepared->ctx, .lender = prepared };
    return OK;
}

static void loan_release(struct loan *loan)
{
    if (loan->lender != NULL) {
        atomic_flag_clear(&loan->lender->busy);
    } else {
        EVP_PKEY_CTX_free(loan->ctx);
    }
}

static enum err context_make(const struct key *key, enum signature_algorithm algorithm,
    enum direction direction, EVP_PKEY_CTX **ret_ctx)
{
    AUTO(evp_pkey_ctx) made = { EVP_PKEY_CTX_new_from_pkey(
        /* libctx= */ NULL, key->pkey, /* propquery= */ NULL) };
    const EVP_MD *method = digest_method(algorithms[algorithm].digest);
    if (made.ctx == NULL ||
        (direction == SIGNING ? EVP_PKEY_sign_init : EVP_PKEY_verify_init)(made.ctx) != 1 ||
        (algorithms[algorithm].rsa &&
            EVP_PKEY_CTX_set_rsa_padding(made.ctx, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_CTX_set_signature_md(made.ctx, method) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_ctx = made.ctx;
    made.ctx = NULL;
    return OK;
}

static enum err hashed_make(const struct key *key, enum signature_algorithm algorithm,
    const uint8_t *hash, uint8_t *ret_signature, size_t *ret_len)
{
    size_t len = SIGNATURE_MAX_BYTES;
    AUTO(loan) loan = { 0 };
    if (key->held != NULL) {
        return held_sign(key, algorithms[algorithm].digest, hash, ret_signature, ret_len);
    }
    TRY(context_borrow(key, algorithm, SIGNING, &loan));
    bool made = EVP_PKEY_sign(loan.ctx, ret_signature, &len, hash,
                    digest_size(algorithms[algorithm].digest)) == 1;
    if (!made) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_len = len;
    return OK;
}

static enum err hashed_verify(const struct key *key, enum signature_algorithm algorithm,
    const uint8_t *hash, struct span signature)
{
    AUTO(loan) loan = { 0 };
    TRY(context_borrow(key, algorithm, VERIFYING, &loan));
    bool good = EVP_PKEY_verify(loan.ctx, signature.data, signature.len, hash,
                    digest_size(algorithms[algorithm].digest)) == 1;
    return good ? OK : crypto_failed(ERR_SIGNATURE);
}
