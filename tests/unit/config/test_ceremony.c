#include "lib/config/ceremony.h"

#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/ecert-ceremony-XXXXXX";

static const char head[] = "policy_set = \"private\" url = \"http://127.0.0.1:8080\" "
                           "caa_identity = \"ca.example\"\n"
                           "subject { country = \"HK\" state_or_province = \"Hong Kong\" "
                           "locality = \"Hong Kong\" organisation = \"Trial\" }\n"
                           "root \"root\" { common_name = \"R\" name = \"r\" crl_name = \"c\" "
                           "key = \"rsa4096\" years = 10 }\n";
static const char issuer[] = "issuer \"ssl\" { common_name = \"S\" name = \"s\" crl_name = \"d\" "
                             "key = \"rsa2048\" years = 3 }\n";
static const char officers[] =
    "officer \"one\" { name = \"One\" }\nofficer \"two\" { name = \"Two\" }\n";
static const char primary[] = "perspective \"primary\" { region = \"apnic\" }\n";

static enum err load(const char *second, const char *third, const char *fourth,
    struct ceremony_profile *ret_profile, struct reason *ret_reason)
{
    char text[2048];
    snprintf(text, sizeof text, "%s%s%s%s", head, second, third, fourth);
    assert_int_equal(file_replace(path, span_from_text(text), 0600), OK);
    return ceremony_profile_load(path, ret_profile, ret_reason);
}

static void the_trial_profile_that_is_shipped_is_valid(void **state)
{
    (void)state;
    AUTO(ceremony_profile) profile = { 0 };
    assert_int_equal(ceremony_profile_load(TRIAL_CEREMONY, &profile, NULL), OK);
    assert_int_equal(profile.officer_count, 2);
    assert_int_equal(profile.perspective_count, 6);
    assert_string_equal(profile.root.key, "rsa4096");
    assert_int_equal(profile.issuer_count, 2);
    assert_string_equal(profile.issuers[0].id, "ssl-ca-3-17");
    assert_string_equal(profile.issuers[0].old_name, "ecert_ssl_ca_3-17_old");
    assert_string_equal(profile.issuers[0].organisation, profile.organisation);
    assert_string_equal(profile.issuers[1].policy, "ev");
    assert_string_equal(profile.issuers[1].old_name, "");
    assert_true(profile.has_partner);
    assert_string_equal(profile.partner.cross_name, "root_ca_3_x_trial_partner_r1");
    assert_string_not_equal(profile.partner.organisation, profile.organisation);
    assert_non_null(strstr(profile.root.common_name, "Trial"));
    assert_non_null(strstr(profile.partner.common_name, "Trial"));
    for (size_t i = 0; i < profile.issuer_count; i++) {
        assert_non_null(strstr(profile.issuers[i].common_name, "Trial"));
    }
}

static void the_classic_profile_that_is_shipped_is_valid(void **state)
{
    (void)state;
    AUTO(ceremony_profile) profile = { 0 };
    assert_int_equal(ceremony_profile_load(CLASSIC_CEREMONY, &profile, NULL), OK);
    assert_string_equal(profile.policy_set, "classic");
    assert_int_equal(profile.issuer_count, 1);
    assert_string_equal(profile.issuers[0].policy, "any");
    assert_int_equal(profile.log_count, 0);
    assert_false(profile.has_partner);
}

static void what_a_hierarchy_needs_must_be_there(void **state)
{
    (void)state;
    struct ceremony_profile profile = { 0 };
    struct reason why = { 0 };
    assert_int_equal(load("", officers, primary, &profile, &why), ERR_INPUT);
    assert_string_equal(why.field, "issuer");
    assert_int_equal(
        load(issuer, "officer \"one\" { name = \"One\" }", primary, &profile, &why), ERR_INPUT);
    assert_string_equal(why.field, "officer");
    assert_int_equal(load(issuer, officers, "", &profile, &why), ERR_INPUT);
    assert_string_equal(why.field, "perspective");
    assert_null(profile.parsed);
}

static void there_is_exactly_one_primary(void **state)
{
    (void)state;
    static const char two[] = "perspective \"a\" { region = \"apnic\" }\n"
                              "perspective \"b\" { region = \"arin\" }\n";
    static const char none[] = "perspective \"a\" { region = \"apnic\" address = \"127.0.1.1\" }\n";
    struct ceremony_profile profile = { 0 };
    assert_int_equal(load(issuer, officers, two, &profile, NULL), ERR_INPUT);
    assert_int_equal(load(issuer, officers, none, &profile, NULL), ERR_INPUT);
}

static void d3_perspectives_share_neither_id_nor_address(void **state)
{
    (void)state;
#define REMOTE(id, address)                                                                        \
    "perspective \"" id "\" { region = \"arin\" address = \"" address "\" }\n"
    static const char *const refused[] = {
        REMOTE("a", "127.0.1.1") REMOTE("a", "127.0.1.2"),
        REMOTE("primary", "127.0.1.1"),
        REMOTE("a", "127.0.1.1") REMOTE("b", "127.0.1.1"),
        REMOTE("a", "2001:db8::1") REMOTE("b", "2001:DB8:0:0::1"),
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char remotes[512];
        struct ceremony_profile profile = { 0 };
        snprintf(remotes, sizeof remotes, "%s%s", primary, refused[i]);
        assert_int_equal(load(issuer, officers, remotes, &profile, NULL), ERR_INPUT);
    }
    AUTO(ceremony_profile) profile = { 0 };
    assert_int_equal(load(issuer, officers,
                         "perspective \"primary\" { region = \"apnic\" }\n" REMOTE("a", "127.0.1.1")
                             REMOTE("b", "127.0.1.2"),
                         &profile, NULL),
        OK);
}

static void names_that_would_leave_their_folder_and_unknown_words_are_refused(void **state)
{
    (void)state;
    static const char outside[] = "issuer \"ssl\" { common_name = \"S\" name = \"../s\" "
                                  "crl_name = \"d\" key = \"rsa2048\" years = 3 }\n";
    static const char weak[] = "issuer \"ssl\" { common_name = \"S\" name = \"s\" "
                               "crl_name = \"d\" key = \"rsa1024\" years = 3 }\n";
    static const char nowhere[] = "perspective \"primary\" { region = \"moon\" }\n";
    struct ceremony_profile profile = { 0 };
    assert_int_equal(load(outside, officers, primary, &profile, NULL), ERR_INPUT);
    assert_int_equal(load(weak, officers, primary, &profile, NULL), ERR_INPUT);
    assert_int_equal(load(issuer, officers, nowhere, &profile, NULL), ERR_INPUT);
}

static void a_partner_is_one_and_names_what_it_signs(void **state)
{
    (void)state;
#define PARTNER(id, cross)                                                                         \
    "partner \"" id "\" { common_name = \"P\" name = \"p\" crl_name = \"pl\" "                     \
    "key = \"p384\" years = 10 cross_name = \"" cross "\" }\n"
    struct ceremony_profile profile = { 0 };
    assert_int_equal(load(issuer, officers, primary, &profile, NULL), OK);
    assert_false(profile.has_partner);
    ceremony_profile_release(&profile);
    profile = (struct ceremony_profile){ 0 };
    assert_int_equal(
        load(issuer, officers, PARTNER("p", "rxp") "perspective \"a\" { region = \"apnic\" }",
            &profile, NULL),
        OK);
    assert_true(profile.has_partner);
    ceremony_profile_release(&profile);
    assert_int_equal(load(PARTNER("p", "") "issuer \"ssl\" { common_name = \"S\" name = \"s\" "
                                           "crl_name = \"d\" key = \"rsa2048\" years = 3 }\n",
                         officers, primary, &profile, NULL),
        ERR_INPUT);
    assert_int_equal(load(issuer,
                         PARTNER("p", "rxp") PARTNER(
                             "q", "rxq") "officer \"one\" "
                                         "{ name = \"One\" }\nofficer \"two\" { name = \"Two\" }\n",
                         primary, &profile, NULL),
        ERR_INPUT);
    assert_int_equal(load("issuer \"ssl\" { common_name = \"S\" name = \"s\" crl_name = \"d\" "
                          "key = \"rsa2048\" years = 3 policy = \"dv\" }\n",
                         officers, primary, &profile, NULL),
        ERR_INPUT);
    assert_int_equal(load("issuer \"ssl\" { common_name = \"S\" name = \"s\" crl_name = \"d\" "
                          "key = \"rsa2048\" years = 3 old_name = \"../s\" }\n",
                         officers, primary, &profile, NULL),
        ERR_INPUT);
}

static void a_key_in_a_token_needs_a_module(void **state)
{
    (void)state;
#define TOKEN_ISSUER(uri)                                                                          \
    "issuer \"ssl\" { common_name = \"S\" name = \"s\" crl_name = \"d\" key = \"p256\" "           \
    "years = 3 token_key = \"" uri "\" }\n"
#define MODULE "pkcs11_module = \"/m.so\" pkcs11_pin_file = \"/pin\"\n"
    AUTO(ceremony_profile) profile = { 0 };
    struct ceremony_profile refused = { 0 };
    assert_int_equal(
        load(MODULE TOKEN_ISSUER("pkcs11:token=t;object=o"), officers, primary, &profile, NULL),
        OK);
    assert_string_equal(profile.issuers[0].token_key, "pkcs11:token=t;object=o");
    assert_string_equal(profile.root.token_key, "");
    assert_string_equal(profile.module.path, "/m.so");
    assert_int_equal(
        load(TOKEN_ISSUER("pkcs11:token=t;object=o"), officers, primary, &refused, NULL),
        ERR_INPUT);
    assert_int_equal(
        load(MODULE TOKEN_ISSUER("/k/ssl.key"), officers, primary, &refused, NULL), ERR_INPUT);
}

static void logs_are_read_whole_or_refused(void **state)
{
    (void)state;
#define LOG(settings) "ct_log \"one\" { operator = \"O\" spki = \"/x\" " settings " }\n"
#define GOOD                                                                                       \
    "url = \"https://log.example/one\" state = \"usable\" since = \"2026-01-01T00:00:00Z\" "
    static const char *const wrong[] = {
        "ct_log \"one\" { " GOOD "}\n",
        LOG("url = \"https://log.example/\" state = \"usable\" since = \"2026-01-01T00:00:00Z\""),
        LOG("url = \"ftp://log.example\" state = \"usable\" since = \"2026-01-01T00:00:00Z\""),
        LOG("url = \"https://log.example\" state = \"good\" since = \"2026-01-01T00:00:00Z\""),
        LOG("url = \"https://log.example\" state = \"usable\""),
        LOG(GOOD "kind = \"blockchain\""),
        LOG(GOOD "from = \"2027-07-01T00:00:00Z\" until = \"2027-01-01T00:00:00Z\""),
        LOG(GOOD "until = \"soon\""),
    };
    struct ceremony_profile profile = { 0 };
    char third[1024];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(third, sizeof third, "%s%s", primary, wrong[i]);
        assert_int_equal(load(issuer, officers, third, &profile, NULL), ERR_INPUT);
    }
    snprintf(third, sizeof third, "%s%s", primary,
        LOG(GOOD "from = \"2027-01-01T00:00:00Z\" until = \"2027-07-01T00:00:00Z\""));
    assert_int_equal(load(issuer, officers, third, &profile, NULL), OK);
    assert_int_equal(profile.log_count, 1);
    assert_string_equal(profile.logs[0].kind, "rfc6962");
    assert_int_equal(profile.logs[0].until - profile.logs[0].from, 181 * 86400);
    ceremony_profile_release(&profile);
}

static void a_public_hierarchy_has_logs_by_https(void **state)
{
    static const char *const tails[] = { "",
        "ct_log \"one\" { operator = \"O\" spki = \"/x\" url = \"http://127.0.0.1:1/one\" state = "
        "\"usable\" since = \"2026-01-01T00:00:00Z\" }\n",
        "ct_log \"one\" { operator = \"O\" spki = \"/x\" url = \"https://127.0.0.1:1/one\" state = "
        "\"usable\" since = \"2026-01-01T00:00:00Z\" }\n" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ceremony_profile profile = { 0 };
        char text[4096];
        int len =
            snprintf(text, sizeof text, "%s%s%s%s%s", head, issuer, officers, primary, tails[i]);
        char *set = strstr(text, "private");
        memmove(set + 6, set + 7, (size_t)len - (size_t)(set - text) - 6);
        memcpy(set, "public", 6);
        assert_int_equal(file_replace(path, span_from_text(text), 0600), OK);
        assert_int_equal(ceremony_profile_load(path, &profile, NULL), i < 2 ? ERR_INPUT : OK);
        ceremony_profile_release(&profile);
    }
}

static int file_make(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? 1 : close(fd);
}

static int file_remove(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trial_profile_that_is_shipped_is_valid),
        cmocka_unit_test(the_classic_profile_that_is_shipped_is_valid),
        cmocka_unit_test(what_a_hierarchy_needs_must_be_there),
        cmocka_unit_test(there_is_exactly_one_primary),
        cmocka_unit_test(d3_perspectives_share_neither_id_nor_address),
        cmocka_unit_test(names_that_would_leave_their_folder_and_unknown_words_are_refused),
        cmocka_unit_test(a_key_in_a_token_needs_a_module),
        cmocka_unit_test(logs_are_read_whole_or_refused),
        cmocka_unit_test(a_public_hierarchy_has_logs_by_https),
        cmocka_unit_test(a_partner_is_one_and_names_what_it_signs),
    };
    return cmocka_run_group_tests(tests, file_make, file_remove);
}
