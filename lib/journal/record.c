/* The bodies of the journal's records. Each is one SEQUENCE of its struct's fields, in their order.
 */
#include "lib/journal/record.h"
#include "lib/wire/signer.h"

static enum err body_enter(struct span body, struct der *ret_inner)
{
    struct der reader = der_reader(body);
    TRY(der_enter(&reader, DER_SEQUENCE, ret_inner));
    return der_finish(&reader);
}

void record_reserved_write(struct der_writer *writer, const void *object)
{
    const struct record_reserved *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_octets(writer, record->serial);
    der_close(writer);
}

enum err record_reserved_read(struct span body, struct record_reserved *ret_record)
{
    struct der inner;
    struct record_reserved record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.serial));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_intent_write(struct der_writer *writer, const void *object)
{
    const struct record_intent *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_octets(writer, record->serial);
    der_write_text(writer, DER_UTF8_STRING, record->issuer);
    der_write_octets(writer, SPAN_OF(record->warrant_hash));
    der_write_octets(writer, record->warrant);
    der_write_octets(writer, record->tbs);
    der_close(writer);
}

enum err record_intent_read(struct span body, struct record_intent *ret_record)
{
    struct der inner;
    struct record_intent record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.serial));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.issuer, sizeof record.issuer));
    TRY(der_read_fixed(&inner, record.warrant_hash, HASH_BYTES));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.warrant));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.tbs));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_issued_write(struct der_writer *writer, const void *object)
{
    const struct record_issued *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_octets(writer, record->certificate);
    der_close(writer);
}

enum err record_issued_read(struct span body, struct record_issued *ret_record)
{
    struct der inner;
    struct record_issued record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.certificate));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_precertificate_write(struct der_writer *writer, const void *object)
{
    const struct record_precertificate *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_int64(writer, record->intent);
    der_write_octets(writer, record->precertificate);
    der_close(writer);
}

enum err record_precertificate_read(struct span body, struct record_precertificate *ret_record)
{
    struct der inner;
    struct record_precertificate record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read_int64(&inner, &record.intent));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.precertificate));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_completion_write(struct der_writer *writer, const void *object)
{
    const struct record_completion *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_text(writer, DER_UTF8_STRING, record->issuer);
    der_write_octets(writer, record->tbs);
    if (record->precertificate != RECORD_PLACE_UNKNOWN) {
        der_write_int64(writer, record->precertificate);
    }
    der_close(writer);
}

enum err record_completion_read(struct span body, struct record_completion *ret_record)
{
    struct der inner;
    struct record_completion record = { .precertificate = RECORD_PLACE_UNKNOWN };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.issuer, sizeof record.issuer));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.tbs));
    if (!der_empty(&inner)) {
        TRY(der_read_int64(&inner, &record.precertificate));
        TRY(record.precertificate < 0 ? ERR_INPUT : OK);
    }
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_abandoned_write(struct der_writer *writer, const void *object)
{
    const struct record_abandoned *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_generalized_time(writer, record->date);
    der_close(writer);
}

enum err record_abandoned_read(struct span body, struct record_abandoned *ret_record)
{
    struct der inner;
    struct record_abandoned record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read_generalized_time(&inner, &record.date));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_refused_write(struct der_writer *writer, const void *object)
{
    const struct record_refused *record = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &record->request);
    der_write_octets(writer, SPAN_OF(record->warrant_hash));
    der_write_text(writer, DER_UTF8_STRING, record->code);
    der_close(writer);
}

enum err record_refused_read(struct span body, struct record_refused *ret_record)
{
    struct der inner;
    struct record_refused record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(request_id_read(&inner, &record.request));
    TRY(der_read_fixed(&inner, record.warrant_hash, HASH_BYTES));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.code, sizeof record.code));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_revoked_write(struct der_writer *writer, const void *object)
{
    const struct record_revoked *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, record->issuer);
    der_write_octets(writer, record->serial);
    der_write_int64(writer, record->reason);
    der_write_generalized_time(writer, record->date);
    if (record->blocked.len > 0) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(0), record->blocked);
    }
    der_close(writer);
}

enum err record_revoked_read(struct span body, struct record_revoked *ret_record)
{
    struct der inner;
    struct record_revoked record = { 0 };
    unsigned reason;
    TRY(body_enter(body, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.issuer, sizeof record.issuer));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.serial));
    TRY(der_read_uint(&inner, REVOCATION_PRIVILEGE_WITHDRAWN, &reason));
    TRY(der_read_generalized_time(&inner, &record.date));
    if (!der_empty(&inner)) {
        TRY(der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &record.blocked));
        if (record.blocked.len != HASH_BYTES) {
            return ERR_INPUT;
        }
    }
    TRY(der_finish(&inner));
    record.reason = (enum revocation_reason)reason;
    *ret_record = record;
    return OK;
}

void record_withdrawn_write(struct der_writer *writer, const void *object)
{
    const struct record_withdrawn *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(record->application_hash));
    der_close(writer);
}

enum err record_withdrawn_read(struct span body, struct record_withdrawn *ret_record)
{
    struct der inner;
    struct record_withdrawn record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(der_read_fixed(&inner, record.application_hash, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_blocked_write(struct der_writer *writer, const void *object)
{
    const struct record_blocked *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(record->spki_hash));
    der_close(writer);
}

enum err record_blocked_read(struct span body, struct record_blocked *ret_record)
{
    struct der inner;
    struct record_blocked record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(der_read_fixed(&inner, record.spki_hash, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_crl_write(struct der_writer *writer, const void *object)
{
    const struct record_crl *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, record->issuer);
    der_write_int64(writer, record->number);
    der_write_generalized_time(writer, record->this_update);
    der_write_generalized_time(writer, record->next_update);
    der_close(writer);
}

enum err record_crl_read(struct span body, struct record_crl *ret_record)
{
    struct der inner;
    struct record_crl record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.issuer, sizeof record.issuer));
    TRY(der_read_int64(&inner, &record.number));
    TRY(der_read_generalized_time(&inner, &record.this_update));
    TRY(der_read_generalized_time(&inner, &record.next_update));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_epoch_write(struct der_writer *writer, const void *object)
{
    const struct record_epoch *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, record->epoch);
    der_write_int64(writer, record->policy_set);
    der_write_octets(writer, SPAN_OF(record->roster_hash));
    der_close(writer);
}

enum err record_epoch_read(struct span body, struct record_epoch *ret_record)
{
    struct der inner;
    struct record_epoch record = { 0 };
    unsigned policy_set;
    TRY(body_enter(body, &inner));
    TRY(der_read_int64(&inner, &record.epoch));
    TRY(der_read_uint(&inner, POLICY_SET_COUNT - 1, &policy_set));
    TRY(der_read_fixed(&inner, record.roster_hash, HASH_BYTES));
    TRY(der_finish(&inner));
    record.policy_set = (enum policy_set)policy_set;
    *ret_record = record;
    return OK;
}

void record_responder_write(struct der_writer *writer, const void *object)
{
    const struct record_responder *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, record->issuer);
    der_write_octets(writer, record->tbs);
    der_close(writer);
}

enum err record_responder_read(struct span body, struct record_responder *ret_record)
{
    struct der inner;
    struct record_responder record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.issuer, sizeof record.issuer));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.tbs));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

void record_ceremony_write(struct der_writer *writer, const void *object)
{
    const struct record_ceremony *record = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, record->what);
    der_write_text(writer, DER_UTF8_STRING, record->name);
    der_write_octets(writer, record->made);
    der_close(writer);
}

enum err record_ceremony_read(struct span body, struct record_ceremony *ret_record)
{
    struct der inner;
    struct record_ceremony record = { 0 };
    TRY(body_enter(body, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.what, sizeof record.what));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, record.name, sizeof record.name));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.made));
    TRY(der_finish(&inner));
    *ret_record = record;
    return OK;
}

enum err record_halted_read(struct span body, struct halt *ret_record)
{
    struct der reader = der_reader(body);
    TRY(halt_read(&reader, ret_record));
    return der_finish(&reader);
}

enum err record_resumed_read(struct span body, struct resumption *ret_record)
{
    struct der reader = der_reader(body);
    TRY(resumption_read(&reader, ret_record));
    return der_finish(&reader);
}
