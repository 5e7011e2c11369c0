/* Reasons, and who may give and change them. */
#include "lib/ca/revocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void only_six_reasons_exist_here(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 12; code++) {
        bool ours = code < 2 || (code >= 3 && code <= 5) || code == 9;
        assert_int_equal(revocation_reason_id(code) != NULL, ours);
    }
    enum revocation_reason reason;
    assert_int_equal(revocation_reason_from_id("keyCompromise", &reason), OK);
    assert_int_equal(reason, REVOCATION_KEY_COMPROMISE);
    assert_int_equal(revocation_reason_from_id("certificateHold", &reason), ERR_INPUT);
    assert_int_equal(revocation_reason_from_id("keycompromise", &reason), ERR_INPUT);
}

static void privilege_withdrawn_is_not_for_subscribers(void **state)
{
    (void)state;
    assert_false(revocation_reason_for_subscriber(REVOCATION_PRIVILEGE_WITHDRAWN));
    assert_true(revocation_reason_for_subscriber(REVOCATION_KEY_COMPROMISE));
    assert_false(revocation_reason_for_subscriber((enum revocation_reason)6));
}

static void a_reason_only_becomes_graver(void **state)
{
    (void)state;
    assert_true(revocation_reason_may_change(REVOCATION_SUPERSEDED, REVOCATION_KEY_COMPROMISE));
    assert_false(revocation_reason_may_change(REVOCATION_KEY_COMPROMISE, REVOCATION_SUPERSEDED));
    assert_false(revocation_reason_may_change(REVOCATION_UNSPECIFIED, REVOCATION_CESSATION));
    assert_false(
        revocation_reason_may_change(REVOCATION_KEY_COMPROMISE, REVOCATION_KEY_COMPROMISE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_six_reasons_exist_here),
        cmocka_unit_test(privilege_withdrawn_is_not_for_subscribers),
        cmocka_unit_test(a_reason_only_becomes_graver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
