/* Expected values are derived, and every part of a challenge changes them. */
#include "lib/ca/observation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct challenge challenge(void)
{
    struct challenge made = {
        .application_hash = { 1 }, .method = DCV_DNS, .created = 1795000000, .nonce = { 2 }
    };
    snprintf(made.name, sizeof made.name, "www.shop.example.com");
    return made;
}

static void every_part_of_a_challenge_changes_its_expected_value(void **state)
{
    char values[8][EXPECTED_TEXT_MAX];
    struct challenge made[8];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        made[i] = challenge();
    }
    made[1].application_hash[31] ^= 1;
    made[2].name[0] = 'x';
    made[3].method = DCV_WEBSITE;
    made[4].created++;
    made[5].nonce[15] ^= 1;
    made[6].has_spki = true;
    made[7].has_spki = true;
    made[7].spki_hash[0] = 1;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(challenge_expected(&made[i], values[i]), OK);
        assert_int_equal(strlen(values[i]), 52);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(values[i], values[j]);
        }
    }
    char again[EXPECTED_TEXT_MAX];
    assert_int_equal(challenge_expected(&made[0], again), OK);
    assert_string_equal(again, values[0]);
}

static void the_record_stands_at_the_bare_name(void **state)
{
    char host[HOST_NAME_MAX_LENGTH + 1];
    struct challenge made = challenge();
    (void)state;
    assert_int_equal(challenge_dns_host(&made, host, sizeof host), OK);
    assert_string_equal(host, "_ecert-validation.www.shop.example.com");
    snprintf(made.name, sizeof made.name, "*.shop.example.com");
    assert_int_equal(challenge_dns_host(&made, host, sizeof host), OK);
    assert_string_equal(host, "_ecert-validation.shop.example.com");
    assert_int_equal(challenge_dns_host(&made, host, 20), ERR_LIMIT);
    memset(made.name, 'a', HOST_NAME_MAX_LENGTH);
    assert_int_equal(challenge_dns_host(&made, host, sizeof host), ERR_LIMIT);
}

static void an_observation_is_read_as_it_was_written_or_not_at_all(void **state)
{
    uint8_t der[4096], part[4096];
    size_t len = 0, part_len = 0;
    struct observation read, written = { .perspective = "primary",
        .attempt = { 5 },
        .adn = "www.shop.example.com",
        .caa = CAA_PERMITS,
        .dnssec = DNSSEC_SECURE,
        .time = 1795000001,
        .signature = SPAN_LITERAL("signature") };
    (void)state;
    written.challenge = challenge();
    assert_int_equal(challenge_expected(&written.challenge, written.expected), OK);
    struct der_writer writer = der_writer_make(der, sizeof der);
    observation_write(&writer, &written);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    writer = der_writer_make(part, sizeof part);
    observation_write_signed_part(&writer, &written);
    assert_int_equal(der_writer_finish(&writer, &part_len), OK);
    struct der reader = der_reader(span_make(der, len));
    assert_int_equal(observation_read(&reader, &read), OK);
    assert_true(span_equal(read.signed_part, span_make(part, part_len)));
    assert_string_equal(read.expected, written.expected);
    for (size_t i = 0; i < len; i++) {
        reader = der_reader(span_make(der, i));
        assert_int_not_equal(observation_read(&reader, &read), OK);
    }
    written.dcv = (enum dcv_result)3;
    writer = der_writer_make(der, sizeof der);
    observation_write(&writer, &written);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    reader = der_reader(span_make(der, len));
    assert_int_not_equal(observation_read(&reader, &read), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_a_challenge_changes_its_expected_value),
        cmocka_unit_test(the_record_stands_at_the_bare_name),
        cmocka_unit_test(an_observation_is_read_as_it_was_written_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
