#include "lib/http/form.h"

#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct login {
    struct span server_name, reference, language, csr, note;
    struct secret pin;
    bool remember;
};

static const char *const languages[] = { "en", "zh-HK", NULL };

static const struct form_field fields[] = {
    { "server_name", FORM_LINE, 1, 253, true, offsetof(struct login, server_name), NULL },
    { "reference", FORM_DIGITS, 9, 9, false, offsetof(struct login, reference), NULL },
    { "pin", FORM_SECRET_DIGITS, 16, 16, false, offsetof(struct login, pin), NULL },
    { "lang", FORM_CHOICE, 0, 0, false, offsetof(struct login, language), languages },
    { "remember", FORM_CHECK, 0, 0, false, offsetof(struct login, remember), NULL },
    { "csr", FORM_FILE, 0, 8, false, offsetof(struct login, csr), NULL },
    { "note", FORM_TEXT, 0, 20, false, offsetof(struct login, note), NULL },
};
static const struct form strict = { fields, sizeof fields / sizeof fields[0], FORM_REFUSE_UNKNOWN };
static const struct form lenient = { fields, sizeof fields / sizeof fields[0],
    FORM_IGNORE_UNKNOWN };

static const char urlencoded[] = "application/x-www-form-urlencoded";
static struct arena arena;
static struct login got;
static struct form_errors errors;

static int begin(void **state)
{
    (void)state;
    arena = arena_make(1 << 20);
    got = (struct login){ 0 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    secret_release(&got.pin);
    arena_release(&arena);
    return 0;
}

static enum err parse(const struct form *form, const char *type, struct span body)
{
    return form_parse(form, span_from_text(type), body, &arena, &got, &errors);
}

static void refused(const char *type, struct span body, const char *field, const char *code)
{
    got = (struct login){ 0 };
    assert_int_equal(parse(&strict, type, body), ERR_INPUT);
    const struct reason *reason = form_error_of(&errors, field);
    if (reason == NULL || strcmp(reason->code, code) != 0) {
        fail_msg("wanted %s for '%s', got %s for '%s'", code, field, errors.reasons[0].code,
            errors.reasons[0].field);
    }
    secret_release(&got.pin);
}

#define REFUSED(body, field, code) refused(urlencoded, SPAN_LITERAL(body), field, code)

static void declared_fields_arrive_checked(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&strict, "application/x-www-form-urlencoded; charset=UTF-8",
            SPAN_LITERAL("server_name=+www.%E9%A6%99.example+&reference=123+456-789&pin=1234+5678"
                         "+9012+3456&lang=zh-HK&remember=on&note=a%0D%0Ab")),
        OK);
    assert_true(span_equal_text(got.server_name, "www.\xe9\xa6\x99.example"));
    assert_true(span_equal_text(got.reference, "123456789"));
    assert_true(span_equal(secret_span(&got.pin), SPAN_LITERAL("1234567890123456")));
    assert_true(span_equal_text(got.language, "zh-HK"));
    assert_true(span_equal_text(got.note, "a\r\nb"));
    assert_true(got.remember);
}

static void each_field_says_what_is_wrong_with_it(void **state)
{
    (void)state;
    REFUSED("", "server_name", "form.required");
    REFUSED("server_name=", "server_name", "form.required");
    REFUSED("server_name=+++", "server_name", "form.required");
    REFUSED("server_name=a&reference=12345678", "reference", "form.too_short");
    REFUSED("server_name=a&reference=1234567890", "reference", "form.too_long");
    REFUSED("server_name=a&reference=12345678x", "reference", "form.not_digits");
    REFUSED("server_name=a&pin=123", "pin", "form.too_short");
    REFUSED("server_name=a&lang=fr", "lang", "form.choice");
    REFUSED("server_name=a%00b", "server_name", "form.not_utf8");
    REFUSED("server_name=a%ffb", "server_name", "form.not_utf8");
    REFUSED("server_name=%ed%a0%80", "server_name", "form.not_utf8");
    REFUSED("server_name=a%0d%0aBcc:+x", "server_name", "form.control_character");
    REFUSED("server_name=a&server_name=b", "server_name", "form.repeated");
    REFUSED("server_name=a&csr=123456789", "csr", "form.too_long");
    REFUSED("server_name=a&other=1", "other", "form.unknown");
}

static void a_limit_is_stated(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&strict, urlencoded, SPAN_LITERAL("server_name=a&reference=1")), ERR_INPUT);
    assert_string_equal(form_error_of(&errors, "reference")->expected, "9");
}

static void right_fields_survive_wrong_ones(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&strict, urlencoded, SPAN_LITERAL("server_name=a&reference=x")), ERR_INPUT);
    assert_true(span_equal_text(got.server_name, "a"));
    assert_null(form_error_of(&errors, "server_name"));
}

static void unknown_fields_can_be_ignored(void **state)
{
    (void)state;
    assert_int_equal(parse(&lenient, urlencoded, SPAN_LITERAL("x=1&server_name=a&=&&")), OK);
}

static void a_broken_body_is_refused_as_a_whole(void **state)
{
    (void)state;
    REFUSED("server_name=%4", "", "form.malformed");
    REFUSED("server_name=%zz", "", "form.malformed");
    refused("text/plain", SPAN_LITERAL("server_name=a"), "", "form.content_type");
    refused("multipart/form-data", SPAN_LITERAL("server_name=a"), "", "form.content_type");
    refused("application/x-www-form-urlencodedx", SPAN_LITERAL("a"), "", "form.content_type");
    AUTO(buf) many = buf_make(4096);
    for (int i = 0; i < 300; i++) {
        buf_append_text(&many, "a=1&");
    }
    refused(urlencoded, buf_span(&many), "", "form.too_many_fields");
}

static const char multipart[] = "multipart/form-data; boundary=\"x-1\"";

static void an_upload_arrives_byte_for_byte(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&strict, multipart,
            SPAN_LITERAL(
                "--x-1\r\nContent-Disposition: form-data; name=\"server_name\"\r\n\r\na\r\n"
                "--x-1\r\nContent-Disposition: form-data; name=csr; filename=\"r;.csr\"\r\n"
                "Content-Type: application/octet-stream\r\n\r\n\0\r\n--x\xff\r\n--x-1--\r\n")),
        OK);
    assert_true(span_equal_text(got.server_name, "a"));
    assert_true(span_equal(got.csr, SPAN_LITERAL("\0\r\n--x\xff")));
}

static void an_upload_left_empty_is_absent(void **state)
{
    (void)state;
    assert_int_equal(
        parse(&strict, multipart,
            SPAN_LITERAL(
                "--x-1\r\nContent-Disposition: form-data; name=\"server_name\"\r\n\r\na\r\n"
                "--x-1\r\nContent-Disposition: form-data; name=\"csr\"; filename=\"\"\r\n"
                "Content-Type: application/octet-stream\r\n\r\n\r\n--x-1--")),
        OK);
    assert_null(got.csr.data);
}

static void broken_multipart_is_refused(void **state)
{
    (void)state;
#define PART "--x-1\r\nContent-Disposition: form-data; name=\"server_name\"\r\n\r\na\r\n"
    static const struct span bodies[] = {
        SPAN_LITERAL(""),
        SPAN_LITERAL("--x-1"),
        SPAN_LITERAL(PART),
        SPAN_LITERAL(PART "--x-1"),
        SPAN_LITERAL(PART "--x-1-"),
        SPAN_LITERAL(PART "--x-1--\r\nmore"),
        SPAN_LITERAL("preamble\r\n" PART "--x-1--"),
        SPAN_LITERAL(
            "--x-1\r\nContent-Disposition: form-data; name=\"server_name\"\n\na\r\n--x-1--"),
        SPAN_LITERAL("--x-1\r\n\r\na\r\n--x-1--"),
        SPAN_LITERAL("--x-1\r\nContent-Disposition: form-data\r\n\r\na\r\n--x-1--"),
        SPAN_LITERAL("--x-1\r\nContent-Disposition: form-data; name=\"a\r\n\r\na\r\n--x-1--"),
        SPAN_LITERAL("--x-1\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\na\r\n"
                     "--x-1--"),
        SPAN_LITERAL("--x-1\r\nContent-Disposition: form-data; name=\"a\"\r\n"
                     "Content-Disposition: form-data; name=\"b\"\r\n\r\na\r\n--x-1--"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        refused(multipart, bodies[i], "", "form.malformed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(declared_fields_arrive_checked, begin, end),
        cmocka_unit_test_setup_teardown(each_field_says_what_is_wrong_with_it, begin, end),
        cmocka_unit_test_setup_teardown(a_limit_is_stated, begin, end),
        cmocka_unit_test_setup_teardown(right_fields_survive_wrong_ones, begin, end),
        cmocka_unit_test_setup_teardown(unknown_fields_can_be_ignored, begin, end),
        cmocka_unit_test_setup_teardown(a_broken_body_is_refused_as_a_whole, begin, end),
        cmocka_unit_test_setup_teardown(an_upload_arrives_byte_for_byte, begin, end),
        cmocka_unit_test_setup_teardown(an_upload_left_empty_is_absent, begin, end),
        cmocka_unit_test_setup_teardown(broken_multipart_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
