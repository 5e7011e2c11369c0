/* Hashes by EVP. */
#include "lib/crypto/digest.h"
#include "lib/crypto/internal.h"
#include "lib/crypto/mac.h"

#include <openssl/err.h>
#include <openssl/hmac.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct digest_stream {
    EVP_MD_CTX *ctx;
    enum digest digest;
};

static const size_t digest_sizes[DIGEST_COUNT] = {
    [DIGEST_SHA256] = SHA256_BYTES,
    [DIGEST_SHA384] = 48,
    [DIGEST_SHA512] = 64,
    [DIGEST_SHA1_THUMBPRINT] = SHA1_BYTES,
};

size_t digest_size(enum digest digest)
{
    assert(digest < DIGEST_COUNT);
    return digest_sizes[digest];
}

/* The library's methods, looked up once: EVP_sha256() and its like are looked up again, under a
 * lock, by every hash that uses them, which costs as much as hashing a short message. They live as
 * long as the process. */
static const EVP_MD *methods[DIGEST_COUNT];
static pthread_once_t methods_once = PTHREAD_ONCE_INIT;

static void methods_fetch(void)
{
    static const char *const names[DIGEST_COUNT] = {
        [DIGEST_SHA256] = "SHA256",
        [DIGEST_SHA384] = "SHA384",
        [DIGEST_SHA512] = "SHA512",
        [DIGEST_SHA1_THUMBPRINT] = "SHA1",
    };
    for (unsigned i = 0; i < DIGEST_COUNT; i++) {
        methods[i] = EVP_MD_fetch(/* ctx= */ NULL, names[i], /* properties= */ NULL);
        assert(methods[i] != NULL);
    }
}

const EVP_MD *digest_method(enum digest digest)
{
    assert(digest < DIGEST_COUNT);
    pthread_once(&methods_once, methods_fetch);
    return methods[digest];
}

enum err crypto_failed(enum err err)
{
    ERR_clear_error();
    return err;
}

/* Contexts that keep what the library allocates for a hash: most messages here are short. Whoever
 * finds one free uses it; they live as long as the process. */
enum { HASHERS = 4 };

static struct hasher {
    atomic_bool busy;
    EVP_MD_CTX *ctx;
} hashers[DIGEST_COUNT][HASHERS];

static bool hasher_hash(
    struct hasher *hasher, const EVP_MD *method, struct span bytes, uint8_t *ret_hash)
{
    hasher->ctx = hasher->ctx == NULL ? EVP_MD_CTX_new() : hasher->ctx;
    return hasher->ctx != NULL && EVP_DigestInit_ex(hasher->ctx, method, /* impl= */ NULL) == 1 &&
           EVP_DigestUpdate(hasher->ctx, bytes.data, bytes.len) == 1 &&
           EVP_DigestFinal_ex(hasher->ctx, ret_hash, /* size= */ NULL) == 1;
}

enum err digest_bytes(enum digest digest, struct span bytes, uint8_t *ret_hash)
{
    const EVP_MD *method = digest_method(digest);
    for (size_t i = 0; i < HASHERS; i++) {
        struct hasher *hasher = &hashers[digest][i];
        if (!atomic_exchange(&hasher->busy, true)) {
            bool done = hasher_hash(hasher, method, bytes, ret_hash);
            atomic_store(&hasher->busy, false);
            return done ? OK : crypto_failed(ERR_CRYPTO);
        }
    }
    int done = EVP_Digest(bytes.data, bytes.len, ret_hash, /* size= */ NULL, method,
        /* impl= */ NULL);
    return done == 1 ? OK : crypto_failed(ERR_CRYPTO);
}

enum err sha256(struct span bytes, uint8_t ret_hash[SHA256_BYTES])
{
    return digest_bytes(DIGEST_SHA256, bytes, ret_hash);
}

enum err sha256_pieces(const struct span *pieces, size_t count, uint8_t ret_hash[SHA256_BYTES])
{
    AUTO_PTR(digest_stream) stream = NULL;
    TRY(digest_stream_new(DIGEST_SHA256, &stream));
    for (size_t i = 0; i < count; i++) {
        TRY(digest_stream_update(stream, pieces[i]));
    }
    return digest_stream_finish(stream, ret_hash);
}

enum err digest_stream_new(enum digest digest, struct digest_stream **ret_stream)
{
    AUTO_PTR(digest_stream) stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return ERR_MEMORY;
    }
    stream->digest = digest;
    stream->ctx = EVP_MD_CTX_new();
    if (stream->ctx == NULL ||
        EVP_DigestInit_ex(stream->ctx, digest_method(digest), /* impl= */ NULL) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_stream = stream;
    stream = NULL;
    return OK;
}

void digest_stream_free(struct digest_stream *stream)
{
    if (stream != NULL) {
        EVP_MD_CTX_free(stream->ctx);
        free(stream);
    }
}

enum err digest_stream_update(struct digest_stream *stream, struct span bytes)
{
    return EVP_DigestUpdate(stream->ctx, bytes.data, bytes.len) == 1 ? OK
                                                                     : crypto_failed(ERR_CRYPTO);
}

enum err digest_stream_finish(struct digest_stream *stream, uint8_t *ret_hash)
{
    if (EVP_DigestFinal_ex(stream->ctx, ret_hash, /* size= */ NULL) != 1 ||
        EVP_DigestInit_ex(stream->ctx, digest_method(stream->digest), /* impl= */ NULL) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    return OK;
}

enum err hmac_sha256(struct span key, struct span message, uint8_t ret_mac[SHA256_BYTES])
{
    static const uint8_t none = 0;
    const uint8_t *key_data = key.len == 0 ? &none : key.data;
    assert(key.len <= INT32_MAX);
    if (HMAC(EVP_sha256(), key_data, (int)key.len, message.data, message.len, ret_mac,
            /* size= */ NULL) == NULL) {
        return crypto_failed(ERR_CRYPTO);
    }
    return OK;
}
