/* SCTs, with OpenSSL's own verification as the judge of what we take for signed. */
#include "lib/pki/sct.h"
#include "tests/unit/pki/hierarchy.h"

#include <openssl/ct.h>
#include <openssl/x509.h>
#include <unistd.h>

#define TIMESTAMP_MS (HIERARCHY_NOW * 1000)

struct fixture {
    struct authority root, issuer;
    struct key *log, *server;
    struct buf subject;
    struct buf precertificate, bare; /* TBSCertificates */
    uint8_t issuer_hash[SHA256_BYTES];
};

static struct buf tbs_with(const struct fixture *fixture, struct span oid, struct span value)
{
    uint8_t room[4096];
    size_t len = 0;
    struct buf tbs = buf_make(HIERARCHY_MAX_BYTES);
    struct certificate_fields fields = hierarchy_server_fields(
        &fixture->issuer, fixture->server, buf_span(&fixture->subject), room, 1024);
    struct der_writer writer =
        der_writer_make(room + fields.extensions.len, sizeof room - fields.extensions.len);
    if (oid.len > 0) {
        extension_write(&writer, oid, span_equal(oid, oid_ct_poison), value);
    }
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    fields.extensions.len += len;
    assert_int_equal(certificate_write_tbs(&fields, &tbs), OK);
    return tbs;
}

static int fixture_make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->root = hierarchy_authority("Root", NULL, -1);
    fixture->issuer = hierarchy_authority("Issuer", &fixture->root, 0);
    assert_int_equal(key_generate(KEY_TYPE_P256, &fixture->log), OK);
    assert_int_equal(key_generate(KEY_TYPE_P256, &fixture->server), OK);
    fixture->subject = hierarchy_name("www.shop.example.com");
    fixture->precertificate = tbs_with(fixture, oid_ct_poison, SPAN_LITERAL("\x05\x00"));
    fixture->bare = tbs_with(fixture, (struct span){ 0 }, (struct span){ 0 });
    assert_int_equal(sha256(key_spki(fixture->issuer.key), fixture->issuer_hash), OK);
    *state = fixture;
    return 0;
}

static int fixture_free(void **state)
{
    struct fixture *fixture = *state;
    authority_release(&fixture->root);
    authority_release(&fixture->issuer);
    key_free(fixture->log);
    key_free(fixture->server);
    buf_release(&fixture->subject);
    buf_release(&fixture->precertificate);
    buf_release(&fixture->bare);
    free(fixture);
    return 0;
}

/* What a log does: RFC 6962 §3.2, written down once more. */
static struct buf sct_by(const struct fixture *fixture, const struct key *log, struct span tbs)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    uint8_t time[8];
    size_t len = 0;
    struct buf sct = buf_make(SCT_MAX_BYTES);
    AUTO(buf) message = buf_make(HIERARCHY_MAX_BYTES * 2);
    const uint8_t size[] = { (uint8_t)(tbs.len >> 16), (uint8_t)(tbs.len >> 8), (uint8_t)tbs.len };
    store_be64(time, (uint64_t)TIMESTAMP_MS);
    buf_append(&message, SPAN_LITERAL("\0\0"));
    buf_append(&message, SPAN_OF(time));
    buf_append(&message, SPAN_LITERAL("\0\1"));
    buf_append(&message, SPAN_OF(fixture->issuer_hash));
    buf_append(&message, SPAN_OF(size));
    buf_append(&message, tbs);
    buf_append(&message, SPAN_LITERAL("\0\0"));
    assert_int_equal(
        signature_make(log, SIGNATURE_ECDSA_SHA256, buf_span(&message), signature, &len), OK);
    buf_append_byte(&sct, 0);
    buf_append(&sct, key_spki_sha256(log));
    buf_append(&sct, SPAN_OF(time));
    buf_append(&sct, SPAN_LITERAL("\0\0\4\3\0"));
    buf_append_byte(&sct, (uint8_t)len);
    buf_append(&sct, span_make(signature, len));
    assert_int_equal(buf_check(&sct), OK);
    return sct;
}

static void a_precertificate_is_signed_for_as_what_its_certificate_will_be(void **state)
{
    struct fixture *fixture = *state;
    AUTO(buf) from_precertificate = buf_make(HIERARCHY_MAX_BYTES);
    AUTO(buf) from_certificate = buf_make(HIERARCHY_MAX_BYTES);
    AUTO(buf) certificate = tbs_with(fixture, oid_sct_list, SPAN_LITERAL("\x04\x02\x00\x00"));
    assert_int_equal(sct_signed_tbs(buf_span(&fixture->precertificate), &from_precertificate), OK);
    assert_int_equal(sct_signed_tbs(buf_span(&certificate), &from_certificate), OK);
    assert_true(span_equal(buf_span(&from_precertificate), buf_span(&fixture->bare)));
    assert_true(span_equal(buf_span(&from_certificate), buf_span(&fixture->bare)));
}

static void a_promise_holds_for_its_log_its_issuer_and_its_certificate_only(void **state)
{
    struct fixture *fixture = *state;
    struct sct sct;
    AUTO(buf) bytes = sct_by(fixture, fixture->log, buf_span(&fixture->bare));
    AUTO(buf) other = tbs_with(fixture, oid_ocsp_nocheck, SPAN_LITERAL("\x05\x00"));
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), OK);
    assert_true(sct.timestamp_ms == (uint64_t)TIMESTAMP_MS);
    struct span bare = buf_span(&fixture->bare);
    assert_int_equal(sct_verify(&sct, fixture->log, fixture->issuer_hash, bare), OK);
    assert_int_equal(sct_verify(&sct, fixture->server, fixture->issuer_hash, bare), ERR_SIGNATURE);
    assert_int_equal(
        sct_verify(&sct, fixture->log, fixture->issuer_hash, buf_span(&other)), ERR_SIGNATURE);
    fixture->issuer_hash[0] ^= 1;
    assert_int_equal(sct_verify(&sct, fixture->log, fixture->issuer_hash, bare), ERR_SIGNATURE);
    fixture->issuer_hash[0] ^= 1;
    sct.timestamp_ms++;
    assert_int_equal(sct_verify(&sct, fixture->log, fixture->issuer_hash, bare), ERR_SIGNATURE);
}

/* OpenSSL takes the certificate with our list and says that each promise is valid. */
static void openssl_finds_the_promises_in_our_certificate_valid(void **state)
{
    struct fixture *fixture = *state;
    struct sct sct;
    AUTO(buf) bytes = sct_by(fixture, fixture->log, buf_span(&fixture->bare));
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    AUTO(buf) value = buf_make(SCT_LIST_MAX_BYTES);
    AUTO(buf) certificate = buf_make(HIERARCHY_MAX_BYTES);
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), OK);
    assert_int_equal(sct_list_write(&sct, 1, &list), OK);
    buf_append_byte(&value, DER_OCTET_STRING);
    buf_append_byte(&value, (uint8_t)list.len);
    buf_append(&value, buf_span(&list));
    AUTO(buf) tbs = tbs_with(fixture, oid_sct_list, buf_span(&value));
    assert_int_equal(
        certificate_sign(buf_span(&tbs), SIGNATURE_ECDSA_SHA256, fixture->issuer.key, &certificate),
        OK);

    const uint8_t *at = certificate.data;
    X509 *leaf = d2i_X509(NULL, &at, (long)certificate.len);
    at = fixture->issuer.certificate.data;
    X509 *issuer = d2i_X509(NULL, &at, (long)fixture->issuer.certificate.len);
    at = key_spki(fixture->log).data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)key_spki(fixture->log).len);
    CTLOG_STORE *logs = CTLOG_STORE_new();
    assert_non_null(leaf);
    assert_non_null(issuer);
    /* A store takes its logs from a file only: an own context with the key serves as well. */
    CT_POLICY_EVAL_CTX *context = CT_POLICY_EVAL_CTX_new();
    CT_POLICY_EVAL_CTX_set1_cert(context, leaf);
    CT_POLICY_EVAL_CTX_set1_issuer(context, issuer);
    CT_POLICY_EVAL_CTX_set_time(context, (uint64_t)TIMESTAMP_MS + 1000);
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, logs);
    STACK_OF(SCT) *scts = X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
    assert_int_equal(sk_SCT_num(scts), 1);
    /* Without the log it is unknown, so that "valid" below means something. */
    assert_int_equal(SCT_validate(sk_SCT_value(scts, 0), context), 0);
    assert_int_equal(
        SCT_get_validation_status(sk_SCT_value(scts, 0)), SCT_VALIDATION_STATUS_UNKNOWN_LOG);

    char path[] = "/tmp/ecert-sct-XXXXXX";
    int fd = mkstemp(path);
    AUTO(buf) file = buf_make(4096);
    char base64[512];
    base64_format(key_spki(fixture->log), base64, sizeof base64);
    buf_append_text(&file, "enabled_logs = trial\n[trial]\ndescription = Trial\nkey = ");
    buf_append_text(&file, base64);
    buf_append_text(&file, "\n");
    assert_int_equal(write(fd, file.data, file.len), (ssize_t)file.len);
    close(fd);
    assert_int_equal(CTLOG_STORE_load_file(logs, path), 1);
    unlink(path);
    assert_int_equal(SCT_validate(sk_SCT_value(scts, 0), context), 1);
    assert_int_equal(SCT_get_validation_status(sk_SCT_value(scts, 0)), SCT_VALIDATION_STATUS_VALID);

    SCT_LIST_free(scts);
    CT_POLICY_EVAL_CTX_free(context);
    CTLOG_STORE_free(logs);
    EVP_PKEY_free(key);
    X509_free(issuer);
    X509_free(leaf);
}

static void lists_are_read_whole_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct sct sct, scts[SCT_LIST_MAX + 1], read[SCT_LIST_MAX];
    size_t count = 0;
    AUTO(buf) bytes = sct_by(fixture, fixture->log, buf_span(&fixture->bare));
    AUTO(buf) list = buf_make(SCT_LIST_MAX_BYTES);
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), OK);
    for (size_t i = 0; i <= SCT_LIST_MAX; i++) {
        scts[i] = sct;
    }
    assert_int_equal(sct_list_write(scts, 0, &list), ERR_LIMIT);
    assert_int_equal(sct_list_write(scts, SCT_LIST_MAX + 1, &list), ERR_LIMIT);
    assert_int_equal(sct_list_write(scts, 3, &list), OK);
    assert_int_equal(sct_list_parse(buf_span(&list), read, &count), OK);
    assert_int_equal(count, 3);
    assert_true(span_equal(read[2].whole, sct.whole));
    for (size_t len = 0; len < list.len; len++) {
        assert_int_not_equal(sct_list_parse(span_make(list.data, len), read, &count), OK);
    }
    buf_append_byte(&list, 0);
    assert_int_equal(sct_list_parse(buf_span(&list), read, &count), ERR_INPUT);
    assert_int_equal(sct_list_parse(SPAN_LITERAL("\0\0"), read, &count), ERR_INPUT);
}

static void other_versions_and_algorithms_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sct sct;
    enum { HASH_AT = 1 + SCT_LOG_ID_BYTES + 8 + 2 };
    AUTO(buf) bytes = sct_by(fixture, fixture->log, buf_span(&fixture->bare));
    bytes.data[0] = 1;
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), ERR_UNSUPPORTED);
    bytes.data[0] = 0;
    bytes.data[HASH_AT] = 2; /* SHA-1 */
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), ERR_UNSUPPORTED);
    bytes.data[HASH_AT] = 4;
    bytes.data[HASH_AT + 1] = 2; /* DSA */
    assert_int_equal(sct_parse(buf_span(&bytes), &sct), ERR_UNSUPPORTED);
}

static void what_is_no_certificate_has_nothing_to_sign(void **state)
{
    struct fixture *fixture = *state;
    AUTO(buf) out = buf_make(HIERARCHY_MAX_BYTES);
    struct span tbs = buf_span(&fixture->precertificate);
    for (size_t len = 0; len < tbs.len; len += 7) {
        assert_int_not_equal(sct_signed_tbs(span_make(tbs.data, len), &out), OK);
    }
    assert_int_equal(sct_signed_tbs(SPAN_LITERAL("\x30\x02\x05\x00"), &out), ERR_INPUT);
    assert_int_equal(out.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_free)
    const struct CMUnitTest tests[] = {
        TEST(a_precertificate_is_signed_for_as_what_its_certificate_will_be),
        TEST(a_promise_holds_for_its_log_its_issuer_and_its_certificate_only),
        TEST(openssl_finds_the_promises_in_our_certificate_valid),
        TEST(lists_are_read_whole_or_not_at_all),
        TEST(other_versions_and_algorithms_are_refused),
        TEST(what_is_no_certificate_has_nothing_to_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
