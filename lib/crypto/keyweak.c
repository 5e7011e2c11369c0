/* RSA moduli that can be factored because their primes are too close together (Fermat; BR 6.1.1.3
 * asks for 100 rounds). */
#include "lib/crypto/internal.h"

#include <openssl/bn.h>

enum { FERMAT_ROUNDS = 100, WORD_ROOT_BITS = 62 };

/* Moduli whose squares are few; their products fit a word. */
static const unsigned residue_moduli[2][5] = { { 64, 63, 65, 11, 17 }, { 19, 23, 29, 31, 37 } };
static const uint32_t residue_products[2] = { 64u * 63 * 65 * 11 * 17, 19u * 23 * 29 * 31 * 37 };

/* A number, known by what it leaves behind. */
struct rest {
    uint64_t of[2];
};

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

static enum err start_find(
    const struct span modulus, BIGNUM *n, BIGNUM *a, BIGNUM *difference, BN_CTX *ctx);
static bool root_floor(BIGNUM *ret_root, BIGNUM *ret_rest, const BIGNUM *number, BN_CTX *ctx);
static struct rest rest_of(const BIGNUM *number);
static bool may_be_square(struct rest rest);
static bool square_at(const BIGNUM *n, const BIGNUM *a, unsigned round, BN_CTX *ctx);

/* n is a difference of squares, a^2 - n = b^2, with a just above its root. From round to round a
 * grows by one and the difference by 2a + 1, which is followed in machine words; a root is taken
 * only where the residues don't exclude a square. */
enum err rsa_primes_close(struct span modulus, bool *ret_close)
{
    AUTO(numbers) numbers = { BN_CTX_new() };
    if (numbers.ctx == NULL) {
        return ERR_MEMORY;
    }
    BN_CTX_start(numbers.ctx);
    BIGNUM *n = BN_CTX_get(numbers.ctx), *a = BN_CTX_get(numbers.ctx);
    BIGNUM *difference = BN_CTX_get(numbers.ctx);
    if (difference == NULL) {
        return crypto_failed(ERR_CRYPTO);
    }
    TRY(start_find(modulus, n, a, difference, numbers.ctx));
    struct rest of_a = rest_of(a), of_difference = rest_of(difference);
    bool close = false;
    for (unsigned round = 0; !close && round < FERMAT_ROUNDS; round++) {
        close = may_be_square(of_difference) && square_at(n, a, round, numbers.ctx);
        for (size_t i = 0; i < 2; i++) {
            of_difference.of[i] = (of_difference.of[i] + 2 * of_a.of[i] + 1) % residue_products[i];
            of_a.of[i]++;
        }
    }
    *ret_close = close;
    return OK;
}

/* a: the root of n rounded up; difference: a^2 - n. With n = s^2 + r it is 2s + 1 - r for a = s
 * + 1.
 */
static enum err start_find(
    const struct span modulus, BIGNUM *n, BIGNUM *a, BIGNUM *difference, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *rest = BN_CTX_get(ctx);
    bool good = rest != NULL && BN_bin2bn(modulus.data, (int)modulus.len, n) != NULL &&
                root_floor(a, rest, n, ctx);
    if (good && BN_is_zero(rest)) {
        BN_zero(difference);
    } else if (good) {
        good = BN_lshift1(difference, a) == 1 && BN_add_word(difference, 1) == 1 &&
               BN_sub(difference, difference, rest) == 1 && BN_add_word(a, 1) == 1;
    }
    BN_CTX_end(ctx);
    return good ? OK : crypto_failed(ERR_CRYPTO);
}

static uint64_t word_root(uint64_t word)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit > 0; bit >>= 1) {
        root += (root + bit) * (root + bit) <= word ? bit : 0;
    }
    return root;
}

/* The root of the upper half and what it leaves give the lower half by one division (Zimmermann,
 * Karatsuba Square Root, INRIA RR-3805): number = root^2 + rest. */
static bool root_floor(BIGNUM *ret_root, BIGNUM *ret_rest, const BIGNUM *number, BN_CTX *ctx)
{
    int bits = BN_num_bits(number), low = (bits + 1) / 4;
    if (bits <= WORD_ROOT_BITS) {
        uint64_t word = BN_get_word(number), root = word_root(word);
        return BN_set_word(ret_root, root) == 1 && BN_set_word(ret_rest, word - root * root) == 1;
    }
    BN_CTX_start(ctx);
    BIGNUM *part = BN_CTX_get(ctx), *divisor = BN_CTX_get(ctx), *quotient = BN_CTX_get(ctx);
    bool good = quotient != NULL && BN_rshift(part, number, 2 * low) == 1 &&
                root_floor(ret_root, ret_rest, part, ctx);
    /* The next `low` bits go below the rest, the last ones below that. */
    good = good && BN_rshift(part, number, low) == 1 &&
           (BN_mask_bits(part, low) == 1 || BN_num_bits(part) <= low) &&
           BN_lshift(ret_rest, ret_rest, low) == 1 && BN_add(ret_rest, ret_rest, part) == 1 &&
           BN_lshift1(divisor, ret_root) == 1 &&
           BN_div(quotient, ret_rest, ret_rest, divisor, ctx) == 1 &&
           BN_lshift(ret_root, ret_root, low) == 1 && BN_add(ret_root, ret_root, quotient) == 1 &&
           BN_copy(part, number) != NULL &&
           (BN_mask_bits(part, low) == 1 || BN_num_bits(part) <= low) &&
           BN_lshift(ret_rest, ret_rest, low) == 1 && BN_add(ret_rest, ret_rest, part) == 1 &&
           BN_sqr(part, quotient, ctx) == 1 && BN_sub(ret_rest, ret_rest, part) == 1;
    while (good && BN_is_negative(ret_rest)) {
        good = BN_sub_word(ret_root, 1) == 1 && BN_add(ret_rest, ret_rest, ret_root) == 1 &&
               BN_add(ret_rest, ret_rest, ret_root) == 1 && BN_add_word(ret_rest, 1) == 1;
    }
    BN_CTX_end(ctx);
    return good;
}

static struct rest rest_of(const BIGNUM *number)
{
    return (struct rest){ {
        BN_mod_word(number, residue_products[0]),
        BN_mod_word(number, residue_products[1]),
    } };
}

static bool square_residue(unsigned value, unsigned modulus)
{
    for (unsigned i = 0; i <= modulus / 2; i++) {
        if (i * i % modulus == value) {
            return true;
        }
    }
    return false;
}

/* True for every square, and for one number in ten thousand of the others. */
static bool may_be_square(struct rest rest)
{
    /* Bit i is set where i is a square modulo 64: most numbers go no further. */
    static const uint64_t squares_of_64 = UINT64_C(0x0202021202030213);
    if ((squares_of_64 >> rest.of[0] % 64 & 1) == 0) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 5; k++) {
            unsigned modulus = residue_moduli[i][k];
            if (!square_residue((unsigned)(rest.of[i] % modulus), modulus)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether (a + round)^2 - n really is a square. */
static bool square_at(const BIGNUM *n, const BIGNUM *a, unsigned round, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *difference = BN_CTX_get(ctx), *root = BN_CTX_get(ctx), *rest = BN_CTX_get(ctx);
    bool found = rest != NULL && BN_copy(root, a) != NULL && BN_add_word(root, round) == 1 &&
                 BN_sqr(difference, root, ctx) == 1 && BN_sub(difference, difference, n) == 1 &&
                 root_floor(root, rest, difference, ctx) && BN_is_zero(rest);
    BN_CTX_end(ctx);
    return found;
}
