/* What the signer remembers, whatever the store says: revocations, the store's own yesterday,
 * blocked keys and the stop. */
#include "tests/process/signer/owned_state.h"

#include "lib/pki/crl.h"

#include <stdio.h>

#define OURS   "ssl-ca-3-17"
#define THEIRS "ev-ssl-ca-3-17"

static enum err list_made(const char *issuer, int64_t this_update, struct mapping *ret_list)
{
    struct signer_crl_made made;
    struct reason reason = { 0 };
    struct signer_crl wanted = { .this_update = this_update, .next_update = this_update + 86400 };
    snprintf(wanted.issuer, sizeof wanted.issuer, "%s", issuer);
    return signer_call_crl(&running.client, &wanted, &made, ret_list, &reason);
}

static bool listed(const char *issuer, const struct signer_serial *serial)
{
    struct crl crl;
    struct crl_entry entry;
    AUTO(mapping) list = { 0 };
    assert_int_equal(list_made(issuer, now(), &list), OK);
    assert_int_equal(crl_parse(list.content, &crl), OK);
    return crl_find(&crl, span_make(serial->bytes, serial->len), &entry) == OK;
}

static enum err revoke(
    const struct signer_serial *serial, const char *issuer, enum revocation_reason why)
{
    struct reason reason = { 0 };
    struct signer_revoke message = { .serial = *serial, .reason = why, .date = now() + 86400 };
    snprintf(message.issuer, sizeof message.issuer, "%s", issuer);
    return signer_call_revoke(&running.client, &message, &reason);
}

void an_empty_list(void **state)
{
    struct sample sample;
    struct signer_serial serial;
    struct reason reason = { 0 };
    static const struct signer_place nothing;
    struct signer_place place;
    AUTO(mapping) dated_back = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    victim_is_validated(&sample);
    expect_certificate(&sample, &der);
    const struct signer_reserve reserve = { sample.warrant.request };
    assert_int_equal(signer_call_reserve(&running.client, &reserve, &serial, &reason), OK);
    assert_int_equal(revoke(&serial, OURS, REVOCATION_SUPERSEDED), OK);
    assert_true(listed(OURS, &serial));
    /* A list dated before the revocation, the revocation moved to the other issuer or made milder,
     * or forgotten by a store that says it has never seen a journal. */
    assert_int_equal(list_made(OURS, now() - 86400, &dated_back), ERR_CRYPTO);
    assert_int_equal(revoke(&serial, THEIRS, REVOCATION_SUPERSEDED), ERR_NOT_FOUND);
    assert_int_equal(revoke(&serial, OURS, REVOCATION_UNSPECIFIED), ERR_CONFLICT);
    running_kill(&running);
    assert_int_equal(running_start(&running), OK);
    assert_int_equal(signer_call_anchor(&running.client, &nothing, &place, &reason), OK);
    assert_true(listed(OURS, &serial));
    assert_false(listed(THEIRS, &serial));
    sample_release(&sample);
}

/* What it asks for again it gets again, and nothing else. */
void a_store_put_back_to_an_earlier_day(void **state)
{
    struct sample sample, rewritten;
    struct reason reason = { 0 };
    struct signer_place place, forged = { .records = 1 << 20, .last_offset = 1 << 30 };
    static const struct signer_place nothing;
    struct signer_serial first, again;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) later = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    victim_is_validated(&sample);
    const struct signer_reserve reserve = { sample.warrant.request };
    expect_certificate(&sample, &der);
    int64_t before = issued();
    assert_int_equal(signer_call_reserve(&running.client, &reserve, &first, &reason), OK);
    running_kill(&running);
    assert_int_equal(running_start(&running), OK);
    assert_int_equal(/* he shows the journal of another day */
        signer_call_anchor(&running.client, &forged, &place, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "journal.behind");
    assert_int_equal(
        ask(&sample.warrant.request, buf_span(&sample.der), &later, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "journal.unanchored");
    assert_int_equal(signer_call_anchor(&running.client, &nothing, &place, &reason), OK);
    /* The request that the store has not seen answered yet, with a key of his own now. */
    rewritten = sample;
    rewritten.der = buf_make(WARRANT_MAX_BYTES);
    rewritten.csr = buf_make(CSR_MAX_BYTES);
    assert_int_equal(sample_csr(&rewritten, his_key, VICTIM), OK);
    assert_int_equal(sample_format(&rewritten), OK);
    expect_certificate(&rewritten, &later);
    assert_true(span_equal(buf_span(&later), buf_span(&der)));
    assert_int_equal(signer_call_reserve(&running.client, &reserve, &again, &reason), OK);
    assert_memory_equal(first.bytes, again.bytes, first.len);
    assert_int_equal(issued(), before);
    buf_release(&rewritten.der);
    buf_release(&rewritten.csr);
    sample_release(&sample);
}

void a_key_that_was_blocked_comes_back(void **state)
{
    struct sample sample;
    struct signer_block block;
    struct reason reason = { 0 };
    AUTO_PTR(key) leaked = NULL;
    (void)state;
    assert_int_equal(key_generate(KEY_TYPE_P256, &leaked), OK);
    victim_is_validated(&sample);
    assert_int_equal(sample_csr(&sample, leaked, VICTIM), OK);
    assert_int_equal(sample_format(&sample), OK);
    memcpy(block.spki_hash, key_spki_sha256(leaked).data, HASH_BYTES);
    assert_int_equal(signer_call_block(&running.client, &block, &reason), OK);
    expect_nothing(&sample, "key.blocked");
    sample_release(&sample);
}

/* By keys of his own, and by an order of the officers' for another stop. */
void an_order_to_go_on_that_two_of_the_roster_did_not_give(void **state)
{
    struct sample sample;
    struct signer_status status;
    struct reason reason = { 0 };
    const struct halt stop = { "operator (uid 0)", "the portal is owned", 0 };
    struct key *const *officers = running.factory.officers;
    const struct {
        const struct key *first, *second;
        bool another;
        enum err expected;
    } cases[] = {
        { running.factory.stranger, running.factory.stranger, false, ERR_DENIED },
        { officers[0], running.factory.stranger, false, ERR_DENIED },
        { officers[0], officers[0], false, ERR_DENIED },
        { officers[0], officers[1], true, ERR_DENIED },
        { officers[0], officers[1], false, OK },
    };
    (void)state;
    victim_is_validated(&sample);
    assert_int_equal(signer_call_halt(&running.client, &stop, &reason), OK);
    assert_int_equal(signer_call_status(&running.client, &status, &reason), OK);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const struct key *keys[] = { cases[c].first, cases[c].second };
        uint8_t signatures[2][SIGNATURE_MAX_BYTES];
        struct resumption resumption = { .time = now() };
        AUTO(buf) message = buf_make(HALT_MAX_BYTES);
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        assert_int_equal(
            halt_hash(cases[c].another ? &stop : &status.halt, resumption.halt_hash), OK);
        assert_int_equal(resumption_message(&resumption, &message), OK);
        for (size_t i = 0; i < 2; i++) {
            size_t len = 0;
            assert_int_equal(
                signature_make(keys[i], SIGNATURE_ED25519, buf_span(&message), signatures[i], &len),
                OK);
            memcpy(resumption.signatures[i].key_id, key_spki_sha256(keys[i]).data, HASH_BYTES);
            resumption.signatures[i].signature = span_make(signatures[i], len);
        }
        assert_int_equal(
            ask(&sample.warrant.request, buf_span(&sample.der), &der, &reason), ERR_AGAIN);
        assert_string_equal(reason.code, "issuance.stopped");
        assert_int_equal(
            signer_call_resume(&running.client, &resumption, &reason), cases[c].expected);
    }
    sample_release(&sample);
}
