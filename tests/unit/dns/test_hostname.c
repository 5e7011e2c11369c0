#include "lib/dns/hostname.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum err parse(const char *typed, struct dns_name *ret_name, struct reason *ret_reason)
{
    return dns_name_parse(span_from_text(typed), DNS_NAME_HOST_OR_WILDCARD, ret_name, ret_reason);
}

static void valid_names_become_lower_case_a_labels(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "www.example.com", "www.example.com" },
        { "WWW.Example.COM", "www.example.com" },
        { "a.b", "a.b" },
        { "1.example.com", "1.example.com" },
        { "0x1.example.com", "0x1.example.com" },
        { "xn--fiqs8s.example", "xn--fiqs8s.example" },
        { "XN--FIQS8S.example", "xn--fiqs8s.example" },
        { "中国.example.com", "xn--fiqs8s.example.com" },
        { "www.電子證書.香港", "www.xn--i8s24y4n3ae1j.xn--j6w193g" },
        { "商店。example。com", "xn--czrs0t.example.com" },
        { "bücher.example", "xn--bcher-kva.example" },
        { "BÜCHER.example", "xn--bcher-kva.example" },
        { "faß.example", "xn--fa-hia.example" },
        { "ｅｘａｍｐｌｅ.com", "example.com" },
        { "a-b.c-d.example", "a-b.c-d.example" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name;
        struct reason reason = { 0 };
        if (parse(cases[i][0], &name, &reason) != OK) {
            fail_msg("%s: %s %s", cases[i][0], reason.code, reason.seen);
        }
        assert_string_equal(name.text, cases[i][1]);
        assert_false(name.wildcard);
    }
}

static void refused_names_say_why(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "name.empty" },
        { "example.com.", "name.trailing_dot" },
        { ".", "name.trailing_dot" },
        { ".example.com", "name.label_empty" },
        { "a..example.com", "name.label_empty" },
        { "_acme.example.com", "name.underscore" },
        { "a_b.example.com", "name.underscore" },
        { "-a.example.com", "name.hyphen" },
        { "a-.example.com", "name.hyphen" },
        { "ab--cd.example.com", "name.reserved_label" },
        { "xx--abc.example.com", "name.reserved_label" },
        { "xn--.example.com", "name.hyphen" },
        { "xn--a.example.com", "name.idn" },
        { "xn--abc-.example.com", "name.hyphen" },
        { "xn--99999999.example.com", "name.idn" },
        { "xn--example-.com", "name.hyphen" },
        { "xn--bcher-kvb9999.example", "name.idn" },
        { "☃.example.com", "name.idn" },
        { "xn--n3h.example.com", "name.idn" },
        { "xn--zca.example.com.", "name.trailing_dot" },
        { "*", "name.wildcard_position" },
        { "*example.com", "name.wildcard_position" },
        { "w*.example.com", "name.wildcard_position" },
        { "www.*.example.com", "name.wildcard_position" },
        { "*.*.example.com", "name.wildcard_position" },
        { "*.com", "name.single_label" },
        { "*.", "name.trailing_dot" },
        { "localhost", "name.single_label" },
        { "www", "name.single_label" },
        { "example com", "name.character" },
        { " example.com", "name.character" },
        { "example.com ", "name.character" },
        { "example.com\n", "name.character" },
        { "example.com/x", "name.character" },
        { "user@example.com", "name.character" },
        { "example.com%00", "name.character" },
        { "https://example.com", "name.character" },
        { "https://[2001:db8::1]/", "name.character" },
        { "example.com:443", "name.character" },
        { "1.0.168.192.in-addr.arpa", "name.reverse_zone" },
        { "1.ip6.arpa", "name.reverse_zone" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name = { .text = "untouched" };
        struct reason reason = { 0 };
        if (parse(cases[i][0], &name, &reason) != ERR_INPUT) {
            fail_msg("accepted %s", cases[i][0]);
        }
        if (strcmp(reason.code, cases[i][1]) != 0) {
            fail_msg("%s: %s instead of %s", cases[i][0], reason.code, cases[i][1]);
        }
        if (strcmp(reason.code, "name.idn") == 0 && reason.seen[0] == '\0') {
            fail_msg("%s: the text would name nothing", cases[i][0]);
        }
        assert_string_equal(name.text, "untouched");
    }
}

static void d31_addresses_in_every_disguise_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = { "127.0.0.1", "192.0.2.1", "127.1", "2130706433",
        "0x7f000001", "0x7f.0.0.1", "0X7F.1", "0177.0.0.1", "017700000001", "1.2.3.0x4", "0x",
        "1.2.3.4.5", "256.256.256.256", "a.1", "example.0x1f", "[::1]", "::1", "::ffff:127.0.0.1",
        "2001:db8::1", "１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1", "*.0.0.1", "*.127.1" };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name;
        struct reason reason = { 0 };
        if (parse(cases[i], &name, &reason) != ERR_INPUT || strcmp(reason.code, "name.ip") != 0) {
            fail_msg("%s: %s", cases[i], reason.code);
        }
    }
}

/* Every byte at every position of a name: only LDH gets through, hyphens and dots not beside a dot
 * or an end. */
static void d24_no_byte_but_ldh_gets_into_a_name(void **state)
{
    (void)state;
    static const char good[] = "abcde.example.com";
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < sizeof good - 1; at++) {
            char typed[sizeof good];
            memcpy(typed, good, sizeof good);
            typed[at] = (char)byte;
            struct dns_name name;
            enum err err = dns_name_parse(
                span_make(typed, sizeof typed - 1), DNS_NAME_HOST, &name, /* ret_reason= */ NULL);
            bool alphanumeric = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                                (byte >= '0' && byte <= '9');
            bool inside =
                at > 0 && at < sizeof good - 2 && good[at - 1] != '.' && good[at + 1] != '.';
            bool expected = alphanumeric || (inside && (byte == '-' || byte == '.'));
            if ((err == OK) != expected) {
                fail_msg("byte %u at %zu: %s", byte, at, err_name(err));
            }
            if (err == OK) {
                assert_int_equal(
                    strspn(name.text, "abcdefghijklmnopqrstuvwxyz0123456789-."), strlen(name.text));
                assert_int_equal(strlen(name.text), sizeof good - 1);
            }
        }
    }
}

static void lengths_are_held_at_both_sides_of_each_limit(void **state)
{
    (void)state;
    char label[80];
    struct dns_name name;
    struct reason reason;
    memset(label, 'a', sizeof label);
    memcpy(label + 63, ".com", 5);
    assert_int_equal(parse(label, &name, &reason), OK);
    label[63] = 'a';
    memcpy(label + 64, ".com", 5);
    assert_int_equal(parse(label, &name, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "name.label_too_long");

    char whole[HOST_NAME_MAX_LENGTH + 2];
    for (size_t i = 0; i < sizeof whole; i++) {
        whole[i] = i % 2 == 0 ? 'a' : '.';
    }
    whole[HOST_NAME_MAX_LENGTH] = '\0';
    assert_int_equal(parse(whole, &name, &reason), OK);
    whole[HOST_NAME_MAX_LENGTH] = 'b';
    whole[HOST_NAME_MAX_LENGTH + 1] = '\0';
    assert_int_equal(parse(whole, &name, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "name.too_long");
    /* With its "*." the name must fit as well. */
    char starred[HOST_NAME_MAX_LENGTH + 3] = "*.";
    whole[HOST_NAME_MAX_LENGTH] = '\0';
    memcpy(starred + 2, whole, HOST_NAME_MAX_LENGTH + 1);
    assert_int_equal(parse(starred, &name, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "name.too_long");
}

static void a_wildcard_needs_permission_and_keeps_its_base(void **state)
{
    (void)state;
    struct dns_name name;
    struct reason reason;
    assert_int_equal(parse("*.Example.com", &name, &reason), OK);
    assert_string_equal(name.text, "*.example.com");
    assert_string_equal(dns_name_base(&name), "example.com");
    assert_true(name.wildcard);
    assert_int_equal(parse("*.中国.example", &name, &reason), OK);
    assert_string_equal(name.text, "*.xn--fiqs8s.example");
    assert_int_equal(
        dns_name_parse(SPAN_LITERAL("*.example.com"), DNS_NAME_HOST, &name, &reason), ERR_INPUT);
    assert_string_equal(reason.code, "name.wildcard");
}

static void names_are_shown_in_unicode(void **state)
{
    (void)state;
    struct dns_name name;
    char shown[HOST_NAME_UNICODE_MAX];
    assert_int_equal(parse("*.xn--fiqs8s.example.com", &name, NULL), OK);
    dns_name_to_unicode(&name, shown);
    assert_string_equal(shown, "*.中国.example.com");
    assert_int_equal(parse("電子證書.example", &name, NULL), OK);
    dns_name_to_unicode(&name, shown);
    assert_string_equal(shown, "電子證書.example");
}

static void d25_mixed_scripts_are_flagged_where_no_language_mixes_them(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        bool mixed;
    } cases[] = {
        { "www.example.com", false },
        { "電子cert.example.com", false },
        { "かなカナ漢字abc.example", false },
        { "пример.example.com", false }, /* labels are judged one by one */
        { "раypal.example.com", true },  /* Cyrillic er and a before Latin */
        { "αpple.example", true },
        { "한글漢字.example", false },
        { "한글かな.example", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dns_name name;
        assert_int_equal(parse(cases[i].typed, &name, NULL), OK);
        if (dns_name_mixes_scripts(&name) != cases[i].mixed) {
            fail_msg("%s", cases[i].typed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_names_become_lower_case_a_labels),
        cmocka_unit_test(refused_names_say_why),
        cmocka_unit_test(d31_addresses_in_every_disguise_are_refused),
        cmocka_unit_test(d24_no_byte_but_ldh_gets_into_a_name),
        cmocka_unit_test(lengths_are_held_at_both_sides_of_each_limit),
        cmocka_unit_test(a_wildcard_needs_permission_and_keeps_its_base),
        cmocka_unit_test(names_are_shown_in_unicode),
        cmocka_unit_test(d25_mixed_scripts_are_flagged_where_no_language_mixes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
