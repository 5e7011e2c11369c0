#include "lib/wire/validator.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct validator_check check = {
    .attempt = { 1, 2, 3 },
    .challenge = { .application_hash = { 4 },
        .name = "*.shop.example.com",
        .method = DCV_DNS,
        .created = 1795400000,
        .nonce = { 5 },
        .has_spki = true,
        .spki_hash = { 6 } },
    .caa_only = true,
    .patience_ms = 4000,
    .yields = true,
};

static enum err read_check(struct span der, struct validator_check *ret_check)
{
    struct der reader = der_reader(der);
    TRY(validator_check_read(&reader, ret_check));
    return der_finish(&reader);
}

static void a_check_comes_back_as_it_was_sent(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    struct validator_check read;
    assert_int_equal(der_encode(validator_check_write, &check, &der), OK);
    assert_int_equal(read_check(buf_span(&der), &read), OK);
    assert_memory_equal(read.attempt, check.attempt, ATTEMPT_BYTES);
    assert_string_equal(read.challenge.name, check.challenge.name);
    assert_int_equal(read.challenge.created, check.challenge.created);
    assert_true(read.challenge.has_spki);
    assert_true(read.caa_only);
    assert_int_equal(read.patience_ms, check.patience_ms);
    assert_true(read.yields);
}

static void what_a_check_leaves_out_is_read_as_absent(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    struct validator_check plain = check, read;
    plain.caa_only = plain.yields = false;
    plain.patience_ms = 0;
    assert_int_equal(der_encode(validator_check_write, &plain, &der), OK);
    assert_int_equal(read_check(buf_span(&der), &read), OK);
    assert_false(read.caa_only);
    assert_false(read.yields);
    assert_int_equal(read.patience_ms, 0);
}

/* The last element says only that it is there: 83 00. */
static void a_flag_with_content_or_twice_or_out_of_order_is_refused(void **state)
{
    (void)state;
    static const uint8_t endings[][4] = { { 0x83, 0x01, 0x00 }, { 0x83, 0x00, 0x83, 0x00 },
        { 0x81, 0x00, 0x83, 0x00 }, { 0x83, 0x00, 0x81, 0x00 }, { 0x84, 0x00 } };
    static const size_t lengths[] = { 3, 4, 4, 4, 2 };
    AUTO(buf) der = buf_make(4096);
    struct validator_check read;
    assert_int_equal(der_encode(validator_check_write, &check, &der), OK);
    size_t head = der.len - 2;
    assert_memory_equal(der.data + head, ((const uint8_t[]){ 0x83, 0x00 }), 2);
    assert_int_equal(der.data[1], 0x81); /* a length of one octet behind */
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t changed[4096];
        memcpy(changed, der.data, head);
        memcpy(changed + head, endings[i], lengths[i]);
        changed[2] = (uint8_t)(der.data[2] + lengths[i] - 2);
        assert_int_not_equal(read_check(span_make(changed, head + lengths[i]), &read), OK);
    }
}

static void a_check_cut_short_at_any_place_is_refused(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    struct validator_check read;
    assert_int_equal(der_encode(validator_check_write, &check, &der), OK);
    for (size_t length = 0; length < der.len; length++) {
        assert_int_not_equal(read_check(span_make(der.data, length), &read), OK);
    }
}

static void what_a_validator_says_of_itself_comes_back_and_leaves_room_for_more(void **state)
{
    (void)state;
    static const struct validator_about about = { VALIDATOR_VERSION, 1795400000 };
    AUTO(buf) der = buf_make(64);
    struct validator_about read = { 0 };
    assert_int_equal(der_encode(validator_about_write, &about, &der), OK);
    struct der reader = der_reader(buf_span(&der));
    assert_int_equal(validator_about_read(&reader, &read), OK);
    assert_int_equal(read.version, about.version);
    assert_int_equal(read.suffixes, about.suffixes);
    for (size_t length = 0; length < der.len; length++) {
        reader = der_reader(span_make(der.data, length));
        assert_int_not_equal(validator_about_read(&reader, &read), OK);
    }
    static const uint8_t newer[] = { 0x30, 0x08, 0x02, 0x01, 0x09, 0x02, 0x01, 0x07, 0x05, 0x00 };
    reader = der_reader(span_make(newer, sizeof newer));
    assert_int_equal(validator_about_read(&reader, &read), OK);
    assert_int_equal(read.version, 9);
    assert_int_equal(read.suffixes, 7);
}

static void a_report_is_bounded_and_printable_when_written(void **state)
{
    (void)state;
    struct report report = { 0 };
    char endless[2 * REPORT_TEXT_MAX];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    for (unsigned i = 0; i < 2 * REPORT_STEPS_MAX; i++) {
        report_add(&report, "dcv.txt_wrong", "TXT \x1b[2J", endless, NULL);
    }
    assert_int_equal(report.count, REPORT_STEPS_MAX);
    assert_string_equal(report.steps[0].asked, "TXT ?[2J");
    assert_int_equal(strlen(report.steps[0].seen), REPORT_TEXT_MAX - 1);
    assert_string_equal(report.steps[0].expected, "");
    struct validator_answer answer = { .observation = SPAN_LITERAL("der"), .report = report }, read;
    AUTO(buf) der = buf_make(MESSAGE_MAX_BYTES);
    assert_int_equal(der_encode(validator_answer_write, &answer, &der), OK);
    struct der reader = der_reader(buf_span(&der));
    assert_int_equal(validator_answer_read(&reader, &read), OK);
    assert_int_equal(read.report.count, REPORT_STEPS_MAX);
    assert_string_equal(read.report.steps[15].seen, report.steps[15].seen);
}

static void the_questions_of_a_report_come_back_as_they_were_sent(void **state)
{
    (void)state;
    struct report report = { 0 }, read = { 0 };
    report_add(&report, "dcv.txt_missing", "TXT a", NULL, NULL);
    report.questions.count = QUESTIONS_MAX;
    report.questions.rows[31] = (struct question){ .asked = "CAA example.com",
        .outcome = "NOERROR",
        .dnssec = DNSSEC_SECURE,
        .ttl = 300,
        .records = 1,
        .milliseconds = 12,
        .via = "b.com > c.net",
        .seen = "0 issue \"ca\"" };
    AUTO(buf) der = buf_make(MESSAGE_MAX_BYTES);
    struct validator_answer answer = { .observation = SPAN_LITERAL("der"), .report = report }, back;
    assert_int_equal(der_encode(validator_answer_write, &answer, &der), OK);
    struct der reader = der_reader(buf_span(&der));
    assert_int_equal(validator_answer_read(&reader, &back), OK);
    read = back.report;
    assert_int_equal(read.count, 1);
    assert_int_equal(read.questions.count, QUESTIONS_MAX);
    assert_memory_equal(
        &read.questions.rows[31], &report.questions.rows[31], sizeof read.questions.rows[31]);
}

static void questions_that_break_the_bounds_are_refused(void **state)
{
    (void)state;
    struct report read;
    for (unsigned fault = 0; fault < 3; fault++) {
        struct report report = { .questions = { .count = 1 } };
        struct question *question = &report.questions.rows[0];
        question->dnssec = fault == 0 ? (enum dnssec_state)4 : DNSSEC_SECURE;
        question->ttl = fault == 1 ? UINT32_MAX : 0;
        memcpy(question->seen, "a\nb", fault == 2 ? 4 : 0);
        uint8_t der[1024];
        struct der_writer writer = der_writer_make(der, sizeof der);
        size_t len = 0;
        report_write(&writer, &report);
        assert_int_equal(der_writer_finish(&writer, &len), OK);
        struct der reader = der_reader(span_make(der, len));
        assert_int_not_equal(report_read(&reader, &read), OK);
    }
}

/* Whoever writes it, what is read never holds more steps, longer texts or control characters. */
static void a_report_that_breaks_the_bounds_is_refused_when_read(void **state)
{
    (void)state;
    struct report report = { .count = 1 };
    struct report read;
    memcpy(report.steps[0].seen, "a\nb", 4);
    uint8_t der[8192];
    struct der_writer writer = der_writer_make(der, sizeof der);
    size_t len = 0;
    report_write(&writer, &report);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    struct der reader = der_reader(span_make(der, len));
    assert_int_equal(report_read(&reader, &read), ERR_INPUT);

    writer = der_writer_make(der, sizeof der);
    der_open(&writer, DER_SEQUENCE);
    for (unsigned i = 0; i < REPORT_STEPS_MAX + 1; i++) {
        der_open(&writer, DER_SEQUENCE);
        for (unsigned field = 0; field < 4; field++) {
            der_write_text(&writer, DER_UTF8_STRING, "x");
        }
        der_close(&writer);
    }
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    reader = der_reader(span_make(der, len));
    assert_int_equal(report_read(&reader, &read), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_comes_back_as_it_was_sent),
        cmocka_unit_test(what_a_check_leaves_out_is_read_as_absent),
        cmocka_unit_test(a_flag_with_content_or_twice_or_out_of_order_is_refused),
        cmocka_unit_test(a_check_cut_short_at_any_place_is_refused),
        cmocka_unit_test(what_a_validator_says_of_itself_comes_back_and_leaves_room_for_more),
        cmocka_unit_test(a_report_is_bounded_and_printable_when_written),
        cmocka_unit_test(the_questions_of_a_report_come_back_as_they_were_sent),
        cmocka_unit_test(questions_that_break_the_bounds_are_refused),
        cmocka_unit_test(a_report_that_breaks_the_bounds_is_refused_when_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
