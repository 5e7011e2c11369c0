/* Certificate Transparency in the signer: precertificate, promises, the certificate that
 * corresponds byte for byte, or none. */
#include "lib/pki/crl.h"
#include "tests/process/signer/logged.h"

#include <stdio.h>

static void a_precertificate_becomes_the_certificate_that_it_promised(void **state)
{
    struct reason reason;
    struct walk walk;
    struct certificate first, made;
    bool precertificate = true;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) again = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    assert_int_equal(certificate_parse(buf_span(&walk.precertificate), &first), OK);
    assert_int_equal(certificate_verify(&first, world.factory.issuer.key), OK);
    assert_true(certificate_find_extension(&first, oid_ct_poison)->critical);
    assert_null(certificate_find_extension(&first, oid_sct_list));

    /* Asked again it is the same, whoever dies in between. */
    issuing_free(issuing);
    issuing = core();
    assert_int_equal(issuing_issue(issuing, walk.request, buf_span(&walk.sample.der), &again,
                         &precertificate, &reason),
        OK);
    assert_true(precertificate);
    assert_true(span_equal(buf_span(&again), buf_span(&walk.precertificate)));

    /* Hours later the certificate is of the moment at which the precertificate was. */
    world.time += 3600;
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(certificate_verify(&made, world.factory.issuer.key), OK);
    assert_null(certificate_find_extension(&made, oid_ct_poison));
    assert_non_null(certificate_find_extension(&made, oid_sct_list));
    assert_true(span_equal(made.serial, first.serial));
    assert_int_equal(made.not_before, NOW);
    assert_int_equal(build_correspond(first.tbs, made.tbs, &reason), OK);

    issuing_free(issuing);
    issuing = core();
    assert_int_equal(complete(issuing, &walk, SPAN_LITERAL("nonsense"), &again, &reason), OK);
    assert_true(span_equal(buf_span(&again), buf_span(&der)));
    buf_clear(&again);
    assert_int_equal(
        issuing_issue(issuing, walk.request, SPAN_LITERAL(""), &again, &precertificate, &reason),
        OK);
    assert_false(precertificate);
    assert_true(span_equal(buf_span(&again), buf_span(&der)));
    issuing_free(issuing);
    walk_release(&walk);
}

static void promises_that_are_not_what_they_should_be_are_refused(void **state)
{
    static const struct promises cases[] = {
        { "ct.signature", { 0, 1, 2 }, 3, .of_another = true },
        { "ct.signature", { 0, 1, 2 }, 3, .forged = true },
        { "ct.time", { 0, 1, 2 }, 3, .later = 301 },
        { "ct.time", { 0, 1, 2 }, 3, .later = -86401 },
        { "ct.list", { 0, 1, 2 }, 3, .cut = true },
        { "ct.log_twice", { 0, 1, 0 }, 3 },
        { "ct.too_few", { 0, 1 }, 2 },        /* more than 180 days ask for three */
        { "ct.log_unknown", { 0, 1, 3 }, 3 }, /* the fourth is struck off below */
        { "ct.shard", { 2, 0, 1 }, 3 },
        { "ct.operators", { 0, 2, 1 }, 3 },
    };
    struct reason reason;
    struct walk walk, other;
    struct roster kept = world.factory.roster;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct issuing *issuing = core();
    (void)state;
    walk_begin(issuing, &walk, 1);
    walk_begin(issuing, &other, 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
        world.factory.roster.log_count =
            strcmp(cases[i].code, "ct.log_unknown") == 0 ? 3 : FACTORY_LOGS;
        if (strcmp(cases[i].code, "ct.shard") == 0) {
            world.factory.roster.logs[2].shard_from = world.time;
            world.factory.roster.logs[2].shard_until = world.time + 86400;
        }
        if (strcmp(cases[i].code, "ct.operators") == 0) {
            world.factory.roster.logs[2].shard_until = 0;
            memcpy(world.factory.roster.logs[1].operator_name, "operator-1", 11);
        }
        promises_write(&cases[i], &walk, &other, &list);
        assert_int_equal(complete(issuing, &walk, buf_span(&list), &der, &reason), ERR_DENIED);
        assert_string_equal(reason.code, cases[i].code);
        assert_int_equal(der.len, 0);
    }
    world.factory.roster = kept;
    /* And the right ones are taken after all that. */
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    issuing_free(issuing);
    walk_release(&walk);
    walk_release(&other);
}

static void nothing_is_completed_before_its_precertificate(void **state)
{
    struct reason reason;
    struct walk walk;
    struct sample sample;
    struct signer_serial serial;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 2), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(
        issuing_complete(issuing, request, buf_span(&walk.list), &der, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "request.unreserved");
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    assert_int_equal(
        issuing_complete(issuing, request, buf_span(&walk.list), &der, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "request.unlogged");
    assert_int_equal(der.len, 0);
    issuing_free(issuing);
    sample_release(&sample);
    walk_release(&walk);
}

/* One field of a to-be-signed certificate after the other is another. */
static void s4_a_certificate_that_differs_anywhere_is_not_the_promised_one(void **state)
{
    struct reason reason;
    struct walk walk, other;
    struct certificate first, another, made;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    walk_begin(issuing, &other, 2);
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&walk.precertificate), &first), OK);
    assert_int_equal(certificate_parse(buf_span(&other.precertificate), &another), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(build_correspond(another.tbs, made.tbs, &reason), ERR_CRYPTO);
    assert_string_equal(reason.code, "build.correspondence");
    /* No octet may differ: serial, issuer, validity, subject, key, extensions and their order. */
    AUTO(buf) changed = buf_make(CERTIFICATE_MAX_BYTES);
    size_t refused = 0, scts_at = 0;
    const struct certificate_extension *list = certificate_find_extension(&made, oid_sct_list);
    scts_at = (size_t)(list->oid.data - made.tbs.data);
    for (size_t i = 0; i < scts_at; i++) {
        buf_clear(&changed);
        buf_append(&changed, made.tbs);
        changed.data[i] ^= 1;
        refused += build_correspond(first.tbs, buf_span(&changed), &reason) != OK;
    }
    assert_int_equal(refused, scts_at);
    issuing_free(issuing);
    walk_release(&walk);
    walk_release(&other);
}

/* A profile that changed between the two signatures: what would be built is refused, whatever the
 * promises say. */
static void s4_a_setting_that_changed_in_between_stops_the_certificate(void **state)
{
    struct reason reason;
    struct walk walk;
    char kept[sizeof world.issuers[0].crl_url];
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    memcpy(kept, world.issuers[0].crl_url, sizeof kept);
    snprintf(world.issuers[0].crl_url, sizeof world.issuers[0].crl_url,
        "http://ecert.example.net/crl/new.crl");
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), ERR_CRYPTO);
    assert_string_equal(reason.code, "build.correspondence");
    assert_int_equal(der.len, 0);
    memcpy(world.issuers[0].crl_url, kept, sizeof kept);
    world.factory.roster.epoch++;
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.epoch");
    world.factory.roster.epoch--;
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    issuing_free(issuing);
    walk_release(&walk);
}

static bool listed(struct issuing *issuing, const struct signer_serial *serial)
{
    struct crl crl;
    struct crl_entry entry;
    struct reason reason = { 0 };
    struct signer_crl_made made;
    const struct signer_crl wanted = {
        .issuer = "ssl-ca-3-17", .this_update = world.time, .next_update = world.time + 86400
    };
    AUTO(buf) der = buf_make(SIGNER_CRL_MAX_BYTES);
    assert_int_equal(issuing_crl(issuing, &wanted, &made, &der, &reason), OK);
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    return crl_find(&crl, span_make(serial->bytes, serial->len), &entry) == OK;
}

static void what_stands_between_the_two_signatures_counts(void **state)
{
    const struct halt stop = { "operator (uid 0)", "a log lies", 0 };
    struct reason reason;
    struct walk walks[3];
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        walk_begin(issuing, &walks[i], i + 1);
    }
    struct signer_revoke revoke = { .issuer = "ssl-ca-3-17",
        .serial = walks[0].serial,
        .reason = REVOCATION_CESSATION,
        .date = NOW };
    assert_int_equal(issuing_revoke(issuing, &revoke, &reason), OK);
    assert_int_equal(
        complete(issuing, &walks[0], buf_span(&walks[0].list), &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.serial_revoked");
    assert_true(listed(issuing, &walks[0].serial));
    assert_int_equal(
        issuing_withdraw(issuing, walks[1].sample.warrant.approvals[0].application_hash), OK);
    assert_int_equal(
        complete(issuing, &walks[1], buf_span(&walks[1].list), &der, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "warrant.withdrawn");
    assert_int_equal(issuing_halt(issuing, &stop, &reason), OK);
    assert_int_equal(
        complete(issuing, &walks[2], buf_span(&walks[2].list), &der, &reason), ERR_AGAIN);
    assert_string_equal(reason.code, "issuance.stopped");
    /* What takes back is taken all the same. */
    assert_int_equal(issuing_abandon(issuing, walks[2].request, &reason), OK);
    assert_true(listed(issuing, &walks[2].serial));
    issuing_free(issuing);
    for (unsigned i = 0; i < 3; i++) {
        walk_release(&walks[i]);
    }
}

static void an_abandoned_serial_is_revoked_and_never_signed_for(void **state)
{
    struct reason reason;
    struct walk walk, done;
    struct sample sample;
    struct signer_serial serial, again;
    struct signer_status before, after;
    struct issuing *issuing = core();
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    walk_begin(issuing, &done, 2);
    assert_int_equal(complete(issuing, &done, buf_span(&done.list), &der, &reason), OK);
    assert_int_equal(issuing_abandon(issuing, done.request, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "request.issued");
    assert_false(listed(issuing, &done.serial));
    assert_false(listed(issuing, &walk.serial));
    for (unsigned i = 0; i < 3; i++) {
        issuing_status(issuing, &before);
        assert_int_equal(issuing_abandon(issuing, walk.request, &reason), OK);
        assert_true(listed(issuing, &walk.serial));
        assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "request.abandoned");
        assert_int_equal(
            issuing_issue(issuing, walk.request, buf_span(&walk.sample.der), &der, NULL, &reason),
            ERR_DENIED);
        assert_string_equal(reason.code, "request.abandoned");
        assert_int_equal(der.len, 0);
        issuing_status(issuing, &after);
        assert_int_equal(after.revoked, 1);
        issuing_free(issuing);
        issuing = core();
    }
    /* One that was only reserved is given up too, and on no list. */
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 3), OK);
    const struct request_id *request = &sample.warrant.request;
    assert_int_equal(issuing_abandon(issuing, request, &reason), ERR_CONFLICT);
    assert_string_equal(reason.code, "request.unreserved");
    assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
    assert_int_equal(issuing_abandon(issuing, request, &reason), OK);
    assert_int_equal(issuing_reserve(issuing, request, &again, &reason), OK);
    assert_memory_equal(serial.bytes, again.bytes, serial.len);
    assert_false(listed(issuing, &serial));
    assert_int_equal(
        issuing_issue(issuing, request, buf_span(&sample.der), &der, NULL, &reason), ERR_DENIED);
    issuing_free(issuing);
    sample_release(&sample);
    walk_release(&walk);
    walk_release(&done);
}

/* Every cut that a kill can leave: one serial, one precertificate, one certificate. */
static void s1_a_journal_torn_anywhere_goes_on_with_the_same_serial(void **state)
{
    struct reason reason;
    struct walk walk;
    struct issuing *issuing = core();
    AUTO(buf) whole = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    walk_begin(issuing, &walk, 1);
    assert_int_equal(complete(issuing, &walk, buf_span(&walk.list), &der, &reason), OK);
    issuing_free(issuing);
    assert_int_equal(file_read(world.journal_path, FILE_MAX_BYTES, &whole), OK);
    for (size_t len = 300; len <= whole.len; len += 97) {
        struct signer_status status;
        struct signer_serial serial;
        struct certificate made;
        bool precertificate = false;
        AUTO(buf) first = buf_make(CERTIFICATE_MAX_BYTES);
        AUTO(buf) again = buf_make(CERTIFICATE_MAX_BYTES);
        AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
        assert_int_equal(file_replace(world.journal_path, span_make(whole.data, len), 0600), OK);
        issuing = core();
        assert_int_equal(issuing_reserve(issuing, walk.request, &serial, &reason), OK);
        assert_int_equal(issuing_issue(issuing, walk.request, buf_span(&walk.sample.der), &first,
                             &precertificate, &reason),
            OK);
        assert_int_equal(certificate_parse(buf_span(&first), &made), OK);
        assert_true(span_equal(made.serial, span_make(serial.bytes, serial.len)));
        if (precertificate) {
            assert_int_equal(
                factory_promises(&world.factory, SCTS, buf_span(&first), world.time, &list), OK);
        }
        assert_int_equal(complete(issuing, &walk, buf_span(&list), &again, &reason), OK);
        assert_int_equal(certificate_parse(buf_span(&again), &made), OK);
        assert_true(span_equal(made.serial, span_make(serial.bytes, serial.len)));
        issuing_status(issuing, &status);
        assert_int_equal(status.issued, 1);
        issuing_free(issuing);
    }
    walk_release(&walk);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, world_begin)
    const struct CMUnitTest tests[] = {
        TEST(a_precertificate_becomes_the_certificate_that_it_promised),
        TEST(promises_that_are_not_what_they_should_be_are_refused),
        TEST(nothing_is_completed_before_its_precertificate),
        TEST(s4_a_certificate_that_differs_anywhere_is_not_the_promised_one),
        TEST(s4_a_setting_that_changed_in_between_stops_the_certificate),
        TEST(what_stands_between_the_two_signatures_counts),
        TEST(an_abandoned_serial_is_revoked_and_never_signed_for),
        TEST(s1_a_journal_torn_anywhere_goes_on_with_the_same_serial),
    };
    return cmocka_run_group_tests(tests, logged_make, world_drop);
}
