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
        assert_int_equal(challenge_expected(&made[i], "ecert.example.net", values[i]), OK);
        assert_int_equal(strlen(values[i]), 52);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(values[i], values[j]);
        }
    }
    char again[EXPECTED_TEXT_MAX];
    assert_int_equal(challenge_expected(&made[0], "ecert.example.net", again), OK);
    assert_string_equal(again, values[0]);
}

/* One record for all of them: what is derived is the domain's. */
static void names_proved_at_one_domain_share_its_value(void **state)
{
    char www[EXPECTED_TEXT_MAX], mail[EXPECTED_TEXT_MAX], itself[EXPECTED_TEXT_MAX];
    struct challenge made[3] = { challenge(), challenge(), challenge() };
    (void)state;
    snprintf(made[0].domain, sizeof made[0].domain, "shop.example.com");
    snprintf(made[1].name, sizeof made[1].name, "mail.shop.example.com");
    snprintf(made[1].domain, sizeof made[1].domain, "shop.example.com");
    snprintf(made[2].name, sizeof made[2].name, "shop.example.com");
    assert_int_equal(challenge_expected(&made[0], "", www), OK);
    assert_int_equal(challenge_expected(&made[1], "", mail), OK);
    assert_int_equal(challenge_expected(&made[2], "", itself), OK);
    assert_string_equal(www, mail);
    assert_string_equal(www, itself);
    made[1].nonce[3] ^= 1;
    assert_int_equal(challenge_expected(&made[1], "", mail), OK);
    assert_string_not_equal(www, mail);
}

static void a_persistent_record_is_expected_to_name_the_subscribers_account(void **state)
{
    char expected[EXPECTED_TEXT_MAX], host[HOST_NAME_MAX_LENGTH + 1];
    struct challenge made = challenge();
    (void)state;
    made.method = DCV_PERSISTENT;
    assert_int_equal(challenge_expected(&made, "ecert.example.net", expected), ERR_INPUT);
    snprintf(made.srn, sizeof made.srn, "0002142877");
    assert_int_equal(challenge_expected(&made, "", expected), ERR_INPUT);
    assert_int_equal(challenge_expected(&made, "ecert.example.net", expected), OK);
    assert_string_equal(expected, "acct:0002142877@ecert.example.net");
    assert_int_equal(challenge_dns_host(&made, host, sizeof host), OK);
    assert_string_equal(host, "_validation-persist.www.shop.example.com");
    snprintf(made.domain, sizeof made.domain, "example.com");
    assert_int_equal(challenge_dns_host(&made, host, sizeof host), OK);
    assert_string_equal(host, "_validation-persist.example.com");
}

/* BR 1.6.1 asks for 112 bits of randomness: the nonce has 128, and the value keeps them. */
static void a_code_has_no_less_than_112_bits(void **state)
{
    char expected[EXPECTED_TEXT_MAX];
    struct challenge made = challenge();
    (void)state;
    assert_true(NONCE_BYTES * 8 >= 112);
    assert_int_equal(challenge_expected(&made, "", expected), OK);
    assert_true(strlen(expected) * 5 >= 256);
    for (size_t bit = 0; bit < NONCE_BYTES * 8; bit++) {
        char other[EXPECTED_TEXT_MAX];
        made = challenge();
        made.nonce[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(challenge_expected(&made, "", other), OK);
        assert_string_not_equal(expected, other);
    }
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
    snprintf(written.challenge.domain, sizeof written.challenge.domain, "example.net");
    snprintf(written.challenge.srn, sizeof written.challenge.srn, "0002142877");
    snprintf(written.alias, sizeof written.alias, "host.example.net");
    assert_int_equal(
        challenge_expected(&written.challenge, "ecert.example.net", written.expected), OK);
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
    assert_string_equal(read.alias, "host.example.net");
    assert_string_equal(read.challenge.domain, "example.net");
    assert_string_equal(read.challenge.srn, "0002142877");
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
        cmocka_unit_test(names_proved_at_one_domain_share_its_value),
        cmocka_unit_test(a_persistent_record_is_expected_to_name_the_subscribers_account),
        cmocka_unit_test(a_code_has_no_less_than_112_bits),
        cmocka_unit_test(the_record_stands_at_the_bare_name),
        cmocka_unit_test(an_observation_is_read_as_it_was_written_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
