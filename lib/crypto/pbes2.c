/* Password-based encryption, PBES2 (RFC 8018 §6.2, A.4) with PBKDF2 or scrypt (RFC 7914 §7), read
 * and written by lib/der so that the cost a file asks for is known before it is paid. */
#include "lib/base/random.h"
#include "lib/crypto/internal.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <assert.h>

enum {
    PBKDF2_ITERATIONS = 600000,
    PBKDF2_ITERATIONS_MAX = 5000000,
    /* OWASP's pair for 16 MiB: OpenSSL's own readers refuse what needs more than 32. */
    SCRYPT_N = 16384,
    SCRYPT_R = 8,
    SCRYPT_P = 5,
    SCRYPT_MEMORY_MAX = 256 * 1024 * 1024,
    SALT_BYTES = 16,
    SALT_MAX_BYTES = 256,
    BLOCK_BYTES = 16,
    KEY_MAX_BYTES = 32,
    PASSPHRASE_MAX_BYTES = 1024,
};

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct span oid_pbes2 = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d");
static const struct span oid_pbkdf2 = BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c");
static const struct span oid_scrypt = BYTES("\x2b\x06\x01\x04\x01\xda\x47\x04\x0b");

struct cipher_row {
    struct span oid;
    const EVP_CIPHER *(*method)(void);
    size_t key_bytes, block_bytes;
};

static const struct cipher_row ciphers[] = {
    { BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), EVP_aes_256_cbc, 32, 16 },
    { BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x16"), EVP_aes_192_cbc, 24, 16 },
    { BYTES("\x60\x86\x48\x01\x65\x03\x04\x01\x02"), EVP_aes_128_cbc, 16, 16 },
    { BYTES("\x2a\x86\x48\x86\xf7\x0d\x03\x07"), EVP_des_ede3_cbc, 24, 8 },
};

struct prf_row {
    struct span oid;
    const EVP_MD *(*method)(void);
};

/* The first is PBKDF2's default where a file names none. */
static const struct prf_row prfs[] = {
    { BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x07"), EVP_sha1 },
    { BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x09"), EVP_sha256 },
    { BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x0a"), EVP_sha384 },
    { BYTES("\x2a\x86\x48\x86\xf7\x0d\x02\x0b"), EVP_sha512 },
};

/* One file's scheme. */
struct scheme {
    bool scrypt;
    struct span salt;
    int64_t iterations, n, r, p;
    const EVP_MD *(*prf)(void);
    const struct cipher_row *cipher;
    struct span iv;
};

static void scheme_write(struct der_writer *writer, const struct scheme *scheme);
static enum err scheme_read(struct der *algorithm, struct scheme *ret_scheme);
static enum err kdf_read(struct der *kdf, struct scheme *scheme);
static enum err pbkdf2_read(struct der *params, struct scheme *scheme);
static enum err scrypt_read(struct der *params, struct scheme *scheme);
static enum err cipher_read(struct der *cipher, struct scheme *scheme);
static enum err stretch_key(
    const struct scheme *scheme, const struct secret *passphrase, struct secret *ret_key);
static enum err cipher_run(const struct scheme *scheme, const struct secret *key, bool encrypt,
    struct span in, uint8_t *ret_out, size_t *ret_len);

enum err pbes2_encrypt(
    struct span plain, const struct secret *passphrase, enum key_stretch stretch, struct buf *buf)
{
    uint8_t salt[SALT_BYTES], iv[BLOCK_BYTES];
    uint8_t encrypted[KEY_PRIVATE_MAX_BYTES + BLOCK_BYTES], out[KEY_PRIVATE_MAX_BYTES + 512];
    size_t encrypted_len = 0, len = 0;
    AUTO(secret) key = { 0 };
    if (plain.len > KEY_PRIVATE_MAX_BYTES) {
        return ERR_LIMIT;
    }
    struct random random = random_system();
    TRY(random_fill(&random, salt, sizeof salt));
    TRY(random_fill(&random, iv, sizeof iv));
    const struct scheme scheme = {
        .scrypt = stretch == KEY_STRETCH_SCRYPT,
        .salt = SPAN_OF(salt),
        .iterations = PBKDF2_ITERATIONS,
        .n = SCRYPT_N,
        .r = SCRYPT_R,
        .p = SCRYPT_P,
        .prf = EVP_sha256,
        .cipher = &ciphers[0],
        .iv = SPAN_OF(iv),
    };
    TRY(stretch_key(&scheme, passphrase, &key));
    TRY(cipher_run(&scheme, &key, /* encrypt= */ true, plain, encrypted, &encrypted_len));
    struct der_writer writer = der_writer_make(out, sizeof out);
    der_open(&writer, DER_SEQUENCE);
    scheme_write(&writer, &scheme);
    der_write_octets(&writer, span_make(encrypted, encrypted_len));
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    buf_append(buf, span_make(out, len));
    return buf_check(buf);
}

static void scheme_write(struct der_writer *writer, const struct scheme *scheme)
{
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid_pbes2);
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, scheme->scrypt ? oid_scrypt : oid_pbkdf2);
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, scheme->salt);
    if (scheme->scrypt) {
        der_write_int64(writer, scheme->n);
        der_write_int64(writer, scheme->r);
        der_write_int64(writer, scheme->p);
    } else {
        der_write_int64(writer, scheme->iterations);
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, prfs[1].oid);
        der_write_null(writer);
        der_close(writer);
    }
    der_close(writer);
    der_close(writer);
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, scheme->cipher->oid);
    der_write_octets(writer, scheme->iv);
    der_close(writer);
    der_close(writer);
    der_close(writer);
}

enum err pbes2_decrypt(struct span der, const struct secret *passphrase, struct secret *ret_plain)
{
    struct der outer = der_reader(der), inner, algorithm;
    struct span encrypted;
    struct scheme scheme = { 0 };
    AUTO(secret) key = { 0 };
    AUTO(secret) room = { 0 };
    size_t len = 0;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_enter(&inner, DER_SEQUENCE, &algorithm));
    TRY(der_read(&inner, DER_OCTET_STRING, &encrypted));
    TRY(der_finish(&inner));
    TRY(scheme_read(&algorithm, &scheme));
    if (encrypted.len > KEY_PRIVATE_MAX_BYTES + BLOCK_BYTES) {
        return ERR_LIMIT;
    }
    TRY(secret_new(encrypted.len + BLOCK_BYTES, &room));
    TRY(stretch_key(&scheme, passphrase, &key));
    TRY(cipher_run(&scheme, &key, /* encrypt= */ false, encrypted, room.data, &len));
    return secret_copy(span_make(room.data, len), ret_plain);
}

static enum err scheme_read(struct der *algorithm, struct scheme *ret_scheme)
{
    struct der params, kdf, cipher;
    struct span oid;
    TRY(der_read(algorithm, DER_OID, &oid));
    if (!span_equal(oid, oid_pbes2)) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_enter(algorithm, DER_SEQUENCE, &params));
    TRY(der_enter(&params, DER_SEQUENCE, &kdf));
    TRY(der_enter(&params, DER_SEQUENCE, &cipher));
    TRY(der_finish(&params));
    TRY(kdf_read(&kdf, ret_scheme));
    return cipher_read(&cipher, ret_scheme);
}

static enum err kdf_read(struct der *kdf, struct scheme *scheme)
{
    struct der params;
    struct span oid;
    TRY(der_read(kdf, DER_OID, &oid));
    scheme->scrypt = span_equal(oid, oid_scrypt);
    if (!scheme->scrypt && !span_equal(oid, oid_pbkdf2)) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_enter(kdf, DER_SEQUENCE, &params));
    TRY(der_read(&params, DER_OCTET_STRING, &scheme->salt));
    if (scheme->salt.len > SALT_MAX_BYTES) {
        return ERR_LIMIT;
    }
    return scheme->scrypt ? scrypt_read(&params, scheme) : pbkdf2_read(&params, scheme);
}

static enum err pbkdf2_read(struct der *params, struct scheme *scheme)
{
    struct der prf;
    struct span oid = prfs[0].oid;
    int64_t key_length;
    TRY(der_read_int64(params, &scheme->iterations));
    if (scheme->iterations < 1 || scheme->iterations > PBKDF2_ITERATIONS_MAX) {
        return ERR_LIMIT;
    }
    if (der_peek(params, DER_INTEGER)) {
        TRY(der_read_int64(params, &key_length));
    }
    if (!der_empty(params)) {
        TRY(der_enter(params, DER_SEQUENCE, &prf));
        TRY(der_read(&prf, DER_OID, &oid));
    }
    for (size_t i = 0; i < sizeof prfs / sizeof prfs[0]; i++) {
        if (span_equal(prfs[i].oid, oid)) {
            scheme->prf = prfs[i].method;
            return der_finish(params);
        }
    }
    return ERR_UNSUPPORTED;
}

static enum err scrypt_read(struct der *params, struct scheme *scheme)
{
    int64_t key_length;
    TRY(der_read_int64(params, &scheme->n));
    TRY(der_read_int64(params, &scheme->r));
    TRY(der_read_int64(params, &scheme->p));
    if (!der_empty(params)) {
        TRY(der_read_int64(params, &key_length));
    }
    if (scheme->n < 2 || scheme->r < 1 || scheme->p < 1 || scheme->r > 64 || scheme->p > 16 ||
        scheme->n > SCRYPT_MEMORY_MAX / 128 / scheme->r) {
        return ERR_LIMIT;
    }
    return der_finish(params);
}

static enum err cipher_read(struct der *cipher, struct scheme *scheme)
{
    struct span oid;
    TRY(der_read(cipher, DER_OID, &oid));
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        if (span_equal(ciphers[i].oid, oid)) {
            scheme->cipher = &ciphers[i];
            TRY(der_read(cipher, DER_OCTET_STRING, &scheme->iv));
            return scheme->iv.len == ciphers[i].block_bytes ? der_finish(cipher) : ERR_INPUT;
        }
    }
    return ERR_UNSUPPORTED;
}

static enum err stretch_key(
    const struct scheme *scheme, const struct secret *passphrase, struct secret *ret_key)
{
    AUTO(secret) key = { 0 };
    if (passphrase->len > PASSPHRASE_MAX_BYTES) {
        return ERR_LIMIT;
    }
    TRY(secret_new(scheme->cipher->key_bytes, &key));
    const char *text = (const char *)passphrase->data;
    int done = scheme->scrypt
                   ? EVP_PBE_scrypt(text, passphrase->len, scheme->salt.data, scheme->salt.len,
                         (uint64_t)scheme->n, (uint64_t)scheme->r, (uint64_t)scheme->p,
                         SCRYPT_MEMORY_MAX + (1 << 20), key.data, key.len)
                   : PKCS5_PBKDF2_HMAC(text, (int)passphrase->len, scheme->salt.data,
                         (int)scheme->salt.len, (int)scheme->iterations, scheme->prf(),
                         (int)key.len, key.data);
    if (done != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_key = key;
    key = (struct secret){ 0 };
    return OK;
}

static enum err cipher_run(const struct scheme *scheme, const struct secret *key, bool encrypt,
    struct span in, uint8_t *ret_out, size_t *ret_len)
{
    int first = 0, last = 0;
    assert(key->len == scheme->cipher->key_bytes);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ready = ctx != NULL && EVP_CipherInit_ex(ctx, scheme->cipher->method(), /* impl= */ NULL,
                                    key->data, scheme->iv.data, encrypt) == 1;
    bool done = ready && EVP_CipherUpdate(ctx, ret_out, &first, in.data, (int)in.len) == 1 &&
                EVP_CipherFinal_ex(ctx, ret_out + first, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!done) {
        return crypto_failed(ready && !encrypt ? ERR_DENIED : ERR_CRYPTO);
    }
    *ret_len = (size_t)first + (size_t)last;
    return OK;
}
