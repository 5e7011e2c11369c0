#include "lib/crypto/pinhash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct span pin = { (const uint8_t *)"1234567890123456", 16 };

static void a_pin_fits_its_own_hash_and_no_other_pin_does(void **state)
{
    (void)state;
    struct random random = random_system();
    char phc[PIN_HASH_MAX], again[PIN_HASH_MAX];
    assert_int_equal(pin_hash(pin, &random, phc), OK);
    assert_int_equal(strncmp(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_int_equal(pin_hash_verify(phc, pin), OK);
    assert_int_equal(pin_hash_verify(phc, SPAN_LITERAL("1234567890123457")), ERR_DENIED);
    assert_int_equal(pin_hash_verify(phc, SPAN_LITERAL("123456789012345")), ERR_DENIED);
    assert_int_equal(pin_hash_verify(phc, (struct span){ 0 }), ERR_DENIED);
    assert_int_equal(pin_hash(pin, &random, again), OK);
    assert_string_not_equal(phc, again);
}

static void strings_that_are_not_ours_or_cost_too_much_are_refused(void **state)
{
    (void)state;
    static const char *const strings[] = { "", "1234567890123456",
        "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=999999,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2g",
        "$argon2id$v=19$m=19456,t=99,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2g",
        "$argon2id$v=19$m=19456,t=2,p=1$" };
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        assert_int_equal(pin_hash_verify(strings[i], pin), ERR_INPUT);
    }
}

static void verifying_against_nothing_never_succeeds(void **state)
{
    (void)state;
    assert_int_equal(pin_hash_verify_nothing(pin), ERR_DENIED);
    assert_int_equal(pin_hash_verify_nothing((struct span){ 0 }), ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_fits_its_own_hash_and_no_other_pin_does),
        cmocka_unit_test(strings_that_are_not_ours_or_cost_too_much_are_refused),
        cmocka_unit_test(verifying_against_nothing_never_succeeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
