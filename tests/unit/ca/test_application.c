/* Applications: canonical DER both ways, and what may stand in one. */
#include "lib/ca/application.h"
#include "lib/ca/approval.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *names[APPLICATION_NAMES_MAX + 1];

static struct application valid(void)
{
    names[0] = "www.shop.example.com";
    return (struct application){
        .id = { 1, 2, 3 },
        .edition = EDITION_SERVER,
        .names = names,
        .name_count = 1,
        .subject = { .country = "HK",
            .state_or_province = "",
            .locality = "Hong Kong",
            .organisation = "Shop Example Limited",
            .organisation_zh = "例子商店有限公司",
            .branch = "",
            .branch_zh = "",
            .brn = "12345678",
            .ci_cr = "",
            .other_document = "",
            .srn = "0002142877" },
        .ev = { "", "", "" },
        .representative = { .name = "Chan Tai Man",
            .email = "ar@shop.example.com",
            .language = "zh-HK",
            .address = { "Flat 1" },
            .address_count = 1 },
        .created = 1795000000,
    };
}

static void refused(const struct application *application, const char *code)
{
    struct reason reason = { 0 };
    assert_int_equal(application_check(application, &reason), ERR_INPUT);
    assert_string_equal(reason.code, code);
}

static void what_is_formatted_parses_and_formats_the_same(void **state)
{
    struct application application = valid(), again;
    uint8_t one[HASH_BYTES], other[HASH_BYTES];
    AUTO(arena) arena = arena_make(1024 * 1024);
    AUTO(buf) first = buf_make(64 * 1024);
    AUTO(buf) second = buf_make(64 * 1024);
    (void)state;
    assert_int_equal(application_check(&application, NULL), OK);
    assert_int_equal(application_format(&application, &first), OK);
    assert_int_equal(application_parse(buf_span(&first), &arena, &again), OK);
    assert_string_equal(again.subject.organisation_zh, "例子商店有限公司");
    assert_string_equal(again.subject.state_or_province, "");
    assert_int_equal(application_format(&again, &second), OK);
    assert_true(span_equal(buf_span(&first), buf_span(&second)));
    for (size_t len = 0; len < first.len; len++) {
        assert_int_not_equal(application_parse(span_make(first.data, len), &arena, &again), OK);
    }
    assert_int_equal(application_hash(buf_span(&first), one), OK);
    first.data[first.len - 1] ^= 1;
    assert_int_equal(application_hash(buf_span(&first), other), OK);
    assert_memory_not_equal(one, other, HASH_BYTES);
}

static void names_that_no_certificate_can_hold_are_refused(void **state)
{
    static const char *const wrong[] = { "", "*", "localhost", "www", "WWW.example.com",
        "www.example.com.", "-a.example.com", "a-.example.com", "a_b.example.com", "a..example.com",
        ".example.com", "www.*.com", "192.0.2.1", "example.123", "127.0.0.0x1", "0x7f.0x0.0x0.0x01",
        "0177.0.0.01", "1.2.3.0x", "ab--c.example.com", "xn--.example.com",
        "1.2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com",
        "例子.example.com", "www.example.com " };
    struct application application = valid();
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        names[0] = wrong[i];
        refused(&application, "application.name");
    }
    names[0] = "xn--fsqu00a.example.com";
    assert_int_equal(application_check(&application, NULL), OK);
}

static void each_edition_has_its_number_and_kind_of_names(void **state)
{
    struct application application = valid();
    (void)state;
    application.name_count = 0;
    refused(&application, "application.names_count");
    application.name_count = 2;
    names[1] = "shop.example.com";
    refused(&application, "application.names_count");
    application.edition = EDITION_MULTI;
    assert_int_equal(application_check(&application, NULL), OK);
    names[1] = names[0];
    refused(&application, "application.name_twice");
    application.name_count = APPLICATION_NAMES_MAX + 1;
    refused(&application, "application.names_count");
    application.edition = EDITION_WILDCARD;
    application.name_count = 1;
    refused(&application, "application.wildcard");
    names[0] = "*.shop.example.com";
    assert_int_equal(application_check(&application, NULL), OK);
    names[0] = "*.*.example.com";
    refused(&application, "application.name");
    names[0] = "*.com";
    refused(&application, "application.name");
    names[0] = "*.";
    refused(&application, "application.name");
}

static void a_wildcard_is_for_its_own_edition_only(void **state)
{
    static const enum edition others[] = { EDITION_SERVER, EDITION_MULTI, EDITION_EV,
        EDITION_EV_MULTI };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct application application = valid();
        application.edition = others[i];
        names[0] = "*.shop.example.com";
        refused(&application, "application.wildcard");
        if (edition_rules(others[i])->names_max > 1) {
            names[0] = "www.shop.example.com";
            names[1] = "*.shop.example.com";
            application.name_count = 2;
            refused(&application, "application.wildcard");
        }
    }
}

static struct application valid_ev(void)
{
    struct application application = valid();
    application.edition = EDITION_EV;
    application.ev = (struct ev_identity){ "Private Organization", "HK", "12345678" };
    return application;
}

static void extended_validation_needs_its_three_fields(void **state)
{
    static const char *const categories[] = { "Private Organization", "Government Entity",
        "Business Entity", "Non-Commercial Entity" };
    struct application application = valid_ev();
    (void)state;
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        application.ev.business_category = categories[i];
        assert_int_equal(application_check(&application, NULL), OK);
    }
#define EV_REFUSED(name, value)                                                                    \
    do {                                                                                           \
        application = valid_ev();                                                                  \
        application.ev.name = value;                                                               \
        refused(&application, "application." #name);                                               \
    } while (0)
    EV_REFUSED(business_category, "");
    EV_REFUSED(business_category, "Private Organisation");
    EV_REFUSED(business_category, "private organization");
    EV_REFUSED(jurisdiction_country, "");
    EV_REFUSED(jurisdiction_country, "hk");
    EV_REFUSED(jurisdiction_country, "HKG");
    EV_REFUSED(registration_number, "");
    EV_REFUSED(registration_number, "-");
    EV_REFUSED(registration_number, "一二三");
    EV_REFUSED(
        registration_number, "12345678901234567890123456789012345678901234567890123456789012345");
}

static void a_wildcard_brings_its_bare_name(void **state)
{
    struct application application = valid();
    const char **all = NULL;
    size_t count = 0;
    AUTO(arena) arena = arena_make(64 * 1024);
    (void)state;
    application.edition = EDITION_WILDCARD;
    names[0] = "*.shop.example.com";
    assert_int_equal(application_certificate_names(&application, &arena, &all, &count), OK);
    assert_int_equal(count, 2);
    assert_string_equal(all[0], "*.shop.example.com");
    assert_string_equal(all[1], "shop.example.com");
}

static void fields_are_held_to_their_rules(void **state)
{
    static const char long_name[] =
        "12345678901234567890123456789012345678901234567890123456789012345";
    struct application application;
    (void)state;
#define REFUSED(field, value, code)                                                                \
    do {                                                                                           \
        application = valid();                                                                     \
        application.field = value;                                                                 \
        refused(&application, "application." code);                                                \
    } while (0)
    REFUSED(subject.country, "hk", "country");
    REFUSED(subject.country, "HKG", "country");
    REFUSED(subject.locality, "", "locality");
    REFUSED(subject.organisation, "", "organisation");
    REFUSED(subject.organisation, long_name, "organisation");
    REFUSED(subject.organisation, "...", "organisation");
    REFUSED(subject.organisation, "-", "organisation");
    REFUSED(subject.organisation, " Shop", "organisation");
    REFUSED(subject.organisation, "Shop\nLimited", "organisation");
    REFUSED(subject.organisation, "\xff", "organisation");
    REFUSED(subject.organisation_zh, long_name, "organisation_zh");
    REFUSED(subject.srn, "123", "srn");
    REFUSED(subject.srn, "000214287X", "srn");
    REFUSED(ev.business_category, "Private Organization", "business_category");
    REFUSED(representative.name, "", "representative_name");
    REFUSED(representative.email, "ar", "representative_email");
    REFUSED(representative.email, "ar@", "representative_email");
    REFUSED(representative.email, "a@b@c", "representative_email");
    REFUSED(representative.email, "a b@example.com", "representative_email");
    REFUSED(representative.language, "fr", "representative_language");
    REFUSED(representative.address_count, 0, "representative_address");
    REFUSED(created, 0, "created");
}

static void the_government_has_one_name_and_says_which_department(void **state)
{
    struct application application = valid();
    struct reason reason = { 0 };
    (void)state;
#define GOVERNMENT(name, name_zh, department)                                                      \
    do {                                                                                           \
        application = valid();                                                                     \
        application.government = true;                                                             \
        application.subject.organisation = name;                                                   \
        application.subject.organisation_zh = name_zh;                                             \
        application.subject.branch = department;                                                   \
    } while (0)
    static const char right[] = "Hong Kong SAR Government";
    GOVERNMENT(right, "", "Example Department");
    assert_int_equal(application_check(&application, NULL), OK);
    GOVERNMENT(right, "香港特別行政區政府", "Example Department");
    assert_int_equal(application_check(&application, NULL), OK);
    /* An organisation of another name, no department, and the name without the word. */
    static const char *const others[] = { "Shop Example Limited", "Hong Kong SAR government",
        "Hong Kong SAR Government Limited", "Hong Kong" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        GOVERNMENT(others[i], "", "Example Department");
        assert_int_equal(application_check(&application, &reason), ERR_INPUT);
        assert_string_equal(reason.code, "application.government");
        assert_string_equal(reason.field, "organisation");
        assert_string_equal(reason.expected, right);
    }
    GOVERNMENT(right, "例子商店有限公司", "Example Department");
    refused(&application, "application.government");
    GOVERNMENT(right, "", "");
    refused(&application, "application.government");
    GOVERNMENT(right, "", "Example Department");
    application.government = false;
    refused(&application, "application.government");
    GOVERNMENT("Shop Example Limited", "香港特別行政區政府", "");
    application.government = false;
    refused(&application, "application.government");
}

static void a_subscription_ends_a_year_after_the_day_of_approval(void **state)
{
    struct approval approval = { .time = 1795000000 }; /* 2026-11-18, in the morning */
    (void)state;
    assert_int_equal(subscription_end(&approval), 1794960000 + 365 * 86400);
    approval.time = 1835481599; /* 2028-02-29 23:59:59: a leap day becomes the 28th */
    assert_int_equal(subscription_end(&approval), 1866931200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_formatted_parses_and_formats_the_same),
        cmocka_unit_test(names_that_no_certificate_can_hold_are_refused),
        cmocka_unit_test(each_edition_has_its_number_and_kind_of_names),
        cmocka_unit_test(a_wildcard_is_for_its_own_edition_only),
        cmocka_unit_test(extended_validation_needs_its_three_fields),
        cmocka_unit_test(a_wildcard_brings_its_bare_name),
        cmocka_unit_test(fields_are_held_to_their_rules),
        cmocka_unit_test(the_government_has_one_name_and_says_which_department),
        cmocka_unit_test(a_subscription_ends_a_year_after_the_day_of_approval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
