/* What a registered key signs: the bytes as they are, and every part that must matter. */
#include "lib/pki/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const uint8_t nonce[PROOF_NONCE_BYTES] = { 1, 2, 3 };
static const uint8_t other_nonce[PROOF_NONCE_BYTES] = { 1, 2, 4 };

static struct key *new_key(enum key_type type)
{
    struct key *key = NULL;
    assert_int_equal(key_generate(type, &key), OK);
    return key;
}

static struct proof login(void)
{
    return (struct proof){ PROOF_LOGIN, "https://portal.example.net", "018564000", SPAN_OF(nonce) };
}

static struct proof registration(void)
{
    return (struct proof){ .purpose = PROOF_REGISTRATION,
        .portal = "https://portal.example.net",
        .reference = "018564000" };
}

static void the_bytes_name_purpose_portal_enrolment_key_and_nonce(void **state)
{
    (void)state;
    AUTO_PTR(key) key = new_key(KEY_TYPE_ED25519);
    AUTO(buf) der = buf_make(PROOF_MAX_BYTES);
    AUTO(buf) expected = buf_make(PROOF_MAX_BYTES);
    struct proof proof = login();
    buf_append(&expected, SPAN_LITERAL("\x30\x70\x0c\x13"
                                       "ecert key log-in v1"));
    buf_append(&expected, SPAN_LITERAL("\x0c\x1a"
                                       "https://portal.example.net"));
    buf_append(&expected, SPAN_LITERAL("\x0c\x09"
                                       "018564000\x04\x20"));
    buf_append(&expected, key_spki_sha256(key));
    buf_append(&expected, SPAN_LITERAL("\x04\x10"));
    buf_append(&expected, SPAN_OF(nonce));
    assert_int_equal(proof_format(&proof, key, &der), OK);
    assert_true(span_equal(buf_span(&der), buf_span(&expected)));
    buf_clear(&der);
    proof = registration();
    assert_int_equal(proof_format(&proof, key, &der), OK);
    assert_int_equal(der.len, expected.len + 6 - PROOF_NONCE_BYTES - 2);
}

static void a_proof_is_good_for_what_it_was_made_for(void **state)
{
    (void)state;
    AUTO_PTR(key) key = new_key(KEY_TYPE_ED25519);
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    struct proof proof = login();
    assert_int_equal(proof_make(&proof, key, signature), OK);
    assert_int_equal(proof_check(&proof, key, SPAN_OF(signature)), OK);
    proof = registration();
    assert_int_equal(proof_make(&proof, key, signature), OK);
    assert_int_equal(proof_check(&proof, key, SPAN_OF(signature)), OK);
}

static void and_for_nothing_else(void **state)
{
    (void)state;
    AUTO_PTR(key) key = new_key(KEY_TYPE_ED25519);
    AUTO_PTR(key) other = new_key(KEY_TYPE_ED25519);
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    struct proof proof = login();
    assert_int_equal(proof_make(&proof, key, signature), OK);
    struct proof wrong[] = { proof, proof, proof, proof, registration() };
    wrong[0].portal = "https://portal.example.org";
    wrong[1].portal = "http://portal.example.net";
    wrong[2].reference = "018564001";
    wrong[3].nonce = SPAN_OF(other_nonce);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(proof_check(&wrong[i], key, SPAN_OF(signature)), ERR_SIGNATURE);
    }
    assert_int_equal(proof_check(&proof, other, SPAN_OF(signature)), ERR_SIGNATURE);
    for (size_t len = 0; len < sizeof signature; len++) {
        assert_int_equal(proof_check(&proof, key, span_make(signature, len)), ERR_SIGNATURE);
    }
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        assert_int_equal(proof_check(&proof, key, SPAN_OF(signature)), ERR_SIGNATURE);
        signature[i] ^= 1;
    }
}

static void only_ed25519_proves_anything(void **state)
{
    (void)state;
    AUTO_PTR(key) key = new_key(KEY_TYPE_P256);
    uint8_t signature[PROOF_SIGNATURE_BYTES] = { 0 };
    struct proof proof = login();
    assert_int_equal(proof_make(&proof, key, signature), ERR_UNSUPPORTED);
    assert_int_equal(proof_check(&proof, key, SPAN_OF(signature)), ERR_UNSUPPORTED);
}

static void what_is_no_address_is_not_signed_for(void **state)
{
    (void)state;
    AUTO_PTR(key) key = new_key(KEY_TYPE_ED25519);
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    char longer[PROOF_MAX_BYTES + 1] = { 0 };
    struct proof proof = login();
    proof.portal = "https://\xff";
    assert_int_equal(proof_make(&proof, key, signature), ERR_INPUT);
    memset(longer, 'a', PROOF_MAX_BYTES);
    proof.portal = longer;
    assert_int_not_equal(proof_make(&proof, key, signature), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_name_purpose_portal_enrolment_key_and_nonce),
        cmocka_unit_test(a_proof_is_good_for_what_it_was_made_for),
        cmocka_unit_test(and_for_nothing_else),
        cmocka_unit_test(only_ed25519_proves_anything),
        cmocka_unit_test(what_is_no_address_is_not_signed_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
