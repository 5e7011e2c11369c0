/* What a warrant needs beside a sound attempt: the edition's own issuer, profile, names and
 * methods, and what the policy set of the roster asks for. */
#include "tests/unit/ca/judged.h"

static void remotes_of_one_region_do_for_the_private_set_only(void **state)
{
    struct reason reason;
    struct sample sample;
    struct roster kept = factory.roster;
    (void)state;
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        memcpy(factory.roster.perspectives[i].region, "apnic", 6);
    }
    factory_publish(&factory);
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.regions");
    factory.roster.policy_set = POLICY_PRIVATE; /* with logs all the same */
    assert_int_equal(verdict(&sample, &reason), OK);
    factory.roster = kept;
    sample_release(&sample);
}

/* doc/threats.md S1: whoever owns the registrar can't leave the logs out. */
static void a_public_set_without_logs_issues_nothing(void **state)
{
    struct reason reason;
    struct sample sample;
    struct roster kept = factory.roster;
    (void)state;
    factory.roster.policy_set = POLICY_PUBLIC;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "ct.logs_missing");
    sample_release(&sample);
    factory_publish(&factory);
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    /* Nor name the profile that has none. */
    snprintf(sample.warrant.profile_id, sizeof sample.warrant.profile_id, "ov-server-1");
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.profile");
    factory.roster = kept;
    sample_release(&sample);
}

static void a_wildcard_holds_its_bare_name_too(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
    assert_string_equal(sample.observations[0][0].adn, "shop.example.com");
    assert_int_equal(verdict(&sample, &reason), OK);
    assert_int_equal(sample_csr(&sample, factory.subscriber, "shop.example.com"), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    assert_int_equal(sample_csr(&sample, factory.subscriber, "www.shop.example.com"), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "csr.foreign_name");
    sample_release(&sample);
}

/* What was seen for the bare name, or at the parent of it, is not what was seen for the wildcard.
 */
static void d28_a_wildcard_is_proved_at_its_bare_name_and_by_dns_or_mail(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        memcpy(sample.observations[0][i].adn, "example.com", 12);
    }
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.adn");

    assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        memcpy(sample.observations[0][i].challenge.name, "shop.example.com", 17);
    }
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.name");

    assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[0][i].challenge.method = DCV_WEBSITE;
    }
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.method");
    sample_release(&sample);
}

static void every_edition_has_its_issuer_and_its_profile(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EDITION_COUNT; i++) {
        struct reason reason;
        struct sample sample;
        const struct edition_rules *rules = edition_rules((enum edition)i);
        assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
        assert_int_equal(sample_become(&sample, (enum edition)i, rules->names_max > 1 ? 3 : 1), OK);
        if (verdict(&sample, &reason) != OK) {
            fail_msg("%s: %s", rules->id, reason.code);
        }
        snprintf(sample.warrant.profile_id, sizeof sample.warrant.profile_id, "%s",
            rules->ev ? "ov-server-1" : "ev-server-1");
        assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "warrant.profile");
        sample_release(&sample);
    }
}

static void an_edition_without_its_ca_in_the_roster_is_refused(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_EV, 1), OK);
    factory.roster.issuer_count--;
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    factory.roster.issuer_count++;
    assert_string_equal(reason.code, "warrant.issuer");
    sample_release(&sample);
}

static void each_of_fifty_names_needs_its_own_evidence(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_MULTI, APPLICATION_NAMES_MAX), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    sample.warrant.evidence_count--;
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.evidence_missing");
    sample.warrant.evidence_count++;
    struct name_evidence kept = sample.evidence[49];
    sample.evidence[49] = sample.evidence[48];
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.name");
    assert_string_equal(reason.field, sample.names[49]);
    sample.evidence[49] = kept;
    sample.observations[31][0].dcv = DCV_FAILED;
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.primary_dcv");
    assert_string_equal(reason.field, sample.names[31]);
    sample_release(&sample);
}

static void a_mail_proves_nothing_where_the_edition_does_not_offer_it(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(sample_become(&sample, EDITION_EV_MULTI, 2), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[1][i].challenge.method = DCV_EMAIL;
    }
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.method");
    sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remotes_of_one_region_do_for_the_private_set_only),
        cmocka_unit_test(a_public_set_without_logs_issues_nothing),
        cmocka_unit_test(a_wildcard_holds_its_bare_name_too),
        cmocka_unit_test(d28_a_wildcard_is_proved_at_its_bare_name_and_by_dns_or_mail),
        cmocka_unit_test(every_edition_has_its_issuer_and_its_profile),
        cmocka_unit_test(an_edition_without_its_ca_in_the_roster_is_refused),
        cmocka_unit_test(each_of_fifty_names_needs_its_own_evidence),
        cmocka_unit_test(a_mail_proves_nothing_where_the_edition_does_not_offer_it),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
