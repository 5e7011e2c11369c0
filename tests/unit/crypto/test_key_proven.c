#include "lib/crypto/key.h"
#include "lib/crypto/keycheck.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { N, E, D, P, Q, D_OF_P, D_OF_Q, Q_INVERSE, NUMBERS };
enum { TRIALS = 30, MASK = 0xa5, TRACE_BYTES = 24, AREA_MAX_BYTES = 1 << 28 };

/* The numbers of an RSA key, out of its PKCS#8. */
static void numbers_of(const struct key *key, mpz_t numbers[NUMBERS])
{
    AUTO(secret) pkcs8 = { 0 };
    struct der outer, info, algorithm, inner;
    struct span octets;
    unsigned version;
    assert_int_equal(key_to_pkcs8(key, &pkcs8), OK);
    outer = der_reader(secret_span(&pkcs8));
    assert_int_equal(der_enter(&outer, DER_SEQUENCE, &info), OK);
    assert_int_equal(der_read_uint(&info, 0, &version), OK);
    assert_int_equal(der_enter(&info, DER_SEQUENCE, &algorithm), OK);
    assert_int_equal(der_read(&info, DER_OCTET_STRING, &octets), OK);
    outer = der_reader(octets);
    assert_int_equal(der_enter(&outer, DER_SEQUENCE, &inner), OK);
    assert_int_equal(der_read_uint(&inner, 0, &version), OK);
    for (size_t i = 0; i < NUMBERS; i++) {
        struct span magnitude;
        assert_int_equal(der_read_magnitude(&inner, &magnitude), OK);
        mpz_init(numbers[i]);
        mpz_import(numbers[i], magnitude.len, 1, 1, 0, 0, magnitude.data);
    }
}

static void numbers_clear(mpz_t numbers[NUMBERS])
{
    for (size_t i = 0; i < NUMBERS; i++) {
        mpz_clear(numbers[i]);
    }
}

/* left * right leaves one modulo `modulus`. */
static bool inverse(const mpz_t left, const mpz_t right, const mpz_t modulus)
{
    mpz_t product;
    mpz_init(product);
    mpz_mul(product, left, right);
    mpz_sub_ui(product, product, 1);
    bool divides = mpz_divisible_p(product, modulus) != 0;
    mpz_clear(product);
    return divides;
}

static void every_size_is_two_primes_and_what_follows_from_them(void **state)
{
    (void)state;
    static const struct {
        enum key_type type;
        unsigned bits;
    } rows[] = { { KEY_TYPE_RSA_2048, 2048 }, { KEY_TYPE_RSA_3072, 3072 },
        { KEY_TYPE_RSA_4096, 4096 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_PTR(key) key = NULL;
        mpz_t of[NUMBERS], product, less;
        struct reason reason = { 0 };
        assert_int_equal(key_generate_proven(rows[i].type, &key), OK);
        assert_true(key_is_private(key));
        assert_int_equal(key_bits(key), rows[i].bits);
        assert_int_equal(key_check(key_spki(key), &reason, NULL), OK);
        numbers_of(key, of);
        mpz_inits(product, less, NULL);
        mpz_mul(product, of[P], of[Q]);
        assert_int_equal(mpz_cmp(product, of[N]), 0);
        assert_int_equal(mpz_cmp_ui(of[E], 65537), 0);
        assert_true(inverse(of[Q], of[Q_INVERSE], of[P]));
        for (size_t k = P; k <= Q; k++) {
            assert_int_equal(mpz_sizeinbase(of[k], 2), rows[i].bits / 2);
            assert_int_not_equal(mpz_probab_prime_p(of[k], TRIALS), 0);
            mpz_sub_ui(less, of[k], 1);
            assert_true(inverse(of[E], of[D], less));
            mpz_fdiv_r(product, of[D], less);
            assert_int_equal(mpz_cmp(product, of[D_OF_P + k - P]), 0);
        }
        assert_true(mpz_sizeinbase(of[D], 2) > rows[i].bits / 2); /* FIPS 186-5 A.1.1 */
        mpz_clears(product, less, NULL);
        numbers_clear(of);
    }
}

static void no_two_keys_have_a_prime_in_common(void **state)
{
    (void)state;
    mpz_t one[NUMBERS], other[NUMBERS], common;
    AUTO_PTR(key) first = NULL;
    AUTO_PTR(key) second = NULL;
    assert_int_equal(key_generate_proven(KEY_TYPE_RSA_2048, &first), OK);
    assert_int_equal(key_generate_proven(KEY_TYPE_RSA_2048, &second), OK);
    numbers_of(first, one);
    numbers_of(second, other);
    mpz_init(common);
    mpz_gcd(common, one[N], other[N]);
    assert_int_equal(mpz_cmp_ui(common, 1), 0);
    mpz_clear(common);
    numbers_clear(one);
    numbers_clear(other);
}

static void a_key_of_a_curve_is_made_as_ever(void **state)
{
    (void)state;
    static const enum key_type types[] = { KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_ED25519 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        AUTO_PTR(key) key = NULL;
        enum key_type type = KEY_TYPE_COUNT;
        assert_int_equal(key_generate_proven(types[i], &key), OK);
        assert_int_equal(key_type_of(key, &type), OK);
        assert_int_equal(type, types[i]);
    }
}

/* A masked copy, so that the search doesn't find itself. */
struct trace {
    uint8_t masked[TRACE_BYTES];
};

/* From the middle of a number, in the order of the library's words and in that of DER. */
static void trace_take(const mpz_t number, struct trace traces[2])
{
    uint8_t bytes[512];
    size_t len = 0;
    mpz_export(bytes, &len, -1, 1, 0, 0, number);
    assert_true(len > 2 * TRACE_BYTES);
    const uint8_t *middle = bytes + len / 2;
    for (size_t i = 0; i < TRACE_BYTES; i++) {
        traces[0].masked[i] = middle[i] ^ MASK;
        traces[1].masked[i] = middle[TRACE_BYTES - 1 - i] ^ MASK;
    }
    explicit_bzero(bytes, sizeof bytes);
}

static size_t trace_count(const uint8_t *area, size_t len, const struct trace *trace)
{
    size_t found = 0;
    for (size_t at = 0; at + TRACE_BYTES <= len; at++) {
        size_t same = 0;
        while (same < TRACE_BYTES && (area[at + same] ^ MASK) == trace->masked[same]) {
            same++;
        }
        found += same == TRACE_BYTES;
    }
    return found;
}

/* In all memory that this process may write. */
static size_t traces_left(const struct trace *traces, size_t count)
{
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "r");
    char line[1024], may[8];
    unsigned long begin, end;
    size_t found = 0;
    assert_true(maps != NULL && memory != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        assert_int_equal(sscanf(line, "%lx-%lx %7s", &begin, &end, may), 3);
        if (may[1] != 'w' || end - begin > AREA_MAX_BYTES) {
            continue;
        }
        uint8_t *copy = malloc(end - begin);
        assert_non_null(copy);
        assert_int_equal(fseek(memory, (long)begin, SEEK_SET), 0);
        size_t got = fread(copy, 1, end - begin, memory);
        for (size_t i = 0; i < count; i++) {
            found += trace_count(copy, got, &traces[i]);
        }
        explicit_bzero(copy, end - begin);
        free(copy);
    }
    fclose(maps);
    fclose(memory);
    return found;
}

static void a_key_that_is_gone_leaves_no_secret_number_in_memory(void **state)
{
    (void)state;
    static const size_t secrets[] = { D, P, Q, D_OF_P, D_OF_Q, Q_INVERSE };
    struct trace traces[2 * sizeof secrets / sizeof secrets[0]];
    AUTO_PTR(key) key = NULL;
    mpz_t of[NUMBERS];
    assert_int_equal(key_generate_proven(KEY_TYPE_RSA_2048, &key), OK);
    numbers_of(key, of);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        trace_take(of[secrets[i]], traces + 2 * i);
    }
    numbers_clear(of);
    assert_true(traces_left(traces, sizeof traces / sizeof traces[0]) > 0);
    key_free(key);
    key = NULL;
    assert_int_equal(traces_left(traces, sizeof traces / sizeof traces[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_two_primes_and_what_follows_from_them),
        cmocka_unit_test(no_two_keys_have_a_prime_in_common),
        cmocka_unit_test(a_key_of_a_curve_is_made_as_ever),
        cmocka_unit_test(a_key_that_is_gone_leaves_no_secret_number_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
