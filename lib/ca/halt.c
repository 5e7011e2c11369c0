/* Stopping, and what going on asks for. */
#include "lib/ca/halt.h"
#include "lib/ca/internal.h"
#include "lib/crypto/sign.h"

/* People's clocks and the signer's. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(300)

static enum err signer_find(const struct resumption *resumption, size_t at,
    const struct roster *roster, const struct officer **ret_officer, struct reason *ret_reason);
static enum err signature_check(const struct resumption *resumption, size_t at,
    const struct officer *officer, struct reason *ret_reason);

static enum err denied(struct reason *ret_reason, const char *code, const char *field)
{
    return reason_set(ret_reason, ERR_DENIED, code, field, NULL, NULL);
}

void halt_write(struct der_writer *writer, const void *object)
{
    const struct halt *halt = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, halt->by);
    der_write_text(writer, DER_UTF8_STRING, halt->why);
    der_write_generalized_time(writer, halt->time);
    der_close(writer);
}

enum err halt_read(struct der *reader, struct halt *ret_halt)
{
    struct der inner;
    struct halt halt = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, halt.by, sizeof halt.by));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, halt.why, sizeof halt.why));
    TRY(der_read_generalized_time(&inner, &halt.time));
    TRY(der_finish(&inner));
    if (halt.by[0] == '\0' || halt.why[0] == '\0' || !utf8_plain(span_from_text(halt.by)) ||
        !utf8_plain(span_from_text(halt.why))) {
        return ERR_INPUT;
    }
    *ret_halt = halt;
    return OK;
}

enum err halt_hash(const struct halt *halt, uint8_t ret_hash[HASH_BYTES])
{
    AUTO(buf) der = buf_make(HALT_MAX_BYTES);
    TRY(der_encode(halt_write, halt, &der));
    return tagged_hash("ecert halt v1", buf_span(&der), ret_hash);
}

void resumption_write(struct der_writer *writer, const void *object)
{
    const struct resumption *resumption = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(resumption->halt_hash));
    der_write_generalized_time(writer, resumption->time);
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        der_write_octets(writer, SPAN_OF(resumption->signatures[i].key_id));
        der_write_octets(writer, resumption->signatures[i].signature);
    }
    der_close(writer);
}

enum err resumption_read(struct der *reader, struct resumption *ret_resumption)
{
    struct der inner;
    struct resumption resumption = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, resumption.halt_hash, HASH_BYTES));
    TRY(der_read_generalized_time(&inner, &resumption.time));
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        TRY(der_read_fixed(&inner, resumption.signatures[i].key_id, HASH_BYTES));
        TRY(der_read(&inner, DER_OCTET_STRING, &resumption.signatures[i].signature));
    }
    TRY(der_finish(&inner));
    *ret_resumption = resumption;
    return OK;
}

static void message_write(struct der_writer *writer, const void *object)
{
    const struct resumption *resumption = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, "ecert resumption v1");
    der_write_octets(writer, SPAN_OF(resumption->halt_hash));
    der_write_generalized_time(writer, resumption->time);
    der_close(writer);
}

enum err resumption_message(const struct resumption *resumption, struct buf *message)
{
    return der_encode(message_write, resumption, message);
}

enum err resumption_check(const struct resumption *resumption, const struct halt *halt,
    const struct roster *roster, int64_t now, struct reason *ret_reason)
{
    uint8_t hash[HASH_BYTES];
    TRY(halt_hash(halt, hash));
    if (memcmp(hash, resumption->halt_hash, HASH_BYTES) != 0) {
        return denied(ret_reason, "resumption.other", NULL);
    }
    if (resumption->time > now + CLOCK_TOLERANCE_SECONDS ||
        resumption->time < halt->time - CLOCK_TOLERANCE_SECONDS) {
        return denied(ret_reason, "resumption.time", NULL);
    }
    if (memcmp(resumption->signatures[0].key_id, resumption->signatures[1].key_id, HASH_BYTES) ==
        0) {
        return denied(ret_reason, "resumption.same_person", NULL);
    }
    for (size_t i = 0; i < RESUMPTION_SIGNATURES; i++) {
        const struct officer *officer = NULL;
        TRY(signer_find(resumption, i, roster, &officer, ret_reason));
        TRY(signature_check(resumption, i, officer, ret_reason));
    }
    return OK;
}

static enum err signer_find(const struct resumption *resumption, size_t at,
    const struct roster *roster, const struct officer **ret_officer, struct reason *ret_reason)
{
    const struct officer *officer = roster_officer(roster, resumption->signatures[at].key_id);
    if (officer == NULL) {
        return denied(ret_reason, "resumption.unknown", NULL);
    }
    if ((officer->roles & (OFFICER_ROLE_OFFICER | OFFICER_ROLE_ADMINISTRATOR)) == 0) {
        return denied(ret_reason, "resumption.role", officer->id);
    }
    *ret_officer = officer;
    return OK;
}

static enum err signature_check(const struct resumption *resumption, size_t at,
    const struct officer *officer, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(HALT_MAX_BYTES);
    TRY(resumption_message(resumption, &message));
    TRY(key_from_spki(officer->spki, &key));
    enum err err = signature_verify(
        key, SIGNATURE_ED25519, buf_span(&message), resumption->signatures[at].signature);
    return err == OK ? OK : denied(ret_reason, "resumption.signature", officer->id);
}
