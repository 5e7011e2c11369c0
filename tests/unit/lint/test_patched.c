/* The lints that no builder of ours could ever trip: finished bytes, changed in one place. */
#include "lib/lint/lint.h"
#include "tests/unit/pki/hierarchy.h"

enum base { BASE_SERVER_EC, BASE_SERVER_RSA, BASE_ROOT, BASE_CA, BASE_CRL, BASE_COUNT };

/* Made once: the bytes that are patched. */
static struct buf bases[BASE_COUNT];

static const enum lint_kind base_kinds[BASE_COUNT] = {
    [BASE_SERVER_EC] = LINT_SERVER_OV,
    [BASE_SERVER_RSA] = LINT_SERVER_OV,
    [BASE_ROOT] = LINT_ROOT,
    [BASE_CA] = LINT_ISSUING_CA,
    [BASE_CRL] = LINT_CRL,
};

static struct buf server_of(const struct authority *ca, enum key_type type)
{
    uint8_t room[1024];
    AUTO_PTR(key) key = NULL;
    AUTO(buf) subject = buf_make(1000);
    struct buf tbs = buf_make(HIERARCHY_MAX_BYTES);
    const struct name_entry entries[] = {
        { oid_country, SPAN_LITERAL("HK") },
        { oid_locality, SPAN_LITERAL("Central") },
        { oid_organisation, SPAN_LITERAL("Shop Limited") },
        { oid_common_name, SPAN_LITERAL("shop.example.com") },
    };
    assert_int_equal(name_write(entries, 4, NULL, &subject), OK);
    assert_int_equal(key_generate(type, &key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(ca, key, buf_span(&subject), room, sizeof room);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    return tbs;
}

static int bases_make(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, -1);
    const struct crl_entry revoked = { SPAN_LITERAL("\x05"), HIERARCHY_NOW, CRL_SUPERSEDED };
    bases[BASE_SERVER_EC] = server_of(&ca, KEY_TYPE_P256);
    bases[BASE_SERVER_RSA] = server_of(&ca, KEY_TYPE_RSA_2048);
    bases[BASE_ROOT] = root.certificate;
    bases[BASE_CA] = ca.certificate;
    bases[BASE_CRL] = hierarchy_crl(&ca, &revoked, HIERARCHY_NOW);
    root.certificate = ca.certificate = buf_make(0);
    return 0;
}

static int bases_drop(void **state)
{
    (void)state;
    for (size_t i = 0; i < BASE_COUNT; i++) {
        buf_release(&bases[i]);
    }
    return 0;
}

static bool found(const struct lint_result *result, const char *id)
{
    for (size_t i = 0; i < result->count && i < LINT_FINDINGS_MAX; i++) {
        if (strcmp(result->findings[i].lint->id, id) == 0) {
            return true;
        }
    }
    return false;
}

struct patch {
    enum base base;
    const char *from, *to; /* hexadecimal, of one length */
    bool last;             /* the last place where it stands, not the first */
    const char *finding;
};

static const struct patch patches[] = {
    { BASE_SERVER_EC, "a003020102", "a003020101", false, "version.3" },
    { BASE_SERVER_EC, "02104011", "0210c011", false, "serial.positive" },
    { BASE_SERVER_EC, "02104011", "02100011", false, "der.integer" },
    { BASE_SERVER_EC, "2a8648ce3d040302", "2a8648ce3d040301", false, "algorithm.listed" },
    { BASE_ROOT, "2a8648ce3d040302", "2a8648ce3d040303", true, "algorithm.same" },
    { BASE_CRL, "2a8648ce3d040302", "2a8648ce3d040303", true, "algorithm.same" },
    { BASE_SERVER_EC, "170d3237", "170d3235", false, "validity.order" },
    { BASE_ROOT, "170d3336", "170d3333", false, "validity.root_long" },
    { BASE_SERVER_EC, "2a8648ce3d030107", "2a8648ce3d030106", false, "key.listed" },
    { BASE_SERVER_EC, "03420004", "03420002", false, "key.ec_point" },
    { BASE_SERVER_RSA, "0203010001", "0203010002", false, "key.rsa_exponent" },
    { BASE_SERVER_RSA, "0203010001", "0203000001", false, "key.rsa_form" },
    { BASE_SERVER_RSA, "0382010f003082", "0382010f003182", false, "key.rsa_form" },
    { BASE_SERVER_EC, "0603550406", "0603550404", true, "subject.no_person" },
    { BASE_SERVER_EC, "0603550407", "060355040f", false, "subject.without_ev" },
    { BASE_CA, "0603550403", "0603550407", true, "subject.ca_common_name" },
    { BASE_SERVER_EC, "30168014", "30168114", false, "aki.key" },
    { BASE_CRL, "30168014", "30168114", false, "aki.key" },
    { BASE_CA, "30030101ff", "3003010100", false, "bc.ca" },
    { BASE_CA, "03020106", "03020204", false, "ku.ca_crl_sign" },
    { BASE_CA, "551d0f0101ff", "551d0f010100", false, "ku.critical" },
    { BASE_CA, "551d0f0101ff", "551d0f010100", false, "extension.default" },
    { BASE_CA, "551d0e", "551d63", false, "ski.present" },
    { BASE_CA, "2b06010505070301", "2b06010505070302", false, "eku.server_auth" },
    { BASE_CA, "67810c010202", "67810c010209", false, "policies.subordinate" },
    { BASE_CA, "551d1f", "551d11", false, "san.ca_absent" },
    { BASE_SERVER_EC, "8210", "8211", false, "san.form" },
    { BASE_SERVER_EC, "8210", "8110", false, "san.types" },
    { BASE_CRL, "020101300a", "020100300a", false, "crl.version" },
    { BASE_CRL, "170d323631313237", "170d323531313237", false, "crl.update_order" },
    { BASE_CRL, "551d14", "551d63", false, "crl.number" },
    { BASE_CRL, "551d14", "551d1b", false, "crl.delta" },
    { BASE_CRL, "551d14", "551d1c", false, "crl.point_critical" },
    { BASE_CRL, "551d14040402020102", "551d1c040430028121", false, "crl.point_form" },
    { BASE_CRL, "020105", "020100", false, "entry.serial" },
    { BASE_CRL, "0a0104", "0b0104", false, "entry.form" },
};

static void each_change_of_finished_bytes_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        const struct patch *patch = &patches[i];
        uint8_t from[16], to[16];
        size_t from_len = 0, to_len = 0;
        struct lint_result result;
        AUTO(buf) der = buf_make(4 * HIERARCHY_MAX_BYTES);
        buf_append(&der, buf_span(&bases[patch->base]));
        if (lint_check(buf_span(&der), base_kinds[patch->base], HIERARCHY_NOW, &result) != OK) {
            fail_msg("base %d has the finding %s", (int)patch->base, result.findings[0].lint->id);
        }
        assert_int_equal(hex_parse(span_from_text(patch->from), from, sizeof from, &from_len), OK);
        assert_int_equal(hex_parse(span_from_text(patch->to), to, sizeof to, &to_len), OK);
        assert_int_equal(from_len, to_len);
        uint8_t *at = memmem(der.data, der.len, from, from_len);
        for (uint8_t *next = at; patch->last && next != NULL;) {
            at = next;
            next = memmem(at + 1, der.len - (size_t)(at + 1 - der.data), from, from_len);
        }
        if (at == NULL) {
            fail_msg("%s is not in the bytes for %s", patch->from, patch->finding);
        }
        memcpy(at, to, to_len);
        enum err err = lint_check(buf_span(&der), base_kinds[patch->base], HIERARCHY_NOW, &result);
        if (err != ERR_INPUT || !found(&result, patch->finding)) {
            fail_msg("%s: %zu findings, the first %s", patch->finding, result.count,
                result.count == 0 ? "" : result.findings[0].lint->id);
        }
    }
}

static void small_and_even_rsa_keys_are_found(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) pem = vector_read("rsa1024.pub.pem");
    AUTO(buf) tbs = buf_make(HIERARCHY_MAX_BYTES);
    AUTO(buf) even = buf_make(HIERARCHY_MAX_BYTES);
    AUTO_PTR(key) key = NULL;
    uint8_t room[1024];
    struct lint_result result;
    assert_int_equal(key_from_public_pem(buf_span(&pem), &key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(&ca, key, buf_span(&ca.name), room, sizeof room);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    assert_int_equal(lint_check(buf_span(&tbs), LINT_SERVER_OV, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_true(found(&result, "key.rsa_size"));
    buf_append(&even, buf_span(&bases[BASE_SERVER_RSA]));
    uint8_t *exponent = memmem(even.data, even.len, "\x02\x03\x01\x00\x01", 5);
    assert_non_null(exponent);
    exponent[-1] &= 0xfe;
    assert_int_equal(
        lint_check(buf_span(&even), LINT_SERVER_OV, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_true(found(&result, "key.rsa_odd"));
}

static void a_ca_is_not_dated_back_and_a_root_has_no_list_point(void **state)
{
    (void)state;
    struct lint_result result;
    assert_int_equal(lint_check(buf_span(&bases[BASE_ROOT]), LINT_ROOT,
                         HIERARCHY_NOW + 2 * DAY_SECONDS, &result),
        ERR_INPUT);
    assert_true(found(&result, "validity.ca_backdated"));
    assert_int_equal(
        lint_check(buf_span(&bases[BASE_CA]), LINT_ROOT, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_true(found(&result, "cdp.root_absent"));
    assert_true(found(&result, "issuer.root_is_subject"));
}

/* A certificate by hand, with all that certificate_write_tbs refuses or cannot say. */
static void what_no_builder_writes_is_found(void **state)
{
    (void)state;
    static const uint8_t serial[21] = { 0x7f };
    static const uint8_t algorithm[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    uint8_t bytes[512];
    size_t len = 0;
    struct lint_result result;
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_open(&writer, DER_SEQUENCE);
    der_write(&writer, DER_INTEGER, SPAN_OF(serial));
    der_write_raw(&writer, span_make(algorithm, sizeof algorithm - 1));
    der_open(&writer, DER_SEQUENCE); /* an issuer without attributes */
    der_close(&writer);
    der_open(&writer, DER_SEQUENCE);
    der_write_time(&writer, HIERARCHY_NOW);
    der_write_time(&writer, HIERARCHY_NOW + 1);
    der_close(&writer);
    der_open(&writer, DER_SEQUENCE); /* two attributes in one RDN */
    der_open(&writer, DER_SET);
    for (int i = 0; i < 2; i++) {
        der_open(&writer, DER_SEQUENCE);
        der_write_oid(&writer, oid_locality);
        der_write_text(&writer, DER_UTF8_STRING, "Central");
        der_close(&writer);
    }
    der_close(&writer);
    der_close(&writer);
    der_open(&writer, DER_SEQUENCE); /* no key */
    der_close(&writer);
    der_write(&writer, DER_CONTEXT_PRIMITIVE(1), SPAN_LITERAL("\0\x01"));
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    struct span der = span_make(bytes, len);
    static const char *const ids[] = { "version.3", "serial.length", "unique_id.absent",
        "issuer.present", "name.single_valued", "name.twice", "key.listed" };
    assert_int_equal(lint_check(der, LINT_SERVER_OV, HIERARCHY_NOW, &result), ERR_INPUT);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (!found(&result, ids[i])) {
            fail_msg("%s", ids[i]);
        }
    }
}

/* The same for a list: version 1, without an end, with an empty list and no extensions. */
static void a_list_that_says_too_little_is_found(void **state)
{
    (void)state;
    static const uint8_t algorithm[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    uint8_t bytes[512];
    size_t len = 0;
    struct lint_result result;
    struct der_writer writer = der_writer_make(bytes, sizeof bytes);
    der_open(&writer, DER_SEQUENCE);
    der_write_raw(&writer, span_make(algorithm, sizeof algorithm - 1));
    der_open(&writer, DER_SEQUENCE);
    der_close(&writer);
    der_write_time(&writer, HIERARCHY_NOW);
    der_open(&writer, DER_SEQUENCE);
    der_close(&writer);
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    static const char *const ids[] = { "crl.version", "crl.next_update", "crl.list_not_empty",
        "crl.number", "aki.present", "issuer.present" };
    assert_int_equal(
        lint_check(span_make(bytes, len), LINT_CRL, HIERARCHY_NOW, &result), ERR_INPUT);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (!found(&result, ids[i])) {
            fail_msg("%s", ids[i]);
        }
    }
}

static void a_cas_list_lasts_a_year_at_most(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) der = buf_make(4 * HIERARCHY_MAX_BYTES);
    struct lint_result result;
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW + 366 * DAY_SECONDS + 1, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
    assert_int_equal(crl_write(&fields, NULL, ca.key, &der), OK);
    assert_int_equal(lint_check(buf_span(&der), LINT_ARL, HIERARCHY_NOW, &result), ERR_INPUT);
    assert_true(found(&result, "crl.ca_period"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_of_finished_bytes_is_found),
        cmocka_unit_test(small_and_even_rsa_keys_are_found),
        cmocka_unit_test(a_ca_is_not_dated_back_and_a_root_has_no_list_point),
        cmocka_unit_test(what_no_builder_writes_is_found),
        cmocka_unit_test(a_list_that_says_too_little_is_found),
        cmocka_unit_test(a_cas_list_lasts_a_year_at_most),
    };
    return cmocka_run_group_tests(tests, bases_make, bases_drop);
}
