#include "lib/crypto/keycheck.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"
#include "tests/unit/vectors.h"

/* An RSA SubjectPublicKeyInfo out of two numbers. */
static struct span rsa_spki(struct span modulus, struct span exponent, uint8_t ret_der[2048])
{
    static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
        0x01, 0x01, 0x01, 0x05, 0x00 };
    uint8_t inner[1500];
    size_t len = 0;
    struct der_writer writer = der_writer_make(inner, sizeof inner);
    der_open(&writer, DER_SEQUENCE);
    der_write_magnitude(&writer, modulus);
    der_write_magnitude(&writer, exponent);
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    writer = der_writer_make(ret_der, 2048);
    der_open(&writer, DER_SEQUENCE);
    der_write_raw(&writer, SPAN_OF(algorithm));
    der_write_bit_string(&writer, span_make(inner, len));
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return span_make(ret_der, len);
}

static void modulus_of_a_good_key(uint8_t ret_modulus[256])
{
    AUTO(buf) pem = vector_read("rsa2048.pub.pem");
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    /* The last 256 octets before the exponent's five. */
    struct span spki = key_spki(key);
    memcpy(ret_modulus, spki.data + spki.len - 5 - 256, 256);
}

static void assert_weak(struct span spki, const char *field)
{
    struct reason reason = { 0 };
    assert_int_equal(key_check(spki, &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_weak");
    assert_string_equal(reason.field, field);
    /* Both stand in the sentence that the subscriber reads. */
    assert_string_not_equal(reason.seen, "");
    assert_string_not_equal(reason.expected, "");
}

static const struct span f4 = { (const uint8_t *)"\1\0\1", 3 };

static void good_keys_pass_and_are_returned(void **state)
{
    (void)state;
    static const char *const files[] = { "rsa2048.pub.pem", "p256.pub.pem", "p384.pub.pem" };
    for (size_t i = 0; i < 3; i++) {
        AUTO(buf) pem = vector_read(files[i]);
        AUTO_PTR(key) key = NULL;
        AUTO_PTR(key) checked = NULL;
        struct reason reason = { 0 };
        assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
        assert_int_equal(key_check(key_spki(key), &reason, &checked), OK);
        assert_true(key_same_public(key, checked));
    }
}

static void d27_rsa_1024_is_weak_and_its_size_is_told(void **state)
{
    (void)state;
    AUTO(buf) pem = vector_read("rsa1024.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    assert_int_equal(key_check(key_spki(key), &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_weak");
    assert_string_equal(reason.seen, "RSA 1024");
}

static void sizes_that_are_odd_or_too_large_are_refused(void **state)
{
    (void)state;
    uint8_t modulus[256], large[1025], der[2048];
    modulus_of_a_good_key(modulus);
    modulus[0] &= 0x7f;
    assert_weak(rsa_spki(SPAN_OF(modulus), f4, der), "rsa.size");
    memset(large, 0xff, sizeof large);
    assert_weak(rsa_spki(SPAN_OF(large), f4, der), "rsa.size");
    assert_weak(rsa_spki(SPAN_LITERAL("\0"), f4, der), "rsa.size");
}

static void an_even_modulus_and_small_factors_are_found(void **state)
{
    (void)state;
    uint8_t modulus[256], der[2048];
    modulus_of_a_good_key(modulus);
    modulus[255] &= 0xfe;
    assert_weak(rsa_spki(SPAN_OF(modulus), f4, der), "rsa.modulus");
    /* Every odd prime below 752 in its turn: count up from the good modulus until it divides. */
    static const unsigned primes[] = { 3, 5, 7, 11, 13, 101, 499, 503, 739, 743, 751 };
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        unsigned rest = 0;
        memset(modulus, 0xff, sizeof modulus);
        modulus[255] = 0;
        modulus[254] = 0;
        for (size_t k = 0; k < sizeof modulus; k++) {
            rest = (rest << 8 | modulus[k]) % primes[i];
        }
        unsigned add = primes[i] - rest;
        add += add % 2 == 0 ? primes[i] : 0;
        modulus[254] = (uint8_t)(add >> 8);
        modulus[255] = (uint8_t)add;
        assert_weak(rsa_spki(SPAN_OF(modulus), f4, der), "rsa.factor");
    }
}

static const char fermat_same_prime[] =
    "d2e7326603a5d4daef1af5b17d430cc31954c266f6d57b48c4b0d6cc5e364dcea6ba63561ee58e9c"
    "713fdf76f40691f9836b1d0fee06fb0cd25a4cf11630e482fc02d7112a8b14c1f758605d29adcc42"
    "35c9a06328766ca05667ec5fb28e6700195b87580ce6a2f258060aa6b5a9570f9e3f4138340f4d88"
    "55a9794516b5a18840e6036ab47119d51c4c6e1ca378d5822238f455576d791685a93b2cac47acee"
    "bbe844c4e5cffb6fd7cbd0c9aedbfc57dcd78bfc9d5c20adca41ffb450b63d0c3fe9b224ac1ffe1d"
    "e87cb736bb988f56ad001cce92ad1cef5f64cdcb5baf4f53ab1b61fb670eeec876e2de6e766af3d7"
    "9643934840d0870163560cd6c3e52829";
static const char fermat_next_prime[] =
    "b2b7fa46f212a23b4dbc817c56528b72301a54d8efb506f829552c787a762cd7c868410a1b6a98fc"
    "fd4ab16d6d003c67079d575d46b2a7ef92e1c6460264646616a862df3a27c3edd5b70d746009280f"
    "43229e0b03e8ea2fc42530bd0d986c685e057214040d022d7431d8c486f98901dfc167a2faa86f40"
    "a19a90749a2af56e39949adc2120e84eaea5efcc068b1484f4da700e22041114e794f8fcfd1782ef"
    "2d5da2be5155cc06d671fdd5b73a60ee50d4698698d66bcfae75f8f877ccd842d5f2098c74ccd60e"
    "fc56371d65b1306692a509502b96f8e00d27a7be2701c87ba4a2e04f30b63768b14f2e5c2c2b8899"
    "d5448b4570e6582ea2b7fa88ee6e8589";
static const char fermat_90_rounds[] =
    "b2b7fa46f212a23b4dbc817c56528b72301a54d8efb506f829552c787a762cd7c868410a1b6a98fc"
    "fd4ab16d6d003c67079d575d46b2a7ef92e1c6460264647a94f6e1542070a1726b5cb57aef08ea71"
    "c62fcf8eb9badeaf2d3bed920b0603b36886cb9ad83639f6fb9819ddda40d755a0b3be35f5b474fa"
    "2b5c8dfef73d7e3b2d7dbbcb5166026665602b8d0b4280dcd2cd68d2f908999af4dcbae6ecac7842"
    "0608fa3d2df938e0956b0edd29f824591027e177f2eb468896e2589514992a3f443ee4b58164329d"
    "3d12229959b9b05a83ac599824b7d2d02fa2c7188f2f47252c459b866a8b37fa55e9f7587af2b451"
    "136d4ddd6c554ebb9ea478d927e20cc7";
static const char fermat_130_rounds[] =
    "b2b7fa46f212a23b4dbc817c56528b72301a54d8efb506f829552c787a762cd7c868410a1b6a98fc"
    "fd4ab16d6d003c67079d575d46b2a7ef92e1c6460264647eb7ef0034af2e8726e3d04c2b381df903"
    "b16cd7e2dafc0afcc9f6518bec8dd5a2c6b3834f987db6466429b8e961afd4d1b5235ea28bcd545b"
    "bb597c4ded695f7ef007156483f526bc14fb5704ffcd80f942a2928211d06ea58b84d18d09432c43"
    "6848e8134a1a3c0137a40e62cae1904193c40768f3f1233ff2a4b9119ae478de7d91de9a6d714018"
    "e5e439b3980569ead19d70dd18306d77bed50c4f950181b079ef08d12df99aee8ff46ef4f59b6d14"
    "fb2e2147bbcaf5c7d68f70a45391ce09";
static const char roca_fingerprint[] =
    "80000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000022fa17ea4ed9b9f1a0ff55f4d895b497d4b7ca8368ef5700"
    "970956e50198dd1bed5ff7e1f8fb8949";

static struct span modulus_of_hex(const char *hex, uint8_t ret_modulus[256])
{
    size_t len = 0;
    assert_int_equal(hex_parse(span_from_text(hex), ret_modulus, 256, &len), OK);
    return span_make(ret_modulus, len);
}

static void d27_primes_within_a_hundred_rounds_of_fermat_are_found(void **state)
{
    (void)state;
    uint8_t modulus[256], der[2048];
    struct reason reason = { 0 };
    assert_weak(rsa_spki(modulus_of_hex(fermat_same_prime, modulus), f4, der), "rsa.fermat");
    assert_weak(rsa_spki(modulus_of_hex(fermat_next_prime, modulus), f4, der), "rsa.fermat");
    assert_weak(rsa_spki(modulus_of_hex(fermat_90_rounds, modulus), f4, der), "rsa.fermat");
    struct span further = rsa_spki(modulus_of_hex(fermat_130_rounds, modulus), f4, der);
    assert_int_equal(key_check(further, &reason, NULL), OK);
}

static void d27_moduli_of_infineons_generator_are_found(void **state)
{
    (void)state;
    uint8_t modulus[256], der[2048];
    assert_weak(rsa_spki(modulus_of_hex(roca_fingerprint, modulus), f4, der), "rsa.roca");
}

/* The third, fifth and thirty-first powers of primes. */
static const char *const prime_powers[] = {
    "8ac17d9e5499bf1065d5a5bd4427f84123519111dcf5c4ed6c73aeec1d741a9c13a03b1d8034b60a"
    "0b348207d6d5f062ff90294ca9405d743a702ad75ed6f2d2cb4e9fc28f0b43aa23f005ac18cf71c2"
    "384550ae7609b1efa189e33d195a8d5dcdaef83315c55e01d4a2c62e289d26cdd6baa904525e203b"
    "914391d9cc6d8c1ccb66f0e3df572b05264c210d6e2807041efc06cc492421fecb2a8d07f71c30fc"
    "71ff366940fa2c5275addb54a82f483141dc9110e3543709a01df00964b1072fb838d26ad8c70413"
    "f9c0a193775efed0a35e0eaefc26b70a7f5d5b37e69bd35532da251befa5532effbd962c46abcab4"
    "0983474f0693018ec4f343b0d96d9c23",
    "b51346d98719ee2b36ee86c86cf98457c200718fd8c99e1f63681a5a0809b0de8ff788882be11e4a"
    "c451649ff2d50565f6a70f4cca7bcd0ebfcb89050de83b3c2d2e411b7a506dc73f6284151d2b517f"
    "42c5190d3902475845031547f24b1b28010c826bfe478d1119b4e78c6044798dbf989923a27735de"
    "1d2d69048e8c0871c38a7c33ec7e5289b1c33c193351e333bbac862fe606c61d9b863bcbd9b09f93"
    "b19f5a669c4418a42d06beccb05aa71f745fe3d268e3ec542f9f3252452a286d8690ce894891f90a"
    "2096e5c78c7cc9c0bc3e31482533943f701aa37f6f85f5bc656a108d705f001c8cd5ef3043739df3"
    "1158e30c9f47714f0eb1a5ffe44811e5",
    "e05cac6b5d70fc989dc44e90686f2500d2248290f83d738fd09c194acfeee09036f1c5e3de7456ce"
    "38805e5a95b5ab8b2ccdf1af51b0eff8b9c36c020ebc58ad6aee5bd79316e1f672e60f6a7459f30f"
    "c6cd2063989908d12e90bbfb7f182725c79c6338e4dcac1df7aff8ba352f6f771d7f3acc55b7ed6b"
    "850a489b6d8f225e077530efd4ec5b552c148be3f763c4b640f49e1790536cd999b4a415b1335dc4"
    "f5d1d2cd631a70ed2ce72af9c32f7caaa634cd0de2228c119b0944e1571c25cf5cbcc9482fa94079"
    "a201e670e686ef2003877bf0f222f9ff6e6394a2764dee55fa5d0c4439cc0926e098c08bd336e5ef"
    "6ff0c2f899f4dbc7c06976fbe03f6edd",
};

static void powers_of_primes_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prime_powers / sizeof prime_powers[0]; i++) {
        uint8_t modulus[256], der[2048];
        assert_weak(rsa_spki(modulus_of_hex(prime_powers[i], modulus), f4, der), "rsa.power");
    }
}

static void p521_is_no_key_for_browsers(void **state)
{
    AUTO(buf) pem = vector_read("p521.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    (void)state;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    assert_int_equal(key_check(key_spki(key), &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_unsupported");
    assert_string_equal(reason.field, "ec.curve");
    assert_string_equal(reason.seen, "P-521");
}

static void authorities_keys_of_our_own_making_pass(void **state)
{
    static const enum key_type types[] = { KEY_TYPE_RSA_2048, KEY_TYPE_P256, KEY_TYPE_P384 };
    struct reason reason = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        AUTO_PTR(key) key = NULL;
        assert_int_equal(key_generate(types[i], &key), OK);
        assert_int_equal(key_check_authority(key, &reason), OK);
    }
}

/* A private key that is a small number, or the order less one: CVE-2026-111943 was that. */
static void an_authoritys_key_that_can_be_counted_to_is_found(void **state)
{
    static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3,
        0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };
    static const unsigned multiples[] = { 1, 2, 3, 65537, 1 << 18 };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof multiples / sizeof multiples[0]; i++) {
        uint8_t scalar[32] = { 0 }, der[128];
        size_t len = 0;
        unsigned number = multiples[i / 2], borrow = 0;
        AUTO_PTR(key) key = NULL;
        struct reason reason = { 0 };
        store_be32(scalar + 28, number);
        for (size_t k = 32; i % 2 == 1 && k-- > 0;) { /* the order less it */
            unsigned sum = (unsigned)order[k] + 256 - scalar[k] - borrow;
            borrow = sum < 256;
            scalar[k] = (uint8_t)sum;
        }
        struct der_writer writer = der_writer_make(der, sizeof der);
        der_open(&writer, DER_SEQUENCE);
        der_write_int64(&writer, 0);
        der_open(&writer, DER_SEQUENCE);
        der_write_oid(&writer, oid_ec_public_key);
        der_write_oid(&writer, oid_p256);
        der_close(&writer);
        uint8_t inner[64];
        struct der_writer ec = der_writer_make(inner, sizeof inner);
        size_t inner_len = 0;
        der_open(&ec, DER_SEQUENCE);
        der_write_int64(&ec, 1);
        der_write_octets(&ec, SPAN_OF(scalar));
        der_close(&ec);
        assert_int_equal(der_writer_finish(&ec, &inner_len), OK);
        der_write_octets(&writer, span_make(inner, inner_len));
        der_close(&writer);
        assert_int_equal(der_writer_finish(&writer, &len), OK);
        assert_int_equal(key_from_pkcs8(span_make(der, len), &key), OK);
        assert_int_equal(key_check(key_spki(key), &reason, NULL), OK);
        assert_int_equal(key_check_authority(key, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "authority.key_weak");
        assert_string_equal(reason.field, "ec.multiple");
    }
}

static void an_authoritys_key_is_held_to_what_subscribers_are(void **state)
{
    AUTO(buf) pem = vector_read("rsa1024.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    (void)state;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    assert_int_equal(key_check_authority(key, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "authority.key_weak");
    assert_string_equal(reason.field, "rsa.size");
}

static void coordinates_beyond_the_field_and_infinity_are_no_points(void **state)
{
    AUTO(buf) pem = vector_read("p256.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    uint8_t spki[91];
    (void)state;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    memcpy(spki, key_spki(key).data, sizeof spki);
    memset(spki + 27, 0xff, 32); /* x */
    assert_weak(SPAN_OF(spki), "ec.point");
    memcpy(spki, key_spki(key).data, sizeof spki);
    memset(spki + 27, 0, 64); /* (0, 0) */
    assert_weak(SPAN_OF(spki), "ec.point");
    static const uint8_t infinity[] = { 0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
        0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x02,
        0x00, 0x00 };
    assert_int_equal(key_check(SPAN_OF(infinity), &reason, NULL), ERR_INPUT);
}

/* Every encoding of the eight points of small order; with them anybody's signature verifies. */
static void ed25519_points_of_small_order_are_no_keys(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
            0x00 };
        size_t len = 0;
        struct key *key = NULL;
        assert_int_equal(hex_parse(span_from_text(points[i]), spki + 12, 32, &len), OK);
        assert_int_equal(key_from_spki(SPAN_OF(spki), &key), ERR_INPUT);
    }
}

static void exponents_outside_the_range_are_refused(void **state)
{
    (void)state;
    uint8_t modulus[256], der[2048], large[33] = { 1 };
    modulus_of_a_good_key(modulus);
    large[32] = 1;
    assert_weak(rsa_spki(SPAN_OF(modulus), SPAN_LITERAL("\3"), der), "rsa.exponent");
    assert_weak(rsa_spki(SPAN_OF(modulus), SPAN_LITERAL("\xff\xff"), der), "rsa.exponent");
    assert_weak(rsa_spki(SPAN_OF(modulus), SPAN_LITERAL("\1\0\2"), der), "rsa.exponent");
    assert_weak(rsa_spki(SPAN_OF(modulus), SPAN_OF(large), der), "rsa.exponent");
}

static void other_algorithms_and_curves_are_named(void **state)
{
    (void)state;
    AUTO(buf) pem = vector_read("ed25519.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    assert_int_equal(key_check(key_spki(key), &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_unsupported");
    assert_string_equal(reason.seen, "Ed25519");
    static const uint8_t secp256k1[] = { 0x30, 0x15, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
        0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a, 0x03, 0x01, 0x00 };
    assert_int_equal(key_check(SPAN_OF(secp256k1), &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.field, "ec.curve");
    assert_string_equal(reason.seen, "1.3.132.0.10");
}

static void d27_a_point_off_the_curve_is_weak_and_nonsense_malformed(void **state)
{
    (void)state;
    AUTO(buf) pem = vector_read("p256.pub.pem");
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    uint8_t spki[91];
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    memcpy(spki, key_spki(key).data, sizeof spki);
    spki[90] ^= 1;
    assert_weak(SPAN_OF(spki), "ec.point");
    assert_int_equal(key_check(SPAN_LITERAL("\x30\x00"), &reason, NULL), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_malformed");
    assert_int_equal(key_check((struct span){ 0 }, &reason, NULL), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_keys_pass_and_are_returned),
        cmocka_unit_test(d27_rsa_1024_is_weak_and_its_size_is_told),
        cmocka_unit_test(sizes_that_are_odd_or_too_large_are_refused),
        cmocka_unit_test(an_even_modulus_and_small_factors_are_found),
        cmocka_unit_test(d27_primes_within_a_hundred_rounds_of_fermat_are_found),
        cmocka_unit_test(d27_moduli_of_infineons_generator_are_found),
        cmocka_unit_test(powers_of_primes_are_found),
        cmocka_unit_test(p521_is_no_key_for_browsers),
        cmocka_unit_test(authorities_keys_of_our_own_making_pass),
        cmocka_unit_test(an_authoritys_key_that_can_be_counted_to_is_found),
        cmocka_unit_test(an_authoritys_key_is_held_to_what_subscribers_are),
        cmocka_unit_test(coordinates_beyond_the_field_and_infinity_are_no_points),
        cmocka_unit_test(ed25519_points_of_small_order_are_no_keys),
        cmocka_unit_test(exponents_outside_the_range_are_refused),
        cmocka_unit_test(other_algorithms_and_curves_are_named),
        cmocka_unit_test(d27_a_point_off_the_curve_is_weak_and_nonsense_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
