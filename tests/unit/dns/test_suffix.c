#include "lib/dns/suffix.h"
#include "lib/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECTION "// ===BEGIN ICANN DOMAINS===\ncom\nnet\nshop.example.net\n"
#define END     "// ===END ICANN DOMAINS===\n"

static int open_list(void **state)
{
    return suffix_list_open(NULL, (struct suffix_list **)state) == OK ? 0 : -1;
}

static int close_list(void **state)
{
    suffix_list_free(*state);
    return 0;
}

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_int_equal(
        dns_name_parse(span_from_text(text), DNS_NAME_HOST_OR_WILDCARD, &name, NULL), OK);
    return name;
}

static void the_registrable_part_is_one_label_below_the_suffix(void **state)
{
    static const char *const cases[][2] = {
        { "www.shop.example.com", "example.com" }, { "example.com", "example.com" },
        { "*.shop.example.com.hk", "example.com.hk" },
        { "a.b.公司.香港", "b.xn--55qx5d.xn--j6w193g" },
        { "a.b.c.kawasaki.jp", "b.c.kawasaki.jp" },     /* "*.kawasaki.jp" */
        { "www.city.kawasaki.jp", "city.kawasaki.jp" }, /* "!city.kawasaki.jp" */
        { "me.github.io", "github.io" },                /* the private section doesn't count */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name = name_of(cases[i][0]);
        const char *registrable = NULL;
        assert_int_equal(suffix_list_registrable(*state, &name, &registrable), OK);
        assert_string_equal(registrable, cases[i][1]);
        assert_int_equal(suffix_list_check(*state, &name, NULL), OK);
    }
}

static void public_suffixes_and_internal_names_are_refused(void **state)
{
    static const char *const cases[][2] = {
        { "com.hk", "name.public_suffix" },
        { "*.com.hk", "name.public_suffix" },
        { "公司.香港", "name.public_suffix" },
        { "c.kawasaki.jp", "name.public_suffix" },
        { "mail.corp", "name.not_public" },
        { "printer.local", "name.not_public" },
        { "www.shop.internal", "name.not_public" },
        { "a.localhost", "name.not_public" },
        { "a.invalid", "name.not_public" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name = name_of(cases[i][0]);
        struct reason reason = { 0 };
        assert_int_equal(suffix_list_check(*state, &name, &reason), ERR_INPUT);
        if (strcmp(reason.code, cases[i][1]) != 0) {
            fail_msg("%s: %s", cases[i][0], reason.code);
        }
        assert_string_equal(reason.field, name.text);
    }
}

static void a_missing_or_foreign_file_is_no_list(void **state)
{
    (void)state;
    struct suffix_list *list = NULL;
    assert_int_equal(suffix_list_open("/nonexistent/list", &list), ERR_NOT_FOUND);
    assert_int_equal(suffix_list_open("/dev/null", &list), ERR_INPUT);
    assert_null(list);
}

static enum err list_of(const char *text, struct suffix_list **ret_list)
{
    char path[] = "suffix-test-XXXXXX";
    static const struct timespec times[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    enum err err = suffix_list_open(path, ret_list);
    unlink(path);
    return err;
}

static void d20_a_list_from_a_file_counts_instead_of_the_packages(void **state)
{
    (void)state;
    AUTO_PTR(suffix_list) list = NULL;
    struct dns_name name = name_of("*.shop.example.net"), other = name_of("www.shop.com.hk");
    assert_int_equal(list_of(SECTION END, &list), OK);
    assert_true(suffix_list_holds(list, &name));
    assert_int_equal(suffix_list_check(list, &other, NULL), ERR_INPUT);
    /* The package's knows nothing of the one and all of the other. */
    AUTO_PTR(suffix_list) built_in = NULL;
    assert_int_equal(suffix_list_open("", &built_in), OK);
    assert_false(suffix_list_holds(built_in, &name));
    assert_int_equal(suffix_list_check(built_in, &other, NULL), OK);
}

static void d20_a_list_says_when_it_was_made(void **state)
{
    static const struct {
        const char *text;
        int64_t time;
    } cases[] = {
        { "// VERSION: 2026-11-20_07-32-15_UTC\n" SECTION END, 1795132800 },
        { SECTION END, 1700000000 },
        { "// VERSION: yesterday\n" SECTION END, 1700000000 },
        { SECTION END "// VERSION: 2026-11", 1700000000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_PTR(suffix_list) list = NULL;
        assert_int_equal(list_of(cases[i].text, &list), OK);
        assert_int_equal(suffix_list_time(list), cases[i].time);
    }
    AUTO_PTR(suffix_list) built_in = NULL;
    assert_int_equal(suffix_list_open(NULL, &built_in), OK);
    assert_true(suffix_list_time(built_in) > 1500000000);
}

/* What is missing in a list may be asked for: half of one is worse than an old one. */
static void d20_a_list_that_was_cut_short_is_refused(void **state)
{
    static const char *const cases[] = { "", "com\n", SECTION, "// VERSION: 2026-11-20\n" SECTION,
        "<html>===END ICANN DOMAINS===</html>", ".DAFSA@PSL_0   \n" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suffix_list *list = NULL;
        if (list_of(cases[i], &list) != ERR_INPUT) {
            fail_msg("case %zu", i);
        }
        assert_null(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_registrable_part_is_one_label_below_the_suffix, open_list, close_list),
        cmocka_unit_test_setup_teardown(
            public_suffixes_and_internal_names_are_refused, open_list, close_list),
        cmocka_unit_test(a_missing_or_foreign_file_is_no_list),
        cmocka_unit_test(d20_a_list_from_a_file_counts_instead_of_the_packages),
        cmocka_unit_test(d20_a_list_says_when_it_was_made),
        cmocka_unit_test(d20_a_list_that_was_cut_short_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
