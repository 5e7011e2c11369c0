/* Both ends of the signer's conversation: messages, and the registrar's calls. */
#include "lib/wire/signer.h"

/* Beyond this a warrant leaves the packet and travels as a memory file. */
enum { WARRANT_PACKET_MAX = MESSAGE_MAX_BYTES - 4096 };

void request_id_write(struct der_writer *writer, const struct request_id *request)
{
    der_write_octets(writer, SPAN_OF(request->enrolment));
    der_write_int64(writer, request->ordinal);
}

enum err request_id_read(struct der *reader, struct request_id *ret_request)
{
    struct request_id request;
    TRY(der_read_fixed(reader, request.enrolment, ENROLMENT_ID_BYTES));
    TRY(der_read_uint(reader, INT32_MAX, &request.ordinal));
    *ret_request = request;
    return OK;
}

static void serial_write(struct der_writer *writer, const struct signer_serial *serial)
{
    der_write_octets(writer, span_make(serial->bytes, serial->len));
}

static enum err serial_read(struct der *reader, struct signer_serial *ret_serial)
{
    struct span bytes;
    TRY(der_read(reader, DER_OCTET_STRING, &bytes));
    if (bytes.len == 0 || bytes.len > SERIAL_MAX_BYTES || bytes.data[0] == 0) {
        return ERR_INPUT;
    }
    memcpy(ret_serial->bytes, bytes.data, bytes.len);
    ret_serial->len = bytes.len;
    return OK;
}

void signer_reserve_write(struct der_writer *writer, const void *object)
{
    const struct signer_reserve *reserve = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &reserve->request);
    der_close(writer);
}

enum err signer_reserve_read(struct der *body, struct signer_reserve *ret_reserve)
{
    struct der inner;
    struct signer_reserve reserve;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(request_id_read(&inner, &reserve.request));
    TRY(der_finish(&inner));
    *ret_reserve = reserve;
    return OK;
}

void signer_serial_write(struct der_writer *writer, const void *object)
{
    der_open(writer, DER_SEQUENCE);
    serial_write(writer, object);
    der_close(writer);
}

enum err signer_serial_read(struct der *body, struct signer_serial *ret_serial)
{
    struct der inner;
    struct signer_serial serial = { .len = 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(serial_read(&inner, &serial));
    TRY(der_finish(&inner));
    *ret_serial = serial;
    return OK;
}

void signer_issue_write(struct der_writer *writer, const void *object)
{
    const struct signer_issue *issue = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &issue->request);
    der_write_octets(writer, issue->warrant);
    der_close(writer);
}

enum err signer_issue_read(struct der *body, struct signer_issue *ret_issue)
{
    struct der inner;
    struct signer_issue issue;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(request_id_read(&inner, &issue.request));
    TRY(der_read(&inner, DER_OCTET_STRING, &issue.warrant));
    TRY(der_finish(&inner));
    *ret_issue = issue;
    return OK;
}

void signer_certificate_write(struct der_writer *writer, const void *object)
{
    const struct signer_certificate *certificate = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, certificate->der);
    der_write_boolean(writer, certificate->precertificate);
    der_close(writer);
}

enum err signer_certificate_read(struct der *body, struct signer_certificate *ret_certificate)
{
    struct der inner;
    struct signer_certificate certificate;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_OCTET_STRING, &certificate.der));
    TRY(der_read_boolean(&inner, &certificate.precertificate));
    TRY(der_finish(&inner));
    if (certificate.der.len == 0) {
        return ERR_INPUT;
    }
    *ret_certificate = certificate;
    return OK;
}

void signer_complete_write(struct der_writer *writer, const void *object)
{
    const struct signer_complete *complete = object;
    der_open(writer, DER_SEQUENCE);
    request_id_write(writer, &complete->request);
    der_write_octets(writer, complete->scts);
    der_close(writer);
}

enum err signer_complete_read(struct der *body, struct signer_complete *ret_complete)
{
    struct der inner;
    struct signer_complete complete;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(request_id_read(&inner, &complete.request));
    TRY(der_read(&inner, DER_OCTET_STRING, &complete.scts));
    TRY(der_finish(&inner));
    if (complete.scts.len > SCT_LIST_MAX_BYTES) {
        return ERR_LIMIT;
    }
    *ret_complete = complete;
    return OK;
}

void signer_revoke_write(struct der_writer *writer, const void *object)
{
    const struct signer_revoke *revoke = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, revoke->issuer);
    serial_write(writer, &revoke->serial);
    der_write_int64(writer, revoke->reason);
    der_write_generalized_time(writer, revoke->date);
    der_close(writer);
}

enum err signer_revoke_read(struct der *body, struct signer_revoke *ret_revoke)
{
    struct der inner;
    struct signer_revoke revoke = { 0 };
    unsigned reason;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, revoke.issuer, sizeof revoke.issuer));
    TRY(serial_read(&inner, &revoke.serial));
    TRY(der_read_uint(&inner, REVOCATION_PRIVILEGE_WITHDRAWN, &reason));
    TRY(der_read_generalized_time(&inner, &revoke.date));
    TRY(der_finish(&inner));
    if (revocation_reason_id(reason) == NULL) {
        return ERR_INPUT;
    }
    revoke.reason = (enum revocation_reason)reason;
    *ret_revoke = revoke;
    return OK;
}

void signer_withdraw_write(struct der_writer *writer, const void *object)
{
    const struct signer_withdraw *withdraw = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(withdraw->application_hash));
    der_close(writer);
}

enum err signer_withdraw_read(struct der *body, struct signer_withdraw *ret_withdraw)
{
    struct der inner;
    struct signer_withdraw withdraw;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, withdraw.application_hash, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_withdraw = withdraw;
    return OK;
}

void signer_block_write(struct der_writer *writer, const void *object)
{
    const struct signer_block *block = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(block->spki_hash));
    der_close(writer);
}

enum err signer_block_read(struct der *body, struct signer_block *ret_block)
{
    struct der inner;
    struct signer_block block;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, block.spki_hash, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_block = block;
    return OK;
}

void signer_crl_write(struct der_writer *writer, const void *object)
{
    const struct signer_crl *crl = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, crl->issuer);
    der_write_generalized_time(writer, crl->this_update);
    der_write_generalized_time(writer, crl->next_update);
    der_close(writer);
}

enum err signer_crl_read(struct der *body, struct signer_crl *ret_crl)
{
    struct der inner;
    struct signer_crl crl = { 0 };
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, crl.issuer, sizeof crl.issuer));
    TRY(der_read_generalized_time(&inner, &crl.this_update));
    TRY(der_read_generalized_time(&inner, &crl.next_update));
    TRY(der_finish(&inner));
    *ret_crl = crl;
    return OK;
}

void signer_crl_made_write(struct der_writer *writer, const void *object)
{
    const struct signer_crl_made *made = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, made->number);
    der_write_int64(writer, made->entries);
    der_close(writer);
}

enum err signer_crl_made_read(struct der *body, struct signer_crl_made *ret_made)
{
    struct der inner;
    struct signer_crl_made made;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &made.number));
    TRY(der_read_int64(&inner, &made.entries));
    TRY(der_finish(&inner));
    *ret_made = made;
    return OK;
}

void signer_status_write(struct der_writer *writer, const void *object)
{
    const struct signer_status *status = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, status->epoch);
    der_write_int64(writer, status->policy_set);
    der_write_int64(writer, status->journal_records);
    der_write_int64(writer, status->journal_bytes);
    der_write_octets(writer, SPAN_OF(status->journal_head));
    der_write_int64(writer, status->issued);
    der_write_int64(writer, status->revoked);
    der_write_int64(writer, status->withdrawn);
    der_write_int64(writer, status->blocked);
    der_write_int64(writer, status->weak_keys);
    der_write_int64(writer, status->weak_keys_time);
    der_write_text(writer, DER_UTF8_STRING, status->sandbox);
    if (status->halted) {
        halt_write(writer, &status->halt);
    }
    der_close(writer);
}

enum err signer_status_read(struct der *body, struct signer_status *ret_status)
{
    struct der inner;
    struct signer_status status = { 0 };
    unsigned policy_set;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &status.epoch));
    TRY(der_read_uint(&inner, POLICY_SET_COUNT - 1, &policy_set));
    TRY(der_read_int64(&inner, &status.journal_records));
    TRY(der_read_int64(&inner, &status.journal_bytes));
    TRY(der_read_fixed(&inner, status.journal_head, HASH_BYTES));
    TRY(der_read_int64(&inner, &status.issued));
    TRY(der_read_int64(&inner, &status.revoked));
    TRY(der_read_int64(&inner, &status.withdrawn));
    TRY(der_read_int64(&inner, &status.blocked));
    TRY(der_read_int64(&inner, &status.weak_keys));
    TRY(der_read_int64(&inner, &status.weak_keys_time));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, status.sandbox, sizeof status.sandbox));
    status.halted = !der_empty(&inner);
    if (status.halted) {
        TRY(halt_read(&inner, &status.halt));
    }
    TRY(der_finish(&inner));
    status.policy_set = (enum policy_set)policy_set;
    *ret_status = status;
    return OK;
}

static void place_write(struct der_writer *writer, const struct signer_place *place)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, place->records);
    der_write_int64(writer, place->last_offset);
    der_write_octets(writer, SPAN_OF(place->head));
    der_close(writer);
}

void signer_place_write(struct der_writer *writer, const void *object)
{
    place_write(writer, object);
}

enum err signer_place_read(struct der *body, struct signer_place *ret_place)
{
    struct der inner;
    struct signer_place place;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &place.records));
    TRY(der_read_int64(&inner, &place.last_offset));
    TRY(der_read_fixed(&inner, place.head, HASH_BYTES));
    TRY(der_finish(&inner));
    *ret_place = place;
    return OK;
}

static void event_write(struct der_writer *writer, const struct signer_event *event)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, event->kind);
    request_id_write(writer, &event->request);
    der_write_octets(writer, span_make(event->serial.bytes, event->serial.len));
    der_write_text(writer, DER_UTF8_STRING, event->issuer);
    der_write_int64(writer, event->reason);
    der_write_octets(writer, SPAN_OF(event->hash));
    der_close(writer);
}

static enum err event_read(struct der *reader, struct signer_event *ret_event)
{
    struct der inner;
    struct span serial;
    unsigned kind, reason;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, SIGNER_EVENT_COUNT - 1, &kind));
    TRY(request_id_read(&inner, &ret_event->request));
    TRY(der_read(&inner, DER_OCTET_STRING, &serial));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, ret_event->issuer, sizeof ret_event->issuer));
    TRY(der_read_uint(&inner, REVOCATION_PRIVILEGE_WITHDRAWN, &reason));
    TRY(der_read_fixed(&inner, ret_event->hash, HASH_BYTES));
    TRY(der_finish(&inner));
    if (serial.len > SERIAL_MAX_BYTES || revocation_reason_id(reason) == NULL) {
        return ERR_INPUT;
    }
    memcpy(ret_event->serial.bytes, serial.data, serial.len);
    ret_event->serial.len = serial.len;
    ret_event->kind = (enum signer_event_kind)kind;
    ret_event->reason = (enum revocation_reason)reason;
    return OK;
}

void signer_past_write(struct der_writer *writer, const void *object)
{
    const struct signer_past *past = object;
    der_open(writer, DER_SEQUENCE);
    place_write(writer, &past->place);
    der_write_boolean(writer, past->more);
    for (size_t i = 0; i < past->count; i++) {
        event_write(writer, &past->events[i]);
    }
    der_close(writer);
}

enum err signer_past_read(struct der *body, struct signer_past *ret_past)
{
    struct der inner;
    TRY(der_enter(body, DER_SEQUENCE, &inner));
    TRY(signer_place_read(&inner, &ret_past->place));
    TRY(der_read_boolean(&inner, &ret_past->more));
    ret_past->count = 0;
    while (!der_empty(&inner)) {
        if (ret_past->count == SIGNER_EVENTS_MAX) {
            return ERR_INPUT;
        }
        TRY(event_read(&inner, &ret_past->events[ret_past->count++]));
    }
    return OK;
}

enum err signer_call_reserve(struct client *client, const struct signer_reserve *reserve,
    struct signer_serial *ret_serial, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_RESERVE, signer_reserve_write, reserve);
    TRY(client_call(client, &request, &answer, ret_reason));
    return signer_serial_read(&answer.body, ret_serial) == OK ? OK : ERR_PEER;
}

static enum err certificate_take(
    struct answer *answer, struct buf *certificate, bool *ret_precertificate)
{
    struct signer_certificate made;
    if (signer_certificate_read(&answer->body, &made) != OK) {
        return ERR_PEER;
    }
    buf_append(certificate, made.der);
    TRY(buf_check(certificate));
    *ret_precertificate = made.precertificate;
    return OK;
}

enum err signer_call_issue(struct client *client, const struct signer_issue *issue,
    struct buf *certificate, bool *ret_precertificate, struct reason *ret_reason)
{
    struct signer_issue sent = *issue;
    AUTO(answer) answer = answer_none();
    AUTO(channel) file = channel_none();
    if (issue->warrant.len > WARRANT_PACKET_MAX) {
        TRY(channel_memfd(issue->warrant, &file.fd));
        sent.warrant = (struct span){ 0 };
    }
    struct request request = request_make(SIGNER_ISSUE, signer_issue_write, &sent);
    request.fd = file.fd;
    TRY(client_call(client, &request, &answer, ret_reason));
    return certificate_take(&answer, certificate, ret_precertificate);
}

enum err signer_call_complete(struct client *client, const struct signer_complete *complete,
    struct buf *certificate, struct reason *ret_reason)
{
    bool precertificate = false;
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_COMPLETE, signer_complete_write, complete);
    TRY(client_call(client, &request, &answer, ret_reason));
    TRY(certificate_take(&answer, certificate, &precertificate));
    return precertificate ? ERR_PEER : OK;
}

enum err signer_call_abandon(
    struct client *client, const struct signer_reserve *abandoned, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_ABANDON, signer_reserve_write, abandoned);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_revoke(
    struct client *client, const struct signer_revoke *revoke, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_REVOKE, signer_revoke_write, revoke);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_withdraw(
    struct client *client, const struct signer_withdraw *withdraw, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_WITHDRAW, signer_withdraw_write, withdraw);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_halt(struct client *client, const struct halt *halt, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_HALT, halt_write, halt);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_resume(
    struct client *client, const struct resumption *resumption, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_RESUME, resumption_write, resumption);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_block(
    struct client *client, const struct signer_block *block, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_BLOCK, signer_block_write, block);
    return client_call(client, &request, &answer, ret_reason);
}

enum err signer_call_crl(struct client *client, const struct signer_crl *crl,
    struct signer_crl_made *ret_made, struct mapping *ret_crl, struct reason *ret_reason)
{
    struct signer_crl_made made;
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_CRL, signer_crl_write, crl);
    TRY(client_call(client, &request, &answer, ret_reason));
    if (signer_crl_made_read(&answer.body, &made) != OK) {
        return ERR_PEER;
    }
    TRY(channel_memfd_map(answer.fd, SIGNER_CRL_MAX_BYTES, ret_crl));
    *ret_made = made;
    return OK;
}

enum err signer_call_status(
    struct client *client, struct signer_status *ret_status, struct reason *ret_reason)
{
    AUTO(answer) answer = answer_none();
    struct request request = request_make(SIGNER_STATUS, nothing_write, NULL);
    TRY(client_call(client, &request, &answer, ret_reason));
    return signer_status_read(&answer.body, ret_status) == OK ? OK : ERR_PEER;
}

enum err signer_call_anchor(struct client *client, const struct signer_place *place,
    struct signer_place *ret_now, struct reason *ret_reason)
{
    const struct request request = request_make(SIGNER_ANCHOR, signer_place_write, place);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return signer_place_read(&answer.body, ret_now) == OK ? OK : ERR_PEER;
}

enum err signer_call_since(struct client *client, const struct signer_place *place,
    struct signer_past *ret_past, struct reason *ret_reason)
{
    const struct request request = request_make(SIGNER_SINCE, signer_place_write, place);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return signer_past_read(&answer.body, ret_past) == OK ? OK : ERR_PEER;
}
