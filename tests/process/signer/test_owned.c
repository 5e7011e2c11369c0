/* Portal, registrar and store are wholly in an attacker's hands, and a signer runs. He may send it
 * every message, read and write every row, choose every nonce, number and date, and have the
 * perspectives look at whatever he likes: they tell the truth, for they are not his. Nor are the
 * officers' keys, the mail key and the signer. Each attack is one case here, and ends in nothing
 * signed; what he can do all the same is the last case (doc/threats.md, "What remains").
 *
 *   test_signer_owned SIGNER PROFILE */
#include "lib/wire/rehearsal.h"
#include "tests/process/signer/cast.h"
#include "tests/process/signer/owned_earlier.h"
#include "tests/process/signer/owned_state.h"

#include <stdio.h>

/* Names. */

static void a_csr_of_his_own_for_a_name_neither_approved_nor_validated(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    assert_int_equal(sample_csr(&sample, his_key, "www.bank.example.com"), OK);
    expect_refused(&sample, "csr.foreign_name");
    application_rewrite(&sample, "www.bank.example.com", "Bank Example Limited");
    expect_refused(&sample, "warrant.approval_hash");
    sample_release(&sample);
}

static void a_name_that_he_validated_and_nobody_approved(void **state)
{
    struct sample sample;
    (void)state;
    victim_applies(&sample);
    sample.names[0] = HIS;
    assert_int_equal(sample_csr(&sample, his_key, HIS), OK);
    assert_int_equal(sample_bind(&sample), OK);
    perspectives_look(&sample);
    assert_int_equal(sample.observations[0][0].dcv, DCV_PASSED);
    expect_nothing(&sample, "warrant.approval_signature");
    sample_release(&sample);
}

static void another_organisation_for_an_approved_and_validated_name(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    application_rewrite(&sample, VICTIM, "Mallory Limited");
    expect_refused(&sample, "warrant.approval_hash");
    sample_release(&sample);
}

static void a_name_that_was_approved_and_not_validated(void **state)
{
    struct sample sample;
    (void)state;
    victim_applies(&sample);
    assert_int_equal(sample_csr(&sample, his_key, VICTIM), OK);
    expect_refused(&sample, "warrant.primary_dcv");
    sample.evidence[0].count = 0;
    expect_refused(&sample, "warrant.evidence_missing");
    sample.warrant.evidence_count = 0;
    expect_refused(&sample, "warrant.evidence_missing");
    sample_release(&sample);
}

/* Evidence. */

/* Perspectives that could be told what to expect would have signed this. */
static void an_expected_value_that_already_stands_in_the_dns(void **state)
{
    struct sample sample, earlier;
    (void)state;
    victim_is_validated(&earlier); /* its value stands there for ever */
    victim_applies(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct observation *seen = &sample.observations[0][i];
        memcpy(seen->expected, earlier.observations[0][0].expected, sizeof seen->expected);
        seen->dcv = DCV_PASSED;
        assert_int_equal(
            sample_sign_observation(&sample, 0, i, running.factory.perspectives[i]), OK);
    }
    expect_refused(&sample, "warrant.expected");
    /* And the inputs that led to the value belong to the other application. */
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[0][i].challenge = earlier.observations[0][i].challenge;
        memcpy(sample.observations[0][i].challenge.application_hash,
            sample.warrant.approvals[0].application_hash, HASH_BYTES);
    }
    perspectives_look(&sample);
    expect_nothing(&sample, "warrant.primary_dcv");
    sample_release(&sample);
    sample_release(&earlier);
}

static void evidence_replayed_from_another_application(void **state)
{
    struct sample sample, earlier;
    (void)state;
    victim_is_validated(&earlier);
    victim_applies(&sample);
    sample.evidence[0] = earlier.evidence[0];
    expect_refused(&sample, "warrant.application_binding");
    sample_release(&sample);
    sample_release(&earlier);
}

static void evidence_replayed_from_earlier_days(void **state)
{
    static const struct {
        int64_t age;
        const char *code;
    } cases[] = {
        { 8 * 3600 + 60, "warrant.caa_stale" },
        { INT64_C(201) * 86400, "warrant.evidence_old" },
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct sample sample;
        victim_applies(&sample);
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
            sample.observations[0][i].time = sample.now - cases[c].age;
            sample.observations[0][i].challenge.created = sample.now - cases[c].age - 60;
        }
        perspectives_look(&sample);
        victim_places_the_record(&sample);
        expect_nothing(&sample, cases[c].code);
        for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) { /* made young in the store */
            sample.observations[0][i].time = sample.now - 60;
            sample.observations[0][i].challenge.created = sample.now - 600;
            value_derive(&sample.observations[0][i]);
        }
        expect_refused(&sample, "warrant.observation_signature");
        sample_release(&sample);
    }
}

static void evidence_spliced_from_two_attempts(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i += 2) { /* half of them looked again */
        memset(sample.observations[0][i].attempt, 0x77, ATTEMPT_BYTES);
        assert_int_equal(
            sample_sign_observation(&sample, 0, i, running.factory.perspectives[i]), OK);
    }
    expect_refused(&sample, "warrant.attempt");
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) { /* called one attempt in the store */
        memset(sample.observations[0][i].attempt, 0x77, ATTEMPT_BYTES);
    }
    expect_refused(&sample, "warrant.observation_signature");
    sample_release(&sample);
}

static void observations_turned_round_or_by_keys_of_his_own(void **state)
{
    struct sample sample;
    (void)state;
    victim_applies(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[0][i].dcv = DCV_PASSED;
    }
    expect_refused(&sample, "warrant.observation_signature");
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        assert_int_equal(
            sample_sign_observation(&sample, 0, i, running.factory.strange_perspective), OK);
    }
    expect_refused(&sample, "warrant.observation_signature");
    sample_release(&sample);
}

static void observation_object_write(struct der_writer *writer, const void *object)
{
    observation_write(writer, object);
}

/* Of so many octets, by the length of what it reports. */
static void rehearsal_make(size_t len, struct buf *rehearsal)
{
    char text[REPORT_TEXT_MAX] = "";
    for (size_t total = 0; rehearsal->len != len; total++) {
        struct rehearsed rehearsed = { .dcv = DCV_PASSED };
        assert_true(total < len);
        for (size_t left = total; left > 0;) {
            size_t part = left < sizeof text ? left : sizeof text - 1;
            memset(text, 'x', part);
            text[part] = '\0';
            report_add(&rehearsed.report, "", text, NULL, NULL);
            left -= part;
        }
        buf_clear(rehearsal);
        assert_int_equal(der_encode(rehearsed_write, &rehearsed, rehearsal), OK);
    }
}

/* Everybody would have said yes, and nobody signed it: the answer of a rehearsal, as long as the
 * observation that it is put in the place of; and its octets as a signature. */
static void a_rehearsal_in_the_place_of_an_observation(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        AUTO(buf) observation = buf_make(OBSERVATION_MAX_BYTES);
        AUTO(buf) rehearsal = buf_make(OBSERVATION_MAX_BYTES);
        assert_int_equal(
            der_encode(observation_object_write, &sample.observations[0][i], &observation), OK);
        rehearsal_make(observation.len, &rehearsal);
        uint8_t *place = memmem(sample.der.data, sample.der.len, observation.data, observation.len);
        assert_non_null(place);
        memcpy(place, rehearsal.data, rehearsal.len);
    }
    expect_nothing(&sample, "warrant.malformed");
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        static uint8_t words[256];
        AUTO(buf) rehearsal = buf_make(OBSERVATION_MAX_BYTES);
        rehearsal_make(sizeof words, &rehearsal);
        memcpy(words, rehearsal.data, sizeof words);
        sample.observations[0][i].signature = SPAN_OF(words);
    }
    expect_refused(&sample, "warrant.observation_signature");
    sample_release(&sample);
}

/* He types a code that no mailbox ever got; the primary, which makes the codes, says no. */
static void a_forged_mail_code(void **state)
{
    struct sample sample;
    (void)state;
    victim_applies(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        sample.observations[0][i].challenge.method = DCV_EMAIL;
    }
    perspectives_look(&sample);
    expect_nothing(&sample, "warrant.primary_dcv");
    sample.observations[0][0].dcv = DCV_PASSED;
    expect_refused(&sample, "warrant.observation_signature");
    assert_int_equal(
        sample_sign_observation(&sample, 0, 0, running.factory.strange_perspective), OK);
    expect_refused(&sample, "warrant.observation_signature");
    /* A remote of the roster knows no code, whatever it is made to say. */
    memcpy(sample.observations[0][0].perspective, sample.observations[0][1].perspective,
        PERSPECTIVE_ID_MAX);
    assert_int_equal(sample_sign_observation(&sample, 0, 0, running.factory.perspectives[1]), OK);
    expect_refused(&sample, "warrant.perspective_twice");
    sample_release(&sample);
}

static void a_key_of_his_own_where_the_evidence_is_bound_to_the_subscribers(void **state)
{
    struct sample sample;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    victim_applies(&sample);
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) {
        struct challenge *challenge = &sample.observations[0][i].challenge;
        challenge->has_spki = true;
        memcpy(challenge->spki_hash, key_spki_sha256(running.factory.subscriber).data, HASH_BYTES);
    }
    perspectives_look(&sample);
    victim_places_the_record(&sample);
    assert_int_equal(sample_csr(&sample, his_key, VICTIM), OK);
    expect_refused(&sample, "warrant.key_binding");
    for (size_t i = 0; i < FACTORY_PERSPECTIVES; i++) { /* the binding left out */
        sample.observations[0][i].challenge.has_spki = false;
        value_derive(&sample.observations[0][i]);
    }
    expect_refused(&sample, "warrant.observation_signature");
    sample_release(&sample);
}

/* Applications and officers. */

static void a_withdrawn_application_by_a_store_that_has_forgotten_it(void **state)
{
    struct sample sample;
    struct reason reason = { 0 };
    struct signer_withdraw withdraw;
    static const struct signer_place nothing;
    struct signer_place place;
    (void)state;
    victim_is_validated(&sample);
    memcpy(withdraw.application_hash, sample.warrant.approvals[0].application_hash, HASH_BYTES);
    assert_int_equal(signer_call_withdraw(&running.client, &withdraw, &reason), OK);
    expect_nothing(&sample, "warrant.withdrawn");
    running_kill(&running);
    assert_int_equal(running_start(&running), OK);
    assert_int_equal(signer_call_anchor(&running.client, &nothing, &place, &reason), OK);
    expect_nothing(&sample, "warrant.withdrawn");
    sample.warrant.request.ordinal++;
    expect_refused(&sample, "warrant.withdrawn");
    sample_release(&sample);
}

static void a_lapsed_application_and_one_that_he_dates_anew(void **state)
{
    static const struct {
        size_t approval;
        int64_t age;
        const char *code;
    } cases[] = {
        { 0, INT64_C(398) * 86400 + 60, "warrant.identity_old" },
        { 1, INT64_C(367) * 86400, "warrant.subscription" },
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct sample sample;
        victim_is_validated(&sample);
        struct approval *approval = &sample.warrant.approvals[cases[c].approval];
        approval->time = sample.now - cases[c].age;
        assert_int_equal(sample_sign_approval(&sample, cases[c].approval,
                             running.factory.officers[cases[c].approval]),
            OK);
        expect_refused(&sample, cases[c].code);
        approval->time = sample.now - 86400;
        expect_refused(&sample, "warrant.approval_signature");
        sample_release(&sample);
    }
}

static void officers_of_his_own_making(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    for (size_t i = 0; i < 2; i++) { /* under their names, then under his own */
        assert_int_equal(sample_sign_approval(&sample, i, running.factory.stranger), OK);
    }
    expect_refused(&sample, "warrant.approval_signature");
    memcpy(sample.warrant.approvals[0].key_id, key_spki_sha256(running.factory.stranger).data,
        HASH_BYTES);
    assert_int_equal(sample_sign_approval(&sample, 0, running.factory.stranger), OK);
    expect_refused(&sample, "warrant.officer_unknown");
    /* One officer whom he has talked into it is one. */
    for (size_t i = 0; i < 2; i++) {
        memcpy(sample.warrant.approvals[i].key_id, running.factory.roster.officers[0].key_id,
            HASH_BYTES);
        assert_int_equal(sample_sign_approval(&sample, i, running.factory.officers[0]), OK);
    }
    expect_refused(&sample, "warrant.same_officer");
    sample_release(&sample);
}

static void another_profile_edition_epoch_or_request(void **state)
{
    static const char *const profiles[] = { "ev-server-1", "ov-server-ct-1", "ov-precertificate-1",
        "issuing-ca-1", "root-1", "" };
    struct sample sample, other;
    (void)state;
    victim_is_validated(&sample);
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        const struct profile *profile = profile_by_id(profiles[i]);
        snprintf(sample.warrant.profile_id, sizeof sample.warrant.profile_id, "%s", profiles[i]);
        if (profile != NULL) {
            assert_int_equal(profile_hash(profile, sample.warrant.profile_hash), OK);
        }
        expect_refused(&sample, "warrant.profile");
    }
    sample_release(&sample);
    victim_is_validated(&sample);
    sample.warrant.profile_hash[0] ^= 1;
    expect_refused(&sample, "warrant.profile_hash");
    sample.warrant.profile_hash[0] ^= 1;
    sample.warrant.epoch--;
    expect_refused(&sample, "warrant.epoch");
    sample.warrant.epoch++;
    assert_int_equal(sample_format(&sample), OK);
    victim_is_validated(&other); /* one warrant under another's number */
    buf_clear(&other.der);
    buf_append(&other.der, buf_span(&sample.der));
    expect_nothing(&other, "warrant.request");
    sample_release(&sample);
    sample_release(&other);
}

static void bytes_that_are_no_warrant_at_all(void **state)
{
    struct sample sample;
    (void)state;
    victim_is_validated(&sample);
    const struct span words[] = { SPAN_LITERAL("nonsense"), SPAN_LITERAL("\x30\x00"),
        running.factory.roster.issuers[0].certificate, buf_span(&sample.csr),
        buf_span(&sample.application_der) };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct sample wrong = sample;
        wrong.der = buf_make(WARRANT_MAX_BYTES);
        buf_append(&wrong.der, words[i]);
        expect_nothing(&wrong, "warrant.malformed");
        buf_release(&wrong.der);
    }
    sample_release(&sample);
}

/* What remains: a name whose subscriber is just enrolling, with evidence that is bound to no key.
 * Where this no longer holds, doc/threats.md says too much. */
static void what_remains_is_a_key_of_his_own_beside_evidence_that_is_bound_to_none(void **state)
{
    struct sample sample;
    struct certificate made;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    victim_is_validated(&sample);
    assert_int_equal(sample_csr(&sample, his_key, VICTIM), OK);
    assert_int_equal(sample_format(&sample), OK);
    expect_certificate(&sample, &der);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.dns_name_count, 1);
    assert_true(span_equal_text(made.dns_names[0], VICTIM));
    sample_release(&sample);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csr_of_his_own_for_a_name_neither_approved_nor_validated),
        cmocka_unit_test(a_name_that_he_validated_and_nobody_approved),
        cmocka_unit_test(another_organisation_for_an_approved_and_validated_name),
        cmocka_unit_test(a_name_that_was_approved_and_not_validated),
        cmocka_unit_test(an_expected_value_that_already_stands_in_the_dns),
        cmocka_unit_test(evidence_replayed_from_another_application),
        cmocka_unit_test(evidence_replayed_from_earlier_days),
        cmocka_unit_test(evidence_spliced_from_two_attempts),
        cmocka_unit_test(observations_turned_round_or_by_keys_of_his_own),
        cmocka_unit_test(a_rehearsal_in_the_place_of_an_observation),
        cmocka_unit_test(a_forged_mail_code),
        cmocka_unit_test(a_key_of_his_own_where_the_evidence_is_bound_to_the_subscribers),
        cmocka_unit_test(a_withdrawn_application_by_a_store_that_has_forgotten_it),
        cmocka_unit_test(an_earlier_proof_serves_nobody_but_its_subscriber),
        cmocka_unit_test(an_earlier_application_that_officers_did_not_approve),
        cmocka_unit_test(an_earlier_proof_for_a_key_of_his_own),
        cmocka_unit_test(an_earlier_application_that_was_withdrawn),
        cmocka_unit_test(a_lapsed_application_and_one_that_he_dates_anew),
        cmocka_unit_test(officers_of_his_own_making),
        cmocka_unit_test(another_profile_edition_epoch_or_request),
        cmocka_unit_test(bytes_that_are_no_warrant_at_all),
        cmocka_unit_test(an_empty_list),
        cmocka_unit_test(a_store_put_back_to_an_earlier_day),
        cmocka_unit_test(a_key_that_was_blocked_comes_back),
        cmocka_unit_test(an_order_to_go_on_that_two_of_the_roster_did_not_give),
        cmocka_unit_test(what_remains_is_a_key_of_his_own_beside_evidence_that_is_bound_to_none),
        cmocka_unit_test(
            what_remains_is_a_key_of_his_own_beside_an_earlier_proof_that_is_bound_to_none),
    };
    if (argc != 3) {
        return 64;
    }
    cast_signer = argv[1];
    cast_profile = argv[2];
    return cmocka_run_group_tests(tests, cast_enter, cast_leave);
}
