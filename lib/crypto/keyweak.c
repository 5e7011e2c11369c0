/* RSA moduli that can be factored: primes too close together (Fermat; BR 6.1.1.3 asks for 100
 * rounds), and Infineon's generator (ROCA, CVE-2017-15361), whose moduli are powers of 65537 modulo
 * every small prime. */
#include "lib/crypto/internal.h"

#include <openssl/bn.h>

enum { FERMAT_ROUNDS = 100, RESIDUES = 63 * 65 * 11, NEWTON_MAX = 64 };

struct numbers {
    BN_CTX *ctx;
};

static void numbers_release(struct numbers *numbers)
{
    if (numbers->ctx != NULL) {
        BN_CTX_end(numbers->ctx);
        BN_CTX_free(numbers->ctx);
    }
}
AUTO_DEFINE(numbers, numbers_release)

static bool root_floor(BIGNUM *ret_root, const BIGNUM *number, BN_CTX *ctx);
static bool is_square(const BIGNUM *number, BIGNUM *root, BIGNUM *scratch, BN_CTX *ctx);
static bool power_of_65537(unsigned residue, unsigned prime);

enum err rsa_primes_close(struct span modulus, bool *ret_close)
{
    AUTO(numbers) numbers = { BN_CTX_new() };
    if (numbers.ctx == NULL) {
        return ERR_MEMORY;
    }
    BN_CTX_start(numbers.ctx);
    BIGNUM *n = BN_CTX_get(numbers.ctx), *a = BN_CTX_get(numbers.ctx);
    BIGNUM *difference = BN_CTX_get(numbers.ctx), *root = BN_CTX_get(numbers.ctx);
    BIGNUM *scratch = BN_CTX_get(numbers.ctx);
    if (scratch == NULL || BN_bin2bn(modulus.data, (int)modulus.len, n) == NULL ||
        !root_floor(a, n, numbers.ctx) || BN_sqr(difference, a, numbers.ctx) != 1) {
        return crypto_failed(ERR_CRYPTO);
    }
    /* a is the root rounded up; difference = a^2 - n grows by 2a + 1 with each round. */
    bool good = BN_sub(difference, difference, n) == 1;
    if (good && BN_is_negative(difference)) {
        good = BN_add(difference, difference, a) == 1 && BN_add(difference, difference, a) == 1 &&
               BN_add_word(difference, 1) == 1 && BN_add_word(a, 1) == 1;
    }
    bool close = false;
    for (int round = 0; good && !close && round < FERMAT_ROUNDS; round++) {
        close = is_square(difference, root, scratch, numbers.ctx);
        good = BN_add(difference, difference, a) == 1 && BN_add(difference, difference, a) == 1 &&
               BN_add_word(difference, 1) == 1 && BN_add_word(a, 1) == 1;
    }
    if (!good) {
        return crypto_failed(ERR_CRYPTO);
    }
    *ret_close = close;
    return OK;
}

/* Newton's method from above: it falls until it doesn't. */
static bool root_floor(BIGNUM *ret_root, const BIGNUM *number, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *next = BN_CTX_get(ctx);
    bool good = next != NULL && BN_set_word(ret_root, 1) == 1 &&
                BN_lshift(ret_root, ret_root, (BN_num_bits(number) + 1) / 2) == 1;
    for (int i = 0; good && i < NEWTON_MAX; i++) {
        good = BN_div(next, NULL, number, ret_root, ctx) == 1 &&
               BN_add(next, next, ret_root) == 1 && BN_rshift1(next, next) == 1;
        if (good && BN_cmp(next, ret_root) >= 0) {
            break;
        }
        good = good && BN_copy(ret_root, next) != NULL;
    }
    BN_CTX_end(ctx);
    return good;
}

static bool square_residue(unsigned value, unsigned modulus)
{
    for (unsigned i = 0; i <= modulus / 2; i++) {
        if (i * i % modulus == value % modulus) {
            return true;
        }
    }
    return false;
}

/* A root is taken only where three small moduli and the low bits don't exclude it: once in 500. */
static bool is_square(const BIGNUM *number, BIGNUM *root, BIGNUM *scratch, BN_CTX *ctx)
{
    enum { LOW = 64 };
    unsigned low = 0;
    for (int bit = 0; bit < 6; bit++) {
        low |= (unsigned)BN_is_bit_set(number, bit) << bit;
    }
    if (BN_is_zero(number)) {
        return true;
    }
    if (!square_residue(low, LOW)) {
        return false;
    }
    unsigned rest = (unsigned)BN_mod_word(number, RESIDUES);
    if (!square_residue(rest, 63) || !square_residue(rest, 65) || !square_residue(rest, 11)) {
        return false;
    }
    return root_floor(root, number, ctx) && BN_sqr(scratch, root, ctx) == 1 &&
           BN_cmp(scratch, number) == 0;
}

/* The primes of Infineon's primorial that the published fingerprint uses. */
bool rsa_roca(struct span modulus)
{
    static const uint8_t primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59,
        61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157,
        163, 167 };
    for (size_t i = 0; i < sizeof primes; i++) {
        unsigned residue = 0;
        for (size_t k = 0; k < modulus.len; k++) {
            residue = (residue << 8 | modulus.data[k]) % primes[i];
        }
        if (!power_of_65537(residue, primes[i])) {
            return false;
        }
    }
    return true;
}

static bool power_of_65537(unsigned residue, unsigned prime)
{
    unsigned power = 1;
    do {
        if (power == residue) {
            return true;
        }
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}
