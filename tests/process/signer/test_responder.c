/* The certificates of OCSP responders: what is signed, what is refused, and that the journal's
 * proof takes nothing else for one. */
#include "lib/lint/lint.h"
#include "lib/pki/csr.h"
#include "proc/signer/responder.h"
#include "tests/process/signer/core.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct key *responder;
static struct buf csr;

static enum err proved(struct reason *ret_reason)
{
    AUTO(proof) proof = { .count = 0 };
    return prove(world.journal_path, &world.factory.roster, &proof, ret_reason);
}

static void it_lives_a_month_and_says_whose_answers_it_signs(void **state)
{
    struct reason reason;
    struct certificate made;
    struct lint_result result;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    struct signer_status status;
    struct issuing *issuing = core();
    issuing_status(issuing, &status);
    int64_t records = status.journal_records;
    assert_int_equal(issuing_responder(issuing, "ssl-ca-3-17", buf_span(&csr), &der, &reason), OK);
    issuing_status(issuing, &status);
    assert_int_equal(status.journal_records, records + 1);
    issuing_free(issuing);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.not_before, NOW);
    assert_int_equal(made.not_after, NOW + 30 * 86400 - 1);
    assert_true(span_equal(made.spki, key_spki(responder)));
    assert_true(span_equal(made.issuer, world.factory.issuer.certificate.subject));
    assert_false(made.server_auth);
    assert_int_equal(certificate_verify(&made, world.factory.issuer.key), OK);
    assert_int_equal(lint_check(buf_span(&der), LINT_RESPONDER, NOW, &result), OK);
    assert_int_equal(result.warnings, 0);
    assert_int_equal(lint_check(buf_span(&der), LINT_SERVER_OV, NOW, &result), ERR_INPUT);
    assert_int_equal(proved(&reason), OK);
    /* The journal is read again by the next start. */
    issuing_free(core());
}

static void never_longer_than_its_authority(void **state)
{
    struct reason reason;
    struct certificate made;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    world.time = world.factory.issuer.certificate.not_after - 86400;
    struct issuing *issuing = core();
    assert_int_equal(issuing_responder(issuing, "ssl-ca-3-17", buf_span(&csr), &der, &reason), OK);
    issuing_free(issuing);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.not_after, world.factory.issuer.certificate.not_after);
}

static void assert_refused(struct issuing *issuing, const char *issuer, struct span asked,
    enum err expected, const char *code)
{
    struct reason reason = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    assert_int_equal(issuing_responder(issuing, issuer, asked, &der, &reason), expected);
    assert_string_equal(reason.code, code);
    assert_int_equal(der.len, 0);
}

static void what_is_refused_leaves_no_record(void **state)
{
    uint8_t hash[HASH_BYTES];
    struct signer_status status;
    const struct halt stop = { "operator (uid 0)", "a drill", 0 };
    struct reason reason;
    AUTO(buf) bent = buf_make(CSR_MAX_BYTES);
    (void)state;
    struct issuing *issuing = core();
    issuing_status(issuing, &status);
    int64_t records = status.journal_records;
    buf_append(&bent, buf_span(&csr));
    bent.data[bent.len - 1] ^= 1;
    assert_refused(issuing, "ssl-ca-3-17", buf_span(&bent), ERR_SIGNATURE, "csr.signature");
    assert_refused(issuing, "root", buf_span(&csr), ERR_NOT_FOUND, "issuer.key");
    assert_refused(issuing, "ssl-ca-3-17", span_make(csr.data, csr.len - 1), ERR_INPUT, "csr.der");
    issuing_status(issuing, &status);
    assert_int_equal(status.journal_records, records);
    assert_int_equal(sha256(key_spki(responder), hash), OK);
    assert_int_equal(issuing_block(issuing, hash), OK);
    assert_refused(issuing, "ssl-ca-3-17", buf_span(&csr), ERR_DENIED, "key.blocked");
    assert_int_equal(issuing_halt(issuing, &stop, &reason), OK);
    assert_refused(issuing, "ssl-ca-3-17", buf_span(&csr), ERR_AGAIN, "issuance.stopped");
    world.time -= 3600;
    assert_refused(issuing, "ssl-ca-3-17", buf_span(&csr), ERR_AGAIN, "clock.backwards");
    issuing_free(issuing);
}

static enum err no_record(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

/* Writes the record that a signer would have to write before it signed this as a responder's. */
static void record_forge(struct span tbs, const char *issuer, int64_t time)
{
    struct record_responder record = { .tbs = tbs };
    struct reason reason;
    AUTO_PTR(journal) journal = NULL;
    issuing_free(core()); /* the epoch */
    snprintf(record.issuer, sizeof record.issuer, "%s", issuer);
    assert_int_equal(
        journal_open(world.journal_path, NULL, no_record, NULL, &journal, NULL, &reason), OK);
    assert_int_equal(
        journal_append(journal, JOURNAL_RESPONDER, time, record_responder_write, &record, NULL),
        OK);
}

static void responder_build(const struct issuer_key *by, struct buf *tbs)
{
    struct reason reason;
    const struct responder_request request = { by, key_spki(responder),
        SPAN_LITERAL("\x4e\x01\x02\x03\x04\x05\x06\x07\x08"), NOW };
    assert_int_equal(responder_tbs(&request, tbs, &reason), OK);
}

/* doc/threats.md S10: under this name no server's certificate can be signed past its warrant. */
static void s10_the_proof_takes_nothing_else_for_a_responder(void **state)
{
    struct reason reason;
    struct sample sample;
    struct signer_serial serial;
    struct certificate server;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) good = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) nameless = buf_make(CERTIFICATE_MAX_BYTES); /* a server's but for its name */
    static const uint8_t ocsp_signing[] = { 0x2b, 6, 1, 5, 5, 7, 3, 9 };
    (void)state;
    struct issuing *issuing = core();
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issuing_reserve(issuing, &sample.warrant.request, &serial, &reason), OK);
    assert_int_equal(
        issuing_issue(issuing, &sample.warrant.request, buf_span(&sample.der), &der, NULL, &reason),
        OK);
    issuing_free(issuing);
    assert_int_equal(certificate_parse(buf_span(&der), &server), OK);
    responder_build(&world.factory.issuer, &good);
    buf_append(&nameless, buf_span(&good));
    uint8_t *purpose = memmem(nameless.data, nameless.len, ocsp_signing, sizeof ocsp_signing);
    assert_non_null(purpose);
    purpose[sizeof ocsp_signing - 1] = 1; /* serverAuth */
    const struct {
        struct span tbs;
        const char *issuer;
        int64_t time;
        bool proved;
    } rows[] = {
        { buf_span(&good), "ssl-ca-3-17", NOW, true },
        { server.tbs, "ssl-ca-3-17", NOW, false },
        { buf_span(&nameless), "ssl-ca-3-17", NOW, false },
        { world.factory.issuer.certificate.tbs, "ssl-ca-3-17", NOW, false },
        { buf_span(&good), "ev-ssl-ca-3-17", NOW, false },
        { buf_span(&good), "root", NOW, false },
        { buf_span(&good), "ssl-ca-3-17", NOW + 1, false },
        { SPAN_LITERAL("\x30\x00"), "ssl-ca-3-17", NOW, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_begin(NULL);
        record_forge(rows[i].tbs, rows[i].issuer, rows[i].time);
        assert_int_equal(proved(&reason), rows[i].proved ? OK : ERR_DENIED);
        assert_string_equal(reason.code, rows[i].proved ? "" : "proof.responder");
    }
    sample_release(&sample);
}

static int make_world(void **state)
{
    struct sample sample;
    if (world_make_p256(state) != 0 || key_generate(KEY_TYPE_P256, &responder) != OK) {
        return -1;
    }
    csr = buf_make(CSR_MAX_BYTES);
    bool made = sample_init(&sample, &world.factory, NOW, 1) == OK &&
                sample_csr(&sample, responder, "responder") == OK;
    buf_append(&csr, buf_span(&sample.csr));
    sample_release(&sample);
    return made ? 0 : -1;
}

static int drop_world(void **state)
{
    buf_release(&csr);
    key_free(responder);
    return world_drop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_lives_a_month_and_says_whose_answers_it_signs, world_begin),
        cmocka_unit_test_setup(never_longer_than_its_authority, world_begin),
        cmocka_unit_test_setup(what_is_refused_leaves_no_record, world_begin),
        cmocka_unit_test_setup(s10_the_proof_takes_nothing_else_for_a_responder, world_begin),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
