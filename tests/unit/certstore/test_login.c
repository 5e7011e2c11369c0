/* The keys that log in at a portal: one an enrolment and portal, closed to others, replaced whole.
 */
#include "lib/certstore/login.h"

#include "tests/unit/certstore/authority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#define PORTAL    "https://portal.example.net"
#define REFERENCE "018564000"

static char scratch[64];
static struct certstore *store;

static int setup(void **state)
{
    char path[128];
    (void)state;
    scratch_make(scratch, sizeof scratch);
    snprintf(path, sizeof path, "%s/store", scratch);
    return certstore_open(path, NULL, &store) != OK;
}

static int teardown(void **state)
{
    (void)state;
    certstore_free(store);
    scratch_remove(scratch);
    return 0;
}

static void a_key_is_found_for_its_portal_and_enrolment_only(void **state)
{
    (void)state;
    AUTO_PTR(key) made = NULL;
    AUTO_PTR(key) found = NULL;
    AUTO_PTR(key) none = NULL;
    assert_int_equal(certstore_find_login(store, PORTAL, REFERENCE, &none), ERR_NOT_FOUND);
    assert_int_equal(certstore_make_login(store, PORTAL, REFERENCE, &made), OK);
    assert_int_equal(key_kind(made), KEY_ED25519);
    assert_int_equal(certstore_find_login(store, PORTAL, REFERENCE, &found), OK);
    assert_true(key_is_private(found) && key_same_public(made, found));
    assert_int_equal(certstore_find_login(store, PORTAL, "018564001", &none), ERR_NOT_FOUND);
    assert_int_equal(
        certstore_find_login(store, "https://portal.example.org", REFERENCE, &none), ERR_NOT_FOUND);
}

static void a_new_key_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    AUTO_PTR(key) first = NULL;
    AUTO_PTR(key) second = NULL;
    AUTO_PTR(key) found = NULL;
    assert_int_equal(certstore_make_login(store, PORTAL, REFERENCE, &first), OK);
    assert_int_equal(certstore_make_login(store, PORTAL, REFERENCE, &second), OK);
    assert_false(key_same_public(first, second));
    assert_int_equal(certstore_find_login(store, PORTAL, REFERENCE, &found), OK);
    assert_true(key_same_public(second, found));
}

static void what_is_no_reference_number_names_no_file(void **state)
{
    static const char *const wrong[] = { "", "../123456", "12345678a", "1 2",
        "123456789012345678901234567890123" };
    (void)state;
    AUTO_PTR(key) key = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(certstore_make_login(store, PORTAL, wrong[i], &key), ERR_INPUT);
        assert_int_equal(certstore_find_login(store, PORTAL, wrong[i], &key), ERR_INPUT);
    }
}

static void a_key_that_others_can_read_or_that_is_broken_is_not_used(void **state)
{
    char path[256], folder[128];
    (void)state;
    AUTO_PTR(key) made = NULL;
    AUTO_PTR(key) found = NULL;
    struct stat status;
    char hash[2 * SHA256_BYTES + 1];
    uint8_t bytes[SHA256_BYTES];
    assert_int_equal(certstore_make_login(store, PORTAL, REFERENCE, &made), OK);
    assert_int_equal(sha256(SPAN_LITERAL(PORTAL), bytes), OK);
    hex_format(SPAN_OF(bytes), hash);
    snprintf(path, sizeof path, "%s/store/logins/%s-%.16s.pem", scratch, REFERENCE, hash);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    snprintf(folder, sizeof folder, "%s/store/logins", scratch);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(certstore_find_login(store, PORTAL, REFERENCE, &found), ERR_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 40), 0);
    assert_int_equal(certstore_find_login(store, PORTAL, REFERENCE, &found), ERR_INPUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_found_for_its_portal_and_enrolment_only),
        TEST(a_new_key_takes_the_place_of_the_old_one),
        TEST(what_is_no_reference_number_names_no_file),
        TEST(a_key_that_others_can_read_or_that_is_broken_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
