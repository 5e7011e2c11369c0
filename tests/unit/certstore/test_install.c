/* Two files that always fit each other, whatever stood there before. */
#include "lib/certstore/install.h"

#include "lib/base/file.h"
#include "lib/der/pem.h"
#include "tests/unit/certstore/authority.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

static struct authority authority;
static char scratch[64], certificate_path[128], key_path[128];

static int setup(void **state)
{
    (void)state;
    scratch_make(scratch, sizeof scratch);
    snprintf(certificate_path, sizeof certificate_path, "%s/site.crt", scratch);
    snprintf(key_path, sizeof key_path, "%s/site.key", scratch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(scratch);
    return 0;
}

struct pair {
    struct key *key;
    struct buf pem;
};

static void pair_make(struct pair *pair)
{
    AUTO(buf) der = { 0 };
    pair->key = NULL;
    pair->pem = buf_make(CERTIFICATE_MAX_BYTES);
    assert_int_equal(key_generate(KEY_TYPE_P256, &pair->key), OK);
    authority_issue(
        &authority, pair->key, "www.shop.example.com", TEST_NOW, TEST_NOW + DAY_SECONDS, &der);
    assert_int_equal(pem_write("CERTIFICATE", buf_span(&der), &pair->pem), OK);
}

static void pair_release(struct pair *pair)
{
    key_free(pair->key);
    buf_release(&pair->pem);
}
AUTO_DEFINE(pair, pair_release)

static enum err install(
    const struct pair *certificate, const struct pair *key, struct reason *ret_reason)
{
    struct install_request request = { certificate_path, key_path, buf_span(&certificate->pem),
        key->key };
    return certstore_install(&request, ret_reason);
}

static void write_pair(const struct pair *pair)
{
    AUTO(secret) pem = { 0 };
    assert_int_equal(key_to_pem(pair->key, &pem), OK);
    assert_int_equal(file_replace(key_path, secret_span(&pem), 0600), OK);
    assert_int_equal(file_replace(certificate_path, buf_span(&pair->pem), 0644), OK);
}

static void expect_pair(const struct pair *pair)
{
    AUTO(buf) certificate = { 0 };
    AUTO(secret) pem = { 0 };
    AUTO_PTR(key) key = NULL;
    assert_int_equal(file_read(certificate_path, CERTIFICATE_MAX_BYTES, &certificate), OK);
    assert_true(span_equal(buf_span(&certificate), buf_span(&pair->pem)));
    assert_int_equal(file_read_secret(key_path, KEY_PRIVATE_MAX_BYTES, &pem), OK);
    assert_int_equal(key_from_pem(secret_span(&pem), NULL, NULL, &key), OK);
    assert_true(key_same_public(key, pair->key));
}

static void a_pair_is_installed_where_nothing_was(void **state)
{
    (void)state;
    AUTO(pair) pair = { 0 };
    pair_make(&pair);
    assert_int_equal(install(&pair, &pair, NULL), OK);
    expect_pair(&pair);
}

static void a_pair_replaces_ordinary_files_and_keeps_them_for_going_back(void **state)
{
    (void)state;
    char old[160];
    AUTO(pair) before = { 0 }, after = { 0 };
    AUTO(buf) kept = { 0 };
    pair_make(&before);
    pair_make(&after);
    write_pair(&before);
    assert_int_equal(install(&after, &after, NULL), OK);
    expect_pair(&after);
    snprintf(old, sizeof old, "%s/.ecert-site.crt/0/certificate.pem", scratch);
    assert_int_equal(file_read(old, CERTIFICATE_MAX_BYTES, &kept), OK);
    assert_true(span_equal(buf_span(&kept), buf_span(&before.pem)));
}

static void only_the_pair_before_is_kept(void **state)
{
    (void)state;
    char path[160];
    for (int i = 0; i < 4; i++) {
        AUTO(pair) pair = { 0 };
        pair_make(&pair);
        assert_int_equal(install(&pair, &pair, NULL), OK);
        expect_pair(&pair);
    }
    for (int i = 1; i <= 4; i++) {
        snprintf(path, sizeof path, "%s/.ecert-site.crt/%d/key.pem", scratch, i);
        assert_int_equal(access(path, F_OK) == 0, i >= 3);
    }
}

static void files_that_replaced_our_links_by_hand_are_kept_too(void **state)
{
    (void)state;
    AUTO(pair) first = { 0 }, by_hand = { 0 }, last = { 0 };
    pair_make(&first);
    pair_make(&by_hand);
    pair_make(&last);
    assert_int_equal(install(&first, &first, NULL), OK);
    write_pair(&by_hand);
    expect_pair(&by_hand);
    assert_int_equal(install(&last, &last, NULL), OK);
    expect_pair(&last);
}

static void a_key_of_another_certificate_is_refused_and_nothing_changes(void **state)
{
    (void)state;
    AUTO(pair) before = { 0 }, one = { 0 }, two = { 0 };
    struct reason reason = { 0 };
    pair_make(&before);
    pair_make(&one);
    pair_make(&two);
    assert_int_equal(install(&before, &before, NULL), OK);
    assert_int_equal(install(&one, &two, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "install.mismatch");
    expect_pair(&before);
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
    (void)state;
    AUTO(pair) pair = { 0 };
    struct reason reason = { 0 };
    pair_make(&pair);
    assert_int_equal(chmod(scratch, 0777), 0);
    assert_int_equal(install(&pair, &pair, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "install.directory");
    assert_int_equal(access(certificate_path, F_OK), -1);
}

static void a_link_of_somebody_else_is_refused(void **state)
{
    (void)state;
    char target[160];
    AUTO(pair) pair = { 0 };
    struct reason reason = { 0 };
    pair_make(&pair);
    snprintf(target, sizeof target, "%s/target", scratch);
    assert_int_equal(file_replace(target, SPAN_LITERAL("theirs"), 0644), OK);
    assert_int_equal(symlink(target, key_path), 0);
    assert_int_equal(install(&pair, &pair, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "install.link");
    AUTO(buf) content = { 0 };
    assert_int_equal(file_read(target, 100, &content), OK);
    assert_string_equal(buf_text(&content), "theirs");
}

static void a_missing_directory_is_said_with_the_systems_words(void **state)
{
    (void)state;
    AUTO(pair) pair = { 0 };
    struct reason reason = { 0 };
    pair_make(&pair);
    snprintf(certificate_path, sizeof certificate_path, "%s/none/site.crt", scratch);
    assert_int_not_equal(install(&pair, &pair, &reason), OK);
    assert_string_equal(reason.code, "install.write");
    assert_string_equal(reason.seen, "No such file or directory");
}

static void the_key_is_readable_for_its_owner_alone(void **state)
{
    (void)state;
    struct stat status;
    AUTO(pair) pair = { 0 };
    pair_make(&pair);
    mode_t before = umask(0);
    assert_int_equal(install(&pair, &pair, NULL), OK);
    umask(before);
    assert_int_equal(stat(key_path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(stat(certificate_path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
}

static enum err install_one_file(const struct pair *pair, struct reason *ret_reason)
{
    struct install_request request = { certificate_path, /* key_path= */ NULL, buf_span(&pair->pem),
        pair->key };
    return certstore_install(&request, ret_reason);
}

static void expect_one_file(const struct pair *pair)
{
    struct stat status;
    AUTO(buf) content = { 0 };
    AUTO_PTR(key) key = NULL;
    assert_int_equal(file_read(certificate_path, 2 * CERTIFICATE_MAX_BYTES, &content), OK);
    assert_memory_equal(content.data, pair->pem.data, pair->pem.len);
    assert_int_equal(key_from_pem(buf_span(&content), NULL, NULL, &key), OK);
    assert_true(key_same_public(key, pair->key));
    assert_int_equal(stat(certificate_path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_key_can_stand_behind_its_certificate_in_one_file(void **state)
{
    (void)state;
    AUTO(pair) first = { 0 }, second = { 0 };
    pair_make(&first);
    pair_make(&second);
    mode_t before = umask(0);
    assert_int_equal(install_one_file(&first, NULL), OK);
    expect_one_file(&first);
    assert_int_equal(install_one_file(&second, NULL), OK);
    umask(before);
    expect_one_file(&second);
    assert_int_equal(certstore_install_back(certificate_path, NULL, NULL), OK);
    expect_one_file(&first);
    assert_int_equal(access(key_path, F_OK), -1);
}

static void one_goes_back_to_the_pair_before_and_no_further(void **state)
{
    (void)state;
    AUTO(pair) first = { 0 }, second = { 0 }, third = { 0 };
    struct reason reason = { 0 };
    pair_make(&first);
    pair_make(&second);
    pair_make(&third);
    write_pair(&first);
    assert_int_equal(install(&second, &second, NULL), OK);
    assert_int_equal(certstore_install_back(certificate_path, key_path, NULL), OK);
    expect_pair(&first);
    assert_int_equal(certstore_install_back(certificate_path, key_path, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "install.no_previous");
    expect_pair(&first);
    assert_int_equal(install(&third, &third, NULL), OK);
    expect_pair(&third);
    assert_int_equal(certstore_install_back(certificate_path, key_path, NULL), OK);
    expect_pair(&first);
}

static void where_nothing_was_there_is_nothing_to_go_back_to(void **state)
{
    (void)state;
    AUTO(pair) pair = { 0 };
    struct reason reason = { 0 };
    pair_make(&pair);
    assert_int_equal(certstore_install_back(certificate_path, key_path, &reason), ERR_NOT_FOUND);
    assert_string_equal(reason.code, "install.no_previous");
    assert_int_equal(install(&pair, &pair, NULL), OK);
    assert_int_equal(certstore_install_back(certificate_path, key_path, NULL), ERR_NOT_FOUND);
    expect_pair(&pair);
}

static void the_same_pair_again_keeps_the_one_before(void **state)
{
    (void)state;
    AUTO(pair) first = { 0 }, second = { 0 };
    pair_make(&first);
    pair_make(&second);
    assert_int_equal(install(&first, &first, NULL), OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(install(&second, &second, NULL), OK);
        expect_pair(&second);
    }
    assert_int_equal(certstore_install_back(certificate_path, key_path, NULL), OK);
    expect_pair(&first);
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
        TEST(a_pair_is_installed_where_nothing_was),
        TEST(a_pair_replaces_ordinary_files_and_keeps_them_for_going_back),
        TEST(only_the_pair_before_is_kept),
        TEST(files_that_replaced_our_links_by_hand_are_kept_too),
        TEST(a_key_of_another_certificate_is_refused_and_nothing_changes),
        TEST(a_directory_that_others_may_write_is_refused),
        TEST(a_link_of_somebody_else_is_refused),
        TEST(a_missing_directory_is_said_with_the_systems_words),
        TEST(the_key_is_readable_for_its_owner_alone),
        TEST(a_key_can_stand_behind_its_certificate_in_one_file),
        TEST(one_goes_back_to_the_pair_before_and_no_further),
        TEST(where_nothing_was_there_is_nothing_to_go_back_to),
        TEST(the_same_pair_again_keeps_the_one_before),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
