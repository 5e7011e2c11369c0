#include "lib/wire/rehearsal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct rehearse rehearse = {
    .challenge = { .application_hash = { 4 },
        .name = "*.shop.example.com",
        .method = DCV_DNS,
        .created = 1795400000,
        .nonce = { 5 } },
    .caa_only = true,
    .patience_ms = 4000,
};

static enum err read_rehearse(struct span der, struct rehearse *ret_rehearse)
{
    struct der reader = der_reader(der);
    TRY(rehearse_read(&reader, ret_rehearse));
    return der_finish(&reader);
}

static enum err read_rehearsed(struct span der, struct rehearsed *ret_rehearsed)
{
    struct der reader = der_reader(der);
    TRY(rehearsed_read(&reader, ret_rehearsed));
    return der_finish(&reader);
}

static void answer_make(struct buf *der)
{
    struct rehearsed rehearsed = { .dcv = DCV_PASSED };
    report_add(&rehearsed.report, "dcv.txt_found", "TXT a", "value", "value");
    assert_int_equal(der_encode(rehearsed_write, &rehearsed, der), OK);
}

static void both_come_back_as_they_were_sent(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    AUTO(buf) answer = buf_make(4096);
    struct rehearse read;
    struct rehearsed back;
    assert_int_equal(der_encode(rehearse_write, &rehearse, &der), OK);
    assert_int_equal(read_rehearse(buf_span(&der), &read), OK);
    assert_string_equal(read.challenge.name, rehearse.challenge.name);
    assert_memory_equal(read.challenge.nonce, rehearse.challenge.nonce, NONCE_BYTES);
    assert_true(read.caa_only);
    assert_int_equal(read.patience_ms, 4000);
    answer_make(&answer);
    assert_int_equal(read_rehearsed(buf_span(&answer), &back), OK);
    assert_int_equal(back.dcv, DCV_PASSED);
    assert_int_equal(back.report.count, 1);
    assert_string_equal(back.report.steps[0].code, "dcv.txt_found");
}

static void what_is_cut_short_at_any_place_is_refused(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    AUTO(buf) answer = buf_make(4096);
    struct rehearse read;
    struct rehearsed back;
    assert_int_equal(der_encode(rehearse_write, &rehearse, &der), OK);
    answer_make(&answer);
    for (size_t length = 0; length < der.len; length++) {
        assert_int_not_equal(read_rehearse(span_make(der.data, length), &read), OK);
    }
    for (size_t length = 0; length < answer.len; length++) {
        assert_int_not_equal(read_rehearsed(span_make(answer.data, length), &back), OK);
    }
}

static void results_that_do_not_exist_are_refused(void **state)
{
    static const struct {
        int dcv, caa, dnssec;
    } cases[] = { { DCV_NOT_ASKED + 1, 0, 0 }, { 0, CAA_PROHIBITS + 1, 0 },
        { 0, 0, DNSSEC_UNKNOWN + 1 } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t der[64];
        size_t len = 0;
        struct rehearsed back;
        const struct report report = { 0 };
        struct der_writer writer = der_writer_make(der, sizeof der);
        der_open(&writer, DER_SEQUENCE);
        der_write_int64(&writer, cases[i].dcv);
        der_write_int64(&writer, cases[i].caa);
        der_write_int64(&writer, cases[i].dnssec);
        report_write(&writer, &report);
        der_close(&writer);
        assert_int_equal(der_writer_finish(&writer, &len), OK);
        assert_int_not_equal(read_rehearsed(span_make(der, len), &back), OK);
    }
}

/* Nobody who expects evidence can take a rehearsal for it, nor a check for a question of one. */
static void no_message_of_a_check_is_one_of_a_rehearsal(void **state)
{
    (void)state;
    AUTO(buf) der = buf_make(4096);
    AUTO(buf) answer = buf_make(4096);
    struct observation observation;
    struct validator_answer signed_answer;
    struct validator_check check;
    answer_make(&answer);
    struct der reader = der_reader(buf_span(&answer));
    assert_int_not_equal(observation_read(&reader, &observation), OK);
    reader = der_reader(buf_span(&answer));
    assert_int_not_equal(validator_answer_read(&reader, &signed_answer), OK);
    assert_int_equal(der_encode(rehearse_write, &rehearse, &der), OK);
    reader = der_reader(buf_span(&der));
    assert_int_not_equal(validator_check_read(&reader, &check), OK);
}

/* Half of a cap, and never none. */
static void rehearsals_have_a_cap_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(rehearsals_of(1), 1);
    assert_int_equal(rehearsals_of(60), 30);
    assert_int_equal(rehearsals_of(7), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_come_back_as_they_were_sent),
        cmocka_unit_test(what_is_cut_short_at_any_place_is_refused),
        cmocka_unit_test(results_that_do_not_exist_are_refused),
        cmocka_unit_test(no_message_of_a_check_is_one_of_a_rehearsal),
        cmocka_unit_test(rehearsals_have_a_cap_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
