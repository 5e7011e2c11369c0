/* Officers' signatures: what is signed, and how it travels. */
#include "lib/ca/approval.h"
#include "lib/base/clock.h"

static void message_write(struct der_writer *writer, const void *object)
{
    const struct approval *approval = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, "ecert approval v1");
    der_write_int64(writer, approval->role);
    der_write_octets(writer, SPAN_OF(approval->application_hash));
    der_write_generalized_time(writer, approval->time);
    der_close(writer);
}

enum err approval_message(const struct approval *approval, struct buf *message)
{
    return der_encode(message_write, approval, message);
}

void approval_write(struct der_writer *writer, const struct approval *approval)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, approval->role);
    der_write_octets(writer, SPAN_OF(approval->application_hash));
    der_write_generalized_time(writer, approval->time);
    der_write_int64(writer, approval->key_type);
    der_write_octets(writer, SPAN_OF(approval->key_id));
    der_write_octets(writer, approval->signature);
    der_close(writer);
}

enum err approval_read(struct der *reader, struct approval *ret_approval)
{
    struct der inner;
    struct approval approval = { 0 };
    unsigned role, key_type;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, APPROVAL_APPROVED, &role));
    TRY(der_read_fixed(&inner, approval.application_hash, HASH_BYTES));
    TRY(der_read_generalized_time(&inner, &approval.time));
    TRY(der_read_uint(&inner, OFFICER_KEY_ED25519, &key_type));
    TRY(der_read_fixed(&inner, approval.key_id, HASH_BYTES));
    TRY(der_read(&inner, DER_OCTET_STRING, &approval.signature));
    TRY(der_finish(&inner));
    approval.role = (enum approval_role)role;
    approval.key_type = (enum officer_key_type)key_type;
    *ret_approval = approval;
    return OK;
}

int64_t subscription_end(const struct approval *approved)
{
    int64_t into_day = ((approved->time % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    return time_add_year(approved->time - into_day);
}
