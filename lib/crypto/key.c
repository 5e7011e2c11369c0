/* Keys: their public half as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7; RSA by RFC 8017 A.1.1, EC by
 * RFC 5480, Ed25519 by RFC 8410), and their making. */
#include "lib/crypto/key.h"
#include "lib/crypto/internal.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <assert.h>

struct kind_row {
    const char *name;
    struct span algorithm; /* the AlgorithmIdentifier, byte-exact (BR 7.1.3.1) */
    const char *group;     /* OpenSSL's name of the curve */
    size_t point_bytes;    /* of the BIT STRING; 0: any */
    unsigned bits;
};

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct kind_row kinds[KEY_KIND_COUNT] = {
    [KEY_RSA] = { "RSA", BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"),
        NULL, 0, 0 },
    [KEY_P256] = { "P-256",
        BYTES(
            "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
        "P-256", 65, 256 },
    [KEY_P384] = { "P-384",
        BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"), "P-384",
        97, 384 },
    [KEY_P521] = { "P-521",
        BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"), "P-521",
        133, 521 },
    [KEY_ED25519] = { "Ed25519", BYTES("\x30\x05\x06\x03\x2b\x65\x70"), NULL, 32, 256 },
};

struct type_row {
    const char *name;
    enum key_kind kind;
    unsigned bits;
};

static const struct type_row types[KEY_TYPE_COUNT] = {
    [KEY_TYPE_RSA_2048] = { "rsa2048", KEY_RSA, 2048 },
    [KEY_TYPE_RSA_3072] = { "rsa3072", KEY_RSA, 3072 },
    [KEY_TYPE_RSA_4096] = { "rsa4096", KEY_RSA, 4096 },
    [KEY_TYPE_P256] = { "p256", KEY_P256, 256 },
    [KEY_TYPE_P384] = { "p384", KEY_P384, 384 },
    [KEY_TYPE_ED25519] = { "ed25519", KEY_ED25519, 256 },
};

enum family { RSA_FAMILY, EC_FAMILY, FAMILY_COUNT };

/* What public keys are made with. To look an algorithm up by its name costs twice what making the
 * key does: it is done once for each of so many threads that make keys at the same time, and lives
 * as long as the process. */
enum { MAKERS = 4 };

static struct maker {
    atomic_bool busy;
    EVP_PKEY_CTX *ctx;
} makers[FAMILY_COUNT][MAKERS];

static enum err spki_split(struct span spki, enum key_kind *ret_kind, struct span *ret_bits);
static bool ed25519_small_order(struct span point);
static enum err rsa_load(struct span bits, EVP_PKEY **ret_pkey);
static enum err ec_load(const struct kind_row *row, struct span point, EVP_PKEY **ret_pkey);
static enum err pkey_from_params(enum family family, OSSL_PARAM *params, EVP_PKEY **ret_pkey);
static enum err kind_of(const EVP_PKEY *pkey, enum key_kind *ret_kind);
static enum err spki_write(const EVP_PKEY *pkey, enum key_kind kind, struct buf *buf);
static enum err rsa_bits_write(const EVP_PKEY *pkey, struct buf *buf);

const char *key_type_name(enum key_type type)
{
    assert(type < KEY_TYPE_COUNT);
    return types[type].name;
}

enum err key_type_from_name(const char *name, enum key_type *ret_type)
{
    for (unsigned i = 0; i < KEY_TYPE_COUNT; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *ret_type = (enum key_type)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err key_type_of(const struct key *key, enum key_type *ret_type)
{
    for (unsigned i = 0; i < KEY_TYPE_COUNT; i++) {
        if (types[i].kind == key->kind && types[i].bits == key->bits) {
            *ret_type = (enum key_type)i;
            return OK;
        }
    }
    return ERR_UNSUPPORTED;
}

const char *key_kind_name(enum key_kind kind)
{
    assert(kind < KEY_KIND_COUNT);
    return kinds[kind].name;
}

void key_type_shape(enum key_type type, enum key_kind *ret_kind, unsigned *ret_bits)
{
    assert(type < KEY_TYPE_COUNT);
    *ret_kind = types[type].kind;
    *ret_bits = types[type].bits;
}

enum err key_generate(enum key_type type, struct key **ret_key)
{
    assert(type < KEY_TYPE_COUNT);
    const struct type_row *row = &types[type];
    EVP_PKEY *pkey = NULL;
    if (row->kind == KEY_RSA) {
        pkey = EVP_PKEY_Q_keygen(/* libctx= */ NULL, /* propq= */ NULL, "RSA", (size_t)row->bits);
    } else if (row->kind == KEY_ED25519) {
        pkey = EVP_PKEY_Q_keygen(/* libctx= */ NULL, /* propq= */ NULL, "ED25519");
    } else {
        pkey = EVP_PKEY_Q_keygen(
            /* libctx= */ NULL, /* propq= */ NULL, "EC", kinds[row->kind].group);
    }
    if (pkey == NULL) {
        return crypto_failed(ERR_CRYPTO);
    }
    return key_adopt(pkey, /* spki= */ (struct span){ 0 }, /* is_private= */ true, ret_key);
}

enum err key_from_spki(struct span spki, struct key **ret_key)
{
    enum key_kind kind = KEY_KIND_COUNT;
    struct span bits = { 0 };
    EVP_PKEY *pkey = NULL;
    TRY(spki_split(spki, &kind, &bits));
    switch (kind) {
    case KEY_RSA:
        TRY(rsa_load(bits, &pkey));
        break;
    case KEY_P256:
    case KEY_P384:
    case KEY_P521:
        TRY(ec_load(&kinds[kind], bits, &pkey));
        break;
    case KEY_ED25519:
        if (ed25519_small_order(bits)) {
            return ERR_INPUT;
        }
        pkey =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, /* engine= */ NULL, bits.data, bits.len);
        break;
    case KEY_KIND_COUNT:
        break;
    }
    if (pkey == NULL) {
        return crypto_failed(ERR_INPUT);
    }
    return key_adopt(pkey, spki, /* is_private= */ false, ret_key);
}

/* The kind, by its exact AlgorithmIdentifier, and the BIT STRING's bytes. */
static enum err spki_split(struct span spki, enum key_kind *ret_kind, struct span *ret_bits)
{
    struct der outer = der_reader(spki), inner;
    struct span algorithm, bits;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &algorithm));
    TRY(der_read_bit_string(&inner, &bits));
    TRY(der_finish(&inner));
    for (unsigned i = 0; i < KEY_KIND_COUNT; i++) {
        if (span_equal(algorithm, kinds[i].algorithm)) {
            if (kinds[i].point_bytes != 0 && bits.len != kinds[i].point_bytes) {
                return ERR_UNSUPPORTED;
            }
            *ret_kind = (enum key_kind)i;
            *ret_bits = bits;
            return OK;
        }
    }
    return ERR_UNSUPPORTED;
}

/* Points of small order verify signatures that nobody made: all of their y, the bit of the sign put
 * aside, in the two encodings that some have. */
static bool ed25519_small_order(struct span point)
{
    static const uint8_t ys[][32] = {
        { 0x00 },
        { 0x01 },
        { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
            0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d,
            0x53, 0xfc, 0x05 },
        { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
            0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92,
            0xac, 0x03, 0x7a },
    };
    uint8_t y[32];
    memcpy(y, point.data, sizeof y);
    y[31] &= 0x7f;
    bool of_ones = y[31] == 0x7f;
    for (size_t i = 1; i < 31; i++) {
        of_ones = of_ones && y[i] == 0xff;
    }
    if (of_ones && y[0] >= 0xec && y[0] <= 0xee) { /* p - 1, p, p + 1 */
        return true;
    }
    for (size_t i = 0; i < sizeof ys / sizeof ys[0]; i++) {
        if (memcmp(y, ys[i], sizeof y) == 0) {
            return true;
        }
    }
    return false;
}

struct bignum {
    BIGNUM *number;
};

static void bignum_release(struct bignum *bignum)
{
    BN_free(bignum->number);
}
AUTO_DEFINE(bignum, bignum_release)

/* The library wants numbers in the machine's byte order. */
static enum err native_number(struct span magnitude, uint8_t *ret_bytes, size_t size)
{
    AUTO(bignum) bignum = { BN_bin2bn(magnitude.data, (int)magnitude.len, NULL) };
    if (bignum.number == NULL || BN_bn2nativepad(bignum.number, ret_bytes, (int)size) < 0) {
        return crypto_failed(ERR_CRYPTO);
    }
    return OK;
}

static enum err rsa_load(struct span bits, EVP_PKEY **ret_pkey)
{
    struct der outer = der_reader(bits), inner;
    struct span modulus, exponent;
    uint8_t n[KEY_RSA_MAX_BITS / 8], e[KEY_RSA_MAX_BITS / 8];
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_magnitude(&inner, &modulus));
    TRY(der_read_magnitude(&inner, &exponent));
    TRY(der_finish(&inner));
    if (modulus.len > sizeof n || exponent.len > sizeof e || exponent.len > modulus.len) {
        return ERR_UNSUPPORTED;
    }
    TRY(native_number(modulus, n, modulus.len));
    TRY(native_number(exponent, e, exponent.len));
    OSSL_PARAM params[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, n, modulus.len),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, e, exponent.len),
        OSSL_PARAM_END,
    };
    return pkey_from_params(RSA_FAMILY, params, ret_pkey);
}

/* Uncompressed points only; the library refuses one that is not on the curve. */
static enum err ec_load(const struct kind_row *row, struct span point, EVP_PKEY **ret_pkey)
{
    if (point.data[0] != 0x04) {
        return ERR_UNSUPPORTED;
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(
            OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)row->group, strlen(row->group)),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point.data, point.len),
        OSSL_PARAM_END,
    };
    return pkey_from_params(EC_FAMILY, params, ret_pkey);
}

static enum err maker_make(enum family family, EVP_PKEY_CTX **ret_ctx)
{
    static const char *const names[FAMILY_COUNT] = { "RSA", "EC" };
    AUTO(evp_pkey_ctx) made = { EVP_PKEY_CTX_new_from_name(
        /* libctx= */ NULL, names[family], /* propquery= */ NULL) };
    if (made.ctx == NULL || EVP_PKEY_fromdata_init(made.ctx) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_ctx = made.ctx;
    made.ctx = NULL;
    return OK;
}

static enum err pkey_make(
    enum family family, EVP_PKEY_CTX **ctx, OSSL_PARAM *params, EVP_PKEY **ret_pkey)
{
    EVP_PKEY *pkey = NULL;
    TRY(*ctx == NULL ? maker_make(family, ctx) : OK);
    if (EVP_PKEY_fromdata(*ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return crypto_failed(ERR_INPUT);
    }
    *ret_pkey = pkey;
    return OK;
}

static enum err pkey_from_params(enum family family, OSSL_PARAM *params, EVP_PKEY **ret_pkey)
{
    for (size_t i = 0; i < MAKERS; i++) {
        struct maker *maker = &makers[family][i];
        if (!atomic_exchange(&maker->busy, true)) {
            enum err err = pkey_make(family, &maker->ctx, params, ret_pkey);
            atomic_store(&maker->busy, false);
            return err;
        }
    }
    AUTO(evp_pkey_ctx) occasional = { NULL };
    return pkey_make(family, &occasional.ctx, params, ret_pkey);
}

enum err key_adopt(EVP_PKEY *pkey, struct span spki, bool is_private, struct key **ret_key)
{
    AUTO_PTR(key) key = calloc(1, sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return ERR_MEMORY;
    }
    key->pkey = pkey;
    key->is_private = is_private;
    key->spki = buf_make(KEY_SPKI_MAX_BYTES);
    for (size_t i = 0; i < PREPARED; i++) {
        atomic_flag_clear(&key->verifying[i].busy);
        atomic_flag_clear(&key->signing[i].busy);
    }
    struct span bits;
    TRY(spki.len > 0 ? spki_split(spki, &key->kind, &bits) : kind_of(pkey, &key->kind));
    key->bits =
        kinds[key->kind].bits != 0 ? kinds[key->kind].bits : (unsigned)EVP_PKEY_get_bits(pkey);
    if (spki.len > 0) {
        buf_append(&key->spki, spki);
        TRY(buf_check(&key->spki));
    } else {
        TRY(spki_write(pkey, key->kind, &key->spki));
    }
    TRY(sha256(buf_span(&key->spki), key->spki_sha256));
    *ret_key = key;
    key = NULL;
    return OK;
}

static enum err kind_of(const EVP_PKEY *pkey, enum key_kind *ret_kind)
{
    char group[32] = "";
    size_t len = 0;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *ret_kind = KEY_RSA;
        return EVP_PKEY_get_bits(pkey) <= KEY_RSA_MAX_BITS ? OK : ERR_UNSUPPORTED;
    }
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *ret_kind = KEY_ED25519;
        return OK;
    }
    if (!EVP_PKEY_is_a(pkey, "EC") ||
        EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) != 1) {
        return crypto_failed(ERR_UNSUPPORTED);
    }
    /* The library answers with either of a curve's names. */
    static const char *const aliases[][2] = { [KEY_P256] = { "P-256", "prime256v1" },
        [KEY_P384] = { "P-384", "secp384r1" },
        [KEY_P521] = { "P-521", "secp521r1" } };
    for (unsigned i = KEY_P256; i <= KEY_P521; i++) {
        if (strcmp(group, aliases[i][0]) == 0 || strcmp(group, aliases[i][1]) == 0) {
            *ret_kind = (enum key_kind)i;
            return OK;
        }
    }
    return ERR_UNSUPPORTED;
}

/* The SubjectPublicKeyInfo of an object that was made or read as a private key. */
static enum err spki_write(const EVP_PKEY *pkey, enum key_kind kind, struct buf *buf)
{
    AUTO(buf) bits = buf_make(KEY_SPKI_MAX_BYTES);
    uint8_t point[160];
    size_t len = sizeof point;
    if (kind == KEY_RSA) {
        TRY(rsa_bits_write(pkey, &bits));
    } else {
        int got = kind == KEY_ED25519
                      ? EVP_PKEY_get_raw_public_key(pkey, point, &len)
                      : EVP_PKEY_get_octet_string_param(
                            pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len);
        if (got != 1) {
            return crypto_failed(ERR_CRYPTO);
        }
        buf_append(&bits, span_make(point, len));
    }
    return spki_from_bits(kind, buf_span(&bits), buf);
}

enum err spki_from_bits(enum key_kind kind, struct span bits, struct buf *spki)
{
    uint8_t out[KEY_SPKI_MAX_BYTES];
    size_t len = 0;
    struct der_writer writer = der_writer_make(out, sizeof out);
    der_open(&writer, DER_SEQUENCE);
    der_write_raw(&writer, kinds[kind].algorithm);
    der_write_bit_string(&writer, bits);
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    buf_append(spki, span_make(out, len));
    return buf_check(spki);
}

static enum err rsa_bits_write(const EVP_PKEY *pkey, struct buf *buf)
{
    AUTO(bignum) modulus = { NULL };
    AUTO(bignum) exponent = { NULL };
    uint8_t n[KEY_RSA_MAX_BITS / 8], e[KEY_RSA_MAX_BITS / 8];
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &modulus.number) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent.number) != 1 ||
        BN_num_bytes(modulus.number) > (int)sizeof n ||
        BN_num_bytes(exponent.number) > (int)sizeof e) {
        return crypto_failed(ERR_CRYPTO);
    }
    size_t n_len = (size_t)BN_bn2bin(modulus.number, n);
    size_t e_len = (size_t)BN_bn2bin(exponent.number, e);
    return rsa_public_write(span_make(n, n_len), span_make(e, e_len), buf);
}

enum err rsa_public_write(struct span modulus, struct span exponent, struct buf *bits)
{
    uint8_t out[KEY_SPKI_MAX_BYTES];
    size_t len = 0;
    struct der_writer writer = der_writer_make(out, sizeof out);
    der_open(&writer, DER_SEQUENCE);
    der_write_magnitude(&writer, modulus);
    der_write_magnitude(&writer, exponent);
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    buf_append(bits, span_make(out, len));
    return buf_check(bits);
}

void key_free(struct key *key)
{
    if (key != NULL) {
        for (size_t i = 0; i < PREPARED; i++) {
            EVP_PKEY_CTX_free(key->verifying[i].ctx);
            EVP_MD_CTX_free(key->verifying[i].messages);
            EVP_PKEY_CTX_free(key->signing[i].ctx);
        }
        EVP_PKEY_free(key->pkey);
        buf_release(&key->spki);
        free(key->held);
        free(key);
    }
}

enum err key_kind_of_spki(struct span spki, enum key_kind *ret_kind)
{
    struct span bits;
    return spki_split(spki, ret_kind, &bits);
}

enum key_kind key_kind(const struct key *key)
{
    return key->kind;
}

unsigned key_bits(const struct key *key)
{
    return key->bits;
}

bool key_is_private(const struct key *key)
{
    return key->is_private;
}

bool key_in_token(const struct key *key)
{
    return key->held != NULL;
}

struct span key_spki(const struct key *key)
{
    return buf_span(&key->spki);
}

struct span key_spki_sha256(const struct key *key)
{
    return SPAN_OF(key->spki_sha256);
}

bool key_same_public(const struct key *left, const struct key *right)
{
    return span_equal(key_spki(left), key_spki(right));
}

enum err key_identifier(struct span spki, uint8_t ret_identifier[KEY_IDENTIFIER_BYTES])
{
    struct der outer = der_reader(spki), inner;
    struct span algorithm, bits;
    uint8_t hash[SHA256_BYTES];
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &algorithm));
    TRY(der_read_bit_string(&inner, &bits));
    TRY(sha256(bits, hash));
    memcpy(ret_identifier, hash, KEY_IDENTIFIER_BYTES);
    return OK;
}
