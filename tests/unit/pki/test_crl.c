#include "tests/unit/pki/hierarchy.h"

static void a_list_without_entries_has_none(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) der = hierarchy_crl(&ca, NULL, HIERARCHY_NOW);
    struct crl crl;
    struct crl_entry entry;
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    assert_int_equal(crl_verify(&crl, ca.key), OK);
    assert_int_equal(crl.entries.len, 0);
    assert_true(span_equal(crl.issuer, buf_span(&ca.name)));
    assert_true(span_equal(crl.authority_key_id, SPAN_OF(ca.key_id)));
    assert_true(span_equal(crl.number, SPAN_LITERAL("\x01\x02")));
    assert_int_equal(crl.this_update, HIERARCHY_NOW);
    assert_int_equal(crl.next_update, HIERARCHY_NOW + 4 * DAY_SECONDS);
    assert_int_equal(crl_find(&crl, SPAN_LITERAL("\x01"), &entry), ERR_NOT_FOUND);
}

static void each_reason_comes_back_and_unspecified_is_left_out(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    static const enum crl_reason reasons[] = { CRL_UNSPECIFIED, CRL_KEY_COMPROMISE,
        CRL_AFFILIATION_CHANGED, CRL_SUPERSEDED, CRL_CESSATION_OF_OPERATION,
        CRL_PRIVILEGE_WITHDRAWN };
    size_t shorter = 0;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const struct crl_entry revoked = { SPAN_LITERAL("\xff\x01"), HIERARCHY_NOW - 5,
            reasons[i] };
        AUTO(buf) der = hierarchy_crl(&ca, &revoked, HIERARCHY_NOW);
        struct crl crl;
        struct crl_entry entry;
        assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
        assert_int_equal(crl_verify(&crl, ca.key), OK);
        assert_int_equal(crl_find(&crl, revoked.serial, &entry), OK);
        assert_int_equal(entry.reason, reasons[i]);
        assert_int_equal(entry.revoked_at, HIERARCHY_NOW - 5);
        assert_int_equal(crl_find(&crl, SPAN_LITERAL("\xff"), &entry), ERR_NOT_FOUND);
        shorter = i == 0 ? crl.entries.len : shorter;
        assert_int_equal(crl.entries.len, i == 0 ? shorter : shorter + 14);
    }
}

static enum err write_one(const struct authority *ca, const struct crl_entry *entry)
{
    AUTO(buf) der = buf_make(20000);
    struct hierarchy_entries list = { entry, 1, 0 };
    const struct crl_source source = { hierarchy_entry_next, &list, 1 };
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca->name), HIERARCHY_NOW,
        HIERARCHY_NOW + DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca->key_id) };
    return crl_write(&fields, &source, ca->key, &der);
}

static void hold_removal_and_impossible_serials_are_not_written(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    uint8_t serial[21];
    memset(serial, 1, sizeof serial);
    static const int reasons[] = { CRL_CERTIFICATE_HOLD, CRL_REMOVE_FROM_CRL, CRL_AA_COMPROMISE, 7,
        11, -1 };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const struct crl_entry entry = { SPAN_LITERAL("\x01"), HIERARCHY_NOW,
            (enum crl_reason)reasons[i] };
        assert_int_equal(write_one(&ca, &entry), ERR_INPUT);
    }
    const struct crl_entry large = { SPAN_OF(serial), HIERARCHY_NOW, CRL_SUPERSEDED };
    const struct crl_entry none = { { NULL, 0 }, HIERARCHY_NOW, CRL_SUPERSEDED };
    assert_int_equal(write_one(&ca, &large), ERR_INPUT);
    assert_int_equal(write_one(&ca, &none), ERR_INPUT);
}

/* Entries that are counted, not held. */
struct counter {
    uint32_t at, count, fail_at;
    uint8_t serial[16];
};

static enum err counter_next(void *ctx, struct crl_entry *ret_entry)
{
    struct counter *counter = ctx;
    if (counter->at == counter->count) {
        return ERR_NOT_FOUND;
    }
    if (counter->at == counter->fail_at) {
        return ERR_IO;
    }
    counter->serial[0] = 0x70;
    store_be32(counter->serial + 12, counter->at++);
    *ret_entry =
        (struct crl_entry){ SPAN_OF(counter->serial), HIERARCHY_NOW, CRL_CESSATION_OF_OPERATION };
    return OK;
}

static void a_long_list_is_whole_at_every_size_of_its_lengths(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    static const uint32_t counts[] = { 1, 2, 3, 5, 6, 63, 64, 65, 1300, 1400, 20000 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        AUTO(buf) der = buf_make(FILE_MAX_BYTES);
        struct counter counter = { .count = counts[i], .fail_at = UINT32_MAX };
        /* The hint may be wrong. */
        const struct crl_source source = { counter_next, &counter, i % 2 == 0 ? counts[i] : 0 };
        const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name),
            HIERARCHY_NOW, HIERARCHY_NOW + DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
        struct crl crl;
        uint32_t seen = 0;
        assert_int_equal(crl_write(&fields, &source, ca.key, &der), OK);
        assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
        assert_int_equal(crl_verify(&crl, ca.key), OK);
        for (struct der entries = der_reader(crl.entries); !der_empty(&entries); seen++) {
            struct crl_entry entry;
            assert_int_equal(crl_entry_next(&entries, &entry), OK);
            assert_int_equal(load_be32(entry.serial.data + 12), seen);
        }
        assert_int_equal(seen, counts[i]);
    }
}

static void a_source_that_fails_leaves_no_list(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) der = buf_make(FILE_MAX_BYTES);
    struct counter counter = { .count = 1000, .fail_at = 700 };
    const struct crl_source source = { counter_next, &counter, 1000 };
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW + DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
    struct crl crl;
    assert_int_equal(crl_write(&fields, &source, ca.key, &der), ERR_IO);
    assert_int_not_equal(crl_parse(buf_span(&der), &crl), OK);
}

static enum err look_at_list(void *ctx, struct span tbs)
{
    enum err *verdict = ctx;
    struct der reader = der_reader(tbs), inner;
    assert_int_equal(der_enter(&reader, DER_SEQUENCE, &inner), OK);
    assert_int_equal(der_finish(&reader), OK);
    assert_true(der_peek(&inner, DER_INTEGER));
    return *verdict;
}

static void what_the_last_look_refuses_is_not_signed(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    enum err verdict = ERR_CRYPTO;
    struct crl crl;
    AUTO(buf) refused = buf_make(20000);
    AUTO(buf) good = buf_make(20000);
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW + DAY_SECONDS, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id), look_at_list,
        &verdict };
    assert_int_equal(crl_write(&fields, NULL, ca.key, &refused), ERR_CRYPTO);
    assert_int_not_equal(crl_parse(buf_span(&refused), &crl), OK);
    verdict = OK;
    assert_int_equal(crl_write(&fields, NULL, ca.key, &good), OK);
    assert_int_equal(crl_parse(buf_span(&good), &crl), OK);
}

static void no_byte_of_a_list_may_change(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    const struct crl_entry revoked = { SPAN_LITERAL("\x01"), HIERARCHY_NOW, CRL_SUPERSEDED };
    AUTO(buf) der = hierarchy_crl(&ca, &revoked, HIERARCHY_NOW);
    struct crl crl;
    for (size_t at = 0; at < der.len; at++) {
        der.data[at] ^= 0x04;
        bool accepted = crl_parse(buf_span(&der), &crl) == OK && crl_verify(&crl, ca.key) == OK;
        assert_false(accepted);
        der.data[at] ^= 0x04;
    }
    for (size_t len = 0; len < der.len; len++) {
        assert_int_not_equal(crl_parse(span_make(der.data, len), &crl), OK);
    }
}

static void the_two_algorithms_must_be_the_same_bytes(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) der = hierarchy_crl(&ca, NULL, HIERARCHY_NOW);
    AUTO(buf) other = buf_make(HIERARCHY_MAX_BYTES);
    struct crl crl;
    assert_int_equal(crl_parse(buf_span(&der), &crl), OK);
    assert_int_equal(
        certificate_assemble(crl.tbs, SIGNATURE_ECDSA_SHA384, crl.signature, &other), OK);
    assert_int_equal(crl_parse(buf_span(&other), &crl), ERR_INPUT);
}

static void times_in_the_wrong_order_are_not_written(void **state)
{
    (void)state;
    AUTO(authority) ca = hierarchy_authority("CA", NULL, -1);
    AUTO(buf) der = buf_make(20000);
    const struct crl_fields fields = { SIGNATURE_ECDSA_SHA256, buf_span(&ca.name), HIERARCHY_NOW,
        HIERARCHY_NOW, SPAN_LITERAL("\x01"), SPAN_OF(ca.key_id) };
    assert_int_equal(crl_write(&fields, NULL, ca.key, &der), ERR_INPUT);
    assert_int_equal(der.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_without_entries_has_none),
        cmocka_unit_test(each_reason_comes_back_and_unspecified_is_left_out),
        cmocka_unit_test(hold_removal_and_impossible_serials_are_not_written),
        cmocka_unit_test(a_long_list_is_whole_at_every_size_of_its_lengths),
        cmocka_unit_test(a_source_that_fails_leaves_no_list),
        cmocka_unit_test(what_the_last_look_refuses_is_not_signed),
        cmocka_unit_test(no_byte_of_a_list_may_change),
        cmocka_unit_test(the_two_algorithms_must_be_the_same_bytes),
        cmocka_unit_test(times_in_the_wrong_order_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
