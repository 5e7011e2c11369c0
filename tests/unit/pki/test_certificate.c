#include "tests/unit/pki/hierarchy.h"

static struct buf foreign(const char *name)
{
    AUTO(buf) file = vector_read(name);
    struct buf der = buf_make(CERTIFICATE_MAX_BYTES);
    assert_int_equal(certificate_read_any(buf_span(&file), &der), OK);
    return der;
}

static struct buf server_certificate(const struct authority *ca, struct key **ret_key)
{
    uint8_t room[1024];
    AUTO(buf) subject = hierarchy_name("www.shop.example.com");
    assert_int_equal(key_generate(KEY_TYPE_P256, ret_key), OK);
    const struct certificate_fields fields =
        hierarchy_server_fields(ca, *ret_key, buf_span(&subject), room, sizeof room);
    return hierarchy_sign(&fields, ca->key);
}

static void hongkong_posts_two_intermediates_share_name_and_key(void **state)
{
    (void)state;
    AUTO(buf) old_der = foreign("hongkongpost/ssl-ca-3-17.2017.pem");
    AUTO(buf) new_der = foreign("hongkongpost/ssl-ca-3-17.2025.pem");
    struct certificate old_one, new_one;
    assert_int_equal(certificate_parse(buf_span(&old_der), &old_one), OK);
    assert_int_equal(certificate_parse(buf_span(&new_der), &new_one), OK);
    assert_true(span_equal(old_one.subject, new_one.subject));
    assert_true(span_equal(old_one.spki, new_one.spki));
    assert_false(span_equal(old_one.serial, new_one.serial));
    assert_true(old_one.is_ca && new_one.is_ca);
    assert_int_equal(new_one.key_usage, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN |
                                            (new_one.key_usage & KEY_USAGE_DIGITAL_SIGNATURE));
    assert_true(new_one.crl_uri.len > 0);
}

static void what_is_written_is_read_back_field_by_field(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    AUTO_PTR(key) key = NULL;
    AUTO(buf) der = server_certificate(&ca, &key);
    struct certificate leaf, issuer;
    assert_int_equal(certificate_parse(buf_span(&der), &leaf), OK);
    assert_int_equal(certificate_parse(buf_span(&ca.certificate), &issuer), OK);
    assert_int_equal(certificate_verify(&leaf, ca.key), OK);
    assert_int_equal(certificate_verify(&issuer, root.key), OK);
    assert_int_equal(certificate_verify(&leaf, root.key), ERR_SIGNATURE);
    assert_true(span_equal(leaf.issuer, issuer.subject));
    assert_true(span_equal(leaf.authority_key_id, issuer.subject_key_id));
    assert_true(span_equal(leaf.spki, key_spki(key)));
    assert_int_equal(leaf.not_after - leaf.not_before, 199 * DAY_SECONDS - 1);
    assert_int_equal(leaf.dns_name_count, 2);
    assert_true(leaf.server_auth);
    assert_false(leaf.is_ca);
    assert_int_equal(leaf.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_true(span_equal(leaf.policies[0], oid_policy_ov));
    assert_true(span_equal_text(leaf.crl_uri, "http://ca.example/crl/CA.crl"));
    assert_true(span_equal_text(leaf.ca_issuers_uri, "http://ca.example/root/ca.crt"));
    assert_int_equal(leaf.ocsp_uri.len, 0);
    assert_false(leaf.unknown_critical);
    assert_true(issuer.is_ca);
    assert_int_equal(issuer.path_length, 0);
    assert_false(certificate_is_self_issued(&leaf));
}

static void no_byte_of_a_certificate_may_change(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    struct certificate read;
    struct buf *der = &root.certificate;
    for (size_t at = 0; at < der->len; at++) {
        der->data[at] ^= 0x02;
        bool accepted = certificate_parse(buf_span(der), &read) == OK &&
                        certificate_verify(&read, root.key) == OK;
        assert_false(accepted);
        der->data[at] ^= 0x02;
    }
    for (size_t len = 0; len < der->len; len++) {
        assert_int_not_equal(certificate_parse(span_make(der->data, len), &read), OK);
    }
    buf_append_byte(der, 0);
    assert_int_not_equal(certificate_parse(buf_span(der), &read), OK);
}

static void serials_that_rfc_5280_forbids_are_not_written(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(buf) tbs = buf_make(4096);
    uint8_t room[1024], serial[21];
    memset(serial, 0x7f, sizeof serial);
    struct certificate_fields fields =
        hierarchy_server_fields(&root, root.key, buf_span(&root.name), room, sizeof room);
    fields.serial = span_make(serial, 21);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), ERR_INPUT);
    fields.serial = SPAN_LITERAL("\0\0");
    assert_int_equal(certificate_write_tbs(&fields, &tbs), ERR_INPUT);
    serial[0] = 0x80;
    fields.serial = span_make(serial, 20);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), ERR_INPUT);
    fields.serial = span_make(serial, 19);
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    fields.not_after = fields.not_before - 1;
    assert_int_equal(certificate_write_tbs(&fields, &tbs), ERR_INPUT);
}

static void the_two_algorithms_must_be_the_same_bytes(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(buf) der = buf_make(HIERARCHY_MAX_BYTES);
    struct certificate read;
    assert_int_equal(certificate_parse(buf_span(&root.certificate), &read), OK);
    assert_int_equal(
        certificate_assemble(read.tbs, SIGNATURE_ECDSA_SHA384, read.signature, &der), OK);
    assert_int_equal(certificate_parse(buf_span(&der), &read), ERR_INPUT);
}

static void an_extension_twice_and_unknown_critical_ones_are_noticed(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    uint8_t room[1024], extensions[256];
    struct certificate_fields fields =
        hierarchy_server_fields(&root, root.key, buf_span(&root.name), room, sizeof room);
    struct certificate read;
    struct der_writer writer = der_writer_make(extensions, sizeof extensions);
    size_t len = 0;
    extension_write_key_usage(&writer, KEY_USAGE_DIGITAL_SIGNATURE);
    extension_write_key_usage(&writer, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    fields.extensions = span_make(extensions, len);
    AUTO(buf) twice = hierarchy_sign(&fields, root.key);
    assert_int_equal(certificate_parse(buf_span(&twice), &read), ERR_INPUT);
    writer = der_writer_make(extensions, sizeof extensions);
    extension_write(&writer, oid_name_constraints, /* critical= */ true, SPAN_LITERAL("\x30\x00"));
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    fields.extensions = span_make(extensions, len);
    AUTO(buf) critical = hierarchy_sign(&fields, root.key);
    assert_int_equal(certificate_parse(buf_span(&critical), &read), OK);
    assert_true(read.unknown_critical);
}

static void hosts_are_matched_as_rfc_6125_says(void **state)
{
    (void)state;
    const struct certificate certificate = {
        .dns_names = { SPAN_LITERAL("www.shop.example.com"), SPAN_LITERAL("*.example.net") },
        .dns_name_count = 2,
    };
    static const char *const covered[] = { "www.shop.example.com", "WWW.shop.example.COM",
        "a.example.net", "xn--abc.example.net" };
    static const char *const others[] = { "", "shop.example.com", "example.net", "a.b.example.net",
        ".example.net", "*.example.net.", "www.shop.example.com.", "www.shop.example.co" };
    for (size_t i = 0; i < sizeof covered / sizeof covered[0]; i++) {
        assert_true(certificate_covers_host(&certificate, span_from_text(covered[i])));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(certificate_covers_host(&certificate, span_from_text(others[i])));
    }
}

static void serials_are_shown_in_pairs(void **state)
{
    (void)state;
    char text[3 * SERIAL_MAX_BYTES + 1];
    assert_int_equal(serial_format(SPAN_LITERAL("\x0a\xff\x00"), text, sizeof text), OK);
    assert_string_equal(text, "0a:ff:00");
    assert_int_equal(serial_format(SPAN_LITERAL("\x0a\xff\x00"), text, 8), ERR_LIMIT);
    assert_int_equal(serial_format((struct span){ 0 }, text, sizeof text), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hongkong_posts_two_intermediates_share_name_and_key),
        cmocka_unit_test(what_is_written_is_read_back_field_by_field),
        cmocka_unit_test(no_byte_of_a_certificate_may_change),
        cmocka_unit_test(serials_that_rfc_5280_forbids_are_not_written),
        cmocka_unit_test(the_two_algorithms_must_be_the_same_bytes),
        cmocka_unit_test(an_extension_twice_and_unknown_critical_ones_are_noticed),
        cmocka_unit_test(hosts_are_matched_as_rfc_6125_says),
        cmocka_unit_test(serials_are_shown_in_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
