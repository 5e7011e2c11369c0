/* The rules that compare with the moment of signing, which only whoever signs knows: each with what
 * passes and what fails. All others have theirs in tests/process/lint. */
#include "tests/unit/lint/found.h"
#include "tests/unit/pki/hierarchy.h"

/* ResponseData of one good answer, as a responder would sign it at HIERARCHY_NOW. */
static size_t answer_write(uint8_t *ret_der, size_t size, int64_t this_update)
{
    static const uint8_t hash[20] = { 0x11 };
    static const uint8_t sha1[] = { 0x2b, 0x0e, 0x03, 0x02, 0x1a };
    size_t len = 0;
    struct der_writer writer = der_writer_make(ret_der, size);
    der_open(&writer, DER_SEQUENCE);
    der_open(&writer, DER_CONTEXT(2));
    der_write_octets(&writer, SPAN_OF(hash));
    der_close(&writer);
    der_write_generalized_time(&writer, this_update);
    der_open(&writer, DER_SEQUENCE);
    der_open(&writer, DER_SEQUENCE);
    der_open(&writer, DER_SEQUENCE); /* CertID */
    der_open(&writer, DER_SEQUENCE);
    der_write_oid(&writer, SPAN_OF(sha1));
    der_write_null(&writer);
    der_close(&writer);
    der_write_octets(&writer, SPAN_OF(hash));
    der_write_octets(&writer, SPAN_OF(hash));
    der_write_int64(&writer, 7);
    der_close(&writer);
    der_write(&writer, DER_CONTEXT_PRIMITIVE(0), (struct span){ 0 });
    der_write_generalized_time(&writer, this_update);
    der_open(&writer, DER_CONTEXT(0));
    der_write_generalized_time(&writer, this_update + 3 * DAY_SECONDS);
    der_close(&writer);
    der_close(&writer);
    der_close(&writer);
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return len;
}

struct object {
    struct span der;
    enum lint_kind kind;
    const char *id;
    int64_t passes, fails; /* signed then */
};

static void each_rule_about_the_signing_passes_and_fails(void **state)
{
    (void)state;
    AUTO(authority) root = hierarchy_authority("Root", NULL, -1);
    AUTO(authority) ca = hierarchy_authority("CA", &root, 0);
    AUTO(buf) list = hierarchy_crl(&ca, NULL, HIERARCHY_NOW);
    AUTO(buf) server = buf_make(HIERARCHY_MAX_BYTES);
    uint8_t room[1024], answer[512];
    const struct certificate_fields fields =
        hierarchy_server_fields(&ca, ca.key, buf_span(&ca.name), room, sizeof room);
    assert_int_equal(certificate_write_tbs(&fields, &server), OK);
    struct span response = span_make(answer, answer_write(answer, sizeof answer, HIERARCHY_NOW));
    const int64_t begin = HIERARCHY_BEGIN, hours = 3600;
    const struct object objects[] = {
        { buf_span(&server), LINT_SERVER_OV, "validity.server_backdated", begin + 48 * hours,
            begin + 48 * hours + 1 },
        { buf_span(&server), LINT_SERVER_OV, "validity.postdated", begin - 48 * hours,
            begin - 48 * hours - 1 },
        { buf_span(&root.certificate), LINT_ROOT, "validity.ca_backdated", begin + 24 * hours,
            begin + 24 * hours + 1 },
        { buf_span(&list), LINT_CRL, "crl.future", HIERARCHY_NOW - 300, HIERARCHY_NOW - 301 },
        { response, LINT_OCSP, "ocsp.future", HIERARCHY_NOW - 300, HIERARCHY_NOW - 301 },
        { response, LINT_OCSP, "ocsp.produced", HIERARCHY_NOW - 300, HIERARCHY_NOW - 301 },
    };
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        const struct object *object = &objects[i];
        struct lint_result result;
        (void)(lint_check(object->der, object->kind, object->passes, &result) == OK);
        assert_false(found(&result, object->id));
        assert_int_equal(lint_check(object->der, object->kind, object->fails, &result), ERR_INPUT);
        assert_true(found(&result, object->id));
    }
}

static void what_is_to_be_signed_of_an_answer_is_held_to_the_rules(void **state)
{
    (void)state;
    struct lint_result result;
    enum lint_kind kind;
    uint8_t answer[512];
    struct span response = span_make(answer, answer_write(answer, sizeof answer, HIERARCHY_NOW));
    assert_int_equal(lint_check(response, LINT_OCSP, HIERARCHY_NOW, &result), OK);
    assert_int_equal(result.warnings, 0);
    assert_true(result.checked > 40);
    assert_int_equal(lint_guess(response, &kind), OK);
    assert_int_equal(kind, LINT_OCSP);
    for (size_t len = 0; len < response.len; len++) {
        assert_int_equal(
            lint_check(span_make(answer, len), LINT_OCSP, HIERARCHY_NOW, &result), ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_about_the_signing_passes_and_fails),
        cmocka_unit_test(what_is_to_be_signed_of_an_answer_is_held_to_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
