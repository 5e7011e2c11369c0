#include "lib/pki/csr.h"
#include "lib/base/limits.h"
#include "lib/der/pem.h"
#include "lib/pki/name.h"
#include "tests/unit/vectors.h"

static struct buf request_of(const char *name)
{
    AUTO(buf) file = vector_read(name);
    AUTO(csr_reading) reading = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(csr_read_any(buf_span(&file), &reason, &reading), OK);
    struct buf der = reading.der;
    reading.der = buf_make(0);
    return der;
}

static void assert_read_refused(struct span input, const char *code)
{
    AUTO(csr_reading) reading = { 0 };
    struct reason reason = { 0 };
    assert_int_equal(csr_read_any(input, &reason, &reading), ERR_INPUT);
    assert_string_equal(reason.code, code);
}

static void every_form_that_people_send_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const files[] = { "csr/rsa2048.pem", "csr/rsa2048.der",
        "csr/new-header-crlf.pem", "csr/utf16le.pem", "csr/utf16le-no-mark.pem",
        "csr/utf8-mark.pem", "csr/bare.txt", "csr/in-a-letter.txt" };
    AUTO(buf) der = vector_read("csr/rsa2048.der");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        AUTO(buf) read = request_of(files[i]);
        assert_true(span_equal(buf_span(&read), buf_span(&der)));
    }
}

static void what_is_no_request_is_refused_by_what_it_is(void **state)
{
    (void)state;
    AUTO(buf) truncated = vector_read("csr/truncated.pem");
    AUTO(buf) certificate = vector_read("keys/p256.crt.pem");
    static uint8_t large[CSR_MAX_BYTES + 1];
    memset(large, 'a', sizeof large);
    assert_read_refused((struct span){ 0 }, "csr.empty");
    assert_read_refused(SPAN_LITERAL(" \r\n\t"), "csr.empty");
    assert_read_refused(SPAN_OF(large), "csr.too_long");
    assert_read_refused(SPAN_LITERAL("please give me a certificate"), "csr.not_pem");
    assert_read_refused(SPAN_LITERAL("\xff\xfe\x01\x02"), "csr.not_pem");
    assert_read_refused(buf_span(&truncated), "csr.truncated");
    assert_read_refused(buf_span(&certificate), "csr.certificate");
    assert_read_refused(SPAN_LITERAL("-----BEGIN CERTIFICATE REQUEST-----\n!!!\n"
                                     "-----END CERTIFICATE REQUEST-----\n"),
        "csr.not_pem");
}

static void a_private_key_is_noticed_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        bool known;
    } rows[] = {
        { "p256.pem", true },
        { "p256-sec1.pem", true },
        { "rsa2048.pem", true },
        { "rsa2048-pkcs1.pem", true },
        { "rsa2048-traditional-encrypted.pem", false },
        { "p256-pbkdf2.pem", false },
        { "secp256k1.pem", false },
        { "modern.pfx", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(buf) file = vector_read(rows[i].file);
        AUTO(csr_reading) reading = { 0 };
        struct reason reason = { 0 };
        assert_int_equal(csr_read_any(buf_span(&file), &reason, &reading), ERR_INPUT);
        assert_string_equal(reason.code, "csr.private_key");
        assert_true(reading.private_key);
        assert_int_equal(reading.private_key_known, rows[i].known);
        assert_int_equal(reading.der.len, 0);
    }
}

static void a_pasted_private_key_gives_its_public_hash(void **state)
{
    (void)state;
    AUTO(buf) public_pem = vector_read("p256.pub.pem");
    AUTO_PTR(key) key = NULL;
    assert_int_equal(key_from_public_pem(buf_span(&public_pem), &key), OK);
    /* As PEM behind a request, and as DER of each kind. */
    AUTO(buf) both = vector_read("csr/p256.pem");
    AUTO(buf) pem = vector_read("p256.pem");
    AUTO(buf) sec1 = vector_read("p256-sec1.pem");
    AUTO(buf) pkcs8_der = buf_make(1000);
    AUTO(buf) sec1_der = buf_make(1000);
    struct pem block;
    buf_append(&both, buf_span(&pem));
    assert_int_equal(pem_find(buf_span(&pem), "PRIVATE KEY", &block), OK);
    assert_int_equal(pem_decode(&block, &pkcs8_der), OK);
    assert_int_equal(pem_find(buf_span(&sec1), "EC PRIVATE KEY", &block), OK);
    assert_int_equal(pem_decode(&block, &sec1_der), OK);
    const struct span inputs[] = { buf_span(&both), buf_span(&pkcs8_der), buf_span(&sec1_der) };
    for (size_t i = 0; i < 3; i++) {
        AUTO(csr_reading) reading = { 0 };
        struct reason reason = { 0 };
        assert_int_equal(csr_read_any(inputs[i], &reason, &reading), ERR_INPUT);
        assert_true(reading.private_key_known);
        assert_true(span_equal(SPAN_OF(reading.spki_sha256), key_spki_sha256(key)));
    }
}

static void a_request_is_parsed_and_proves_possession(void **state)
{
    (void)state;
    AUTO(buf) der = request_of("csr/rsa2048.pem");
    AUTO(buf) subject = buf_make(1000);
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    struct csr csr;
    assert_int_equal(csr_parse(buf_span(&der), &reason, &csr), OK);
    assert_int_equal(csr_verify(&csr, &reason, &key), OK);
    assert_int_equal(key_bits(key), 2048);
    assert_int_equal(csr.dns_name_count, 2);
    assert_true(span_equal_text(csr.dns_names[1], "shop.example.com"));
    assert_int_equal(csr.other_name_count, 2);
    assert_int_equal(csr.attribute_count, 2);
    assert_int_equal(name_format(csr.subject, &subject), OK);
    assert_string_equal(buf_text(&subject),
        "CN=www.shop.example.com, OU=IT, O=Shop Limited, L=Central, ST=Hong Kong, C=HK");
}

static void weak_keys_and_wrong_signatures_are_refused_with_their_reason(void **state)
{
    (void)state;
    static const struct {
        const char *file, *code;
        enum err err;
    } rows[] = {
        { "csr/rsa1024.pem", "csr.key_weak", ERR_INPUT },
        { "csr/ed25519.pem", "csr.key_unsupported", ERR_INPUT },
        { "csr/bad-signature.der", "csr.signature", ERR_SIGNATURE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(buf) der = request_of(rows[i].file);
        struct reason reason = { 0 };
        struct csr csr;
        assert_int_equal(csr_parse(buf_span(&der), &reason, &csr), OK);
        assert_int_equal(csr_verify(&csr, &reason, NULL), rows[i].err);
        assert_string_equal(reason.code, rows[i].code);
    }
    AUTO(buf) sha1 = request_of("csr/sha1.pem");
    struct reason reason = { 0 };
    struct csr csr;
    assert_int_equal(csr_parse(buf_span(&sha1), &reason, &csr), ERR_INPUT);
    assert_string_equal(reason.code, "csr.algorithm");
}

static void every_truncation_and_an_appended_byte_are_refused(void **state)
{
    (void)state;
    AUTO(buf) der = request_of("csr/rsa2048.pem");
    struct reason reason = { 0 };
    struct csr csr;
    for (size_t len = 0; len < der.len; len++) {
        assert_int_equal(csr_parse(span_make(der.data, len), &reason, &csr), ERR_INPUT);
        assert_string_equal(reason.code, "csr.der");
    }
    buf_append_byte(&der, 0);
    assert_int_equal(csr_parse(buf_span(&der), &reason, &csr), ERR_INPUT);
}

static void no_byte_of_a_request_may_change(void **state)
{
    (void)state;
    AUTO(buf) der = request_of("csr/p256.pem");
    struct reason reason = { 0 };
    struct csr csr;
    for (size_t at = 0; at < der.len; at++) {
        der.data[at] ^= 0x01;
        bool accepted =
            csr_parse(buf_span(&der), &reason, &csr) == OK && csr_verify(&csr, &reason, NULL) == OK;
        assert_false(accepted);
        der.data[at] ^= 0x01;
    }
}

static void what_the_tool_writes_is_read_back(void **state)
{
    (void)state;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) subject = buf_make(1000);
    AUTO(buf) der = buf_make(4000);
    const struct name_entry entries[] = { { oid_common_name,
        SPAN_LITERAL("www.shop.example.com") } };
    const struct span names[] = { SPAN_LITERAL("www.shop.example.com"),
        SPAN_LITERAL("*.example.com") };
    struct reason reason = { 0 };
    struct csr csr;
    assert_int_equal(key_generate(KEY_TYPE_P384, &key), OK);
    assert_int_equal(name_write(entries, 1, NULL, &subject), OK);
    const struct csr_fields fields = { buf_span(&subject), names, 2 };
    assert_int_equal(csr_write(&fields, key, &der), OK);
    assert_int_equal(csr_parse(buf_span(&der), &reason, &csr), OK);
    assert_int_equal(csr_verify(&csr, &reason, NULL), OK);
    assert_true(span_equal(csr.spki, key_spki(key)));
    assert_true(span_equal(csr.subject, buf_span(&subject)));
    assert_int_equal(csr.dns_name_count, 2);
    assert_true(span_equal(csr.dns_names[1], names[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_that_people_send_gives_the_same_bytes),
        cmocka_unit_test(what_is_no_request_is_refused_by_what_it_is),
        cmocka_unit_test(a_private_key_is_noticed_in_every_form),
        cmocka_unit_test(a_pasted_private_key_gives_its_public_hash),
        cmocka_unit_test(a_request_is_parsed_and_proves_possession),
        cmocka_unit_test(weak_keys_and_wrong_signatures_are_refused_with_their_reason),
        cmocka_unit_test(every_truncation_and_an_appended_byte_are_refused),
        cmocka_unit_test(no_byte_of_a_request_may_change),
        cmocka_unit_test(what_the_tool_writes_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
