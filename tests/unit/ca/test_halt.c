/* Who may let issuance go on after it was stopped. */
#include "lib/ca/halt.h"
#include "tests/factory/factory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

static struct factory factory;
static const struct halt halt = { "operator (uid 0)", "a key was seen in public", NOW };

struct order {
    struct resumption resumption;
    uint8_t signatures[RESUMPTION_SIGNATURES][SIGNATURE_MAX_BYTES];
};

static void sign(struct order *order, size_t at, const struct key *key)
{
    AUTO(buf) message = buf_make(HALT_MAX_BYTES);
    size_t len = 0;
    assert_int_equal(resumption_message(&order->resumption, &message), OK);
    assert_int_equal(
        signature_make(key, SIGNATURE_ED25519, buf_span(&message), order->signatures[at], &len),
        OK);
    memcpy(order->resumption.signatures[at].key_id, key_spki_sha256(key).data, HASH_BYTES);
    order->resumption.signatures[at].signature = span_make(order->signatures[at], len);
}

static void order_make(struct order *order, const struct key *first, const struct key *second)
{
    *order = (struct order){ .resumption.time = NOW + 60 };
    assert_int_equal(halt_hash(&halt, order->resumption.halt_hash), OK);
    sign(order, 0, first);
    sign(order, 1, second);
}

static const char *verdict(const struct order *order, int64_t now)
{
    static struct reason reason;
    reason = (struct reason){ 0 };
    enum err err = resumption_check(&order->resumption, &halt, &factory.roster, now, &reason);
    assert_int_equal(err, reason.code[0] == '\0' ? OK : ERR_DENIED);
    return reason.code;
}

static void two_people_let_it_go_on(void **state)
{
    struct order order;
    (void)state;
    order_make(&order, factory.officers[0], factory.officers[1]);
    assert_string_equal(verdict(&order, NOW + 60), "");
    order_make(&order, factory.officers[1], factory.officers[0]);
    assert_string_equal(verdict(&order, NOW + 60), "");
}

static void one_person_a_stranger_and_an_auditor_do_not(void **state)
{
    struct order order;
    (void)state;
    order_make(&order, factory.officers[0], factory.officers[0]);
    assert_string_equal(verdict(&order, NOW + 60), "resumption.same_person");
    order_make(&order, factory.officers[0], factory.stranger);
    assert_string_equal(verdict(&order, NOW + 60), "resumption.unknown");
    order_make(&order, factory.officers[2], factory.officers[0]);
    assert_string_equal(verdict(&order, NOW + 60), "resumption.role");
}

static void signatures_are_for_one_stop_and_one_time(void **state)
{
    struct order order;
    (void)state;
    order_make(&order, factory.officers[0], factory.officers[1]);
    order.resumption.halt_hash[0] ^= 1;
    assert_string_equal(verdict(&order, NOW + 60), "resumption.other");
    order_make(&order, factory.officers[0], factory.officers[1]);
    order.resumption.time += 1;
    assert_string_equal(verdict(&order, NOW + 60), "resumption.signature");
    order_make(&order, factory.officers[0], factory.officers[1]);
    order.signatures[1][3] ^= 1;
    assert_string_equal(verdict(&order, NOW + 60), "resumption.signature");
    order_make(&order, factory.officers[0], factory.officers[1]);
    assert_string_equal(verdict(&order, NOW + 60 - 301), "resumption.time");
    /* An order from before the stop is for another one. */
    order.resumption.time = NOW - 301;
    sign(&order, 0, factory.officers[0]);
    sign(&order, 1, factory.officers[1]);
    assert_string_equal(verdict(&order, NOW), "resumption.time");
}

static void a_stop_says_who_and_why_in_plain_text(void **state)
{
    static const struct halt bad[] = { { "", "why", NOW }, { "who", "", NOW },
        { "who", "\033[2J", NOW }, { "w\xff", "why", NOW } };
    (void)state;
    for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
        bool good = i == sizeof bad / sizeof bad[0];
        struct halt read;
        AUTO(buf) der = buf_make(HALT_MAX_BYTES);
        /* What is no UTF-8 isn't even written. */
        if (der_encode(halt_write, good ? &halt : &bad[i], &der) != OK) {
            assert_false(good);
            continue;
        }
        struct der reader = der_reader(buf_span(&der));
        assert_int_equal(halt_read(&reader, &read), good ? OK : ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_let_it_go_on),
        cmocka_unit_test(one_person_a_stranger_and_an_auditor_do_not),
        cmocka_unit_test(signatures_are_for_one_stop_and_one_time),
        cmocka_unit_test(a_stop_says_who_and_why_in_plain_text),
    };
    if (factory_init(&factory, KEY_TYPE_P256) != OK) {
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    factory_release(&factory);
    return failed;
}
