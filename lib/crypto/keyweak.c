/* RSA moduli that can be factored: primes too close together (Fermat; BR 6.1.1.3 asks for 100
 * rounds), prime powers, and Infineon's generator (ROCA, CVE-2017-15361), whose moduli are powers
 * of 65537 modulo every small prime. */
#include "lib/crypto/internal.h"

#include <openssl/bn.h>

enum { FERMAT_ROUNDS = 100, NEWTON_MAX = 64 };

/* Moduli whose squares are few; their products fit a word. */
static const unsigned residue_moduli[2][5] = { { 64, 63, 65, 11, 17 }, { 19, 23, 29, 31, 37 } };
static const uint32_t residue_products[2] = { 64u * 63 * 65 * 11 * 17, 19u * 23 * 29 * 31 * 37 };

/* A number, known by what it leaves behind. */
struct residues {
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
static bool root_floor(BIGNUM *ret_root, const BIGNUM *number, BN_CTX *ctx);
static struct residues residues_of(const BIGNUM *number);
static bool may_be_square(struct residues residues);
static bool square_at(const BIGNUM *n, const BIGNUM *a, unsigned round, BN_CTX *ctx);
static bool power_of_65537(unsigned residue, unsigned prime);

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
    struct residues of_a = residues_of(a), of_difference = residues_of(difference);
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

/* a: the root of n rounded up; difference: a^2 - n. */
static enum err start_find(
    const struct span modulus, BIGNUM *n, BIGNUM *a, BIGNUM *difference, BN_CTX *ctx)
{
    bool good = BN_bin2bn(modulus.data, (int)modulus.len, n) != NULL && root_floor(a, n, ctx) &&
                BN_sqr(difference, a, ctx) == 1 && BN_sub(difference, difference, n) == 1;
    if (good && BN_is_negative(difference)) {
        good = BN_add_word(a, 1) == 1 && BN_sqr(difference, a, ctx) == 1 &&
               BN_sub(difference, difference, n) == 1;
    }
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

/* Newton's method from above, begun with the root of the leading bits: it falls until it doesn't.
 */
static bool root_floor(BIGNUM *ret_root, const BIGNUM *number, BN_CTX *ctx)
{
    if (BN_is_zero(number)) {
        BN_zero(ret_root);
        return true;
    }
    BN_CTX_start(ctx);
    BIGNUM *next = BN_CTX_get(ctx);
    int bits = BN_num_bits(number), shift = bits <= 62 ? 0 : (bits - 61) / 2 * 2;
    bool good = next != NULL && BN_rshift(next, number, shift) == 1 &&
                BN_set_word(ret_root, word_root(BN_get_word(next)) + 1) == 1 &&
                BN_lshift(ret_root, ret_root, shift / 2) == 1;
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

static struct residues residues_of(const BIGNUM *number)
{
    return (struct residues){ {
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
static bool may_be_square(struct residues residues)
{
    /* Bit i is set where i is a square modulo 64: most numbers go no further. */
    static const uint64_t squares_of_64 = UINT64_C(0x0202021202030213);
    if ((squares_of_64 >> residues.of[0] % 64 & 1) == 0) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 5; k++) {
            unsigned modulus = residue_moduli[i][k];
            if (!square_residue((unsigned)(residues.of[i] % modulus), modulus)) {
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
    BIGNUM *difference = BN_CTX_get(ctx), *root = BN_CTX_get(ctx), *square = BN_CTX_get(ctx);
    bool found = square != NULL && BN_copy(root, a) != NULL && BN_add_word(root, round) == 1 &&
                 BN_sqr(difference, root, ctx) == 1 && BN_sub(difference, difference, n) == 1 &&
                 root_floor(root, difference, ctx) && BN_sqr(square, root, ctx) == 1 &&
                 BN_cmp(square, difference) == 0;
    BN_CTX_end(ctx);
    return found;
}

static bool word_is_prime(unsigned word)
{
    for (unsigned divisor = 3; divisor * divisor <= word; divisor += 2) {
        if (word % divisor == 0) {
            return false;
        }
    }
    return word > 2 && word % 2 == 1;
}

static unsigned modulus_rest(struct span modulus, unsigned divisor)
{
    uint64_t rest = 0;
    size_t at = modulus.len % 4;
    for (size_t i = 0; i < at; i++) {
        rest = rest << 8 | modulus.data[i];
    }
    for (rest %= divisor; at < modulus.len; at += 4) {
        rest = (rest << 32 | load_be32(modulus.data + at)) % divisor;
    }
    return (unsigned)rest;
}

/* Whether base^exponent is 0 or 1. */
static bool power_is_trivial(unsigned base, unsigned exponent, unsigned modulus)
{
    uint64_t result = 1, square = base;
    for (; exponent > 0; exponent /= 2) {
        result = exponent % 2 == 1 ? result * square % modulus : result;
        square = square * square % modulus;
    }
    return result <= 1;
}

/* A k-th power is one modulo every prime q = 1 (mod k) too, where only one residue in k is (Euler's
 * criterion). Two dozen such primes leave no other number. */
static bool power_of_degree(struct span modulus, unsigned degree)
{
    enum { WITNESSES = 26 };
    unsigned seen = 0;
    for (unsigned prime = 2 * degree + 1; seen < WITNESSES; prime += 2 * degree) {
        if (!word_is_prime(prime)) {
            continue;
        }
        if (!power_is_trivial(modulus_rest(modulus, prime), (prime - 1) / degree, prime)) {
            return false;
        }
        seen++;
    }
    return true;
}

bool rsa_is_power(struct span modulus)
{
    /* No factor is below 752, or 2^9.55: that was looked at before. */
    for (unsigned degree = 3; degree * 19 / 2 <= modulus.len * 8; degree += 2) {
        if (word_is_prime(degree) && power_of_degree(modulus, degree)) {
            return true;
        }
    }
    return false;
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
