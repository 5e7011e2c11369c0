/* Known weak keys, by a small list made here; what OpenSSL's command prints is the judge. */
#include "lib/crypto/weaklist.h"
#include "lib/base/file.h"
#include "lib/crypto/key.h"
#include "tests/unit/vectors.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const paths[] = { "weaklist-test-1", "weaklist-test-2" };

/* `openssl rsa -pubin -in rsa2048.pub.pem -noout -modulus | sha1sum | cut -c 21-40` */
#define OF_RSA_2048 "01cc98f3f0b0c4e33747"

static void write_file(size_t which, const char *text)
{
    assert_int_equal(file_replace(paths[which], span_from_text(text), 0644), OK);
}

static enum err check(const struct weaklist *list, const char *vector, struct reason *ret_reason)
{
    AUTO(buf) pem = vector_read(vector);
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    return weaklist_check(list, key_spki(key), ret_reason);
}

static void d27_a_key_on_the_list_is_refused_and_no_other(void **state)
{
    struct reason reason = { 0 };
    AUTO_PTR(weaklist) list = NULL;
    (void)state;
    write_file(0, "# comment\n00005890bc78bcbee3ca\n\nffffffffffffffffffff\n");
    write_file(1, OF_RSA_2048 "\r\n3c430072d96e4a1e1809"); /* not sorted, no end of line */
    assert_int_equal(weaklist_load(paths, 2, &list, &reason), OK);
    assert_int_equal(weaklist_count(list), 4);
    assert_true(weaklist_time(list) > 0);
    assert_int_equal(check(list, "rsa2048.pub.pem", &reason), ERR_INPUT);
    assert_string_equal(reason.code, "csr.key_weak");
    assert_string_equal(reason.field, "rsa.listed");
    assert_int_equal(check(list, "rsa1024.pub.pem", &reason), OK);
    assert_int_equal(check(list, "p256.pub.pem", &reason), OK);
    assert_int_equal(weaklist_check(list, SPAN_LITERAL("nonsense"), &reason), OK);
}

static void without_a_list_nothing_is_on_it(void **state)
{
    struct reason reason = { 0 };
    AUTO_PTR(weaklist) list = NULL;
    (void)state;
    assert_int_equal(weaklist_load(NULL, 0, &list, &reason), OK);
    assert_int_equal(weaklist_count(list), 0);
    assert_int_equal(weaklist_time(list), 0);
    assert_int_equal(check(list, "rsa2048.pub.pem", &reason), OK);
    assert_int_equal(check(NULL, "rsa2048.pub.pem", &reason), OK);
}

static void a_list_that_is_none_is_refused_with_its_line(void **state)
{
    static const char *const wrong[] = {
        "# first\n00005890bc78bcbee3c\n",   /* 19 digits */
        "# first\n00005890bc78bcbee3caa\n", /* 21 */
        "# first\n00005890bc78bcbee3cg\n",  /* no digit */
        "# first\n00 05890bc78bcbee3ca\n",  /* a gap */
        "# first\n 0005890bc78bcbee3ca\n",  /* in front */
        "# first\n0000589 0bc78bcbee3ca 00005890bc78bcbee3ca\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct reason reason = { 0 };
        struct weaklist *list = NULL;
        write_file(0, wrong[i]);
        assert_int_equal(weaklist_load(paths, 1, &list, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "weak_keys.file");
        assert_string_equal(reason.field, paths[0]);
        assert_string_equal(reason.seen, "line 2");
    }
}

static void a_list_that_is_not_there_is_missed(void **state)
{
    static const char *const nowhere[] = { "/nonexistent/blacklist" };
    struct reason reason = { 0 };
    struct weaklist *list = NULL;
    (void)state;
    assert_int_equal(weaklist_load(nowhere, 1, &list, &reason), ERR_NOT_FOUND);
}

static int remove_files(void **state)
{
    (void)state;
    unlink(paths[0]);
    unlink(paths[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d27_a_key_on_the_list_is_refused_and_no_other),
        cmocka_unit_test(without_a_list_nothing_is_on_it),
        cmocka_unit_test(a_list_that_is_none_is_refused_with_its_line),
        cmocka_unit_test(a_list_that_is_not_there_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
