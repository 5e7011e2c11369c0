/* RSA keys whose primes are proven: nettle builds each from a smaller one, so that Pocklington's
 * criterion makes it prime (as FIPS 186-5 A.1.2 would have it), where OpenSSL guesses and tests 64
 * times; and both at once, each in a thread of its own. What comes out is OpenSSL's key like every
 * other: tried by a signature, and held against our own checks of keys. Never an authority's key:
 * decisions/2026-11-28-a-subscribers-rsa-primes-are-proven.md.
 *
 * GMP, which nettle counts with, gives memory back as it was used. So from the first key on its
 * memory, the process's, is wiped before it is free, and the stack after each prime. */
#include "lib/base/random.h"
#include "lib/crypto/internal.h"
#include "lib/crypto/keycheck.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <nettle/bignum.h>

#include <assert.h>
#include <pthread.h>

enum {
    PUBLIC_EXPONENT = 65537,
    STACK_USED_BYTES = 128 * 1024, /* GMP takes at most 64 KiB of it at a time */
};

/* In the order of RSAPrivateKey (RFC 8017 A.1.2). */
enum { N, E, D, P, Q, D_OF_P, D_OF_Q, Q_INVERSE, NUMBERS };
struct rsa {
    mpz_t of[NUMBERS];
};

static void rsa_release(struct rsa *rsa)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_clear(rsa->of[i]);
    }
}
AUTO_DEFINE(rsa, rsa_release)

struct prime {
    mpz_ptr number;
    unsigned bits;
};

static enum err rsa_generate(unsigned bits, struct key **ret_key);
static void primes_make(struct prime primes[2]);
static void *prime_make(void *prime);
static bool exponents_make(struct rsa *rsa);
static enum err rsa_take(const struct rsa *rsa, struct key **ret_key);
static enum err number_write(const mpz_t number, struct secret *scratch, struct der_writer *writer);
static void random_bytes(void *ctx, size_t len, uint8_t *ret_bytes);
static void memory_wipes(void);
static void *memory_have(size_t size);
static void *memory_grow(void *memory, size_t before, size_t after);
static void memory_free(void *memory, size_t size);
static void stack_wipe(void);

enum err key_generate_proven(enum key_type type, struct key **ret_key)
{
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    enum key_kind kind;
    unsigned bits;
    key_type_shape(type, &kind, &bits);
    if (kind != KEY_RSA) {
        return key_generate(type, ret_key);
    }
    TRY(rsa_generate(bits, &key));
    if (key->bits != bits || key_check(key_spki(key), &reason, /* ret_key= */ NULL) != OK) {
        return ERR_CRYPTO;
    }
    *ret_key = key;
    key = NULL;
    return OK;
}

static enum err rsa_generate(unsigned bits, struct key **ret_key)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AUTO(rsa) rsa = { 0 };
    (void)pthread_once(&once, memory_wipes);
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_init(rsa.of[i]);
    }
    primes_make((struct prime[]){ { rsa.of[P], bits / 2 }, { rsa.of[Q], bits / 2 } });
    enum err err = exponents_make(&rsa) ? rsa_take(&rsa, ret_key) : ERR_CRYPTO;
    stack_wipe();
    return err;
}

/* Where no thread is to be had, one after the other. */
static void primes_make(struct prime primes[2])
{
    pthread_t other;
    bool apart = pthread_create(&other, /* attributes= */ NULL, prime_make, &primes[1]) == 0;
    prime_make(&primes[0]);
    if (apart) {
        (void)pthread_join(other, /* ret_value= */ NULL);
    } else {
        prime_make(&primes[1]);
    }
}

/* With its two upper bits set, so that the product has all of its bits; prime to the exponent but
 * for one time in 65537. */
static void *prime_make(void *ctx)
{
    const struct prime *prime = ctx;
    do {
        nettle_random_prime(prime->number, prime->bits, /* top_bits_set= */ 1,
            /* random_ctx= */ NULL, random_bytes, /* progress_ctx= */ NULL, /* progress= */ NULL);
    } while (mpz_fdiv_ui(prime->number, PUBLIC_EXPONENT) == 1);
    stack_wipe();
    return NULL;
}

/* FIPS 186-5 A.1.1: d is the exponent's inverse modulo the least common multiple. */
static bool exponents_make(struct rsa *rsa)
{
    mpz_t *of = rsa->of;
    AUTO(rsa) less = { 0 };
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_init(less.of[i]);
    }
    mpz_set_ui(of[E], PUBLIC_EXPONENT);
    mpz_mul(of[N], of[P], of[Q]);
    mpz_sub_ui(less.of[P], of[P], 1);
    mpz_sub_ui(less.of[Q], of[Q], 1);
    mpz_lcm(less.of[N], less.of[P], less.of[Q]);
    bool good =
        mpz_invert(of[D], of[E], less.of[N]) != 0 && mpz_invert(of[Q_INVERSE], of[Q], of[P]) != 0;
    mpz_fdiv_r(of[D_OF_P], of[D], less.of[P]);
    mpz_fdiv_r(of[D_OF_Q], of[D], less.of[Q]);
    return good;
}

/* By the reader that all such keys come in by. */
static enum err rsa_take(const struct rsa *rsa, struct key **ret_key)
{
    AUTO(secret) scratch = { 0 };
    AUTO(secret) der = { 0 };
    size_t len = 0;
    TRY(secret_new(KEY_RSA_MAX_BITS / 8, &scratch));
    TRY(secret_new(KEY_PRIVATE_MAX_BYTES, &der));
    struct der_writer writer = der_writer_make(der.data, der.len);
    der_open(&writer, DER_SEQUENCE);
    der_write_int64(&writer, 0);
    for (size_t i = 0; i < NUMBERS; i++) {
        TRY(number_write(rsa->of[i], &scratch, &writer));
    }
    der_close(&writer);
    TRY(der_writer_finish(&writer, &len));
    return key_from_rsa_private(span_make(der.data, len), ret_key);
}

static enum err number_write(const mpz_t number, struct secret *scratch, struct der_writer *writer)
{
    size_t len = nettle_mpz_sizeinbase_256_u(number);
    if (mpz_sgn(number) <= 0 || len > scratch->len) {
        return ERR_CRYPTO;
    }
    nettle_mpz_get_str_256(len, scratch->data, number);
    der_write_magnitude(writer, span_make(scratch->data, len));
    return OK;
}

/* nettle can't be told that there is none; going on without would be the worst of all. */
static void random_bytes(void *ctx, size_t len, uint8_t *ret_bytes)
{
    (void)ctx;
    struct random random = random_system();
    enum err err = random_fill(&random, ret_bytes, len);
    assert(err == OK);
}

/* What malloc gave before may come back by these, and what these gave by free. */
static void memory_wipes(void)
{
    mp_set_memory_functions(memory_have, memory_grow, memory_free);
}

/* GMP goes on with what it is given. */
static void *memory_have(size_t size)
{
    void *memory = malloc(size);
    assert(memory != NULL);
    return memory;
}

static void *memory_grow(void *memory, size_t before, size_t after)
{
    void *grown = memory_have(after);
    memcpy(grown, memory, before < after ? before : after);
    memory_free(memory, before);
    return grown;
}

static void memory_free(void *memory, size_t size)
{
    explicit_bzero(memory, size);
    free(memory);
}

__attribute__((noinline)) static void stack_wipe(void)
{
    uint8_t used[STACK_USED_BYTES];
    explicit_bzero(used, sizeof used);
}
