#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"
#include "lib/der/pem.h"
#include "tests/unit/vectors.h"

static struct key *key_of(const char *name)
{
    AUTO(buf) pem = vector_read(name);
    struct key *key = NULL;
    struct reason reason = { 0 };
    assert_int_equal(key_from_pem(buf_span(&pem), NULL, &reason, &key), OK);
    return key;
}

static struct key *public_of(const char *name)
{
    AUTO(buf) pem = vector_read(name);
    struct key *key = NULL;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    return key;
}

static void every_kind_of_key_is_read_and_its_public_half_is_openssls(void **state)
{
    (void)state;
    static const struct {
        const char *private_file, *public_file;
        enum key_kind kind;
        unsigned bits;
    } rows[] = {
        { "p256.pem", "p256.pub.pem", KEY_P256, 256 },
        { "p256-sec1.pem", "p256.pub.pem", KEY_P256, 256 },
        { "p384.pem", "p384.pub.pem", KEY_P384, 384 },
        { "rsa2048.pem", "rsa2048.pub.pem", KEY_RSA, 2048 },
        { "rsa2048-pkcs1.pem", "rsa2048.pub.pem", KEY_RSA, 2048 },
        { "rsa1024.pem", "rsa1024.pub.pem", KEY_RSA, 1024 },
        { "ed25519.pem", "ed25519.pub.pem", KEY_ED25519, 256 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_PTR(key) private_key = key_of(rows[i].private_file);
        AUTO_PTR(key) public_key = public_of(rows[i].public_file);
        assert_true(key_is_private(private_key));
        assert_false(key_is_private(public_key));
        assert_true(key_same_public(private_key, public_key));
        assert_true(span_equal(key_spki_sha256(private_key), key_spki_sha256(public_key)));
        assert_int_equal(key_kind(public_key), rows[i].kind);
        enum key_kind kind = KEY_KIND_COUNT;
        assert_int_equal(key_kind_of_spki(key_spki(public_key), &kind), OK);
        assert_int_equal(kind, rows[i].kind);
        struct span cut = key_spki(public_key);
        cut.len--;
        assert_int_not_equal(key_kind_of_spki(cut, &kind), OK);
        assert_int_equal(key_bits(public_key), rows[i].bits);
    }
}

static void every_type_is_generated_and_comes_back_from_its_own_bytes(void **state)
{
    (void)state;
    static const enum key_type types[] = { KEY_TYPE_RSA_2048, KEY_TYPE_P256, KEY_TYPE_P384,
        KEY_TYPE_ED25519 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        AUTO_PTR(key) key = NULL;
        AUTO_PTR(key) back = NULL;
        AUTO_PTR(key) public_key = NULL;
        AUTO(secret) pem = { 0 };
        struct reason reason = { 0 };
        assert_int_equal(key_generate(types[i], &key), OK);
        assert_int_equal(key_to_pem(key, &pem), OK);
        assert_int_equal(key_from_pem(secret_span(&pem), NULL, &reason, &back), OK);
        assert_true(key_same_public(key, back));
        assert_int_equal(key_from_spki(key_spki(key), &public_key), OK);
        assert_true(key_same_public(key, public_key));
    }
}

static void names_of_types_go_both_ways_and_no_other_name_is_taken(void **state)
{
    (void)state;
    enum key_type type = KEY_TYPE_COUNT;
    for (unsigned i = 0; i < KEY_TYPE_COUNT; i++) {
        assert_int_equal(key_type_from_name(key_type_name((enum key_type)i), &type), OK);
        assert_int_equal(type, i);
    }
    assert_int_equal(key_type_from_name("rsa1024", &type), ERR_INPUT);
    assert_int_equal(key_type_from_name("", &type), ERR_INPUT);
}

static void encrypted_keys_of_openssl_open_with_their_passphrase_only(void **state)
{
    (void)state;
    static const char *const files[] = { "p256-pbkdf2.pem", "p256-scrypt.pem" };
    AUTO(secret) right = secret_of("secret");
    AUTO(secret) wrong = secret_of("Secret");
    AUTO_PTR(key) plain = key_of("p256.pem");
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf) pem = vector_read(files[i]);
        AUTO_PTR(key) key = NULL;
        struct reason reason = { 0 };
        assert_int_equal(key_from_pem(buf_span(&pem), &wrong, &reason, &key), ERR_DENIED);
        assert_string_equal(reason.code, "key.passphrase");
        assert_int_equal(key_from_pem(buf_span(&pem), NULL, &reason, &key), ERR_DENIED);
        assert_string_equal(reason.code, "key.passphrase_needed");
        assert_null(key);
        assert_int_equal(key_from_pem(buf_span(&pem), &right, &reason, &key), OK);
        assert_true(key_same_public(key, plain));
    }
}

static void our_encrypted_keys_open_with_their_passphrase_only(void **state)
{
    (void)state;
    AUTO(secret) right = secret_of("correct horse");
    AUTO(secret) wrong = secret_of("battery staple");
    AUTO_PTR(key) plain = key_of("rsa2048.pem");
    static const enum key_stretch stretches[] = { KEY_STRETCH_SCRYPT, KEY_STRETCH_PBKDF2 };
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf) pem = buf_make(8192);
        AUTO_PTR(key) key = NULL;
        struct reason reason = { 0 };
        assert_int_equal(key_to_encrypted_pem(plain, &right, stretches[i], &pem), OK);
        assert_int_equal(key_from_pem(buf_span(&pem), &wrong, &reason, &key), ERR_DENIED);
        assert_int_equal(key_from_pem(buf_span(&pem), &right, &reason, &key), OK);
        assert_true(key_same_public(key, plain));
    }
}

static void kinds_we_do_not_know_are_named_unsupported(void **state)
{
    (void)state;
    static const char *const files[] = { "secp256k1.pem", "p256-pbes1.pem",
        "rsa2048-traditional-encrypted.pem" };
    AUTO(secret) passphrase = secret_of("secret");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        AUTO(buf) pem = vector_read(files[i]);
        AUTO_PTR(key) key = NULL;
        struct reason reason = { 0 };
        assert_int_equal(key_from_pem(buf_span(&pem), &passphrase, &reason, &key), ERR_UNSUPPORTED);
        assert_string_equal(reason.code, "key.unsupported");
    }
    AUTO(buf) pem = vector_read("secp256k1.pub.pem");
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), ERR_UNSUPPORTED);
}

static void text_without_a_private_key_is_no_key(void **state)
{
    (void)state;
    static const char *const files[] = { "p256.pub.pem", "p256.crt.pem" };
    struct reason reason = { 0 };
    AUTO_PTR(key) key = NULL;
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf) pem = vector_read(files[i]);
        assert_int_equal(key_from_pem(buf_span(&pem), NULL, &reason, &key), ERR_INPUT);
        assert_string_equal(reason.code, "key.not_pem");
    }
    assert_int_equal(key_from_pem((struct span){ 0 }, NULL, &reason, &key), ERR_INPUT);
    assert_int_equal(key_from_pem(SPAN_LITERAL("-----BEGIN PRIVATE KEY-----\nMAA=\n"
                                               "-----END PRIVATE KEY-----\n"),
                         NULL, &reason, &key),
        ERR_INPUT);
    assert_string_equal(reason.code, "key.malformed");
}

static void a_point_off_its_curve_and_other_forms_of_point_are_refused(void **state)
{
    (void)state;
    AUTO_PTR(key) key = public_of("p256.pub.pem");
    AUTO_PTR(key) none = NULL;
    uint8_t spki[128];
    size_t len = key_spki(key).len;
    memcpy(spki, key_spki(key).data, len);
    spki[len - 1] ^= 1;
    assert_int_equal(key_from_spki(span_make(spki, len), &none), ERR_INPUT);
    spki[len - 1] ^= 1;
    spki[len - 65] = 0x06;
    assert_int_equal(key_from_spki(span_make(spki, len), &none), ERR_UNSUPPORTED);
    assert_null(none);
}

static void every_truncation_and_an_appended_byte_are_refused(void **state)
{
    (void)state;
    static const char *const files[] = { "rsa2048.pub.pem", "p256.pub.pem", "ed25519.pub.pem" };
    for (size_t i = 0; i < 3; i++) {
        AUTO_PTR(key) key = public_of(files[i]);
        AUTO_PTR(key) none = NULL;
        uint8_t spki[KEY_SPKI_MAX_BYTES] = { 0 };
        struct span whole = key_spki(key);
        for (size_t len = 0; len < whole.len; len++) {
            assert_int_not_equal(key_from_spki(span_make(whole.data, len), &none), OK);
        }
        memcpy(spki, whole.data, whole.len);
        assert_int_not_equal(key_from_spki(span_make(spki, whole.len + 1), &none), OK);
    }
}

static void rsa_parameters_other_than_null_are_refused(void **state)
{
    (void)state;
    /* AlgorithmIdentifier without the NULL that RFC 4055 demands. */
    static const uint8_t spki[] = { 0x30, 0x17, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x03, 0x08, 0x00, 0x30, 0x05, 0x02, 0x01, 0x0f, 0x02, 0x00 };
    AUTO_PTR(key) none = NULL;
    assert_int_equal(key_from_spki(SPAN_OF(spki), &none), ERR_UNSUPPORTED);
}

static void private_keys_are_written_as_openssl_writes_them(void **state)
{
    (void)state;
    static const char *const files[] = { "rsa2048.pem", "p256.pem", "p384.pem", "ed25519.pem" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        AUTO_PTR(key) key = key_of(files[i]);
        AUTO(buf) pem = vector_read(files[i]), der = buf_make(8192);
        AUTO(secret) written = { 0 };
        struct pem block;
        assert_int_equal(pem_find(buf_span(&pem), "PRIVATE KEY", &block), OK);
        assert_int_equal(pem_decode(&block, &der), OK);
        assert_int_equal(key_to_pkcs8(key, &written), OK);
        assert_true(span_equal(secret_span(&written), buf_span(&der)));
    }
}

static void a_public_key_is_not_written_as_a_private_one(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO_PTR(key) public = NULL;
    AUTO(secret) written = { 0 };
    assert_int_equal(key_from_spki(key_spki(key), &public), OK);
    assert_int_equal(key_to_pkcs8(public, &written), ERR_UNSUPPORTED);
    assert_null(written.data);
}

static void a_private_key_whose_halves_do_not_match_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("rsa2048.pem");
    AUTO(secret) der = { 0 };
    AUTO_PTR(key) none = NULL;
    assert_int_equal(key_to_pkcs8(key, &der), OK);
    /* Within the modulus, which stands near the front. */
    der.data[60] ^= 0x10;
    assert_int_equal(key_from_pkcs8(secret_span(&der), &none), ERR_INPUT);
    assert_null(none);
}

static void an_ec_keys_point_is_its_numbers_own_whatever_point_the_file_names(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO(secret) der = { 0 }, written = { 0 };
    AUTO_PTR(key) other = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    assert_int_equal(key_to_pkcs8(key, &der), OK);
    /* The number's last byte; the point stands at the end. */
    der.data[67] ^= 0x10;
    assert_int_equal(key_from_pkcs8(secret_span(&der), &other), OK);
    assert_false(key_same_public(key, other));
    assert_int_equal(
        signature_make(other, SIGNATURE_ECDSA_SHA256, SPAN_LITERAL("text"), signature, &len), OK);
    assert_int_equal(key_to_pkcs8(other, &written), OK);
    assert_memory_equal(written.data, der.data, 68);
    assert_memory_not_equal(written.data + 68, der.data + 68, der.len - 68);
}

static void a_passphrase_that_costs_too_much_is_not_tried(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    AUTO(secret) passphrase = secret_of("secret");
    AUTO(buf) der = buf_make(4096);
    AUTO_PTR(key) none = NULL;
    assert_int_equal(key_to_encrypted_pkcs8(key, &passphrase, KEY_STRETCH_PBKDF2, &der), OK);
    /* 600,000 is 02 03 09 27 c0; 0x7f27c0 is fourteen times as much. */
    uint8_t *iterations = memmem(der.data, der.len, "\x02\x03\x09\x27\xc0", 5);
    assert_non_null(iterations);
    iterations[2] = 0x7f;
    assert_int_equal(key_from_encrypted_pkcs8(buf_span(&der), &passphrase, &none), ERR_LIMIT);
    buf_clear(&der);
    assert_int_equal(key_to_encrypted_pkcs8(key, &passphrase, KEY_STRETCH_SCRYPT, &der), OK);
    /* N 16384, r 8, p 5: r becomes 127. OpenSSL's readers stop at 32 MiB, so N is what it is. */
    uint8_t *cost = memmem(der.data, der.len, "\x02\x02\x40\x00\x02\x01\x08\x02\x01\x05", 10);
    assert_non_null(cost);
    cost[6] = 0x7f;
    assert_int_equal(key_from_encrypted_pkcs8(buf_span(&der), &passphrase, &none), ERR_LIMIT);
}

static void the_key_identifier_is_of_the_bit_string_alone(void **state)
{
    (void)state;
    AUTO_PTR(key) key = public_of("p256.pub.pem");
    uint8_t identifier[KEY_IDENTIFIER_BYTES], hash[SHA256_BYTES];
    struct span spki = key_spki(key);
    assert_int_equal(key_identifier(spki, identifier), OK);
    assert_int_equal(sha256(span_make(spki.data + spki.len - 65, 65), hash), OK);
    assert_memory_equal(identifier, hash, sizeof identifier);
    assert_int_equal(key_identifier(SPAN_LITERAL("\x30\x00"), identifier), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_is_read_and_its_public_half_is_openssls),
        cmocka_unit_test(every_type_is_generated_and_comes_back_from_its_own_bytes),
        cmocka_unit_test(names_of_types_go_both_ways_and_no_other_name_is_taken),
        cmocka_unit_test(encrypted_keys_of_openssl_open_with_their_passphrase_only),
        cmocka_unit_test(our_encrypted_keys_open_with_their_passphrase_only),
        cmocka_unit_test(kinds_we_do_not_know_are_named_unsupported),
        cmocka_unit_test(text_without_a_private_key_is_no_key),
        cmocka_unit_test(a_point_off_its_curve_and_other_forms_of_point_are_refused),
        cmocka_unit_test(every_truncation_and_an_appended_byte_are_refused),
        cmocka_unit_test(rsa_parameters_other_than_null_are_refused),
        cmocka_unit_test(private_keys_are_written_as_openssl_writes_them),
        cmocka_unit_test(a_public_key_is_not_written_as_a_private_one),
        cmocka_unit_test(a_private_key_whose_halves_do_not_match_is_refused),
        cmocka_unit_test(an_ec_keys_point_is_its_numbers_own_whatever_point_the_file_names),
        cmocka_unit_test(a_passphrase_that_costs_too_much_is_not_tried),
        cmocka_unit_test(the_key_identifier_is_of_the_bit_string_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
