/* Persistent TXT records: who, on whose behalf, until when; and every other text is nothing. */
#include "lib/dns/persistent.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW     INT64_C(1795000000)
#define ACCOUNT "acct:0002142877@ca.example.net"

static enum persistent_finding judge(const char *text, int64_t *ret_until)
{
    const struct persistent_request request = { "ca.example.net", ACCOUNT, NOW };
    return persistent_evaluate(span_from_text(text), &request, ret_until);
}

static void d32_a_record_with_our_name_and_the_account_authorises(void **state)
{
    static const struct {
        const char *text;
        int64_t until;
    } cases[] = {
        { "ca.example.net; accounturi=" ACCOUNT, 0 },
        { "CA.Example.NET;accounturi=" ACCOUNT, 0 },
        { " ca.example.net ;\taccounturi = " ACCOUNT " ; ", 0 },
        { "ca.example.net; AccountURI=" ACCOUNT "; persistuntil=1795000001", NOW + 1 },
        { "ca.example.net; persistUntil=1795000000; accounturi=" ACCOUNT, NOW },
        { "ca.example.net; persistUntil=0001795000000; accounturi=" ACCOUNT, NOW },
        { "ca.example.net; policy=wildcard; x=y; x=z; accounturi=" ACCOUNT, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t until = -1;
        assert_int_equal(judge(cases[i].text, &until), PERSISTENT_AUTHORISES);
        assert_int_equal(until, cases[i].until);
    }
}

static void whatever_else_stands_there_authorises_nobody(void **state)
{
    static const struct {
        const char *text;
        enum persistent_finding finding;
    } cases[] = {
        { "", PERSISTENT_OTHER_ISSUER },
        { ";", PERSISTENT_OTHER_ISSUER },
        { "ca.example.org; accounturi=" ACCOUNT, PERSISTENT_OTHER_ISSUER },
        { "xca.example.net; accounturi=" ACCOUNT, PERSISTENT_OTHER_ISSUER },
        { "ca.example.net.; accounturi=" ACCOUNT, PERSISTENT_MALFORMED },
        { "accounturi=" ACCOUNT, PERSISTENT_MALFORMED },
        { "ca.example.net", PERSISTENT_OTHER_ACCOUNT },
        { "ca.example.net; accounturi=", PERSISTENT_OTHER_ACCOUNT },
        { "ca.example.net; accounturi=acct:0002142878@ca.example.net", PERSISTENT_OTHER_ACCOUNT },
        { "ca.example.net; accounturi=ACCT:0002142877@ca.example.net", PERSISTENT_OTHER_ACCOUNT },
        { "ca.example.net; accounturi=" ACCOUNT "x", PERSISTENT_OTHER_ACCOUNT },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=1794999999", PERSISTENT_ENDED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=0", PERSISTENT_ENDED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=", PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=-1", PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=+1895000000",
            PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=0x7fffffff", PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=2030-01-01", PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=99999999999999999999",
            PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; accounturi=" ACCOUNT, PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT "; persistUntil=1895000000; persistUntil=1",
            PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi=" ACCOUNT " x", PERSISTENT_MALFORMED },
        { "ca.example.net; accounturi", PERSISTENT_MALFORMED },
        { "ca.example.net, ca.example.org; accounturi=" ACCOUNT, PERSISTENT_MALFORMED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t until = -1;
        enum persistent_finding finding = judge(cases[i].text, &until);
        if (finding != cases[i].finding) {
            print_error("%s: %d\n", cases[i].text, finding);
        }
        assert_int_equal(finding, cases[i].finding);
        assert_int_equal(until, -1);
    }
}

static void a_nul_within_is_no_end_of_the_account(void **state)
{
    static const char text[] = "ca.example.net; accounturi=" ACCOUNT "\0; x=y";
    const struct persistent_request request = { "ca.example.net", ACCOUNT, NOW };
    int64_t until = -1;
    (void)state;
    assert_int_not_equal(persistent_evaluate(span_make(text, sizeof text - 1), &request, &until),
        PERSISTENT_AUTHORISES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d32_a_record_with_our_name_and_the_account_authorises),
        cmocka_unit_test(whatever_else_stands_there_authorises_nobody),
        cmocka_unit_test(a_nul_within_is_no_end_of_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
