#include "lib/dns/suffix.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_registrable_part_is_one_label_below_the_suffix, open_list, close_list),
        cmocka_unit_test_setup_teardown(
            public_suffixes_and_internal_names_are_refused, open_list, close_list),
        cmocka_unit_test(a_missing_or_foreign_file_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
