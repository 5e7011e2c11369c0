/* What was proved, or asked for, by one name says nothing about another: doc/threats.md D13 (a mail
 * domain is not validated by its mailbox) and D23 (a request gives its key and no name). */
#include "tests/unit/ca/judged.h"

static void expect(struct sample *sample, const char *code)
{
    struct entitlement entitlement;
    struct reason reason;
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    assert_int_equal(judge(sample, &arena, &entitlement, &reason), *code == '\0' ? OK : ERR_DENIED);
    assert_string_equal(reason.code, code);
}

/* The code came to admin@example.com and back; the warrant asks for another name below it. */
static void d13_a_mailbox_validates_the_name_it_was_asked_for_and_no_other(void **state)
{
    (void)state;
    static const char *const others[] = { "example.com", "mail.example.com", "shop.example.com",
        "xwww.shop.example.com", "www.shop.example.org" };
    struct sample sample;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[0][i].challenge.method = DCV_EMAIL;
        sample.observations[0][i].dcv = i == 0 ? DCV_PASSED : DCV_NOT_ASKED;
    }
    snprintf(sample.observations[0][0].adn, sizeof sample.observations[0][0].adn, "example.com");
    assert_int_equal(sample_sign(&sample), OK);
    expect(&sample, "");
    for (size_t other = 0; other < sizeof others / sizeof *others; other++) {
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
            snprintf(sample.observations[0][i].challenge.name,
                sizeof sample.observations[0][i].challenge.name, "%s", others[other]);
        }
        assert_int_equal(sample_sign(&sample), OK);
        expect(&sample, "warrant.name");
    }
    sample_release(&sample);
}

static void d23_the_names_are_the_applications_whatever_the_request_names(void **state)
{
    (void)state;
    struct sample sample;
    struct entitlement entitlement;
    struct reason reason;
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_MULTI, 3), OK);
    assert_int_equal(sample_csr(&sample, factory.subscriber, sample.names[1]), OK);
    assert_int_equal(judge(&sample, &arena, &entitlement, &reason), OK);
    assert_int_equal(entitlement.name_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(entitlement.names[i], sample.names[i]);
    }
    sample_release(&sample);
}

static void d23_a_request_that_names_another_is_refused(void **state)
{
    (void)state;
    struct sample sample;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    for (unsigned i = 0; i < 50; i++) {
        char foreign[64];
        snprintf(foreign, sizeof foreign,
            i % 2 == 0 ? "x%u.shop.example.com" : "www.shop%u.example.net", i);
        assert_int_equal(sample_csr(&sample, factory.subscriber, foreign), OK);
        expect(&sample, "csr.foreign_name");
    }
    sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d13_a_mailbox_validates_the_name_it_was_asked_for_and_no_other),
        cmocka_unit_test(d23_the_names_are_the_applications_whatever_the_request_names),
        cmocka_unit_test(d23_a_request_that_names_another_is_refused),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
