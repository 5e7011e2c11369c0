/* Keys that wait for certificates, certificates that join them, and everything that doesn't fit. */
#include "lib/certstore/store.h"

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
static char scratch[64];
static struct certstore *store;

static void reopen(void)
{
    char path[128];
    certstore_free(store);
    snprintf(path, sizeof path, "%s/store", scratch);
    assert_int_equal(certstore_open(path, NULL, &store), OK);
}

static int setup(void **state)
{
    (void)state;
    scratch_make(scratch, sizeof scratch);
    store = NULL;
    reopen();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    certstore_free(store);
    scratch_remove(scratch);
    return 0;
}

static struct key *add_request(const char *friendly, struct certstore_item *ret_item)
{
    struct key *key = NULL;
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    struct certstore_request request = {
        .key = key, .friendly_name = friendly, .created = TEST_NOW
    };
    assert_int_equal(certstore_add_request(store, &request, NULL, ret_item), OK);
    return key;
}

static void issue(const struct key *key, struct buf *ret_der)
{
    authority_issue(&authority, key, "www.shop.example.com", TEST_NOW - DAY_SECONDS,
        TEST_NOW + 199 * DAY_SECONDS, ret_der);
}

static void expect_counts(size_t requests, size_t certificates)
{
    AUTO(certstore_items) items = { 0 };
    size_t unreadable = 0, seen = 0;
    assert_int_equal(certstore_list(store, &items, &unreadable), OK);
    assert_int_equal(unreadable, 0);
    assert_int_equal(items.count, requests + certificates);
    for (size_t i = 0; i < items.count; i++) {
        seen += items.items[i].kind == CERTSTORE_REQUEST;
    }
    assert_int_equal(seen, requests);
}

static void a_request_is_found_again_with_its_key(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, found = { 0 };
    AUTO_PTR(key) key = add_request("Web shop \xe5\xba\x97", &item);
    AUTO_PTR(key) again = NULL;
    reopen();
    assert_int_equal(certstore_find(store, "Web shop \xe5\xba\x97", NULL, &found), OK);
    assert_string_equal(found.id, item.id);
    assert_int_equal(found.created, TEST_NOW);
    assert_int_equal(certstore_load_key(store, &found, NULL, NULL, &again), OK);
    assert_true(key_same_public(key, again));
}

static void an_id_is_found_by_its_beginning_with_colons_and_capitals(void **state)
{
    (void)state;
    char wanted[16];
    AUTO(certstore_item) item = { 0 }, found = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    snprintf(wanted, sizeof wanted, "%.2s:%.2s %.2s", item.id, item.id + 2, item.id + 4);
    for (char *byte = wanted; *byte != '\0'; byte++) {
        *byte = *byte >= 'a' && *byte <= 'f' ? (char)(*byte - 0x20) : *byte;
    }
    assert_int_equal(certstore_find(store, wanted, NULL, &found), OK);
    wanted[2] = '\0';
    assert_int_equal(certstore_find(store, wanted, NULL, &found), ERR_NOT_FOUND);
}

static void a_friendly_name_of_two_items_is_ambiguous(void **state)
{
    (void)state;
    AUTO(certstore_item) first = { 0 }, second = { 0 }, found = { 0 };
    AUTO_PTR(key) one = add_request("same", &first);
    AUTO_PTR(key) two = add_request("same", &second);
    struct reason reason = { 0 };
    assert_int_equal(certstore_find(store, "same", &reason, &found), ERR_CONFLICT);
    assert_string_equal(reason.code, "certstore.ambiguous");
}

static void hostile_friendly_names_stay_one_line(void **state)
{
    (void)state;
    static const char *const names[] = { "a\nkey: 00", "../../etc/passwd", "\xff\xfe", ".", "",
        "\033[31mred", "a/b" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO(certstore_item) item = { 0 };
        AUTO_PTR(key) key = add_request(names[i], &item);
        assert_null(strchr(item.friendly_name, '\n'));
        assert_null(strchr(item.friendly_name, '\033'));
        assert_true(span_equal(SPAN_OF(item.spki_sha256), key_spki_sha256(key)));
    }
    expect_counts(sizeof names / sizeof names[0], 0);
}

static void the_same_key_is_not_taken_twice(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, again = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    struct certstore_request request = { .key = key, .created = TEST_NOW };
    struct reason reason = { 0 };
    assert_int_equal(certstore_add_request(store, &request, &reason, &again), ERR_CONFLICT);
    assert_string_equal(reason.code, "certstore.key_exists");
    assert_string_equal(reason.seen, item.id);
    expect_counts(1, 0);
}

static void a_certificate_joins_its_key(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    AUTO_PTR(key) again = NULL;
    AUTO(buf) certificate = { 0 };
    issue(key, &certificate);
    assert_int_equal(certstore_write_progress(store, &item, SPAN_LITERAL("half way")), OK);
    assert_int_equal(certstore_complete(store, buf_span(&certificate),
                         buf_span(&authority.issuer_pem), /* key= */ NULL, NULL, &done),
        OK);
    reopen();
    expect_counts(0, 1);
    assert_int_equal(done.kind, CERTSTORE_PERSONAL);
    assert_true(span_equal(buf_span(&done.certificate), buf_span(&certificate)));
    assert_int_equal(certstore_load_key(store, &done, NULL, NULL, &again), OK);
    assert_true(key_same_public(key, again));
    AUTO(buf) progress = { 0 };
    assert_int_equal(certstore_read_progress(store, &done, &progress), OK);
    assert_string_equal(buf_text(&progress), "half way");
}

static void a_certificate_that_fits_no_request_changes_nothing(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    AUTO_PTR(key) stranger = NULL;
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &stranger), OK);
    issue(stranger, &certificate);
    assert_int_equal(certstore_complete(store, buf_span(&certificate), (struct span){ 0 },
                         /* key= */ NULL, &reason, &done),
        ERR_NOT_FOUND);
    assert_string_equal(reason.code, "certificate.no_request");
    assert_int_equal(strlen(reason.seen), 64);
    expect_counts(1, 0);
}

static void what_is_no_certificate_changes_nothing(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    struct reason reason = { 0 };
    assert_int_equal(certstore_complete(store, SPAN_LITERAL("hello"), (struct span){ 0 },
                         /* key= */ NULL, &reason, &done),
        ERR_INPUT);
    assert_string_equal(reason.code, "certificate.malformed");
    expect_counts(1, 0);
}

static void a_second_certificate_for_a_key_is_refused(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 }, again = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    issue(key, &certificate);
    struct span none = { 0 };
    assert_int_equal(
        certstore_complete(store, buf_span(&certificate), none, /* key= */ NULL, NULL, &done), OK);
    assert_int_equal(
        certstore_complete(store, buf_span(&certificate), none, /* key= */ NULL, &reason, &again),
        ERR_CONFLICT);
    assert_string_equal(reason.code, "certstore.have_certificate");
    expect_counts(0, 1);
}

static void an_encrypted_key_opens_with_its_passphrase_only(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = NULL;
    AUTO_PTR(key) again = NULL;
    AUTO(secret) right = { 0 }, wrong = { 0 };
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    const struct span none = { 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    assert_int_equal(secret_copy(SPAN_LITERAL("correct horse"), &right), OK);
    assert_int_equal(secret_copy(SPAN_LITERAL("wrong horse"), &wrong), OK);
    const struct certstore_request request = {
        .key = key, .friendly_name = "a", .created = TEST_NOW, .passphrase = &right
    };
    assert_int_equal(certstore_add_request(store, &request, NULL, &item), OK);
    assert_int_equal(item.guard, CERTSTORE_KEY_PASSPHRASE);
    assert_int_equal(certstore_load_key(store, &item, NULL, &reason, &again), ERR_DENIED);
    assert_string_equal(reason.code, "key.passphrase_needed");
    assert_int_equal(certstore_load_key(store, &item, &wrong, &reason, &again), ERR_DENIED);
    assert_string_equal(reason.code, "key.passphrase");
    issue(key, &certificate);
    assert_int_equal(
        certstore_complete(store, buf_span(&certificate), none, /* key= */ NULL, &reason, &done),
        ERR_DENIED);
    assert_string_equal(reason.code, "key.passphrase_needed");
    expect_counts(1, 0);
    assert_int_equal(certstore_load_key(store, &item, &right, NULL, &again), OK);
    assert_int_equal(
        certstore_complete(store, buf_span(&certificate), none, again, NULL, &done), OK);
    assert_int_equal(done.guard, CERTSTORE_KEY_PASSPHRASE);
    expect_counts(0, 1);
}

static void a_stranger_s_key_given_for_the_request_s_is_refused(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    AUTO_PTR(key) stranger = NULL;
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    issue(key, &certificate);
    assert_int_equal(key_generate(KEY_TYPE_P256, &stranger), OK);
    assert_int_equal(certstore_complete(store, buf_span(&certificate), (struct span){ 0 }, stranger,
                         &reason, &done),
        ERR_DENIED);
    assert_string_equal(reason.code, "certstore.key_damaged");
    expect_counts(1, 0);
}

static void a_swapped_key_file_is_noticed_before_anything_joins_it(void **state)
{
    (void)state;
    char path[256];
    AUTO(certstore_item) item = { 0 }, done = { 0 };
    AUTO_PTR(key) key = add_request("a", &item);
    AUTO_PTR(key) stranger = NULL;
    AUTO(secret) pem = { 0 };
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    issue(key, &certificate);
    assert_int_equal(key_generate(KEY_TYPE_P256, &stranger), OK);
    assert_int_equal(key_to_pem(stranger, &pem), OK);
    snprintf(path, sizeof path, "%s/store/requests/%s/key.pem", scratch, item.id);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(pem.data, 1, pem.len, file), pem.len);
    fclose(file);
    assert_int_equal(certstore_complete(store, buf_span(&certificate), (struct span){ 0 },
                         /* key= */ NULL, &reason, &done),
        ERR_DENIED);
    assert_string_equal(reason.code, "certstore.key_damaged");
    expect_counts(1, 0);
}

static void a_pair_from_a_backup_must_be_a_pair(void **state)
{
    (void)state;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = NULL;
    AUTO_PTR(key) stranger = NULL;
    AUTO(buf) certificate = { 0 };
    struct reason reason = { 0 };
    struct span none = { 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    assert_int_equal(key_generate(KEY_TYPE_P256, &stranger), OK);
    issue(key, &certificate);
    struct certstore_request wrong = { .key = stranger, .created = TEST_NOW };
    assert_int_equal(
        certstore_add_personal(store, &wrong, buf_span(&certificate), none, &reason, &item),
        ERR_DENIED);
    assert_string_equal(reason.code, "install.mismatch");
    expect_counts(0, 0);
    struct certstore_request right = { .key = key, .created = TEST_NOW };
    assert_int_equal(
        certstore_add_personal(store, &right, buf_span(&certificate), none, NULL, &item), OK);
    expect_counts(0, 1);
}

static void a_damaged_entry_is_counted_and_the_others_stay(void **state)
{
    (void)state;
    char path[256];
    AUTO(certstore_item) first = { 0 }, second = { 0 };
    AUTO_PTR(key) one = add_request("a", &first);
    AUTO_PTR(key) two = add_request("b", &second);
    snprintf(path, sizeof path, "%s/store/requests/%s/about", scratch, first.id);
    assert_int_equal(unlink(path), 0);
    AUTO(certstore_items) items = { 0 };
    size_t unreadable = 0;
    assert_int_equal(certstore_list(store, &items, &unreadable), OK);
    assert_int_equal(items.count, 1);
    assert_int_equal(unreadable, 1);
    assert_string_equal(items.items[0].id, second.id);
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

/* Inodes without a name that this process holds open. */
static size_t nowheres_open(void)
{
    ino_t seen[64];
    struct stat status;
    size_t count = 0;
    for (int fd = 0; fd < 64; fd++) {
        size_t at = 0;
        if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_nlink > 0) {
            continue;
        }
        while (at < count && seen[at] != status.st_ino) {
            at++;
        }
        seen[at] = status.st_ino;
        count = at == count ? count + 1 : count;
    }
    return count;
}

static void all_folders_of_a_store_that_is_not_there_are_the_same_nowhere(void **state)
{
    (void)state;
    char path[128];
    AUTO_PTR(certstore) other = NULL;
    AUTO(certstore_items) items = { 0 };
    snprintf(path, sizeof path, "%s/missing", scratch);
    assert_int_equal(nowheres_open(), 0);
    assert_int_equal(certstore_look(path, NULL, &other), OK);
    assert_int_equal(nowheres_open(), 1);
    assert_int_equal(certstore_list(other, &items, NULL), OK);
    assert_int_equal(items.count, 0);
    certstore_free(other);
    other = NULL;
    assert_int_equal(nowheres_open(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_found_again_with_its_key),
        TEST(an_id_is_found_by_its_beginning_with_colons_and_capitals),
        TEST(a_friendly_name_of_two_items_is_ambiguous),
        TEST(hostile_friendly_names_stay_one_line),
        TEST(the_same_key_is_not_taken_twice),
        TEST(a_certificate_joins_its_key),
        TEST(a_certificate_that_fits_no_request_changes_nothing),
        TEST(what_is_no_certificate_changes_nothing),
        TEST(a_second_certificate_for_a_key_is_refused),
        TEST(an_encrypted_key_opens_with_its_passphrase_only),
        TEST(a_stranger_s_key_given_for_the_request_s_is_refused),
        TEST(a_swapped_key_file_is_noticed_before_anything_joins_it),
        TEST(a_pair_from_a_backup_must_be_a_pair),
        TEST(a_damaged_entry_is_counted_and_the_others_stay),
        TEST(all_folders_of_a_store_that_is_not_there_are_the_same_nowhere),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
