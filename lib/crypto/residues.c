/* What a modulus leaves behind modulo small primes, and what that says: a small factor, a prime
 * power, or Infineon's generator (ROCA, CVE-2017-15361), whose moduli are powers of 65537 modulo
 * every small prime. */
#include "lib/crypto/internal.h"

/* The odd primes below 752 (BR 6.1.6). */
static const uint16_t primes[RESIDUES] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53,
    59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157,
    163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263,
    269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379,
    383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491,
    499, 503, 509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593, 599, 601, 607, 613, 617,
    619, 631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709, 719, 727, 733, 739, 743,
    751 };

static bool power_of_degree(struct span modulus, const struct residues *residues, unsigned degree);
static bool power_of_65537(unsigned residue, unsigned prime);

/* By long division, eight octets at a time. */
static uint64_t remainder_of(struct span modulus, uint64_t divisor)
{
    uint64_t rest = 0;
    size_t at = modulus.len % 8;
    for (size_t i = 0; i < at; i++) {
        rest = rest << 8 | modulus.data[i];
    }
    for (rest %= divisor; at < modulus.len; at += 8) {
        unsigned __int128 whole = (unsigned __int128)rest << 64 | load_be64(modulus.data + at);
        rest = (uint64_t)(whole % divisor);
    }
    return rest;
}

/* Primes are taken in groups whose product fits 64 bits, so that one long division serves six of
 * them. */
void residues_take(struct span modulus, struct residues *ret_residues)
{
    for (size_t first = 0, next = 0; first < RESIDUES; first = next) {
        uint64_t product = 1;
        while (next < RESIDUES && product <= UINT64_MAX / primes[next]) {
            product *= primes[next++];
        }
        uint64_t rest = remainder_of(modulus, product);
        for (size_t i = first; i < next; i++) {
            ret_residues->of[i] = (uint16_t)(rest % primes[i]);
        }
    }
}

unsigned residues_factor(const struct residues *residues)
{
    for (size_t i = 0; i < RESIDUES; i++) {
        if (residues->of[i] == 0) {
            return primes[i];
        }
    }
    return 0;
}

bool rsa_is_power(struct span modulus, const struct residues *residues)
{
    /* No factor is below 752, or 2^9.55: that was looked at before. */
    for (size_t i = 0; i < RESIDUES && primes[i] * 19u / 2 <= modulus.len * 8; i++) {
        if (power_of_degree(modulus, residues, primes[i])) {
            return true;
        }
    }
    return false;
}

/* For an odd word below 752^2. */
static bool word_is_prime(unsigned word)
{
    for (size_t i = 0; i < RESIDUES && (unsigned)primes[i] * primes[i] <= word; i++) {
        if (word % primes[i] == 0) {
            return false;
        }
    }
    return true;
}

static unsigned residue_of(struct span modulus, const struct residues *residues, unsigned prime)
{
    size_t low = 0, high = RESIDUES;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (primes[middle] < prime) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool known = low < RESIDUES && primes[low] == prime;
    return known ? residues->of[low] : (unsigned)remainder_of(modulus, prime);
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
static bool power_of_degree(struct span modulus, const struct residues *residues, unsigned degree)
{
    enum { WITNESSES = 26 };
    unsigned seen = 0;
    for (unsigned prime = 2 * degree + 1; seen < WITNESSES; prime += 2 * degree) {
        if (!word_is_prime(prime)) {
            continue;
        }
        unsigned residue = residue_of(modulus, residues, prime);
        if (!power_is_trivial(residue, (prime - 1) / degree, prime)) {
            return false;
        }
        seen++;
    }
    return true;
}

/* The published fingerprint uses the primes of Infineon's primorial, up to 167. */
bool rsa_roca(const struct residues *residues)
{
    for (size_t i = 0; primes[i] <= 167; i++) {
        if (!power_of_65537(residues->of[i], primes[i])) {
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
