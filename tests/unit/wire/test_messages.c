/* Every message comes back as it went, and nothing shorter, longer or other than it passes. */
#include "lib/wire/control.h"
#include "lib/wire/keys.h"
#include "lib/wire/mails.h"
#include "lib/wire/notice.h"
#include "lib/wire/signer.h"
#include "lib/wire/validation.h"
#include "lib/wire/validator.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TYPE = 7 };

typedef enum err (*body_reader)(struct der *body, void *object);

/* Writes, reads into `again`, writes that; both must be the same bytes. Then spoils it. */
static void there_and_back(body_writer write, const void *object, body_reader read, void *again)
{
    unsigned type = 0;
    struct der body;
    AUTO(buf) first = buf_make(MESSAGE_MAX_BYTES);
    AUTO(buf) second = buf_make(MESSAGE_MAX_BYTES);
    assert_int_equal(request_format(TYPE, write, object, &first), OK);
    assert_int_equal(request_parse(buf_span(&first), &type, &body), OK);
    assert_int_equal(type, TYPE);
    assert_int_equal(read(&body, again), OK);
    assert_int_equal(request_format(TYPE, write, again, &second), OK);
    assert_true(span_equal(buf_span(&first), buf_span(&second)));

    AUTO(buf) answer = buf_make(MESSAGE_MAX_BYTES);
    AUTO(buf) alone = buf_make(MESSAGE_MAX_BYTES);
    assert_int_equal(der_encode(write, object, &alone), OK);
    const struct answer_fields fields = { .type = TYPE, .body = buf_span(&alone) };
    assert_int_equal(answer_format(&fields, &answer), OK);
    assert_int_equal(answer_parse(buf_span(&answer), TYPE, &body, NULL), OK);
    assert_int_equal(read(&body, again), OK);
    assert_int_equal(answer_parse(buf_span(&answer), TYPE + 1, &body, NULL), ERR_PEER);

    for (size_t len = 0; len < first.len; len++) {
        assert_int_equal(request_parse(span_make(first.data, len), &type, &body), ERR_PEER);
    }
    /* A body with one element more or one fewer is not that body. */
    struct der inner;
    struct der_element element;
    struct der reader = der_reader(buf_span(&alone));
    assert_int_equal(der_enter(&reader, DER_SEQUENCE, &inner), OK);
    struct span content = inner.rest;
    AUTO(buf) longer = buf_make(MESSAGE_MAX_BYTES);
    uint8_t room[MESSAGE_MAX_BYTES];
    struct der_writer writer = der_writer_make(room, sizeof room);
    size_t len = 0;
    der_open(&writer, DER_SEQUENCE);
    der_write_raw(&writer, content);
    der_write_null(&writer);
    der_close(&writer);
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    body = der_reader(span_make(room, len));
    assert_int_not_equal(read(&body, again), OK);
    if (der_read_any(&inner, &element) == OK && element.whole.len < content.len) {
        writer = der_writer_make(room, sizeof room);
        der_write(&writer, DER_SEQUENCE, element.whole);
        assert_int_equal(der_writer_finish(&writer, &len), OK);
        body = der_reader(span_make(room, len));
        (void)!read(&body, again);
    }
}

static struct arena arena;

#define READER(name, type)                                                                         \
    static enum err name##_into(struct der *body, void *object)                                    \
    {                                                                                              \
        struct type *typed = object;                                                               \
        return name##_read(body, typed);                                                           \
    }
#define READER_INTO_ARENA(name)                                                                    \
    static enum err name##_into(struct der *body, void *object)                                    \
    {                                                                                              \
        struct name *typed = object;                                                               \
        return name##_read(body, &arena, typed);                                                   \
    }
READER(signer_reserve, signer_reserve)
READER(signer_serial, signer_serial)
READER(signer_issue, signer_issue)
READER(signer_certificate, signer_certificate)
READER(signer_complete, signer_complete)
READER(signer_revoke, signer_revoke)
READER(signer_withdraw, signer_withdraw)
READER(signer_crl, signer_crl)
READER(signer_crl_made, signer_crl_made)
READER(signer_block, signer_block)
READER(signer_status, signer_status)
READER(signer_place, signer_place)
READER(signer_past, signer_past)
READER(courier_render, courier_render)
READER(courier_pin, courier_pin)
READER_INTO_ARENA(courier_letters)
READER(courier_print, courier_print)
READER(control_new, control_new)
READER(control_created, control_created)
READER(control_page, control_page)
READER(control_object, control_object)
READER_INTO_ARENA(control_applications)
READER(control_application, control_application)
READER(control_approve, control_approve)
READER(control_validate, control_validate)
READER_INTO_ARENA(control_validation)
READER(control_sight, control_sight)
READER(control_sightings, control_sightings)
READER(control_approved, control_approved)
READER_INTO_ARENA(control_certificates)
READER(control_revoke, control_revoke)
READER(control_crl, control_crl)
READER(control_number, control_number)
READER(control_publish, control_publish)
READER(control_facts, control_facts)
READER(control_notice, notice)
READER(control_notices, control_notices)
READER(control_key, control_key)
READER_INTO_ARENA(control_keys)
READER_INTO_ARENA(control_mails)

#define TRIP(name, type, ...)                                                                      \
    do {                                                                                           \
        static struct type again;                                                                  \
        const struct type object = __VA_ARGS__;                                                    \
        there_and_back(name##_write, &object, name##_into, &again);                                \
    } while (0)

#define SERIAL                                                                                     \
    {                                                                                              \
        { 0x4e, 1, 2 }, 3                                                                          \
    }

static void the_signers_messages_travel_whole(void **state)
{
    (void)state;
    TRIP(signer_reserve, signer_reserve, { { { 1, 2 }, 3 } });
    TRIP(signer_serial, signer_serial, SERIAL);
    TRIP(signer_issue, signer_issue, { { { 1 }, 1 }, SPAN_LITERAL("a warrant") });
    TRIP(signer_certificate, signer_certificate, { SPAN_LITERAL("a certificate"), false });
    TRIP(signer_certificate, signer_certificate, { SPAN_LITERAL("a precertificate"), true });
    TRIP(signer_complete, signer_complete, { { { 1 }, 1 }, SPAN_LITERAL("promises") });
    TRIP(
        signer_revoke, signer_revoke, { "ssl-ca-3-17", SERIAL, REVOCATION_SUPERSEDED, 1795000000 });
    TRIP(signer_withdraw, signer_withdraw, { { 9, 9 } });
    TRIP(signer_crl, signer_crl, { "ssl-ca-3-17", 1795000000, 1795086400 });
    TRIP(signer_crl_made, signer_crl_made, { 12, 345678 });
    TRIP(signer_status, signer_status,
        { 3, POLICY_PRIVATE, 10, 5000, { 1 }, 4, 1, 0, 2, 300000, 1211000000, "syscalls=kill" });
    TRIP(signer_status, signer_status,
        { 3, POLICY_PRIVATE, 10, 5000, { 1 }, 4, 1, 0, 2, 300000, 1211000000, "syscalls=kill", true,
            { "operator (uid 0)", "a key in public", 1795000000 } });
    TRIP(signer_place, signer_place, { 12, 3456, { 7 } });
    TRIP(signer_past, signer_past,
        { { { SIGNER_EVENT_REVOKED, { { 1 }, 1 }, SERIAL, "ssl-ca-3-17", REVOCATION_SUPERSEDED,
                { 0 } },
              { SIGNER_EVENT_WITHDRAWN, { { 0 }, 0 }, { { 0 }, 0 }, "", REVOCATION_UNSPECIFIED,
                  { 5 } },
              { SIGNER_EVENT_BLOCKED, { { 0 }, 0 }, { { 0 }, 0 }, "", REVOCATION_UNSPECIFIED,
                  { 6 } } },
            3, { 12, 3456, { 7 } }, true });
    TRIP(signer_block, signer_block, { { 7, 7 } });
}

static void the_couriers_messages_travel_whole(void **state)
{
    struct letter letters[] = { { "123456789", 1795000000 }, { "987654321", 1795000001 } };
    (void)state;
    TRIP(courier_render, courier_render,
        { { 1 }, "123456789", SPAN_LITERAL("an application"), "http://127.0.0.1:8080" });
    TRIP(courier_pin, courier_pin, { "$argon2id$v=19$" });
    TRIP(courier_letters, courier_letters, { letters, 2 });
    TRIP(courier_letters, courier_letters, { letters, 0 });
    TRIP(courier_print, courier_print, { "123456789" });
}

static void the_officers_messages_about_validation_travel_whole(void **state)
{
    struct control_validation_name names[] = {
        { { .name = "www.department.example.net", .method = DCV_DNS, .created = 1795000000 },
            "failed" },
        { { .name = "b.department.example.net", .method = DCV_DNS, .created = 1795000000 },
            "passed" },
    };
    (void)state;
    TRIP(control_validate, control_validate, { { 5 }, "", false, { "", "" } });
    TRIP(control_validate, control_validate,
        { { 5 }, "email", true, { "admin@department.example.net", "aaaa-bbbb" } });
    TRIP(control_validation, control_validation, { "due", 0, 0, "", "", "", NULL, 0 });
    TRIP(control_validation, control_validation,
        { "failed", 0, 1795000060, "admin@department.example.net", "refused", "550 no", names, 2 });
    names[0].challenge.method = DCV_PERSISTENT;
    TRIP(control_validation, control_validation,
        { "pending", 0, 0, "", "", "", names, 2, "ecert.example.net" });
    TRIP(control_sight, control_sight, { { 5 }, "www.department.example.net" });
    TRIP(control_sightings, control_sightings,
        { { { "primary", SPAN_LITERAL("observation"), SPAN_LITERAL("report") },
              { "perspective-1", { NULL, 0 }, SPAN_LITERAL("report") } },
            2 });
}

static void the_operators_messages_travel_whole(void **state)
{
    struct control_application_row application = { { 1 }, "www.shop.example.com",
        "例子商店有限公司", "approved", "due", 1795000000 };
    struct control_key key = { { 7 }, "reported", 1795000000, 0 };
    struct control_mail mail = { 7, "csr-invitation", "ar@shop.example.com", { 5 },
        "www.shop.example.com", 1795000000, 12, 0, "smtp.refused", "550" };
    struct control_certificate_row certificate = { "4e:01", "ssl-ca-3-17", "www.shop.example.com",
        "accepted", 1795000000, 1796000000 };
    (void)state;
    TRIP(control_new, control_new, { SPAN_LITERAL("an application") });
    TRIP(control_created, control_created, { { 1 }, { 2 } });
    TRIP(control_page, control_page, { 100 });
    TRIP(control_object, control_object, { { 5 } });
    TRIP(control_applications, control_applications, { &application, 1 });
    TRIP(control_application, control_application,
        { SPAN_LITERAL("der"), "vetted", { SPAN_LITERAL("one") }, 1, "", "", "due", 0, "", "",
            { NULL, 0 } });
    TRIP(control_application, control_application,
        { SPAN_LITERAL("der"), "returned", { SPAN_LITERAL("one") }, 1, "123456789", "rejected", "",
            1795000000, "details", "portal", SPAN_LITERAL("The branch is 例子署."), "ct.waiting" });
    TRIP(control_approve, control_approve, { { 5 }, SPAN_LITERAL("approval") });
    TRIP(control_approved, control_approved, { "approved", "123456789" });
    TRIP(control_certificates, control_certificates, { &certificate, 1 });
    TRIP(control_revoke, control_revoke, { { 0x4e, 1 }, 2, REVOCATION_KEY_COMPROMISE });
    TRIP(control_key, control_key, { { 7, 7 }, "reported", 1795000000, 1 });
    TRIP(control_keys, control_keys, { &key, 1 });
    TRIP(control_mails, control_mails, { &mail, 1 });
    TRIP(control_crl, control_crl, { "" });
    TRIP(control_number, control_number, { 77 });
    TRIP(control_publish, control_publish, { "RootCA3ARL.crl", SPAN_LITERAL("crl") });
    TRIP(control_facts, control_facts, { { { "signer.epoch", "3" } }, 1 });
    TRIP(control_notice, notice, { 1, 10, 20, { "Said", "告示", "告示" } });
    TRIP(control_notices, control_notices, { { { 1, 10, 0, { "Said", "告示", "告示" } } }, 1 });
}

static void a_revocation_for_no_reason_of_ours_is_malformed(void **state)
{
    struct signer_revoke read,
        object = { "ssl-ca-3-17", SERIAL, (enum revocation_reason)6, 1795000000 };
    AUTO(buf) bytes = buf_make(1024);
    (void)state;
    assert_int_equal(der_encode(signer_revoke_write, &object, &bytes), OK);
    struct der body = der_reader(buf_span(&bytes));
    assert_int_not_equal(signer_revoke_read(&body, &read), OK);
}

static void a_refusal_travels_with_its_reason(void **state)
{
    struct der body;
    struct reason sent, came = { 0 };
    AUTO(buf) message = buf_make(MESSAGE_MAX_BYTES);
    (void)state;
    (void)reason_set(&sent, ERR_DENIED, "warrant.quorum", "www.shop.example.com", "3/5", "4/5");
    const struct answer_fields fields = { .type = TYPE, .err = ERR_DENIED, .reason = &sent };
    assert_int_equal(answer_format(&fields, &message), OK);
    assert_int_equal(answer_parse(buf_span(&message), TYPE, &body, &came), ERR_DENIED);
    assert_memory_equal(&sent, &came, sizeof sent);
}

static void another_version_is_not_understood(void **state)
{
    unsigned type;
    struct der body;
    (void)state;
    assert_int_equal(
        request_parse(SPAN_LITERAL("\x30\x08\x02\x01\x01\x02\x01\x06\x30\x00"), &type, &body), OK);
    assert_int_equal(
        request_parse(SPAN_LITERAL("\x30\x08\x02\x01\x02\x02\x01\x06\x30\x00"), &type, &body),
        ERR_PEER);
    assert_int_equal(request_parse(SPAN_LITERAL("\x30\x0a\x02\x01\x01\x02\x01\x06\x30\x00\x05\x00"),
                         &type, &body),
        ERR_PEER);
}

static int make_arena(void **state)
{
    (void)state;
    arena = arena_make(16 * 1024 * 1024);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signers_messages_travel_whole),
        cmocka_unit_test(the_couriers_messages_travel_whole),
        cmocka_unit_test(the_officers_messages_about_validation_travel_whole),
        cmocka_unit_test(the_operators_messages_travel_whole),
        cmocka_unit_test(a_revocation_for_no_reason_of_ours_is_malformed),
        cmocka_unit_test(a_refusal_travels_with_its_reason),
        cmocka_unit_test(another_version_is_not_understood),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
