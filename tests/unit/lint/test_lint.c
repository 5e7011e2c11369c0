/* Server certificates before the lints, in pieces: each test changes one of them and names the
 * finding it expects. */
#include "tests/unit/lint/found.h"
#include "tests/unit/pki/hierarchy.h"

struct pieces {
    const char *subject[8][2]; /* label and value, in the order in which they are written */
    struct span serial;
    int64_t not_before, not_after;
    const char *names[4];
    uint32_t usage;
    struct span usages[2];
    size_t usage_count;
    struct span policies[2];
    size_t policy_count;
    const char *crl_uri, *issuer_uri;
    bool authority_key, basic_constraints_ca, critical_names, key_usage_twice, subject_key;
    bool name_constraints;
    int64_t now;
};

static struct pieces pieces_good(void)
{
    return (struct pieces){
        .subject = { { "C", "HK" }, { "L", "Central" }, { "O", "Shop Limited" },
            { "CN", "www.shop.example.com" } },
        .serial = SPAN_LITERAL("\x40\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
        .not_before = HIERARCHY_NOW - 3600,
        .not_after = HIERARCHY_NOW - 3600 + 200 * DAY_SECONDS - 1,
        .names = { "www.shop.example.com", "shop.example.com" },
        .usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .usages = { oid_server_auth },
        .usage_count = 1,
        .policies = { oid_policy_ov },
        .policy_count = 1,
        .crl_uri = "http://ca.example/crl/CA.crl",
        .issuer_uri = "http://ca.example/root/ca.crt",
        .authority_key = true,
        .now = HIERARCHY_NOW,
    };
}

static const struct span oid_jurisdiction_locality = {
    (const uint8_t *)"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", 11
};

static const struct {
    const char *label;
    const struct span *oid;
    uint8_t tag;
} attributes[] = {
    { "C", &oid_country, DER_PRINTABLE_STRING },
    { "Cutf8", &oid_country, DER_UTF8_STRING },
    { "L", &oid_locality, DER_UTF8_STRING },
    { "O", &oid_organisation, DER_UTF8_STRING },
    { "OU", &oid_organisational_unit, DER_UTF8_STRING },
    { "CN", &oid_common_name, DER_UTF8_STRING },
    { "email", &oid_email_address, DER_IA5_STRING },
    { "businessCategory", &oid_business_category, DER_UTF8_STRING },
    { "jurisdictionC", &oid_jurisdiction_country, DER_PRINTABLE_STRING },
    { "jurisdictionL", &oid_jurisdiction_locality, DER_UTF8_STRING },
    { "serialNumber", &oid_serial_number, DER_PRINTABLE_STRING },
};

static size_t subject_build(const struct pieces *pieces, uint8_t *ret_der, size_t size)
{
    size_t len = 0;
    struct der_writer writer = der_writer_make(ret_der, size);
    der_open(&writer, DER_SEQUENCE);
    for (size_t i = 0; i < 8 && pieces->subject[i][0] != NULL; i++) {
        for (size_t k = 0; k < sizeof attributes / sizeof attributes[0]; k++) {
            if (strcmp(attributes[k].label, pieces->subject[i][0]) == 0) {
                der_open(&writer, DER_SET);
                der_open(&writer, DER_SEQUENCE);
                der_write_oid(&writer, *attributes[k].oid);
                der_write(&writer, attributes[k].tag, span_from_text(pieces->subject[i][1]));
                der_close(&writer);
                der_close(&writer);
            }
        }
    }
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return len;
}

static size_t extensions_build(const struct pieces *pieces, uint8_t *ret_der, size_t size)
{
    struct span names[4];
    size_t count = 0, len = 0;
    while (count < 4 && pieces->names[count] != NULL) {
        names[count] = span_from_text(pieces->names[count]);
        count++;
    }
    struct der_writer writer = der_writer_make(ret_der, size);
    if (pieces->authority_key) {
        extension_write_authority_key(&writer, SPAN_LITERAL("01234567890123456789"));
    }
    if (pieces->subject_key) {
        extension_write_subject_key(&writer, SPAN_LITERAL("01234567890123456789"));
    }
    if (pieces->policy_count > 0) {
        extension_write_policies(&writer, pieces->policies, pieces->policy_count);
    }
    if (pieces->usage != 0) {
        extension_write_key_usage(&writer, pieces->usage);
    }
    if (pieces->key_usage_twice) {
        extension_write_key_usage(&writer, pieces->usage);
    }
    if (pieces->usage_count > 0) {
        extension_write_ext_key_usage(&writer, pieces->usages, pieces->usage_count);
    }
    extension_write_basic_constraints(&writer, pieces->basic_constraints_ca, -1);
    if (count > 0) {
        extension_write_alt_names(&writer, names, count, pieces->critical_names);
    }
    if (pieces->crl_uri != NULL) {
        extension_write_crl_point(&writer, span_from_text(pieces->crl_uri));
    }
    if (pieces->issuer_uri != NULL) {
        extension_write_authority_info(
            &writer, (struct span){ 0 }, span_from_text(pieces->issuer_uri));
    }
    if (pieces->name_constraints) {
        extension_write(
            &writer, oid_name_constraints, /* critical= */ true, SPAN_LITERAL("\x30\x00"));
    }
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return len;
}

static struct lint_result lint_pieces(const struct pieces *pieces, enum lint_kind kind)
{
    uint8_t subject[1024], extensions[2048];
    AUTO_PTR(key) key = NULL;
    AUTO(buf) issuer = hierarchy_name("CA");
    AUTO(buf) tbs = buf_make(HIERARCHY_MAX_BYTES);
    struct lint_result result = { .count = 0 };
    assert_int_equal(key_generate(KEY_TYPE_P256, &key), OK);
    const struct certificate_fields fields = {
        .serial = pieces->serial,
        .algorithm = SIGNATURE_RSA_SHA256,
        .issuer = buf_span(&issuer),
        .not_before = pieces->not_before,
        .not_after = pieces->not_after,
        .subject = span_make(subject, subject_build(pieces, subject, sizeof subject)),
        .spki = key_spki(key),
        .extensions =
            span_make(extensions, extensions_build(pieces, extensions, sizeof extensions)),
    };
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    enum err err = lint_check(buf_span(&tbs), kind, pieces->now, &result);
    assert_int_equal(err, result.errors == 0 ? OK : ERR_INPUT);
    return result;
}

/* The one finding of pieces in which one thing was changed, but for a warning or two. */
static void assert_only(const struct pieces *pieces, const char *id)
{
    struct lint_result result = lint_pieces(pieces, LINT_SERVER_OV);
    assert_finding(&result, id);
    for (size_t i = 0; i < result.count; i++) {
        const struct lint *lint = result.findings[i].lint;
        if (lint->severity == LINT_MUST && strcmp(lint->id, id) != 0) {
            fail_msg("%s beside %s", lint->id, id);
        }
    }
}

static void good_pieces_have_no_findings(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_int_equal(result.errors, 0);
    assert_true(result.checked > 180);
    assert_true(lint_count() > 300);
}

static void the_longest_period_is_that_of_the_day(void **state)
{
    (void)state;
    static const struct {
        int64_t not_before;
        int64_t days;
    } rows[] = {
        { 1773532800 - 1, 398 },
        { 1773532800, 200 },
        { 1805068800 - 1, 200 },
        { 1805068800, 100 },
        { 1868227200 - 1, 100 },
        { 1868227200, 47 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pieces pieces = pieces_good();
        pieces.now = pieces.not_before = rows[i].not_before;
        pieces.not_after = rows[i].not_before + rows[i].days * DAY_SECONDS - 1;
        struct lint_result longest = lint_pieces(&pieces, LINT_SERVER_OV);
        pieces.not_after++;
        struct lint_result longer = lint_pieces(&pieces, LINT_SERVER_OV);
        assert_int_equal(longer.errors, longest.errors + 1);
        assert_finding(&longer, "validity.server_period");
        assert_finding(&longest, "validity.server_margin");
        pieces.not_after -= DAY_SECONDS + 1;
        struct lint_result margin = lint_pieces(&pieces, LINT_SERVER_OV);
        assert_int_equal(margin.warnings, longest.warnings - 1);
    }
}

static void serials_and_times_are_held_to_their_rules(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    pieces.serial = SPAN_LITERAL("\x40\x11\x12\x13\x14\x15\x16\x17");
    assert_only(&pieces, "serial.entropy");
    pieces = pieces_good();
    pieces.not_before = HIERARCHY_NOW - 49 * 3600;
    pieces.not_after = pieces.not_before + DAY_SECONDS;
    assert_only(&pieces, "validity.server_backdated");
    pieces.not_before = HIERARCHY_NOW + 49 * 3600;
    pieces.not_after = pieces.not_before + DAY_SECONDS;
    assert_only(&pieces, "validity.postdated");
}

static void subjects_are_held_to_their_rules(void **state)
{
    (void)state;
    static const struct {
        const char *label, *value; /* put at this place */
        size_t place;
        const char *finding;
    } rows[] = {
        { "C", "hk", 0, "name.country" },
        { "Cutf8", "HK", 0, "name.country_type" },
        { "O", "-", 2, "name.meaning" },
        { "O", "N/A", 2, "name.meaning" },
        { "O", " Shop", 2, "name.edge_space" },
        { "CN", "www.other.example.com", 3, "san.common_name" },
        { "CN", "WWW.shop.example.com", 3, "san.common_name" },
        { "O", "12345678901234567890123456789012345678901234567890123456789012345", 2,
            "name.organisation_length" },
        { "O", "Shop\xff", 2, "der.utf8" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pieces pieces = pieces_good();
        pieces.subject[rows[i].place][0] = rows[i].label;
        pieces.subject[rows[i].place][1] = rows[i].value;
        assert_only(&pieces, rows[i].finding);
    }
}

static void attributes_that_are_missing_too_many_or_misplaced_are_found(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    pieces.subject[1][0] = "none";
    assert_only(&pieces, "subject.place");
    pieces = pieces_good();
    pieces.subject[2][0] = "none";
    assert_only(&pieces, "subject.organisation");
    pieces = pieces_good();
    pieces.subject[0][0] = "none";
    assert_only(&pieces, "subject.country");
    pieces = pieces_good();
    pieces.subject[4][0] = "email";
    pieces.subject[4][1] = "a@example.com";
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "name.known");
    pieces = pieces_good();
    pieces.subject[3][0] = "OU";
    pieces.subject[3][1] = "IT";
    assert_only(&pieces, "subject.unit");
    pieces = pieces_good();
    pieces.subject[4][0] = "O";
    pieces.subject[4][1] = "Shop Limited";
    result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "name.twice");
    assert_finding(&result, "name.order");
}

static void server_names_are_held_to_their_rules(void **state)
{
    (void)state;
    static const struct {
        const char *name, *finding;
    } rows[] = {
        { "under_score.example.com", "san.underscore" },
        { "-a.example.com", "san.hyphen" },
        { "a-.example.com", "san.hyphen" },
        { "a..example.com", "san.label_empty" },
        { "example.com.", "san.final_dot" },
        { "ab--cd.example.com", "san.reserved" },
        { "商店.example.com", "san.character" },
        { "a.example.com/x", "san.character" },
        { "Shop.example.com", "san.case" },
        { "intranet", "san.single" },
        { "192.0.2.1", "san.numeric" },
        { "printer.local", "san.internal" },
        { "1.2.0.192.in-addr.arpa", "san.reverse" },
        { "*.com", "san.wildcard_narrow" },
        { "www.shop.example.com", "san.twice" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pieces pieces = pieces_good();
        pieces.names[1] = rows[i].name;
        struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
        assert_finding(&result, rows[i].finding);
    }
    struct pieces pieces = pieces_good();
    pieces.names[1] = "*.shop.example.com";
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_int_equal(result.errors, 0);
    pieces.names[1] = "a.*.example.com";
    result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "san.wildcard_place");
    pieces = pieces_good();
    pieces.critical_names = true;
    assert_only(&pieces, "san.uncritical");
    pieces.names[0] = NULL;
    result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "san.present");
}

static void extensions_are_held_to_their_rules(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    pieces.authority_key = false;
    assert_only(&pieces, "aki.present");
    pieces = pieces_good();
    pieces.subject_key = true;
    assert_only(&pieces, "ski.absent");
    pieces = pieces_good();
    pieces.basic_constraints_ca = true;
    assert_only(&pieces, "bc.not_ca");
    pieces = pieces_good();
    pieces.crl_uri = NULL;
    assert_only(&pieces, "cdp.present");
    pieces = pieces_good();
    pieces.crl_uri = "https://ca.example/crl/CA.crl";
    assert_only(&pieces, "cdp.http");
    pieces = pieces_good();
    pieces.issuer_uri = NULL;
    assert_only(&pieces, "aia.present");
    pieces = pieces_good();
    pieces.issuer_uri = "ldap://ca.example/";
    assert_only(&pieces, "aia.http");
    pieces = pieces_good();
    pieces.key_usage_twice = true;
    assert_only(&pieces, "extension.twice");
    pieces = pieces_good();
    pieces.name_constraints = true;
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "nc.absent");
    assert_finding(&result, "nc.absent");
}

static void usages_and_policies_are_held_to_their_rules(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    pieces.usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT; /* of an EC key */
    assert_only(&pieces, "ku.ec_encipherment");
    pieces.usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CRL_SIGN;
    assert_only(&pieces, "ku.not_ca");
    pieces = pieces_good();
    pieces.usage_count = 0;
    assert_only(&pieces, "eku.present");
    pieces = pieces_good();
    pieces.usages[1] = oid_ocsp_signing;
    pieces.usage_count = 2;
    assert_only(&pieces, "eku.ocsp");
    pieces = pieces_good();
    pieces.policy_count = 0;
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "policies.present");
    pieces = pieces_good();
    pieces.policies[1] = oid_policy_dv;
    pieces.policy_count = 2;
    result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "policies.one_reserved");
    pieces = pieces_good();
    pieces.policies[0] = oid_policy_ev;
    assert_only(&pieces, "policies.fit_kind");
}

static void client_authentication_ends_on_its_day(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    pieces.usages[1] = oid_client_auth;
    pieces.usage_count = 2;
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_int_equal(result.errors, 0);
    pieces.now = pieces.not_before = 1805068800;
    pieces.not_after = pieces.not_before + DAY_SECONDS;
    result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "eku.server_only");
}

static void extended_validation_asks_for_more(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "ev.category");
    assert_finding(&result, "ev.jurisdiction");
    assert_finding(&result, "ev.registration");
    assert_finding(&result, "policies.fit_kind");
    static const char *const subject[7][2] = { { "businessCategory", "Private Organization" },
        { "jurisdictionC", "HK" }, { "serialNumber", "1234567" }, { "C", "HK" }, { "L", "Central" },
        { "O", "Shop Limited" }, { "CN", "www.shop.example.com" } };
    memcpy(pieces.subject, subject, sizeof subject);
    pieces.policies[0] = oid_policy_ev;
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_int_equal(result.errors, 0);
    pieces.subject[0][1] = "Private organisation";
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "ev.category_listed");
    pieces.subject[0][1] = "Private Organization";
    pieces.names[1] = "*.shop.example.com";
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "san.ev_wildcard");
    pieces.names[1] = "shop.example.com";
    pieces.subject[7][0] = "email";
    pieces.subject[7][1] = "ar@shop.example.com";
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "ev.closed");
    pieces.subject[7][0] = "jurisdictionL";
    pieces.subject[7][1] = "Central";
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "ev.jurisdiction_levels");
    pieces.subject[7][0] = "OU";
    result = lint_pieces(&pieces, LINT_SERVER_EV);
    assert_finding(&result, "subject.unit");
    assert_finding(&result, "ev.closed");
}

/* What a finding shows is plain text that fits, whatever stands in the bytes. */
static void what_is_shown_is_plain_text(void **state)
{
    (void)state;
    struct pieces pieces = pieces_good();
    char name[253];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    pieces.names[1] = name;
    pieces.subject[2][1] = "\x1b[31m\xe2\x80\xaeShop";
    struct lint_result result = lint_pieces(&pieces, LINT_SERVER_OV);
    assert_finding(&result, "name.control");
    assert_finding(&result, "san.label_length");
    for (size_t i = 0; i < result.count; i++) {
        const char *seen = result.findings[i].seen;
        assert_true(strlen(seen) < LINT_SEEN_MAX);
        assert_true(utf8_plain(span_from_text(seen)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_pieces_have_no_findings),
        cmocka_unit_test(the_longest_period_is_that_of_the_day),
        cmocka_unit_test(serials_and_times_are_held_to_their_rules),
        cmocka_unit_test(subjects_are_held_to_their_rules),
        cmocka_unit_test(attributes_that_are_missing_too_many_or_misplaced_are_found),
        cmocka_unit_test(server_names_are_held_to_their_rules),
        cmocka_unit_test(extensions_are_held_to_their_rules),
        cmocka_unit_test(usages_and_policies_are_held_to_their_rules),
        cmocka_unit_test(client_authentication_ends_on_its_day),
        cmocka_unit_test(extended_validation_asks_for_more),
        cmocka_unit_test(what_is_shown_is_plain_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
