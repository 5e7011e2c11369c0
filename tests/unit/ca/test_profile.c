/* The table of profiles: what stands in it, and that what is written is what stands there. */
#include "lib/ca/profile.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WRITTEN_MAX = 4096 };

static const uint8_t key_id[KEY_IDENTIFIER_BYTES] = { 1, 2, 3 };
static const struct span names[] = { { (const uint8_t *)"www.shop.example.com", 20 } };

static struct profile_values sample_values(void)
{
    return (struct profile_values){ .authority_key_id = SPAN_OF(key_id),
        .subject_key_id = SPAN_OF(key_id),
        .key_kind = KEY_RSA,
        .names = names,
        .name_count = 1,
        .crl_uri = SPAN_LITERAL("http://ca.example.net/crl/1.crl"),
        .ca_issuers_uri = SPAN_LITERAL("http://ca.example.net/root/1.crt"),
        .sct_list = SPAN_LITERAL("\x00\x02\x00\x00") };
}

static enum err write(const char *id, const struct profile_values *values,
    uint8_t ret_bytes[WRITTEN_MAX], size_t *ret_len)
{
    struct der_writer writer = der_writer_make(ret_bytes, WRITTEN_MAX);
    profile_write_extensions(&writer, profile_by_id(id), values);
    return der_writer_finish(&writer, ret_len);
}

static void ids_and_hashes_are_each_a_profiles_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < profile_count(); i++) {
        uint8_t hash[HASH_BYTES];
        assert_int_equal(profile_hash(profile_at(i), hash), OK);
        assert_ptr_equal(profile_by_id(profile_at(i)->id), profile_at(i));
        for (size_t j = 0; j < i; j++) {
            uint8_t other[HASH_BYTES];
            assert_int_equal(profile_hash(profile_at(j), other), OK);
            assert_memory_not_equal(hash, other, HASH_BYTES);
        }
    }
    assert_null(profile_by_id("ov-server"));
    assert_null(profile_by_id(""));
}

static void whatever_changes_what_is_signed_changes_the_hash(void **state)
{
    uint8_t before[HASH_BYTES];
    struct profile changed[8];
    (void)state;
    const struct profile *profile = profile_by_id("ov-server-1");
    assert_int_equal(profile_hash(profile, before), OK);
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        changed[i] = *profile;
    }
    changed[0].attributes[0] = &oid_street;
    changed[1].extensions[0] = PROFILE_KEY_USAGE;
    changed[2].is_ca = true;
    changed[3].path_length = 0;
    changed[4].key_usage_rsa = 1;
    changed[5].key_usage_ec = 3;
    changed[6].purpose = &oid_client_auth;
    changed[7].policy = &oid_policy_ev;
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        uint8_t after[HASH_BYTES];
        assert_int_equal(profile_hash(&changed[i], after), OK);
        assert_memory_not_equal(before, after, HASH_BYTES);
    }
}

static void no_extension_stands_twice_and_each_has_what_it_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < profile_count(); i++) {
        const struct profile *profile = profile_at(i);
        unsigned seen = 0;
        for (size_t j = 0; profile->extensions[j] != PROFILE_END; j++) {
            assert_int_equal(seen & (1u << profile->extensions[j]), 0);
            assert_non_null(profile_extension_name(profile->extensions[j]));
            seen |= 1u << profile->extensions[j];
        }
        assert_true((profile->purpose != NULL) == ((seen >> PROFILE_PURPOSE & 1) != 0));
        assert_true((profile->policy != NULL) == ((seen >> PROFILE_POLICY & 1) != 0));
        assert_true((profile->key_usage_ec != 0) == ((seen >> PROFILE_KEY_USAGE & 1) != 0));
        assert_true(!profile->is_ca || (seen >> PROFILE_SUBJECT_KEY & 1) != 0);
    }
}

/* RFC 6962 §3.1: the certificate is its precertificate, but for the poison and the list of SCTs. */
static void a_precertificate_differs_in_its_last_extension_alone(void **state)
{
    static const char *const rows[][3] = {
        { "ov-server-1", "ov-precertificate-1", "ov-server-ct-1" },
        { "ev-server-1", "ev-precertificate-1", "ev-server-ct-1" },
    };
    const struct profile_values values = sample_values();
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(profile_by_id(rows[i][2])->precertificate, rows[i][1]);
        uint8_t bytes[3][WRITTEN_MAX];
        size_t len[3];
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(write(rows[i][j], &values, bytes[j], &len[j]), OK);
        }
        assert_memory_equal(bytes[0], bytes[1], len[0]);
        assert_memory_equal(bytes[0], bytes[2], len[0]);
        static const uint8_t poison[] = { 0x30, 0x13, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01,
            0xd6, 0x79, 0x02, 0x04, 0x03, 0x01, 0x01, 0xff, 0x04, 0x02, 0x05, 0x00 };
        assert_int_equal(len[1] - len[0], sizeof poison);
        assert_memory_equal(bytes[1] + len[0], poison, sizeof poison);
        static const uint8_t scts[] = { 0x30, 0x14, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6,
            0x79, 0x02, 0x04, 0x02, 0x04, 0x06, 0x04, 0x04, 0x00, 0x02, 0x00, 0x00 };
        assert_int_equal(len[2] - len[0], sizeof scts);
        assert_memory_equal(bytes[2] + len[0], scts, sizeof scts);
    }
}

static void a_certificate_that_needs_scts_is_not_written_without(void **state)
{
    uint8_t bytes[WRITTEN_MAX];
    size_t len = 0;
    struct profile_values values = sample_values();
    (void)state;
    values.sct_list = (struct span){ 0 };
    assert_int_equal(write("ov-server-ct-1", &values, bytes, &len), ERR_INPUT);
}

static void key_encipherment_is_for_rsa_keys(void **state)
{
    /* keyUsage follows the 33 octets of authorityKeyIdentifier; its bits are its last octet. */
    enum { USAGE_AT = 33 + 15 };
    uint8_t rsa[WRITTEN_MAX], ec[WRITTEN_MAX];
    size_t len = 0;
    struct profile_values values = sample_values();
    (void)state;
    assert_int_equal(write("ov-server-1", &values, rsa, &len), OK);
    values.key_kind = KEY_P256;
    assert_int_equal(write("ov-server-1", &values, ec, &len), OK);
    assert_int_equal(rsa[USAGE_AT], 0xa0);
    assert_int_equal(ec[USAGE_AT], 0x80);
}

static void a_subject_holds_what_its_profile_permits(void **state)
{
    static const struct {
        const char *id;
        const struct span *oid;
        bool permitted;
    } rows[] = {
        { "ov-server-1", &oid_organisation, true },
        { "ov-server-1", &oid_organisational_unit, false },
        { "ov-server-1", &oid_business_category, false },
        { "ov-server-1", &oid_street, false },
        { "ev-server-1", &oid_business_category, true },
        { "ev-server-1", &oid_organisational_unit, false },
        { "classic-server-1", &oid_organisational_unit, true },
        { "classic-server-1", &oid_serial_number, false },
        { "root-1", &oid_organisational_unit, false },
        { "ocsp-responder-1", &oid_locality, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO(buf) name = buf_make(512);
        struct reason reason = { 0 };
        const struct name_entry entry = { *rows[i].oid, SPAN_LITERAL("Shop") };
        enum err err = profile_write_subject(profile_by_id(rows[i].id), &entry, 1, &reason, &name);
        assert_int_equal(err, rows[i].permitted ? OK : ERR_INPUT);
        assert_string_equal(reason.code, rows[i].permitted ? "" : "profile.attribute");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_hashes_are_each_a_profiles_own),
        cmocka_unit_test(whatever_changes_what_is_signed_changes_the_hash),
        cmocka_unit_test(no_extension_stands_twice_and_each_has_what_it_needs),
        cmocka_unit_test(a_precertificate_differs_in_its_last_extension_alone),
        cmocka_unit_test(a_certificate_that_needs_scts_is_not_written_without),
        cmocka_unit_test(key_encipherment_is_for_rsa_keys),
        cmocka_unit_test(a_subject_holds_what_its_profile_permits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
