/* The classic policy set over a real journal: certificates with organizational units, byte for byte
 * as the profile says, and everybody who refuses to let a public hierarchy have them. */
#include "lib/der/oid.h"
#include "lib/lint/lint.h"
#include "lib/pki/name.h"
#include "tests/process/signer/core.h"

#include <fcntl.h>
#include <unistd.h>

static struct roster classic, as_made;

static int begin(void **state)
{
    world.factory.roster = classic;
    memset(world.factory.roster_hash, 1, sizeof world.factory.roster_hash);
    return world_begin(state);
}

static enum err issue(
    const struct sample *sample, struct buf *certificate, struct reason *ret_reason)
{
    struct signer_serial serial;
    AUTO_PTR(issuing) issuing = NULL;
    const struct request_id *request = &sample->warrant.request;
    TRY(core_open(&issuing, /* ret_cut= */ NULL, ret_reason));
    TRY(issuing_reserve(issuing, request, &serial, ret_reason));
    return issuing_issue(issuing, request, buf_span(&sample->der), certificate, NULL, ret_reason);
}

static void sample_repair(struct sample *sample)
{
    assert_int_equal(sample_bind(sample), OK);
    assert_int_equal(sample_sign(sample), OK);
    assert_int_equal(sample_format(sample), OK);
}

/* C, ST, L, O, three units and CN: the name as it is in the certificate. */
static const uint8_t name_golden[] = "\x30\x81\xd5"
                                     "\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02"
                                     "HK"
                                     "\x31\x12\x30\x10\x06\x03\x55\x04\x08\x0c\x09"
                                     "Hong Kong"
                                     "\x31\x12\x30\x10\x06\x03\x55\x04\x07\x0c\x09"
                                     "Hong Kong"
                                     "\x31\x1d\x30\x1b\x06\x03\x55\x04\x0a\x0c\x14"
                                     "Shop Example Limited"
                                     "\x31\x13\x30\x11\x06\x03\x55\x04\x0b\x0c\x0a"
                                     "0002142877"
                                     "\x31\x24\x30\x22\x06\x03\x55\x04\x0b\x0c\x1b"
                                     "123456780000126A00000000HKO"
                                     "\x31\x25\x30\x23\x06\x03\x55\x04\x0b\x0c\x1c"
                                     "Example Post e-Cert (Server)"
                                     "\x31\x1d\x30\x1b\x06\x03\x55\x04\x03\x0c\x14"
                                     "www.shop.example.com";

static void the_units_stand_in_their_order_behind_the_organisation(void **state)
{
    struct sample sample;
    struct reason reason;
    struct certificate made;
    struct lint_result result;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    sample.application.subject.brn = "12345678-000-01-26-A";
    sample.application.subject.other_document = "HKO";
    sample_repair(&sample);
    assert_int_equal(issue(&sample, &der, &reason), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
    assert_int_equal(made.subject.len, sizeof name_golden - 1);
    assert_memory_equal(made.subject.data, name_golden, sizeof name_golden - 1);
    assert_int_equal(made.policy_count, 0);
    assert_int_equal(lint_check(buf_span(&der), LINT_SERVER_CLASSIC, NOW, &result), OK);
    assert_int_equal(result.warnings, 0);
    sample_release(&sample);
}

static void names_count(const struct certificate *made, const char *const *expected, size_t count)
{
    struct name name;
    size_t found = 0;
    assert_int_equal(name_parse(made->subject, &name), OK);
    for (size_t i = 0; i < name.count; i++) {
        if (span_equal(name.attributes[i].oid, oid_organisational_unit)) {
            assert_true(found < count);
            assert_true(span_equal_text(name.attributes[i].value, expected[found++]));
        }
    }
    assert_int_equal(found, count);
}

static void each_edition_has_them_and_the_branch_is_the_fourth(void **state)
{
    static const struct {
        enum edition edition;
        size_t names;
        bool chinese;
        const char *branch_zh, *fourth;
    } rows[] = {
        { EDITION_SERVER, 1, false, "分店", "Central Branch" },
        { EDITION_WILDCARD, 1, true, "分店", "分店" },
        { EDITION_MULTI, 50, true, "", "Central Branch" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample sample;
        struct reason reason;
        struct certificate made;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        const char *const units[] = { "0002142877", "000000001234567800000000",
            "Example Post e-Cert (Server)", rows[i].fourth };
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        sample.application.subject.branch = "Central Branch";
        sample.application.subject.branch_zh = rows[i].branch_zh;
        sample.warrant.chinese = rows[i].chinese;
        assert_int_equal(sample_become(&sample, rows[i].edition, rows[i].names), OK);
        assert_int_equal(issue(&sample, &der, &reason), OK);
        assert_int_equal(certificate_parse(buf_span(&der), &made), OK);
        names_count(&made, units, 4);
        sample_release(&sample);
    }
}

static void what_has_no_room_in_a_unit_is_not_signed(void **state)
{
    static const struct {
        const char *brn, *ci_cr, *other, *field;
    } rows[] = {
        { "12345678-000-01-26-AB", "", "", "brn" },
        { "", "123456789", "", "ci_cr" },
        { "", "", "HKO 3456789 123456789 123456789", "other_document" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample sample;
        struct reason reason;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        sample.application.subject.brn = rows[i].brn;
        sample.application.subject.ci_cr = rows[i].ci_cr;
        sample.application.subject.other_document = rows[i].other;
        sample_repair(&sample);
        assert_int_equal(issue(&sample, &der, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "application.unit");
        assert_string_equal(reason.field, rows[i].field);
        assert_int_equal(der.len, 0);
        sample_release(&sample);
    }
}

static void pin(struct sample *sample, const char *id)
{
    const struct profile *profile = profile_by_id(id);
    snprintf(sample->warrant.profile_id, sizeof sample->warrant.profile_id, "%s", id);
    assert_int_equal(profile_hash(profile, sample->warrant.profile_hash), OK);
    assert_int_equal(sample_format(sample), OK);
}

/* doc/threats.md S10: no way leads from one set's profiles to another's. */
static void s10_no_set_signs_another_ones_profile(void **state)
{
    static const struct {
        enum policy_set set;
        const char *profile;
    } rows[] = {
        { POLICY_PUBLIC, "classic-server-1" },
        { POLICY_PRIVATE, "classic-server-1" },
        { POLICY_CLASSIC, "ov-server-1" },
        { POLICY_CLASSIC, "ov-server-ct-1" },
        { POLICY_CLASSIC, "ev-server-1" },
    };
    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample sample;
        struct reason reason;
        AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
        begin(NULL);
        world.factory.roster.policy_set = rows[i].set;
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        pin(&sample, rows[i].profile);
        assert_int_equal(issue(&sample, &der, &reason), ERR_DENIED);
        assert_string_equal(reason.code, "warrant.profile");
        assert_int_equal(der.len, 0);
        sample_release(&sample);
    }
    assert_null(warrant_profile(&classic, EDITION_EV));
    assert_null(warrant_profile(&classic, EDITION_EV_MULTI));
}

/* The last look: were it built under another set after all, its lints say no. */
static void held_to_public_rules_it_is_refused(void **state)
{
    static const enum lint_kind kinds[] = { LINT_SERVER_OV, LINT_SERVER_EV, LINT_SERVER_DV,
        LINT_PRECERTIFICATE };
    struct sample sample;
    struct reason reason;
    enum lint_kind kind;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(&sample, &der, &reason), OK);
    assert_int_equal(lint_guess(buf_span(&der), &kind), OK);
    assert_int_equal(kind, LINT_SERVER_CLASSIC);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct lint_result result;
        assert_int_equal(lint_check(buf_span(&der), kinds[i], NOW, &result), ERR_INPUT);
        bool unit = false;
        for (size_t k = 0; k < result.count; k++) {
            unit = unit || strcmp(result.findings[k].lint->id, "subject.unit") == 0;
        }
        assert_true(unit || kinds[i] == LINT_PRECERTIFICATE); /* which wants the poison */
    }
    sample_release(&sample);
}

static void assert_not_opened(const char *field)
{
    struct issuing *issuing = NULL;
    struct reason reason;
    assert_int_equal(core_open(&issuing, /* ret_cut= */ NULL, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "roster.classic");
    assert_string_equal(reason.field, field);
}

static void the_signer_starts_with_no_classic_roster_that_claims_to_be_public(void **state)
{
    (void)state;
    world.factory.roster.issuers[0] = as_made.issuers[0]; /* of organisation validation */
    assert_not_opened("ssl-ca-3-17");
    begin(NULL);
    world.factory.roster.issuers[world.factory.roster.issuer_count++] =
        as_made.issuers[1]; /* of EV */
    assert_not_opened("ev-ssl-ca-3-17");
    begin(NULL);
    snprintf(world.factory.roster.logs[0].name, sizeof world.factory.roster.logs[0].name, "log");
    world.factory.roster.log_count = 1;
    assert_not_opened("ct_log");
}

static void a_hierarchy_never_changes_from_classic_or_to_it(void **state)
{
    struct issuing *issuing = NULL;
    struct reason reason;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(NULL);
        world.factory.roster.policy_set = i == 0 ? POLICY_CLASSIC : POLICY_PUBLIC;
        assert_int_equal(core_open(&issuing, /* ret_cut= */ NULL, &reason), OK);
        issuing_free(issuing);
        world.factory.roster.policy_set = i == 0 ? POLICY_PUBLIC : POLICY_CLASSIC;
        world.factory.roster.epoch++;
        memset(world.factory.roster_hash, 2, sizeof world.factory.roster_hash);
        assert_not_opened("policy_set");
    }
}

static enum err proved(const struct roster *roster, struct reason *ret_reason)
{
    AUTO(proof) proof = { .count = 0 };
    return prove(world.journal_path, roster, &proof, ret_reason);
}

static void the_proof_asks_for_the_units_too(void **state)
{
    struct sample sample;
    struct reason reason;
    struct roster other = classic;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    (void)state;
    assert_int_equal(sample_init(&sample, &world.factory, NOW, 1), OK);
    assert_int_equal(issue(&sample, &der, &reason), OK);
    assert_int_equal(proved(&classic, &reason), OK);
    other.trial = true; /* so that another type would have to stand there */
    assert_int_equal(proved(&other, &reason), ERR_DENIED);
    assert_string_equal(reason.code, "proof.units");
    sample_release(&sample);
}

static int make_world(void **state)
{
    static struct buf ov, ev;
    if (world_make_p256(state) != 0) {
        return -1;
    }
    as_made = world.factory.roster;
    ov = buf_make(CERTIFICATE_MAX_BYTES);
    ev = buf_make(CERTIFICATE_MAX_BYTES);
    buf_append(&ov, as_made.issuers[0].certificate);
    buf_append(&ev, as_made.issuers[1].certificate);
    as_made.issuers[0].certificate = buf_span(&ov);
    as_made.issuers[1].certificate = buf_span(&ev);
    if (factory_classic(&world.factory) != OK) {
        return -1;
    }
    classic = world.factory.roster;
    world.issuers[0] = world.factory.issuer;
    world.issuer_count = 1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_units_stand_in_their_order_behind_the_organisation, begin),
        cmocka_unit_test_setup(each_edition_has_them_and_the_branch_is_the_fourth, begin),
        cmocka_unit_test_setup(what_has_no_room_in_a_unit_is_not_signed, begin),
        cmocka_unit_test_setup(s10_no_set_signs_another_ones_profile, begin),
        cmocka_unit_test_setup(held_to_public_rules_it_is_refused, begin),
        cmocka_unit_test_setup(
            the_signer_starts_with_no_classic_roster_that_claims_to_be_public, begin),
        cmocka_unit_test_setup(a_hierarchy_never_changes_from_classic_or_to_it, begin),
        cmocka_unit_test_setup(the_proof_asks_for_the_units_too, begin),
    };
    return cmocka_run_group_tests(tests, make_world, world_drop);
}
