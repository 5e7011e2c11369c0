/* The attempt: every field of a valid warrant is changed in turn, and each time the one reason that
 * fits it comes back. A row says when the change happens: before all is bound and signed again (who
 * could do that owns every key but judgement), before signing, or behind the signatures' back. */
#include "tests/unit/ca/judged.h"

enum moment { BOUND, SIGNED, AFTERWARDS };

struct attempt {
    const char *code;
    enum moment moment;
    void (*spoil)(struct sample *sample);
};

/* clang-format off */
SPOIL(name_of_another, sample->names[0] = "www.example.org")
SPOIL(name_invalid, sample->names[0] = "www.Shop.example.com")
SPOIL(organisation_missing, sample->application.subject.organisation = "")
SPOIL(edition_other, sample->application.edition = EDITION_EV)
SPOIL(chinese_without_name, (sample->application.subject.organisation_zh = "",
    sample->warrant.chinese = true))
SPOIL(organisation_changed, sample->application.subject.organisation = "Other Limited";
    (void)!application_format(&sample->application, (buf_clear(&sample->application_der),
    &sample->application_der));
    sample->warrant.application_der = buf_span(&sample->application_der))
SPOIL(one_approval, sample->warrant.approval_count = 1)
SPOIL(roles_swapped, sample->warrant.approvals[0].role = APPROVAL_APPROVED)
SPOIL(vetted_twice, sample->warrant.approvals[1].role = APPROVAL_VETTED)
SPOIL(same_officer_twice, memcpy(sample->warrant.approvals[1].key_id,
    sample->warrant.approvals[0].key_id, HASH_BYTES); (void)!sample_sign_approval(sample, 1,
    factory.officers[0]))
SPOIL(officer_unknown, memcpy(sample->warrant.approvals[1].key_id,
    key_spki_sha256(factory.stranger).data, HASH_BYTES); (void)!sample_sign_approval(sample, 1,
    factory.stranger))
SPOIL(officer_is_auditor, memcpy(sample->warrant.approvals[0].key_id,
    factory.roster.officers[2].key_id, HASH_BYTES); (void)!sample_sign_approval(sample, 0,
    factory.officers[2]))
SPOIL(approval_of_another, sample->warrant.approvals[1].application_hash[5] ^= 1;
    (void)!sample_sign_approval(sample, 1, factory.officers[1]))
SPOIL(approval_tomorrow, sample->warrant.approvals[1].time = NOW + 86400)
SPOIL(vetted_too_long_ago, sample->warrant.approvals[0].time = NOW - INT64_C(398) * 86400 - 1)
SPOIL(approval_redated, sample->warrant.approvals[1].time -= 86400)
SPOIL(approval_signature, sample->approval_signatures[0][7] ^= 1)
SPOIL(approval_signature_short, sample->warrant.approvals[1].signature.len = 63)
SPOIL(approval_by_the_other_key, (void)!sample_sign_approval(sample, 1, factory.officers[0]))
SPOIL(subscription_over, sample->warrant.approvals[1].time = NOW - 367 * 86400)
SPOIL(ordinal_zero, sample->warrant.request.ordinal = 0)
SPOIL(epoch_old, sample->warrant.epoch--)
SPOIL(profile_other, memcpy(sample->warrant.profile_id, "ev-server-1", 12))
SPOIL(profile_unknown, sample->warrant.profile_id[0] = 'x')
SPOIL(profile_hash_other, sample->warrant.profile_hash[0] ^= 1)
SPOIL(csr_of_another_name, (void)!sample_csr(sample, factory.subscriber, "www.example.org"))
SPOIL(csr_signature, sample->csr.data[sample->csr.len - 5] ^= 1)
SPOIL(csr_truncated, sample->csr.len -= 1)
SPOIL(csr_empty, sample->csr.len = 0)
SPOIL(csr_by_ed25519, (void)!sample_csr(sample, factory.stranger, "www.shop.example.com"))
SPOIL(evidence_none, sample->warrant.evidence_count = 0)
SPOIL(evidence_empty, sample->evidence[0].count = 0)
SPOIL(challenge_name, EVERY_OBSERVATION(memcpy(o->challenge.name, "www.example.org", 16)))
SPOIL(challenge_application, EVERY_OBSERVATION(o->challenge.application_hash[0] ^= 1))
SPOIL(challenge_account, EVERY_OBSERVATION(o->challenge.srn[9] ^= 1))
static void challenge_method_not_offered(struct sample *sample)
{
    (void)!sample_become(sample, EDITION_MULTI, 1);
    EVERY_OBSERVATION(o->challenge.method = DCV_EMAIL)
}
SPOIL(challenge_key, EVERY_OBSERVATION(o->challenge.has_spki = true))
SPOIL(challenge_month_old, EVERY_OBSERVATION(o->challenge.created = o->time - 30 * 86400 - 1))
SPOIL(challenge_from_the_future, EVERY_OBSERVATION(o->challenge.created = o->time + 3600))
SPOIL(challenge_other_nonce, OBSERVATION(3).challenge.nonce[0] ^= 1)
SPOIL(attempt_spliced, OBSERVATION(2).attempt[0] ^= 1)
SPOIL(attempt_stretched, OBSERVATION(2).time -= 901)
SPOIL(observation_too_old, EVERY_OBSERVATION(o->time = NOW - 201 * 86400;
    o->challenge.created = o->time - 60))
SPOIL(observation_caa_stale, EVERY_OBSERVATION(o->time = NOW - 8 * 3600 - 1))
SPOIL(observation_tomorrow, EVERY_OBSERVATION(o->time = NOW + 3600))
SPOIL(perspective_twice, memcpy(OBSERVATION(4).perspective, OBSERVATION(3).perspective,
    PERSPECTIVE_ID_MAX); (void)!sample_sign_observation(sample, 0, 4, factory.perspectives[3]))
SPOIL(perspective_unknown, memcpy(OBSERVATION(4).perspective, "remote-9", 9))
SPOIL(perspective_stranger, (void)!sample_sign_observation(sample, 0, 2,
    factory.strange_perspective))
SPOIL(perspective_for_another, (void)!sample_sign_observation(sample, 0, 2,
    factory.perspectives[3]))
SPOIL(expected_other, OBSERVATION(1).expected[0] ^= 1; (void)!sample_sign_observation(sample, 0, 1,
    factory.perspectives[1]))
SPOIL(adn_other, memcpy(OBSERVATION(1).adn, "shop.example.com", 17))
SPOIL(observation_signature, sample->signatures[0][5][100] ^= 1)
SPOIL(observation_dcv_turned, OBSERVATION(5).dcv = DCV_FAILED)
SPOIL(observation_caa_turned, OBSERVATION(5).caa = CAA_PROHIBITS)
SPOIL(observation_dnssec_turned, OBSERVATION(5).dnssec = DNSSEC_INSECURE)
SPOIL(observation_time_turned, OBSERVATION(5).time += 1)
SPOIL(primary_failed, OBSERVATION(0).dcv = DCV_FAILED)
SPOIL(primary_caa, OBSERVATION(0).caa = CAA_PROHIBITS)
SPOIL(primary_bogus, OBSERVATION(0).dnssec = DNSSEC_BOGUS)
SPOIL(primary_dnssec_unknown, OBSERVATION(0).dnssec = DNSSEC_UNKNOWN)
SPOIL(primary_left_out, (memmove(&OBSERVATION(0), &OBSERVATION(1), 5 * sizeof OBSERVATION(0)),
    sample->evidence[0].count = 5))
SPOIL(two_remotes_failed, (OBSERVATION(4).dcv = DCV_FAILED, OBSERVATION(5).dcv = DCV_FAILED))
SPOIL(two_remotes_left_out, sample->evidence[0].count = 4)
SPOIL(two_remotes_bogus, (OBSERVATION(4).dnssec = DNSSEC_BOGUS,
    OBSERVATION(5).dnssec = DNSSEC_BOGUS))
SPOIL(one_failed_one_forbidden, (OBSERVATION(4).caa = CAA_PROHIBITS,
    OBSERVATION(5).dcv = DCV_FAILED))

SPOIL(two_remotes_not_asked, (OBSERVATION(4).dcv = DCV_NOT_ASKED,
    OBSERVATION(5).dcv = DCV_NOT_ASKED))
SPOIL(primary_not_asked, OBSERVATION(0).dcv = DCV_NOT_ASKED)
SPOIL(adn_parent, snprintf(OBSERVATION(0).adn, sizeof OBSERVATION(0).adn, "example.com"))

/* Proved by mail: the primary has the code, the remotes looked at CAA. */
static void by_mail(struct sample *sample)
{
    EVERY_OBSERVATION((o->challenge.method = DCV_EMAIL, o->dcv = i == 0 ? DCV_PASSED : DCV_NOT_ASKED))
    adn_parent(sample);
}

SPOIL(mail_primary_failed, (by_mail(sample), primary_failed(sample)))
SPOIL(mail_primary_not_asked, (by_mail(sample), primary_not_asked(sample)))
SPOIL(mail_primary_bogus, (by_mail(sample), primary_bogus(sample)))
SPOIL(mail_two_forbid, (by_mail(sample), OBSERVATION(4).caa = CAA_PROHIBITS,
    OBSERVATION(5).caa = CAA_PROHIBITS))
SPOIL(mail_two_claim_more, (by_mail(sample), OBSERVATION(4).dcv = DCV_PASSED,
    OBSERVATION(5).dcv = DCV_PASSED))
#define MAIL_ADN(at, adn_text)                                                                     \
    (by_mail(sample), snprintf(OBSERVATION(at).adn, sizeof OBSERVATION(at).adn, "%s", adn_text))
SPOIL(mail_adn_stranger, MAIL_ADN(0, "example.net"))
SPOIL(mail_adn_half_label, MAIL_ADN(0, "op.example.com"))
SPOIL(mail_adn_top, MAIL_ADN(0, "com"))
SPOIL(mail_adn_child, MAIL_ADN(0, "x.www.shop.example.com"))
SPOIL(mail_adn_empty, MAIL_ADN(0, ""))
SPOIL(mail_adn_of_remote, MAIL_ADN(3, "example.com"))

/* Proved at a domain that was chosen; the alias is what CNAMEs led to, "" for none. */
static void at_domain(struct sample *sample, const char *domain, const char *alias)
{
    EVERY_OBSERVATION((snprintf(o->challenge.domain, sizeof o->challenge.domain, "%s", domain),
        snprintf(o->adn, sizeof o->adn, "%s", domain),
        snprintf(o->alias, sizeof o->alias, "%s", alias)))
}

SPOIL(domain_said_by_one, snprintf(OBSERVATION(2).adn, sizeof OBSERVATION(2).adn, "example.com"))
SPOIL(domain_not_looked_at, (at_domain(sample, "example.com", ""),
    snprintf(OBSERVATION(3).adn, sizeof OBSERVATION(3).adn, "www.shop.example.com")))
SPOIL(domain_of_a_stranger, at_domain(sample, "example.net", ""))
SPOIL(domain_too_high, at_domain(sample, "com", ""))
static void domain_of_a_website(struct sample *sample)
{
    EVERY_OBSERVATION(o->challenge.method = DCV_WEBSITE)
    at_domain(sample, "example.com", "");
}
SPOIL(alias_of_another, at_domain(sample, "example.net", "host.example.org"))
static void alias_of_a_wildcard(struct sample *sample)
{
    (void)!sample_become(sample, EDITION_WILDCARD, 1);
    at_domain(sample, "example.net", "host.example.net");
}
SPOIL(alias_of_one, (at_domain(sample, "example.net", "host.example.net"),
    OBSERVATION(1).alias[0] = '\0'))

/* Proved by a persistent TXT record: what is expected is the subscriber's account. */
static void by_record(struct sample *sample, int64_t until)
{
    EVERY_OBSERVATION((o->challenge.method = DCV_PERSISTENT, o->until = until))
}
SPOIL(record_ended, by_record(sample, NOW - 1))
static void record_of_another(struct sample *sample)
{
    by_record(sample, 0);
    EVERY_OBSERVATION(o->challenge.srn[9] ^= 1)
}
static void record_elsewhere(struct sample *sample)
{
    by_record(sample, 0);
    (void)!sample_sign(sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        snprintf(OBSERVATION(i).expected, sizeof OBSERVATION(i).expected,
            "acct:0002142877@ca.example.org");
        (void)!sample_sign_observation(sample, 0, i, factory.perspectives[i]);
    }
}
SPOIL(record_by_an_alias, (by_record(sample, 0), at_domain(sample, "example.net", "host.example.net")))
SPOIL(record_ended_for_two, (by_record(sample, 0), OBSERVATION(4).until = NOW - 1,
    OBSERVATION(5).until = NOW - 1))

static const struct attempt attempts[] = {
    { "warrant.evidence_old", SIGNED, record_ended },
    { "warrant.account", SIGNED, record_of_another },
    { "warrant.expected", AFTERWARDS, record_elsewhere },
    { "warrant.adn", SIGNED, record_by_an_alias },
    { "warrant.quorum", SIGNED, record_ended_for_two },
    { "warrant.quorum", SIGNED, two_remotes_not_asked },
    { "warrant.primary_dcv", SIGNED, primary_not_asked },
    { "warrant.adn", SIGNED, adn_parent },
    { "warrant.primary_dcv", SIGNED, mail_primary_failed },
    { "warrant.primary_dcv", SIGNED, mail_primary_not_asked },
    { "warrant.primary_dnssec", SIGNED, mail_primary_bogus },
    { "warrant.quorum", SIGNED, mail_two_forbid },
    { "warrant.quorum", SIGNED, mail_two_claim_more },
    { "warrant.adn", SIGNED, mail_adn_stranger },
    { "warrant.adn", SIGNED, mail_adn_half_label },
    { "warrant.adn", SIGNED, mail_adn_top },
    { "warrant.adn", SIGNED, mail_adn_child },
    { "warrant.adn", SIGNED, mail_adn_empty },
    { "warrant.adn", SIGNED, mail_adn_of_remote },
    { "application.name", BOUND, name_invalid },
    { "application.organisation", BOUND, organisation_missing },
    { "application.business_category", BOUND, edition_other },
    { "csr.foreign_name", BOUND, name_of_another },
    { "warrant.chinese", BOUND, chinese_without_name },
    { "warrant.approval_hash", AFTERWARDS, organisation_changed },
    { "warrant.approvals", SIGNED, one_approval },
    { "warrant.approvals", SIGNED, roles_swapped },
    { "warrant.approvals", SIGNED, vetted_twice },
    { "warrant.same_officer", AFTERWARDS, same_officer_twice },
    { "warrant.officer_unknown", AFTERWARDS, officer_unknown },
    { "warrant.officer_role", AFTERWARDS, officer_is_auditor },
    { "warrant.approval_hash", AFTERWARDS, approval_of_another },
    { "warrant.approval_time", SIGNED, approval_tomorrow },
    { "warrant.identity_old", SIGNED, vetted_too_long_ago },
    { "warrant.approval_signature", AFTERWARDS, approval_redated },
    { "warrant.approval_signature", AFTERWARDS, approval_signature },
    { "warrant.approval_signature", AFTERWARDS, approval_signature_short },
    { "warrant.approval_signature", AFTERWARDS, approval_by_the_other_key },
    { "warrant.subscription", SIGNED, subscription_over },
    { "warrant.request", AFTERWARDS, ordinal_zero },
    { "warrant.epoch", AFTERWARDS, epoch_old },
    { "warrant.profile", AFTERWARDS, profile_other },
    { "warrant.profile", AFTERWARDS, profile_unknown },
    { "warrant.profile_hash", AFTERWARDS, profile_hash_other },
    { "csr.foreign_name", AFTERWARDS, csr_of_another_name },
    { "csr.signature", AFTERWARDS, csr_signature },
    { "csr.der", AFTERWARDS, csr_truncated },
    { "csr.der", AFTERWARDS, csr_empty },
    { "csr.key_unsupported", AFTERWARDS, csr_by_ed25519 },
    { "warrant.evidence_missing", AFTERWARDS, evidence_none },
    { "warrant.evidence_missing", AFTERWARDS, evidence_empty },
    { "warrant.name", SIGNED, challenge_name },
    { "warrant.application_binding", SIGNED, challenge_application },
    { "warrant.account", SIGNED, challenge_account },
    { "warrant.method", SIGNED, challenge_method_not_offered },
    { "warrant.adn", SIGNED, domain_said_by_one },
    { "warrant.adn", SIGNED, domain_not_looked_at },
    { "warrant.adn", SIGNED, domain_of_a_stranger },
    { "warrant.adn", SIGNED, domain_too_high },
    { "warrant.adn", SIGNED, domain_of_a_website },
    { "warrant.adn", SIGNED, alias_of_another },
    { "warrant.adn", SIGNED, alias_of_a_wildcard },
    { "warrant.adn", SIGNED, alias_of_one },
    { "warrant.key_binding", SIGNED, challenge_key },
    { "warrant.challenge_old", SIGNED, challenge_month_old },
    { "warrant.challenge_old", SIGNED, challenge_from_the_future },
    { "warrant.challenge", SIGNED, challenge_other_nonce },
    { "warrant.attempt", SIGNED, attempt_spliced },
    { "warrant.attempt", SIGNED, attempt_stretched },
    { "warrant.evidence_old", SIGNED, observation_too_old },
    { "warrant.caa_stale", SIGNED, observation_caa_stale },
    { "warrant.observation_time", SIGNED, observation_tomorrow },
    { "warrant.perspective_twice", AFTERWARDS, perspective_twice },
    { "warrant.perspective_unknown", SIGNED, perspective_unknown },
    { "warrant.observation_signature", AFTERWARDS, perspective_stranger },
    { "warrant.observation_signature", AFTERWARDS, perspective_for_another },
    { "warrant.expected", AFTERWARDS, expected_other },
    { "warrant.adn", SIGNED, adn_other },
    { "warrant.observation_signature", AFTERWARDS, observation_signature },
    { "warrant.observation_signature", AFTERWARDS, observation_dcv_turned },
    { "warrant.observation_signature", AFTERWARDS, observation_caa_turned },
    { "warrant.observation_signature", AFTERWARDS, observation_dnssec_turned },
    { "warrant.observation_signature", AFTERWARDS, observation_time_turned },
    { "warrant.primary_dcv", SIGNED, primary_failed },
    { "warrant.primary_caa", SIGNED, primary_caa },
    { "warrant.primary_dnssec", SIGNED, primary_bogus },
    { "warrant.primary_dnssec", SIGNED, primary_dnssec_unknown },
    { "warrant.primary_missing", AFTERWARDS, primary_left_out },
    { "warrant.quorum", SIGNED, two_remotes_failed },
    { "warrant.quorum", AFTERWARDS, two_remotes_left_out },
    { "warrant.quorum", SIGNED, two_remotes_bogus },
    { "warrant.quorum", SIGNED, one_failed_one_forbidden },
};
/* clang-format on */

static void the_unspoilt_warrant_entitles(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    sample_release(&sample);
}

static void every_field_changed_is_refused_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        struct reason reason;
        struct sample sample;
        assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
        if (attempts[i].moment == BOUND) {
            attempts[i].spoil(&sample);
            assert_int_equal(sample_bind(&sample), OK);
        } else if (attempts[i].moment == SIGNED) {
            attempts[i].spoil(&sample);
        }
        assert_int_equal(sample_sign(&sample), OK);
        if (attempts[i].moment == AFTERWARDS) {
            attempts[i].spoil(&sample);
        }
        if (verdict(&sample, &reason) != ERR_DENIED || strcmp(reason.code, attempts[i].code) != 0) {
            fail_msg("attempt %zu: %s instead of %s", i, reason.code, attempts[i].code);
        }
        sample_release(&sample);
    }
}

static void one_failing_remote_of_five_is_forgiven(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    sample.observations[0][4].dcv = DCV_FAILED;
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    sample.evidence[0].count = 5;
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.quorum");
    sample_release(&sample);
}

/* SC-101: a parent, or where the name's CNAMEs lead. */
static void a_name_is_proved_at_a_domain_that_its_method_permits(void **state)
{
    static const char *const domains[][2] = { { "shop.example.com", "" }, { "example.com", "" },
        { "host.example.net", "host.example.net" }, { "example.net", "host.example.net" } };
    (void)state;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct reason reason;
        struct sample sample;
        assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
        at_domain(&sample, domains[i][0], domains[i][1]);
        assert_int_equal(sample_sign(&sample), OK);
        assert_int_equal(verdict(&sample, &reason), OK);
        sample_release(&sample);
    }
}

/* BR 3.2.2.4.22: good to the second of its persistUntil, for any name, wildcards too. */
static void a_persistent_record_proves_until_it_ends(void **state)
{
    (void)state;
    for (int64_t second = -1; second <= 1; second++) {
        struct reason reason;
        struct sample sample;
        assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
        assert_int_equal(sample_become(&sample, EDITION_WILDCARD, 1), OK);
        by_record(&sample, NOW - second);
        assert_int_equal(sample_sign(&sample), OK);
        assert_int_equal(verdict(&sample, &reason), second > 0 ? ERR_DENIED : OK);
        sample_release(&sample);
    }
}

static void a_code_by_mail_needs_the_primary_and_everybodys_caa(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    by_mail(&sample);
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    sample.observations[0][5].caa = CAA_PROHIBITS;
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    sample_release(&sample);
}

/* BR 3.2.2.4.4: evidence by mail dies with the method, on 2028-03-15. */
static void mail_proves_nothing_from_its_last_day_on(void **state)
{
    (void)state;
    for (int64_t second = -1; second <= 1; second++) {
        struct reason reason;
        struct sample sample;
        assert_int_equal(sample_init(&sample, &factory, INT64_C(1836691200) + second, 1), OK);
        by_mail(&sample);
        assert_int_equal(sample_sign(&sample), OK);
        assert_int_equal(verdict(&sample, &reason), second < 0 ? OK : ERR_DENIED);
        if (second >= 0) {
            assert_string_equal(reason.code, "warrant.method");
        }
        sample_release(&sample);
    }
}

static void a_key_made_first_binds_the_evidence(void **state)
{
    struct reason reason;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct challenge *challenge = &sample.observations[0][i].challenge;
        challenge->has_spki = true;
        memcpy(challenge->spki_hash, key_spki_sha256(factory.subscriber).data, HASH_BYTES);
    }
    assert_int_equal(sample_sign(&sample), OK);
    assert_int_equal(verdict(&sample, &reason), OK);
    assert_int_equal(sample_csr(&sample, factory.strange_perspective, "www.shop.example.com"), OK);
    assert_int_equal(verdict(&sample, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.key_binding");
    assert_true(warrant_lapsed(&reason));
    sample_release(&sample);
}

static void truncated_and_lengthened_warrants_are_no_warrants(void **state)
{
    struct warrant warrant;
    struct sample sample;
    (void)state;
    assert_int_equal(sample_init(&sample, &factory, NOW, 1), OK);
    struct span der = buf_span(&sample.der);
    for (size_t len = 0; len < der.len; len += 1 + len / 40) {
        AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
        assert_int_not_equal(warrant_parse(span_make(der.data, len), &arena, &warrant), OK);
    }
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    buf_append_byte(&sample.der, 0);
    assert_int_not_equal(warrant_parse(buf_span(&sample.der), &arena, &warrant), OK);
    sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unspoilt_warrant_entitles),
        cmocka_unit_test(every_field_changed_is_refused_with_its_reason),
        cmocka_unit_test(one_failing_remote_of_five_is_forgiven),
        cmocka_unit_test(a_name_is_proved_at_a_domain_that_its_method_permits),
        cmocka_unit_test(a_persistent_record_proves_until_it_ends),
        cmocka_unit_test(a_code_by_mail_needs_the_primary_and_everybodys_caa),
        cmocka_unit_test(mail_proves_nothing_from_its_last_day_on),
        cmocka_unit_test(a_key_made_first_binds_the_evidence),
        cmocka_unit_test(truncated_and_lengthened_warrants_are_no_warrants),
    };
    return cmocka_run_group_tests(tests, make_factory, drop_factory);
}
