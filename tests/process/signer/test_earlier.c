/* Evidence of an earlier application in the order of the journal: a withdrawal of either before the
 * signature forbids it, one behind it does not; and the proof from public keys alone sees the same.
 */
#include "tests/factory/renewal.h"
#include "tests/process/signer/core.h"

#include <stdlib.h>
#include <unistd.h>

static struct renewal *renews(unsigned serial_of_request)
{
    struct renewal *renewal = calloc(1, sizeof *renewal);
    const struct renewal_plan plan = { NOW, 100 * DAY_SECONDS, serial_of_request, NULL };
    assert_non_null(renewal);
    assert_int_equal(renewal_init(renewal, &world.factory, &plan), OK);
    return renewal;
}

static void drop(struct renewal *renewal)
{
    renewal_release(renewal);
    free(renewal);
}

static enum err ask(struct issuing *issuing, const struct renewal *renewal, struct buf *der,
    bool *ret_precertificate, struct reason *ret_reason)
{
    struct signer_serial serial;
    const struct request_id *request = &renewal->second.warrant.request;
    *ret_reason = (struct reason){ 0 };
    buf_clear(der);
    TRY(issuing_reserve(issuing, request, &serial, ret_reason));
    return issuing_issue(
        issuing, request, buf_span(&renewal->second.der), der, ret_precertificate, ret_reason);
}

static void assert_proof_of(const char *path, const char *code, int64_t issued)
{
    struct reason reason = { 0 };
    AUTO(proof) proof = { .count = 0 };
    enum err err = prove(path, &world.factory.roster, &proof, &reason);
    assert_string_equal(reason.code, code);
    assert_int_equal(err, code[0] == '\0' ? OK : ERR_DENIED);
    assert_int_equal(proof.counts[JOURNAL_ISSUED], issued);
}

static void assert_proof(const char *code, int64_t issued)
{
    assert_proof_of(world.journal_path, code, issued);
}

static enum err nothing_visit(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return OK;
}

static void a_withdrawal_counts_from_its_place_in_the_journal_on(void **state)
{
    (void)state;
    struct reason reason;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO_PTR(issuing) issuing = core();
    struct renewal *before = renews(1), *behind = renews(11);
    assert_int_equal(ask(issuing, before, &der, NULL, &reason), OK);
    assert_int_equal(issuing_withdraw(issuing, before->earlier.hash), OK);
    assert_int_equal(issuing_withdraw(issuing, behind->earlier.hash), OK);
    assert_int_equal(ask(issuing, behind, &der, NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.earlier_withdrawn");
    assert_true(warrant_lapsed(&reason));
    assert_int_equal(der.len, 0);
    /* What was signed is given again, and nothing new is signed for it. */
    assert_int_equal(ask(issuing, before, &der, NULL, &reason), OK);
    assert_true(der.len > 0);
    before->second.warrant.request.ordinal++;
    assert_int_equal(sample_format(&before->second), OK);
    assert_int_equal(ask(issuing, before, &der, NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.earlier_withdrawn");
    assert_proof("", 1);
    drop(before);
    drop(behind);
}

/* Between the two signatures of one certificate as before the first. */
static void a_withdrawal_between_precertificate_and_certificate_ends_it(void **state)
{
    (void)state;
    struct reason reason;
    bool first = false;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    AUTO(buf) made = buf_make(CERTIFICATE_MAX_BYTES);
    const struct roster kept = world.factory.roster;
    factory_publish(&world.factory);
    struct renewal *renewal = renews(1);
    {
        AUTO_PTR(issuing) issuing = core();
        assert_int_equal(ask(issuing, renewal, &der, &first, &reason), OK);
        assert_true(first);
        assert_int_equal(issuing_withdraw(issuing, renewal->earlier.hash), OK);
        assert_int_equal(
            factory_promises(&world.factory, 3, buf_span(&der), world.time, &list), OK);
        assert_int_equal(issuing_complete(issuing, &renewal->second.warrant.request,
                             buf_span(&list), &made, &reason),
            ERR_DENIED);
        assert_string_equal(reason.code, "warrant.earlier_withdrawn");
        assert_int_equal(made.len, 0);
        assert_proof("", 0);
    }
    world.factory.roster = kept;
    drop(renewal);
}

static void raw_write(struct der_writer *writer, const void *object)
{
    der_write_raw(writer, *(const struct span *)object);
}

static void hash_write(struct der_writer *writer, const void *object)
{
    struct record_withdrawn record;
    memcpy(record.application_hash, object, HASH_BYTES);
    record_withdrawn_write(writer, &record);
}

/* Where the records of a journal go, and which withdrawal is put before its intents. */
struct rewriting {
    struct journal *to;
    const uint8_t *withdrawn;
};

static enum err record_copy(void *ctx, const struct journal_record *record)
{
    const struct rewriting *rewriting = ctx;
    if (record->type == JOURNAL_INTENT) {
        TRY(journal_append(rewriting->to, JOURNAL_WITHDRAWN, record->time, hash_write,
            rewriting->withdrawn, NULL));
    }
    return journal_append(
        rewriting->to, record->type, record->time, raw_write, &record->body, NULL);
}

/* So would the journal read of a signer that had overlooked it. */
static void the_proof_finds_what_was_signed_behind_the_withdrawal_of_either(void **state)
{
    (void)state;
    struct reason reason;
    struct renewal *renewal = renews(1);
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    {
        AUTO_PTR(issuing) issuing = core();
        assert_int_equal(ask(issuing, renewal, &der, NULL, &reason), OK);
    }
    const struct {
        const uint8_t *withdrawn;
        const char *code;
    } cases[] = {
        { renewal->earlier.hash, "proof.earlier_withdrawn" },
        { renewal->second.warrant.approvals[0].application_hash, "proof.withdrawn_before" },
        { (const uint8_t[HASH_BYTES]){ 7 }, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[PATH_MAX];
        struct rewriting rewriting = { .withdrawn = cases[i].withdrawn };
        AUTO_PTR(journal) from = NULL;
        AUTO_PTR(journal) to = NULL;
        assert_int_equal(path_join(path, sizeof path, world.folder,
                             i == 0   ? "first"
                             : i == 1 ? "second"
                                      : "third"),
            OK);
        assert_int_equal(journal_open(path, NULL, nothing_visit, NULL, &to, NULL, &reason), OK);
        rewriting.to = to;
        assert_int_equal(
            journal_open(world.journal_path, NULL, record_copy, &rewriting, &from, NULL, &reason),
            OK);
        assert_proof_of(path, cases[i].code, 1);
        assert_int_equal(unlink(path), 0);
    }
    drop(renewal);
}

#define TEST(name) cmocka_unit_test_setup(name, world_begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_withdrawal_counts_from_its_place_in_the_journal_on),
        TEST(a_withdrawal_between_precertificate_and_certificate_ends_it),
        TEST(the_proof_finds_what_was_signed_behind_the_withdrawal_of_either),
    };
    return cmocka_run_group_tests(tests, world_make_p256, world_drop);
}
