/* RFC 7512, as much of it as names a key. */
#include "lib/crypto/pkcs11.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_key_is_named_by_token_and_object_or_id(void **state)
{
    struct pkcs11_uri uri;
    (void)state;
    assert_int_equal(pkcs11_uri_parse(SPAN_LITERAL("pkcs11:token=ecert;object=ssl-ca-3-17"), &uri,
                         /* ret_reason= */ NULL),
        OK);
    assert_string_equal(uri.token, "ecert");
    assert_string_equal(uri.object, "ssl-ca-3-17");
    assert_int_equal(uri.id_len, 0);
    assert_int_equal(
        pkcs11_uri_parse(SPAN_LITERAL("pkcs11:id=%01%fF;type=private;token=The%20Software%20token"),
            &uri, /* ret_reason= */ NULL),
        OK);
    assert_string_equal(uri.token, "The Software token");
    assert_string_equal(uri.object, "");
    assert_memory_equal(uri.id, "\x01\xff", 2);
    assert_int_equal(uri.id_len, 2);
}

static void what_names_no_key_or_says_more_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "pkcs11",
        "pkcs11:",
        "PKCS11:token=a;object=b",
        "pkcs12:token=a;object=b",
        "pkcs11:token=a",
        "pkcs11:object=b",
        "pkcs11:token=;object=b",
        "pkcs11:token=a;object=",
        "pkcs11:token=a;object=b;",
        "pkcs11:;token=a;object=b",
        "pkcs11:token=a;token=a;object=b",
        "pkcs11:token=a;object=b;type=public",
        "pkcs11:token=a;object=b;serial=1",
        "pkcs11:token=a;object=b?pin-value=1234",
        "pkcs11:token=a;object=b?pin-source=file:/pin",
        "pkcs11:token=a;object=b;pin-value=1234",
        "pkcs11:token=a;object=%0",
        "pkcs11:token=a;object=%zz",
        "pkcs11:token=a;object=a%00b",
        "pkcs11:token=a;object=%0a",
        "pkcs11:token=a;object=a b",
        "pkcs11:token=a;object=%ff",
        "pkcs11:token=123456789012345678901234567890123;object=b",
        "pkcs11:token=a;object=12345678901234567890123456789012345678901234567890123456789012345",
        "pkcs11:token=a;id=%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%14%15%16%17"
        "%18%19%1a%1b%1c%1d%1e%1f%20%21",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pkcs11_uri uri = { .token = "untouched" };
        struct reason reason = { 0 };
        if (pkcs11_uri_parse(span_from_text(wrong[i]), &uri, &reason) != ERR_INPUT) {
            fail_msg("taken: %s", wrong[i]);
        }
        assert_string_equal(uri.token, "untouched");
        assert_string_equal(reason.code, "pkcs11.uri");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_named_by_token_and_object_or_id),
        cmocka_unit_test(what_names_no_key_or_says_more_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
