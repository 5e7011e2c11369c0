/* Both directions of a rehearsal. */
#include "lib/wire/rehearsal.h"

void rehearse_write(struct der_writer *writer, const void *rehearse)
{
    const struct rehearse *message = rehearse;
    der_open(writer, DER_SEQUENCE);
    challenge_write(writer, &message->challenge);
    der_write_boolean(writer, message->caa_only);
    der_write_int64(writer, message->patience_ms);
    der_close(writer);
}

enum err rehearse_read(struct der *reader, struct rehearse *ret_rehearse)
{
    struct der inner;
    struct rehearse rehearse = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(challenge_read(&inner, &rehearse.challenge));
    TRY(der_read_boolean(&inner, &rehearse.caa_only));
    TRY(der_read_uint(&inner, PATIENCE_MAX_MS, &rehearse.patience_ms));
    TRY(der_finish(&inner));
    *ret_rehearse = rehearse;
    return OK;
}

void rehearsed_write(struct der_writer *writer, const void *rehearsed)
{
    const struct rehearsed *message = rehearsed;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, message->dcv);
    der_write_int64(writer, message->caa);
    der_write_int64(writer, message->dnssec);
    report_write(writer, &message->report);
    der_close(writer);
}

enum err rehearsed_read(struct der *reader, struct rehearsed *ret_rehearsed)
{
    struct der inner;
    unsigned dcv, caa, dnssec;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, DCV_NOT_ASKED, &dcv));
    TRY(der_read_uint(&inner, CAA_PROHIBITS, &caa));
    TRY(der_read_uint(&inner, DNSSEC_UNKNOWN, &dnssec));
    TRY(report_read(&inner, &ret_rehearsed->report));
    TRY(der_finish(&inner));
    ret_rehearsed->dcv = (enum dcv_result)dcv;
    ret_rehearsed->caa = (enum caa_result)caa;
    ret_rehearsed->dnssec = (enum dnssec_state)dnssec;
    return OK;
}

enum err validator_call_rehearse(struct client *client, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason)
{
    struct request request = request_make(VALIDATOR_REHEARSE, rehearse_write, rehearse);
    AUTO(answer) answer = answer_none();
    TRY(client_call(client, &request, &answer, ret_reason));
    return rehearsed_read(&answer.body, ret_rehearsed) == OK ? OK : ERR_PEER;
}
