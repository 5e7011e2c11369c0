/* Private keys as bytes: PrivateKeyInfo (RFC 5958), RSAPrivateKey (RFC 8017 A.1.2), ECPrivateKey
 * (RFC 5915), CurvePrivateKey (RFC 8410 §7). Read by our own strict reader; a key is tried once, by
 * a signature, before it is believed. */
#include "lib/crypto/internal.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

enum { RSA_NUMBERS = 8, EC_SCALAR_MAX_BYTES = 66, EC_POINT_MAX_BYTES = 133 };

struct curve_row {
    const struct span *oid;
    const char *group;
    int nid;
    size_t scalar_bytes;
};

static const struct curve_row curves[] = {
    { &oid_p256, "P-256", NID_X9_62_prime256v1, 32 },
    { &oid_p384, "P-384", NID_secp384r1, 48 },
    { &oid_p521, "P-521", NID_secp521r1, 66 },
};

/* In the order of RSAPrivateKey. */
static const char *const rsa_names[RSA_NUMBERS] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
    OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
    OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };

/* What PrivateKeyInfo is written of; the numbers lie in locked memory. */
struct private_parts {
    enum key_kind kind;
    struct span algorithm, point;
    struct span numbers[RSA_NUMBERS];
    size_t count;
};

static enum err ed25519_load(struct span octets, struct key **ret_key);
static enum err rsa_params(struct der *numbers, OSSL_PARAM_BLD *build, BIGNUM *held[RSA_NUMBERS]);
static BIGNUM *secret_number(struct span magnitude);
static enum err ec_public(
    const struct curve_row *row, struct span scalar, uint8_t *ret_point, size_t *ret_len);
static enum err pkey_from_build(const char *algorithm, OSSL_PARAM_BLD *build, EVP_PKEY **ret_pkey);
static enum err adopt_tried(EVP_PKEY *pkey, struct key **ret_key);
static enum err public_parts(const struct key *key, struct private_parts *parts);
static enum err seed_take(
    const struct key *key, struct secret *numbers, struct private_parts *parts);
static enum err numbers_take(
    const struct key *key, struct secret *numbers, struct private_parts *parts);
static void pkcs8_write(struct der_writer *writer, const struct private_parts *parts);

enum err key_from_pkcs8(struct span der, struct key **ret_key)
{
    struct der outer = der_reader(der), info, algorithm;
    struct span oid, octets, curve = { 0 };
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &info));
    TRY(der_finish(&outer));
    TRY(der_read_uint(&info, /* max= */ 1, &version));
    TRY(der_enter(&info, DER_SEQUENCE, &algorithm));
    TRY(der_read(&info, DER_OCTET_STRING, &octets));
    /* Attributes [0] and the public key [1] may follow: neither is believed. */
    TRY(der_read(&algorithm, DER_OID, &oid));
    if (span_equal(oid, oid_rsa_encryption)) {
        return key_from_rsa_private(octets, ret_key);
    }
    if (span_equal(oid, oid_ec_public_key)) {
        TRY(der_read(&algorithm, DER_OID, &curve));
        return key_from_ec_private(octets, curve, ret_key);
    }
    return span_equal(oid, oid_ed25519) ? ed25519_load(octets, ret_key) : ERR_UNSUPPORTED;
}

static enum err ed25519_load(struct span octets, struct key **ret_key)
{
    struct der inner = der_reader(octets);
    struct span seed;
    TRY(der_read(&inner, DER_OCTET_STRING, &seed));
    TRY(der_finish(&inner));
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, /* engine= */ NULL, seed.data, seed.len);
    return pkey == NULL ? crypto_failed(ERR_INPUT) : adopt_tried(pkey, ret_key);
}

enum err key_from_rsa_private(struct span der, struct key **ret_key)
{
    struct der outer = der_reader(der), numbers;
    BIGNUM *held[RSA_NUMBERS] = { NULL };
    EVP_PKEY *pkey = NULL;
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &numbers));
    TRY(der_finish(&outer));
    TRY(der_read_uint(&numbers, /* max= */ 0, &version));
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    enum err err = build == NULL ? ERR_MEMORY : rsa_params(&numbers, build, held);
    if (err == OK) {
        err = pkey_from_build("RSA", build, &pkey);
    }
    OSSL_PARAM_BLD_free(build);
    for (size_t i = 0; i < RSA_NUMBERS; i++) {
        BN_clear_free(held[i]);
    }
    return err != OK ? err : adopt_tried(pkey, ret_key);
}

static enum err rsa_params(struct der *numbers, OSSL_PARAM_BLD *build, BIGNUM *held[RSA_NUMBERS])
{
    for (size_t i = 0; i < RSA_NUMBERS; i++) {
        struct span magnitude;
        TRY(der_read_magnitude(numbers, &magnitude));
        if (magnitude.len > KEY_RSA_MAX_BITS / 8) {
            return ERR_UNSUPPORTED;
        }
        held[i] = secret_number(magnitude);
        if (held[i] == NULL || OSSL_PARAM_BLD_push_BN(build, rsa_names[i], held[i]) != 1) {
            return crypto_failed(ERR_CRYPTO);
        }
    }
    return der_finish(numbers);
}

/* Of a kind that OSSL_PARAM_free wipes its copy of; it doesn't any other. NULL on failure. */
static BIGNUM *secret_number(struct span magnitude)
{
    BIGNUM *number = BN_secure_new();
    if (number != NULL && BN_bin2bn(magnitude.data, (int)magnitude.len, number) == NULL) {
        BN_clear_free(number);
        return NULL;
    }
    return number;
}

enum err key_from_ec_private(struct span der, struct span curve, struct key **ret_key)
{
    struct der outer = der_reader(der), inner, parameters;
    struct span scalar, named = curve;
    uint8_t point[EC_POINT_MAX_BYTES];
    size_t point_len = 0;
    unsigned version;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_finish(&outer));
    TRY(der_read_uint(&inner, /* max= */ 1, &version));
    TRY(der_read(&inner, DER_OCTET_STRING, &scalar));
    if (der_peek(&inner, DER_CONTEXT(0))) {
        TRY(der_enter(&inner, DER_CONTEXT(0), &parameters));
        TRY(der_read(&parameters, DER_OID, &named));
    }
    if (version != 1 || (curve.len > 0 && !span_equal(curve, named))) {
        return ERR_INPUT;
    }
    const struct curve_row *row = NULL;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        row = span_equal(*curves[i].oid, named) ? &curves[i] : row;
    }
    if (row == NULL) {
        return ERR_UNSUPPORTED;
    }
    TRY(ec_public(row, scalar, point, &point_len));
    EVP_PKEY *pkey = NULL;
    BIGNUM *number = secret_number(scalar);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    enum err err = ERR_CRYPTO;
    if (number != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, row->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, number, row->scalar_bytes) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_len) == 1) {
        err = pkey_from_build("EC", build, &pkey);
    }
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(number);
    return err != OK
               ? crypto_failed(err)
               : key_adopt(pkey, /* spki= */ (struct span){ 0 }, /* is_private= */ true, ret_key);
}

/* The public point, multiplied anew: so that the two halves belong together, whatever point the
 * file names. */
static enum err ec_public(
    const struct curve_row *row, struct span scalar, uint8_t *ret_point, size_t *ret_len)
{
    if (scalar.len == 0 || scalar.len > EC_SCALAR_MAX_BYTES) {
        return ERR_INPUT;
    }
    EC_GROUP *group = EC_GROUP_new_by_curve_name(row->nid);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BIGNUM *number = BN_bin2bn(scalar.data, (int)scalar.len, NULL);
    size_t len = 0;
    if (point != NULL && number != NULL && !BN_is_zero(number) &&
        BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1) {
        len = EC_POINT_point2oct(
            group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point, EC_POINT_MAX_BYTES, NULL);
    }
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    if (len == 0) {
        return crypto_failed(ERR_INPUT);
    }
    *ret_len = len;
    return OK;
}

static enum err pkey_from_build(const char *algorithm, OSSL_PARAM_BLD *build, EVP_PKEY **ret_pkey)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    AUTO(evp_pkey_ctx) making = { EVP_PKEY_CTX_new_from_name(
        /* libctx= */ NULL, algorithm, /* propquery= */ NULL) };
    bool made = params != NULL && making.ctx != NULL && EVP_PKEY_fromdata_init(making.ctx) == 1 &&
                EVP_PKEY_fromdata(making.ctx, ret_pkey, EVP_PKEY_KEYPAIR, params) == 1;
    OSSL_PARAM_free(params);
    return made ? OK : crypto_failed(ERR_INPUT);
}

/* One signature proves that the two halves belong together. */
static enum err adopt_tried(EVP_PKEY *pkey, struct key **ret_key)
{
    AUTO_PTR(key) key = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    TRY(key_adopt(pkey, /* spki= */ (struct span){ 0 }, /* is_private= */ true, &key));
    if (signature_make(key, signature_algorithm_of_key(key), SPAN_LITERAL("a key on trial"),
            signature, &len) != OK) {
        return ERR_INPUT;
    }
    *ret_key = key;
    key = NULL;
    return OK;
}

/* The mirror of what is read above. OpenSSL's encoder would collect all encoders there are first.
 */
enum err key_to_pkcs8(const struct key *key, struct secret *ret_der)
{
    AUTO(secret) numbers = { 0 };
    struct private_parts parts = { .kind = key->kind };
    size_t len = 0;
    if (!key->is_private || key->held != NULL) {
        return ERR_UNSUPPORTED;
    }
    TRY(secret_new(KEY_PRIVATE_MAX_BYTES, &numbers));
    TRY(public_parts(key, &parts));
    TRY(key->kind == KEY_ED25519 ? seed_take(key, &numbers, &parts)
                                 : numbers_take(key, &numbers, &parts));
    struct der_writer dry = der_writer_make(/* data= */ NULL, 0);
    pkcs8_write(&dry, &parts);
    TRY(der_writer_finish(&dry, &len));
    AUTO(secret) der = { 0 };
    TRY(secret_new(len, &der));
    struct der_writer writer = der_writer_make(der.data, der.len);
    pkcs8_write(&writer, &parts);
    TRY(der_writer_finish(&writer, &len));
    *ret_der = der;
    der = (struct secret){ 0 };
    return OK;
}

/* The AlgorithmIdentifier is that of the public key; an EC key carries its point along. */
static enum err public_parts(const struct key *key, struct private_parts *parts)
{
    struct der outer = der_reader(key_spki(key)), inner;
    TRY(der_enter(&outer, DER_SEQUENCE, &inner));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &parts->algorithm));
    return der_read_bit_string(&inner, &parts->point);
}

static enum err seed_take(
    const struct key *key, struct secret *numbers, struct private_parts *parts)
{
    size_t len = numbers->len;
    if (EVP_PKEY_get_raw_private_key(key->pkey, numbers->data, &len) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    parts->numbers[parts->count++] = span_make(numbers->data, len);
    return OK;
}

/* An EC scalar has the length of its curve's order, an RSA key's numbers their own. */
static enum err numbers_take(
    const struct key *key, struct secret *numbers, struct private_parts *parts)
{
    static const char *const scalar[] = { OSSL_PKEY_PARAM_PRIV_KEY };
    const char *const *names = key->kind == KEY_RSA ? rsa_names : scalar;
    size_t count = key->kind == KEY_RSA ? RSA_NUMBERS : 1;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        BIGNUM *number = NULL;
        int len = EVP_PKEY_get_bn_param(key->pkey, names[i], &number) != 1 ? -1
                  : key->kind == KEY_RSA                                   ? BN_num_bytes(number)
                                         : (int)(key->bits + 7) / 8;
        bool fits = len > 0 && (size_t)len <= numbers->len - used;
        bool taken = fits && BN_bn2binpad(number, numbers->data + used, len) == len;
        BN_clear_free(number);
        if (!taken) {
            return crypto_failed(ERR_CRYPTO);
        }
        parts->numbers[parts->count++] = span_make(numbers->data + used, (size_t)len);
        used += (size_t)len;
    }
    return OK;
}

static void pkcs8_write(struct der_writer *writer, const struct private_parts *parts)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, 0);
    der_write_raw(writer, parts->algorithm);
    der_open(writer, DER_OCTET_STRING);
    if (parts->kind == KEY_ED25519) {
        der_write_octets(writer, parts->numbers[0]);
    } else if (parts->kind == KEY_RSA) {
        der_open(writer, DER_SEQUENCE);
        der_write_int64(writer, 0);
        for (size_t i = 0; i < parts->count; i++) {
            der_write_magnitude(writer, parts->numbers[i]);
        }
        der_close(writer);
    } else {
        der_open(writer, DER_SEQUENCE);
        der_write_int64(writer, 1);
        der_write_octets(writer, parts->numbers[0]);
        der_open(writer, DER_CONTEXT(1));
        der_write_bit_string(writer, parts->point);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
    der_close(writer);
}

enum err key_from_encrypted_pkcs8(
    struct span der, const struct secret *passphrase, struct key **ret_key)
{
    AUTO(secret) plain = { 0 };
    TRY(pbes2_decrypt(der, passphrase, &plain));
    enum err err = key_from_pkcs8(secret_span(&plain), ret_key);
    /* One wrong passphrase in 256 leaves a valid padding and no key behind it. */
    return err == ERR_INPUT ? ERR_DENIED : err;
}

enum err key_to_encrypted_pkcs8(const struct key *key, const struct secret *passphrase,
    enum key_stretch stretch, struct buf *buf)
{
    AUTO(secret) plain = { 0 };
    TRY(key_to_pkcs8(key, &plain));
    return pbes2_encrypt(secret_span(&plain), passphrase, stretch, buf);
}
