#include "lib/crypto/sign.h"
#include "tests/unit/vectors.h"

#include <pthread.h>

static struct key *key_of(const char *name)
{
    AUTO(buf) pem = vector_read(name);
    struct key *key = NULL;
    struct reason reason = { 0 };
    assert_int_equal(key_from_pem(buf_span(&pem), NULL, &reason, &key), OK);
    return key;
}

static const struct span message = { (const uint8_t *)"message", 7 };

static void every_algorithm_signs_and_verifies_with_its_kind_of_key(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        enum signature_algorithm algorithm;
    } rows[] = {
        { "rsa2048.pem", SIGNATURE_RSA_SHA256 },
        { "rsa2048.pem", SIGNATURE_RSA_SHA384 },
        { "rsa2048.pem", SIGNATURE_RSA_SHA512 },
        { "p256.pem", SIGNATURE_ECDSA_SHA256 },
        { "p384.pem", SIGNATURE_ECDSA_SHA384 },
        { "ed25519.pem", SIGNATURE_ED25519 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_PTR(key) key = key_of(rows[i].file);
        AUTO_PTR(key) public_key = NULL;
        uint8_t signature[SIGNATURE_MAX_BYTES];
        size_t len = 0;
        assert_int_equal(key_from_spki(key_spki(key), &public_key), OK);
        for (int round = 0; round < 3; round++) {
            assert_int_equal(signature_make(key, rows[i].algorithm, message, signature, &len), OK);
            struct span whole = span_make(signature, len);
            assert_int_equal(signature_verify(public_key, rows[i].algorithm, message, whole), OK);
        }
    }
}

static void no_bit_of_message_or_signature_may_change(void **state)
{
    (void)state;
    static const char *const files[] = { "rsa2048.pem", "p256.pem", "ed25519.pem" };
    for (size_t i = 0; i < 3; i++) {
        AUTO_PTR(key) key = key_of(files[i]);
        enum signature_algorithm algorithm = signature_algorithm_of_key(key);
        uint8_t signature[SIGNATURE_MAX_BYTES], text[] = "message";
        size_t len = 0;
        assert_int_equal(signature_make(key, algorithm, SPAN_OF(text), signature, &len), OK);
        struct span whole = span_make(signature, len);
        for (size_t at = 0; at < len; at += 7) {
            signature[at] ^= 0x20;
            assert_int_equal(signature_verify(key, algorithm, SPAN_OF(text), whole), ERR_SIGNATURE);
            signature[at] ^= 0x20;
        }
        text[3] ^= 1;
        assert_int_equal(signature_verify(key, algorithm, SPAN_OF(text), whole), ERR_SIGNATURE);
        text[3] ^= 1;
        whole.len--;
        assert_int_equal(signature_verify(key, algorithm, SPAN_OF(text), whole), ERR_SIGNATURE);
        whole.len = 0;
        assert_int_equal(signature_verify(key, algorithm, SPAN_OF(text), whole), ERR_SIGNATURE);
    }
}

static void a_signature_of_another_hash_or_key_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("rsa2048.pem");
    AUTO_PTR(key) other = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    assert_int_equal(signature_make(key, SIGNATURE_RSA_SHA256, message, signature, &len), OK);
    struct span whole = span_make(signature, len);
    assert_int_equal(signature_verify(key, SIGNATURE_RSA_SHA384, message, whole), ERR_SIGNATURE);
    assert_int_equal(
        signature_verify(key, SIGNATURE_ECDSA_SHA256, message, whole), ERR_UNSUPPORTED);
    assert_int_equal(signature_verify(key, SIGNATURE_ED25519, message, whole), ERR_UNSUPPORTED);
    assert_int_equal(key_generate(KEY_TYPE_RSA_2048, &other), OK);
    assert_int_equal(signature_verify(other, SIGNATURE_RSA_SHA256, message, whole), ERR_SIGNATURE);
}

static void keys_do_not_sign_what_is_not_theirs(void **state)
{
    (void)state;
    AUTO_PTR(key) p256 = key_of("p256.pem");
    AUTO_PTR(key) public_key = NULL;
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    assert_int_equal(key_from_spki(key_spki(p256), &public_key), OK);
    assert_int_equal(signature_make(public_key, SIGNATURE_ECDSA_SHA256, message, signature, &len),
        ERR_UNSUPPORTED);
    assert_int_equal(
        signature_make(p256, SIGNATURE_ECDSA_SHA384, message, signature, &len), ERR_UNSUPPORTED);
    assert_int_equal(
        signature_make(p256, SIGNATURE_RSA_SHA256, message, signature, &len), ERR_UNSUPPORTED);
    assert_int_equal(len, 0);
}

static void identifiers_go_both_ways_and_no_others_are_taken(void **state)
{
    (void)state;
    /* SHA-1 with RSA, SHA-256 with RSA without its NULL, ECDSA with a NULL too many. */
    static const struct span others[] = {
        { (const uint8_t *)"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00",
            sizeof "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00" - 1 },
        { (const uint8_t *)"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
            sizeof "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" - 1 },
        { (const uint8_t *)"\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00",
            sizeof "\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00" - 1 },
        { NULL, 0 },
    };
    enum signature_algorithm algorithm = SIGNATURE_ALGORITHM_COUNT;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(signature_algorithm_from_der(others[i], &algorithm), ERR_UNSUPPORTED);
    }
    for (unsigned i = 0; i < SIGNATURE_ALGORITHM_COUNT; i++) {
        struct span der = signature_algorithm_der((enum signature_algorithm)i);
        assert_int_equal(signature_algorithm_from_der(der, &algorithm), OK);
        assert_int_equal(algorithm, i);
    }
}

static void *sign_often(void *key)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    for (int i = 0; i < 200; i++) {
        if (signature_make(key, SIGNATURE_ECDSA_SHA256, message, signature, &len) != OK) {
            return "failed";
        }
    }
    return NULL;
}

static void threads_may_share_a_key(void **state)
{
    (void)state;
    AUTO_PTR(key) key = key_of("p256.pem");
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_often, key), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_signs_and_verifies_with_its_kind_of_key),
        cmocka_unit_test(no_bit_of_message_or_signature_may_change),
        cmocka_unit_test(a_signature_of_another_hash_or_key_is_refused),
        cmocka_unit_test(keys_do_not_sign_what_is_not_theirs),
        cmocka_unit_test(identifiers_go_both_ways_and_no_others_are_taken),
        cmocka_unit_test(threads_may_share_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
