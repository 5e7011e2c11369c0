/* What the stores make of a certificate: each state of the Exchange console has its case. */
#include "lib/certstore/trust.h"

#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

static struct authority authority;
static char scratch[64];
static struct certstore *store;
static struct certstore_item item;

static void add_certificate(int64_t not_before, int64_t not_after)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) certificate = { 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    authority_issue(&authority, key, "www.shop.example.com", not_before, not_after, &certificate);
    struct certstore_request request = { .key = key, .created = TEST_NOW };
    assert_int_equal(certstore_add_personal(store, &request, buf_span(&certificate),
                         buf_span(&authority.issuer_pem), NULL, &item),
        OK);
}

static void trust_root(void)
{
    assert_int_equal(
        certstore_add_trust(store, CERTSTORE_ROOTS, buf_span(&authority.root), NULL, NULL), OK);
}

static enum err add_crl(bool of_root, const struct certificate *revoked, int64_t this_update)
{
    AUTO(buf) crl = { 0 };
    authority_crl(&authority, of_root, revoked, this_update, &crl);
    return certstore_add_crl(store, buf_span(&crl), NULL);
}

static void expect_state(enum certstore_state expected)
{
    struct certstore_judgement judgement = { 0 };
    assert_int_equal(certstore_judge(store, &item, TEST_NOW, &judgement), OK);
    assert_string_equal(certstore_state_name(judgement.state), certstore_state_name(expected));
    assert_int_equal(judgement.reason.code[0] == '\0',
        expected == CERTSTORE_VALID || expected == CERTSTORE_PENDING);
}

static int setup(void **state)
{
    char path[128];
    (void)state;
    scratch_make(scratch, sizeof scratch);
    snprintf(path, sizeof path, "%s/store", scratch);
    return certstore_open(path, NULL, &store) == OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    certstore_item_release(&item);
    certstore_free(store);
    scratch_remove(scratch);
    return 0;
}

static void a_request_is_pending(void **state)
{
    (void)state;
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    struct certstore_request request = { .key = key, .created = TEST_NOW };
    assert_int_equal(certstore_add_request(store, &request, NULL, &item), OK);
    expect_state(CERTSTORE_PENDING);
}

static void with_root_and_lists_a_certificate_is_valid(void **state)
{
    (void)state;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(add_crl(false, NULL, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(true, NULL, TEST_NOW - 3600), OK);
    expect_state(CERTSTORE_VALID);
}

static void without_our_root_it_is_untrusted(void **state)
{
    (void)state;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    expect_state(CERTSTORE_UNTRUSTED_STATE);
}

static void without_a_list_revocation_is_not_known(void **state)
{
    (void)state;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    expect_state(CERTSTORE_REVOCATION_CHECK_FAILURE);
}

static void with_a_stale_list_revocation_is_not_known(void **state)
{
    (void)state;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(add_crl(false, NULL, TEST_NOW - 8 * DAY_SECONDS), OK);
    assert_int_equal(add_crl(true, NULL, TEST_NOW - 3600), OK);
    expect_state(CERTSTORE_REVOCATION_CHECK_FAILURE);
}

static void outside_its_dates_it_is_date_invalid(void **state)
{
    (void)state;
    add_certificate(TEST_NOW - 10 * DAY_SECONDS, TEST_NOW - DAY_SECONDS);
    trust_root();
    expect_state(CERTSTORE_DATE_INVALID);
    certstore_item_release(&item);
    add_certificate(TEST_NOW + DAY_SECONDS, TEST_NOW + 10 * DAY_SECONDS);
    expect_state(CERTSTORE_DATE_INVALID);
}

static void a_listed_certificate_is_revoked(void **state)
{
    (void)state;
    struct certificate parsed;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(certificate_parse(buf_span(&item.certificate), &parsed), OK);
    assert_int_equal(add_crl(false, &parsed, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(true, NULL, TEST_NOW - 3600), OK);
    expect_state(CERTSTORE_REVOKED);
}

static void a_revoked_intermediate_revokes_what_is_below(void **state)
{
    (void)state;
    struct certificate parsed;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(certificate_parse(buf_span(&authority.issuer), &parsed), OK);
    assert_int_equal(add_crl(false, NULL, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(true, &parsed, TEST_NOW - 3600), OK);
    expect_state(CERTSTORE_REVOKED);
}

static void what_the_person_distrusts_is_untrusted(void **state)
{
    (void)state;
    struct certstore_judgement judgement = { 0 };
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(add_crl(false, NULL, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(true, NULL, TEST_NOW - 3600), OK);
    assert_int_equal(
        certstore_add_trust(store, CERTSTORE_UNTRUSTED, buf_span(&item.certificate), NULL, NULL),
        OK);
    assert_int_equal(certstore_judge(store, &item, TEST_NOW, &judgement), OK);
    assert_int_equal(judgement.state, CERTSTORE_UNTRUSTED_STATE);
}

static void an_older_list_never_replaces_a_newer_one(void **state)
{
    (void)state;
    struct certificate parsed;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    trust_root();
    assert_int_equal(certificate_parse(buf_span(&item.certificate), &parsed), OK);
    assert_int_equal(add_crl(true, NULL, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(false, &parsed, TEST_NOW - 3600), OK);
    assert_int_equal(add_crl(false, NULL, TEST_NOW - 7200), ERR_CONFLICT);
    expect_state(CERTSTORE_REVOKED);
}

static void another_root_of_the_same_name_helps_nobody(void **state)
{
    (void)state;
    struct authority other;
    add_certificate(TEST_NOW - DAY_SECONDS, TEST_NOW + DAY_SECONDS);
    authority_make(&other);
    assert_int_equal(
        certstore_add_trust(store, CERTSTORE_ROOTS, buf_span(&other.root), NULL, NULL), OK);
    struct reason reason = { 0 };
    assert_int_equal(certstore_verify(store, buf_span(&item.certificate),
                         buf_span(&authority.issuer_pem), (struct span){ 0 }, TEST_NOW, &reason),
        ERR_DENIED);
    assert_int_equal(
        certstore_verify(store, buf_span(&item.certificate), buf_span(&authority.issuer_pem),
            buf_span(&authority.root), TEST_NOW, &reason),
        OK);
    authority_release(&other);
}

static void the_same_certificate_is_kept_once(void **state)
{
    (void)state;
    bool is_new = false;
    assert_int_equal(certstore_add_trust(
                         store, CERTSTORE_INTERMEDIATE, buf_span(&authority.issuer), NULL, &is_new),
        OK);
    assert_true(is_new);
    assert_int_equal(certstore_add_trust(
                         store, CERTSTORE_INTERMEDIATE, buf_span(&authority.issuer), NULL, &is_new),
        OK);
    assert_false(is_new);
    AUTO(certstore_blobs) blobs = { 0 };
    assert_int_equal(certstore_list_trust(store, CERTSTORE_INTERMEDIATE, &blobs), OK);
    assert_int_equal(blobs.count, 1);
}

static void what_is_no_certificate_is_not_trusted(void **state)
{
    (void)state;
    struct reason reason = { 0 };
    assert_int_equal(
        certstore_add_trust(store, CERTSTORE_ROOTS, SPAN_LITERAL("hello"), &reason, NULL),
        ERR_INPUT);
    assert_int_equal(certstore_add_crl(store, SPAN_LITERAL("hello"), &reason), ERR_INPUT);
    assert_string_equal(reason.code, "crl.malformed");
}

static int group_setup(void **state)
{
    (void)state;
    authority_make(&authority);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    authority_release(&authority);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_pending),
        TEST(with_root_and_lists_a_certificate_is_valid),
        TEST(without_our_root_it_is_untrusted),
        TEST(without_a_list_revocation_is_not_known),
        TEST(with_a_stale_list_revocation_is_not_known),
        TEST(outside_its_dates_it_is_date_invalid),
        TEST(a_listed_certificate_is_revoked),
        TEST(a_revoked_intermediate_revokes_what_is_below),
        TEST(what_the_person_distrusts_is_untrusted),
        TEST(an_older_list_never_replaces_a_newer_one),
        TEST(another_root_of_the_same_name_helps_nobody),
        TEST(the_same_certificate_is_kept_once),
        TEST(what_is_no_certificate_is_not_trusted),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
