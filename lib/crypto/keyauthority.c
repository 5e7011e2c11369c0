/* The extra care for keys of authorities: eight issuing CAs of one company had private keys that
 * could be counted to. So we count, a quarter of a million steps, and look on both sides. */
#include "lib/crypto/internal.h"
#include "lib/crypto/keycheck.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <stdio.h>

enum { MULTIPLES = 1 << 18, POINT_MAX = 133 };

/* The group, the key's point, its negative, and the multiple that is being looked at. */
struct count {
    EC_GROUP *group;
    EC_POINT *key, *negative, *multiple;
    BN_CTX *ctx;
};

static void count_release(struct count *count)
{
    EC_POINT_free(count->key);
    EC_POINT_free(count->negative);
    EC_POINT_free(count->multiple);
    EC_GROUP_free(count->group);
    BN_CTX_free(count->ctx);
}
AUTO_DEFINE(count, count_release)

static enum err count_begin(const struct key *key, struct count *count)
{
    static const int curves[KEY_KIND_COUNT] = {
        [KEY_P256] = NID_X9_62_prime256v1, [KEY_P384] = NID_secp384r1, [KEY_P521] = NID_secp521r1
    };
    uint8_t point[POINT_MAX];
    size_t len = 0;
    count->ctx = BN_CTX_new();
    count->group = EC_GROUP_new_by_curve_name(curves[key->kind]);
    if (count->ctx == NULL || count->group == NULL) {
        return crypto_failed(ERR_CRYPTO);
    }
    count->key = EC_POINT_new(count->group);
    if (count->key == NULL ||
        EVP_PKEY_get_octet_string_param(
            key->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) != 1 ||
        EC_POINT_oct2point(count->group, count->key, point, len, count->ctx) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    count->negative = EC_POINT_dup(count->key, count->group);
    count->multiple = EC_POINT_dup(EC_GROUP_get0_generator(count->group), count->group);
    if (count->negative == NULL || count->multiple == NULL ||
        EC_POINT_invert(count->group, count->negative, count->ctx) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    return OK;
}

/* The multiple at which the key or its negative is found, 0 for none. */
static enum err small_multiple(const struct key *key, unsigned *ret_multiple)
{
    AUTO(count) count = { NULL };
    TRY(count_begin(key, &count));
    const EC_POINT *generator = EC_GROUP_get0_generator(count.group);
    for (unsigned i = 1; i <= MULTIPLES; i++) {
        if (EC_POINT_cmp(count.group, count.multiple, count.key, count.ctx) == 0 ||
            EC_POINT_cmp(count.group, count.multiple, count.negative, count.ctx) == 0) {
            *ret_multiple = i;
            return OK;
        }
        if (EC_POINT_add(count.group, count.multiple, count.multiple, generator, count.ctx) != 1) {
            return crypto_failed(ERR_CRYPTO);
        }
    }
    *ret_multiple = 0;
    return OK;
}

enum err key_check_authority(const struct key *key, struct reason *ret_reason)
{
    struct reason why = { 0 };
    char seen[32];
    unsigned multiple = 0;
    enum err err = key_check(key_spki(key), &why, /* ret_key= */ NULL);
    if (err != OK) {
        return reason_set(ret_reason, err, "authority.key_weak", why.field, why.seen, why.expected);
    }
    if (key->kind == KEY_RSA) {
        return OK;
    }
    TRY(small_multiple(key, &multiple));
    if (multiple != 0) {
        snprintf(seen, sizeof seen, "%u * G", multiple);
        return reason_set(ret_reason, ERR_INPUT, "authority.key_weak", "ec.multiple", seen, NULL);
    }
    return OK;
}
