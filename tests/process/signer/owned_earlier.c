/* The victim has proved her name for an application of before; a second one of hers is approved,
 * and everything but signer, officers and perspectives is the attacker's. */
#include "tests/process/signer/owned_earlier.h"
#include "tests/factory/renewal.h"
#include "tests/process/signer/cast.h"

#include <stdlib.h>

static unsigned last_request = 70000;

static struct renewal *victim_renews(
    void (*spoil)(struct renewal *renewal, enum renewal_stage stage))
{
    struct renewal *renewal = calloc(1, sizeof *renewal);
    const struct renewal_plan plan = { now(), INT64_C(100) * 86400, last_request += 2, spoil };
    assert_non_null(renewal);
    assert_int_equal(renewal_init(renewal, &running.factory, &plan), OK);
    return renewal;
}

static void renewal_drop(struct renewal *renewal)
{
    renewal_release(renewal);
    free(renewal);
}

static void expect_of(
    void (*spoil)(struct renewal *renewal, enum renewal_stage stage), const char *code)
{
    struct renewal *renewal = victim_renews(spoil);
    expect_nothing(&renewal->second, code);
    renewal_drop(renewal);
}

/* The domain was another subscriber's then; officers approved both, each in its time. */
static void of_another_subscriber(struct renewal *renewal, enum renewal_stage stage)
{
    if (stage == RENEWAL_APPLIED) {
        renewal->first.application.subject.srn = "0002142999";
        renewal->first.application.subject.organisation = "Former Owner Limited";
    }
}

/* He says that it was hers: the signatures are over what it said. */
static void rewritten(struct renewal *renewal, enum renewal_stage stage)
{
    of_another_subscriber(renewal, stage);
    if (stage == RENEWAL_JOINED) {
        struct sample *first = &renewal->first;
        first->application.subject = renewal->second.application.subject;
        buf_clear(&first->application_der);
        assert_int_equal(application_format(&first->application, &first->application_der), OK);
        renewal->earlier.application_der = buf_span(&first->application_der);
    }
}

/* So he has the observations say that they belong to what he wrote. */
static void rewritten_with_its_evidence(struct renewal *renewal, enum renewal_stage stage)
{
    uint8_t hash[HASH_BYTES];
    rewritten(renewal, stage);
    for (size_t i = 0; stage == RENEWAL_JOINED && i < 2 * FACTORY_PERSPECTIVES; i++) {
        struct observation *seen = &renewal->observations[i];
        assert_int_equal(application_hash(renewal->earlier.application_der, hash), OK);
        memcpy(seen->challenge.application_hash, hash, HASH_BYTES);
        value_derive(seen);
    }
}

/* Or brings nothing along, and says that all of it is the present one's. */
static void said_to_be_the_presents(struct renewal *renewal, enum renewal_stage stage)
{
    for (size_t i = 0; stage == RENEWAL_JOINED && i < 2 * FACTORY_PERSPECTIVES; i++) {
        struct observation *seen = &renewal->observations[i];
        renewal->second.warrant.earlier_count = 0;
        memcpy(seen->challenge.application_hash,
            renewal->second.warrant.approvals[0].application_hash, HASH_BYTES);
        value_derive(seen);
    }
}

void an_earlier_proof_serves_nobody_but_its_subscriber(void **state)
{
    (void)state;
    expect_of(of_another_subscriber, "warrant.earlier_subscriber");
    expect_of(rewritten, "warrant.earlier_approvals");
    expect_of(rewritten_with_its_evidence, "warrant.earlier_approvals");
    expect_of(said_to_be_the_presents, "warrant.observation_signature");
}

static void never_approved(struct renewal *renewal, enum renewal_stage stage)
{
    renewal->earlier.approval_count = stage == RENEWAL_JOINED ? 0 : 2;
}

/* A signature that is right, over another application. */
static void approved_as_the_present(struct renewal *renewal, enum renewal_stage stage)
{
    if (stage == RENEWAL_JOINED) {
        memcpy(renewal->earlier.approvals, renewal->second.warrant.approvals,
            sizeof renewal->earlier.approvals);
    }
}

static void approved_by_his_officer(struct renewal *renewal, enum renewal_stage stage)
{
    struct sample *first = &renewal->first;
    const struct key *his = running.factory.stranger;
    if (stage == RENEWAL_ASKED) {
        memcpy(first->warrant.approvals[1].key_id, key_spki_sha256(his).data, HASH_BYTES);
        assert_int_equal(sample_sign_approval(first, 1, his), OK);
    }
}

void an_earlier_application_that_officers_did_not_approve(void **state)
{
    (void)state;
    expect_of(never_approved, "warrant.earlier_approvals");
    expect_of(approved_as_the_present, "warrant.earlier_approvals");
    expect_of(approved_by_his_officer, "warrant.earlier_approvals");
}

static void bound_to_hers(struct renewal *renewal, enum renewal_stage stage)
{
    for (size_t i = 0; stage == RENEWAL_PROVED && i < FACTORY_PERSPECTIVES; i++) {
        struct challenge *challenge = &renewal->first.observations[0][i].challenge;
        challenge->has_spki = true;
        memcpy(challenge->spki_hash, key_spki_sha256(running.factory.subscriber).data, HASH_BYTES);
    }
}

void an_earlier_proof_for_a_key_of_his_own(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct renewal *renewal = victim_renews(bound_to_hers);
    assert_int_equal(sample_csr(&renewal->second, his_key, VICTIM), OK);
    expect_refused(&renewal->second, "warrant.key_binding");
    assert_int_equal(sample_csr(&renewal->second, running.factory.subscriber, VICTIM), OK);
    assert_int_equal(sample_format(&renewal->second), OK);
    expect_certificate(&renewal->second, &der);
    renewal_drop(renewal);
}

/* The store has forgotten it; the journal has not, whoever starts the signer anew. */
void an_earlier_application_that_was_withdrawn(void **state)
{
    struct reason reason = { 0 };
    struct signer_withdraw withdraw;
    static const struct signer_place nothing;
    struct signer_place place;
    (void)state;
    struct renewal *renewal = victim_renews(NULL);
    memcpy(withdraw.application_hash, renewal->earlier.hash, HASH_BYTES);
    assert_int_equal(signer_call_withdraw(&running.client, &withdraw, &reason), OK);
    expect_nothing(&renewal->second, "warrant.earlier_withdrawn");
    running_kill(&running);
    assert_int_equal(running_start(&running), OK);
    assert_int_equal(signer_call_anchor(&running.client, &nothing, &place, &reason), OK);
    expect_nothing(&renewal->second, "warrant.earlier_withdrawn");
    renewal->second.warrant.earlier_count = 0;
    expect_refused(&renewal->second, "warrant.application_binding");
    renewal_drop(renewal);
}

/* Where this no longer holds, doc/threats.md says too much. */
void what_remains_is_a_key_of_his_own_beside_an_earlier_proof_that_is_bound_to_none(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct renewal *renewal = victim_renews(NULL);
    assert_int_equal(sample_csr(&renewal->second, his_key, VICTIM), OK);
    assert_int_equal(sample_format(&renewal->second), OK);
    expect_certificate(&renewal->second, &der);
    renewal_drop(renewal);
}
