/* Administrators, their approvals, and the bodies of a ceremony's records. */
#include "lib/ca/ceremony.h"
#include "lib/ca/internal.h"
#include "lib/crypto/sign.h"
#include "lib/der/pem.h"

#include <stdio.h>

/* People's clocks and the ceremony's. */
#define CLOCK_TOLERANCE_SECONDS INT64_C(300)

#define STATEMENT_LABEL "ECERT CEREMONY STATEMENT"

enum { STATEMENT_MAX_BYTES = 512 };

static enum err approval_check(const struct statement *approval, const struct administrators *set,
    const uint8_t script[HASH_BYTES], const uint8_t journal[HASH_BYTES], int64_t now,
    struct reason *ret_reason);

void administrators_write(struct der_writer *writer, const void *object)
{
    const struct administrators *set = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, set->quorum);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < set->count; i++) {
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, set->list[i].id);
        der_write_text(writer, DER_UTF8_STRING, set->list[i].name);
        der_write_octets(writer, set->list[i].spki);
        der_close(writer);
    }
    der_close(writer);
    der_close(writer);
}

static enum err administrator_read(struct der *list, struct administrator *ret_person)
{
    struct der inner;
    struct administrator person = { .id = "" };
    AUTO_PTR(key) key = NULL;
    TRY(der_enter(list, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, person.id, sizeof person.id));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, person.name, sizeof person.name));
    TRY(der_read(&inner, DER_OCTET_STRING, &person.spki));
    TRY(der_finish(&inner));
    TRY(key_from_spki(person.spki, &key));
    if (key_kind(key) != KEY_ED25519) {
        return ERR_INPUT;
    }
    TRY(sha256(person.spki, person.key_id));
    *ret_person = person;
    return OK;
}

enum err administrators_read(struct der *reader, struct administrators *ret_set)
{
    struct der inner, list;
    struct administrators set = { .count = 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, ADMINISTRATORS_MAX, &set.quorum));
    TRY(der_enter(&inner, DER_SEQUENCE, &list));
    TRY(der_finish(&inner));
    while (!der_empty(&list)) {
        struct administrator *person = &set.list[set.count];
        if (set.count == ADMINISTRATORS_MAX) {
            return ERR_LIMIT;
        }
        TRY(administrator_read(&list, person));
        for (size_t i = 0; i < set.count; i++) {
            if (strcmp(set.list[i].id, person->id) == 0 ||
                memcmp(set.list[i].key_id, person->key_id, HASH_BYTES) == 0) {
                return ERR_INPUT;
            }
        }
        set.count++;
    }
    if (set.quorum > set.count || set.quorum < QUORUM_MIN) {
        return ERR_INPUT;
    }
    *ret_set = set;
    return OK;
}

const struct administrator *administrators_find(
    const struct administrators *set, const uint8_t key_id[HASH_BYTES])
{
    for (size_t i = 0; i < set->count; i++) {
        if (memcmp(set->list[i].key_id, key_id, HASH_BYTES) == 0) {
            return &set->list[i];
        }
    }
    return NULL;
}

static void message_write(struct der_writer *writer, const void *object)
{
    const struct statement *statement = object;
    bool approval = statement->kind == STATEMENT_APPROVAL;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING,
        approval ? "ecert ceremony approval v1" : "ecert ceremony witness v1");
    der_write_octets(writer, SPAN_OF(statement->subject));
    der_write_octets(writer, SPAN_OF(statement->journal));
    der_write_generalized_time(writer, statement->time);
    der_close(writer);
}

void statement_write(struct der_writer *writer, const void *object)
{
    const struct statement *statement = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, statement->kind);
    der_write_octets(writer, SPAN_OF(statement->subject));
    der_write_octets(writer, SPAN_OF(statement->journal));
    der_write_generalized_time(writer, statement->time);
    der_write_octets(writer, SPAN_OF(statement->spki));
    der_write_octets(writer, SPAN_OF(statement->signature));
    der_close(writer);
}

enum err statement_read(struct der *reader, struct statement *ret_statement)
{
    struct der inner;
    struct statement statement = { .time = 0 };
    unsigned kind;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_uint(&inner, STATEMENT_WITNESS, &kind));
    TRY(der_read_fixed(&inner, statement.subject, sizeof statement.subject));
    TRY(der_read_fixed(&inner, statement.journal, sizeof statement.journal));
    TRY(der_read_generalized_time(&inner, &statement.time));
    TRY(der_read_fixed(&inner, statement.spki, sizeof statement.spki));
    TRY(der_read_fixed(&inner, statement.signature, sizeof statement.signature));
    TRY(der_finish(&inner));
    if (kind < STATEMENT_APPROVAL) {
        return ERR_INPUT;
    }
    statement.kind = (enum statement_kind)kind;
    *ret_statement = statement;
    return OK;
}

enum err statement_sign(struct statement *statement, const struct key *key)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    AUTO(buf) message = buf_make(STATEMENT_MAX_BYTES);
    struct span spki = key_spki(key);
    if (key_kind(key) != KEY_ED25519 || spki.len != sizeof statement->spki) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_encode(message_write, statement, &message));
    TRY(signature_make(key, SIGNATURE_ED25519, buf_span(&message), signature, &len));
    if (len != sizeof statement->signature) {
        return ERR_CRYPTO;
    }
    memcpy(statement->spki, spki.data, sizeof statement->spki);
    memcpy(statement->signature, signature, len);
    return OK;
}

enum err statement_verify(const struct statement *statement)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(STATEMENT_MAX_BYTES);
    TRY(der_encode(message_write, statement, &message));
    if (key_from_spki(SPAN_OF(statement->spki), &key) != OK || key_kind(key) != KEY_ED25519) {
        return ERR_SIGNATURE;
    }
    return signature_verify(
        key, SIGNATURE_ED25519, buf_span(&message), SPAN_OF(statement->signature));
}

enum err statement_format(const struct statement *statement, struct buf *pem)
{
    AUTO(buf) der = buf_make(STATEMENT_MAX_BYTES);
    TRY(der_encode(statement_write, statement, &der));
    return pem_write(STATEMENT_LABEL, buf_span(&der), pem);
}

enum err statement_parse(struct span pem, struct statement *ret_statement)
{
    struct pem block;
    struct statement statement;
    AUTO(buf) der = buf_make(STATEMENT_MAX_BYTES);
    if (pem_find(pem, STATEMENT_LABEL, &block) != OK) {
        return ERR_INPUT;
    }
    TRY(pem_decode(&block, &der));
    struct der reader = der_reader(buf_span(&der));
    TRY(statement_read(&reader, &statement));
    TRY(der_finish(&reader));
    *ret_statement = statement;
    return OK;
}

static enum err refused(
    struct reason *ret_reason, const char *code, const char *seen, const char *expected)
{
    return reason_set(ret_reason, ERR_DENIED, code, NULL, seen, expected);
}

enum err approvals_check(const struct statement *approvals, size_t count,
    const struct administrators *set, const uint8_t script[HASH_BYTES],
    const uint8_t journal[HASH_BYTES], int64_t now, struct reason *ret_reason)
{
    char seen[32], expected[48];
    for (size_t i = 0; i < count; i++) {
        TRY(approval_check(&approvals[i], set, script, journal, now, ret_reason));
        for (size_t k = 0; k < i; k++) {
            if (memcmp(approvals[i].spki, approvals[k].spki, sizeof approvals[i].spki) == 0) {
                uint8_t key_id[HASH_BYTES];
                TRY(sha256(SPAN_OF(approvals[i].spki), key_id));
                const struct administrator *twice = administrators_find(set, key_id);
                return refused(ret_reason, "ceremony.approval_twice",
                    twice == NULL ? NULL : twice->id, "different administrators");
            }
        }
    }
    if (count < set->quorum || set->count == 0) {
        snprintf(seen, sizeof seen, "%zu", count);
        snprintf(expected, sizeof expected, "%u of %zu", set->quorum, set->count);
        return refused(ret_reason, "ceremony.approvals_few", seen, expected);
    }
    return OK;
}

static enum err approval_check(const struct statement *approval, const struct administrators *set,
    const uint8_t script[HASH_BYTES], const uint8_t journal[HASH_BYTES], int64_t now,
    struct reason *ret_reason)
{
    char seen[2 * HASH_BYTES + 1], expected[2 * HASH_BYTES + 1];
    uint8_t key_id[HASH_BYTES];
    if (approval->kind != STATEMENT_APPROVAL) {
        return refused(ret_reason, "ceremony.approval_kind", "a witness's signature", "approval");
    }
    hex_format(SPAN_OF(approval->subject), seen);
    hex_format(span_make(script, HASH_BYTES), expected);
    if (strcmp(seen, expected) != 0) {
        return refused(ret_reason, "ceremony.approval_script", seen, expected);
    }
    hex_format(SPAN_OF(approval->journal), seen);
    hex_format(span_make(journal, HASH_BYTES), expected);
    if (strcmp(seen, expected) != 0) {
        return refused(ret_reason, "ceremony.approval_journal", seen, expected);
    }
    TRY(sha256(SPAN_OF(approval->spki), key_id));
    hex_format(SPAN_OF(key_id), seen);
    const struct administrator *person = administrators_find(set, key_id);
    if (person == NULL) {
        return refused(ret_reason, "ceremony.approval_unknown", seen, NULL);
    }
    if (approval->time > now + CLOCK_TOLERANCE_SECONDS) {
        return refused(ret_reason, "ceremony.approval_time", person->id, NULL);
    }
    return statement_verify(approval) == OK
               ? OK
               : refused(ret_reason, "ceremony.approval_signature", person->id, NULL);
}

void ceremony_begun_write(struct der_writer *writer, const void *object)
{
    const struct ceremony_begun *begun = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, begun->script);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < begun->count; i++) {
        statement_write(writer, &begun->approvals[i]);
    }
    der_close(writer);
    der_close(writer);
}

enum err ceremony_begun_read(struct span der, struct ceremony_begun *ret_begun)
{
    struct der reader = der_reader(der), inner, list;
    struct ceremony_begun begun = { .count = 0 };
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read(&inner, DER_OCTET_STRING, &begun.script));
    TRY(der_enter(&inner, DER_SEQUENCE, &list));
    TRY(der_finish(&inner));
    while (!der_empty(&list)) {
        if (begun.count == STATEMENTS_MAX) {
            return ERR_LIMIT;
        }
        TRY(statement_read(&list, &begun.approvals[begun.count++]));
    }
    *ret_begun = begun;
    return OK;
}

static void verdict_put(struct der_writer *writer, const struct ceremony_verdict *verdict)
{
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, verdict->checked);
    der_write_int64(writer, verdict->warnings);
    der_close(writer);
}

static enum err verdict_take(struct der *reader, struct ceremony_verdict *ret_verdict)
{
    struct der inner;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &ret_verdict->checked));
    TRY(der_read_int64(&inner, &ret_verdict->warnings));
    return der_finish(&inner);
}

void ceremony_verdict_write(struct der_writer *writer, const void *object)
{
    verdict_put(writer, object);
}

enum err ceremony_verdict_read(struct span der, struct ceremony_verdict *ret_verdict)
{
    struct der reader = der_reader(der);
    struct ceremony_verdict verdict;
    TRY(verdict_take(&reader, &verdict));
    TRY(der_finish(&reader));
    *ret_verdict = verdict;
    return OK;
}

void ceremony_intent_write(struct der_writer *writer, const void *object)
{
    const struct ceremony_intent *intent = object;
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, intent->what);
    der_write_text(writer, DER_UTF8_STRING, intent->id);
    der_write_text(writer, DER_UTF8_STRING, intent->crl_name);
    der_write_text(writer, DER_UTF8_STRING, intent->by);
    verdict_put(writer, &intent->verdict);
    der_write_octets(writer, intent->tbs);
    der_close(writer);
}

enum err ceremony_intent_read(struct span der, struct ceremony_intent *ret_intent)
{
    struct der reader = der_reader(der), inner;
    struct ceremony_intent intent = { .id = "" };
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, intent.what, sizeof intent.what));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, intent.id, sizeof intent.id));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, intent.crl_name, sizeof intent.crl_name));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, intent.by, sizeof intent.by));
    TRY(verdict_take(&inner, &intent.verdict));
    TRY(der_read(&inner, DER_OCTET_STRING, &intent.tbs));
    TRY(der_finish(&inner));
    *ret_intent = intent;
    return OK;
}
