/* Beside its key a request may ask for whatever can stand in one: doc/threats.md D23. Nothing of it
 * adds an octet to what is signed, which is to the last one what a bare request gets. */
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "lib/pki/extension.h"
#include "tests/process/signer/core.h"

enum { NAMES = 100 };

/* Of a subject that is somebody else's. */
static const struct {
    const struct span *oid;
    uint8_t tag;
    const char *text;
} subject[] = {
    { &oid_country, DER_PRINTABLE_STRING, "XX" },
    { &oid_organisation, DER_UTF8_STRING, "Mallory Limited" },
    { &oid_organisational_unit, DER_UTF8_STRING, "'; DROP TABLE certificate; --" },
    { &oid_serial_number, DER_PRINTABLE_STRING, "0" },
    { &oid_business_category, DER_UTF8_STRING, "Government Entity" },
    { &oid_email_address, DER_IA5_STRING, "mallory@example.org" },
    { &oid_common_name, DER_UTF8_STRING, "www.shop.example.com" },
};

static void subject_write(struct der_writer *writer)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < sizeof subject / sizeof *subject; i++) {
        der_open(writer, DER_SET);
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, *subject[i].oid);
        der_write_text(writer, subject[i].tag, subject[i].text);
        der_close(writer);
        der_close(writer);
    }
    der_close(writer);
}

/* A hundred times the right name, and one of each other kind. */
static void names_write(struct der_writer *writer, const void *object)
{
    (void)object;
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < NAMES; i++) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(2), SPAN_LITERAL("www.shop.example.com"));
    }
    der_write(writer, DER_CONTEXT_PRIMITIVE(1), SPAN_LITERAL("mallory@example.org"));
    der_write(writer, DER_CONTEXT_PRIMITIVE(6), SPAN_LITERAL("https://example.org/"));
    der_write(writer, DER_CONTEXT_PRIMITIVE(7), SPAN_LITERAL("\xc0\x00\x02\x01"));
    der_write(writer, DER_CONTEXT_PRIMITIVE(8), SPAN_LITERAL("\x2a\x03"));
    der_open(writer, DER_CONTEXT(0));
    der_write_oid(writer, oid_common_name);
    der_open(writer, DER_CONTEXT(0));
    der_write_text(writer, DER_UTF8_STRING, "mallory");
    der_close(writer);
    der_close(writer);
    der_close(writer);
}

static void extensions_write(struct der_writer *writer)
{
    const struct span usages[] = { oid_any_ext_key_usage, oid_client_auth, oid_ocsp_signing };
    AUTO(buf) names = buf_make(8192);
    assert_int_equal(der_encode(names_write, NULL, &names), OK);
    der_open(writer, DER_SEQUENCE);
    extension_write_basic_constraints(writer, /* is_ca= */ true, /* path_length= */ -1);
    extension_write_key_usage(writer, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    extension_write_ext_key_usage(writer, usages, sizeof usages / sizeof *usages);
    extension_write_policies(writer, &oid_policy_ev, 1);
    extension_write_subject_key(writer, SPAN_LITERAL("01234567890123456789"));
    extension_write_crl_point(writer, SPAN_LITERAL("http://example.org/x.crl"));
    extension_write_authority_info(
        writer, SPAN_LITERAL("http://example.org/ocsp"), SPAN_LITERAL("http://example.org/x.crt"));
    extension_write(writer, oid_ocsp_nocheck, /* critical= */ false, SPAN_LITERAL("\x05\x00"));
    extension_write(writer, oid_ct_poison, /* critical= */ true, SPAN_LITERAL("\x05\x00"));
    extension_write(writer, oid_subject_alt_name, /* critical= */ true, buf_span(&names));
    der_close(writer);
}

static void attribute_open(struct der_writer *writer, struct span oid)
{
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid);
    der_open(writer, DER_SET);
}

static void attribute_close(struct der_writer *writer)
{
    der_close(writer);
    der_close(writer);
}

static void info_write(struct der_writer *writer, const void *object)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, 0);
    subject_write(writer);
    der_write_raw(writer, key_spki(object));
    der_open(writer, DER_CONTEXT(0));
    attribute_open(writer, oid_challenge_password);
    der_write_text(writer, DER_UTF8_STRING, "issue it without a warrant");
    attribute_close(writer);
    attribute_open(writer, oid_sct_list); /* nobody's */
    der_write_octets(writer, SPAN_LITERAL("\0\0"));
    attribute_close(writer);
    attribute_open(writer, oid_extension_request);
    extensions_write(writer);
    attribute_close(writer);
    der_close(writer);
    der_close(writer);
}

/* In the place of the sample's request; the form around what is signed is a certificate's. */
static void ask_for_everything(struct sample *sample, const struct key *key)
{
    AUTO(buf) info = buf_make(CSR_MAX_BYTES);
    enum signature_algorithm algorithm =
        key_kind(key) == KEY_RSA ? SIGNATURE_RSA_SHA256 : SIGNATURE_ECDSA_SHA256;
    assert_int_equal(der_encode(info_write, key, &info), OK);
    buf_clear(&sample->csr);
    assert_int_equal(certificate_sign(buf_span(&info), algorithm, key, &sample->csr), OK);
    sample->warrant.csr = buf_span(&sample->csr);
}

static void d23_what_else_a_request_says_adds_no_octet(void **state)
{
    struct reason reason = { 0 };
    struct signer_serial serial;
    struct csr csr;
    struct certificate made[2];
    struct buf der[2] = { buf_make(CERTIFICATE_MAX_BYTES), buf_make(CERTIFICATE_MAX_BYTES) };
    AUTO_PTR(issuing) issuing = core();
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct sample sample;
        assert_int_equal(sample_init(&sample, &world.factory, NOW, i + 1), OK);
        if (i == 1) {
            ask_for_everything(&sample, world.factory.subscriber);
            assert_int_equal(csr_parse(sample.warrant.csr, &reason, &csr), OK);
            assert_int_equal(csr.dns_name_count, NAMES);
            assert_int_equal(csr.other_name_count, 5);
            assert_true(csr.challenge_password);
            assert_int_equal(sample_sign(&sample), OK);
            assert_int_equal(sample_format(&sample), OK);
        }
        const struct request_id *request = &sample.warrant.request;
        assert_int_equal(issuing_reserve(issuing, request, &serial, &reason), OK);
        assert_int_equal(
            issuing_issue(issuing, request, buf_span(&sample.der), &der[i], NULL, &reason), OK);
        assert_int_equal(certificate_parse(buf_span(&der[i]), &made[i]), OK);
        memset((uint8_t *)(uintptr_t)made[i].serial.data, 0x55, made[i].serial.len);
        sample_release(&sample);
    }
    assert_true(span_equal(made[0].tbs, made[1].tbs));
    buf_release(&der[0]);
    buf_release(&der[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(d23_what_else_a_request_says_adds_no_octet, world_begin),
    };
    return cmocka_run_group_tests(tests, world_make, world_drop);
}
