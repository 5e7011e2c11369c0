/* TSIG key files in the forms that BIND, Knot and people write. */
#include "lib/dns/tsig.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#define SECRET_TEXT "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

static enum err parse(const char *text, struct reason *ret_reason, struct tsig_key *ret_key)
{
    AUTO(secret) secret = { 0 };
    TRY(secret_copy(span_from_text(text), &secret));
    return tsig_key_parse(&secret, ret_reason, ret_key);
}

static void expect_key(const char *text, const char *name, const char *algorithm)
{
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(parse(text, &reason, &key), OK);
    assert_string_equal(key.name, name);
    assert_string_equal(key.algorithm, algorithm);
    assert_string_equal((const char *)key.secret.data, SECRET_TEXT);
}

static void expect_refusal(const char *text, const char *code)
{
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(parse(text, &reason, &key), ERR_INPUT);
    assert_string_equal(reason.code, code);
    assert_null(key.secret.data);
}

static void a_line_of_three_parts_is_a_key(void **state)
{
    (void)state;
    expect_key("hmac-sha256:Shop.Key.:" SECRET_TEXT "\n", "shop.key", "hmac-sha256.");
    expect_key("hmac-sha512:shop:" SECRET_TEXT, "shop", "hmac-sha512.");
}

static void a_bind_key_block_is_a_key(void **state)
{
    (void)state;
    expect_key("key \"shop.\" {\n\talgorithm HMAC-SHA256;\n\tsecret \"" SECRET_TEXT "\";\n};\n",
        "shop", "hmac-sha256.");
    expect_key("// made by hand\nkey shop { secret " SECRET_TEXT "; algorithm hmac-sha512; };",
        "shop", "hmac-sha512.");
}

static void a_knot_key_section_is_a_key(void **state)
{
    (void)state;
    expect_key("# hmac-sha256:other:AAAA\nkey:\n  - id: shop\n    algorithm: hmac-sha256\n"
               "    secret: " SECRET_TEXT "\n",
        "shop", "hmac-sha256.");
}

static void the_first_of_two_keys_counts(void **state)
{
    (void)state;
    expect_key("key one { algorithm hmac-sha256; secret \"" SECRET_TEXT "\"; };\n"
               "key two { algorithm hmac-sha512; secret \"AAAA\"; };\n",
        "one", "hmac-sha256.");
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    expect_refusal("", "tsig.malformed");
    expect_refusal("hello", "tsig.malformed");
    expect_refusal("key shop { algorithm hmac-sha256; };", "tsig.malformed");
    expect_refusal("hmac-sha256::" SECRET_TEXT, "tsig.malformed");
    expect_refusal("hmac-sha256:a b:" SECRET_TEXT, "tsig.malformed");
}

static void a_weak_or_unknown_algorithm_is_refused_by_name(void **state)
{
    (void)state;
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(parse("hmac-md5:shop:" SECRET_TEXT, &reason, &key), ERR_INPUT);
    assert_string_equal(reason.code, "tsig.algorithm");
    assert_string_equal(reason.seen, "hmac-md5");
    assert_string_equal(reason.field, "shop");
    expect_refusal("hmac-sha384:shop:" SECRET_TEXT, "tsig.algorithm");
}

static void a_short_or_broken_secret_is_refused_and_never_told(void **state)
{
    (void)state;
    expect_refusal("hmac-sha256:shop:c2hvcnQ=", "tsig.secret");
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(parse("hmac-sha256:shop:!!" SECRET_TEXT, &reason, &key), ERR_INPUT);
    assert_string_equal(reason.code, "tsig.secret");
    assert_string_equal(reason.seen, "");
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/test_tsig.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char text[] = "hmac-sha256:shop:" SECRET_TEXT;
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    AUTO(tsig_key) key = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(fchmod(fd, 0644), 0);
    assert_int_equal(tsig_key_read(path, &reason, &key), ERR_DENIED);
    assert_string_equal(reason.code, "tsig.readable");
    assert_string_equal(reason.field, path);
    assert_int_equal(fchmod(fd, 0600), 0);
    assert_int_equal(tsig_key_read(path, &reason, &key), OK);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_three_parts_is_a_key),
        cmocka_unit_test(a_bind_key_block_is_a_key),
        cmocka_unit_test(a_knot_key_section_is_a_key),
        cmocka_unit_test(the_first_of_two_keys_counts),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(a_weak_or_unknown_algorithm_is_refused_by_name),
        cmocka_unit_test(a_short_or_broken_secret_is_refused_and_never_told),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
