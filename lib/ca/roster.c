/* The roster: its DER both ways, its seal, and look-ups. Its lists are short: they are searched
 * from the front. */
#include "lib/ca/roster.h"
#include "lib/base/limits.h"
#include "lib/ca/internal.h"
#include "lib/crypto/key.h"
#include "lib/crypto/sign.h"
#include "lib/der/writer.h"

/* The list of logs is what the second version adds: without logs a roster is of the first. */
enum { ROSTER_VERSION = 1, ROSTER_VERSION_LOGS = 2 };
enum { ROSTER_MAX_BYTES = 256 * 1024, ROLES_ALL = 7 };

static void roster_write(struct der_writer *writer, const void *object);
static enum err officers_read(struct der *reader, struct arena *arena, struct roster *roster);
static enum err perspectives_read(struct der *reader, struct roster *roster);
static bool region_known(const char *region);
static enum err issuers_read(struct der *reader, struct arena *arena, struct roster *roster);
static enum err logs_read(struct der *reader, struct arena *arena, struct roster *roster);

enum err roster_format(const struct roster *roster, struct buf *content)
{
    return der_encode(roster_write, roster, content);
}

static void officers_write(struct der_writer *writer, const struct roster *roster)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < roster->officer_count; i++) {
        const struct officer *officer = &roster->officers[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, officer->id);
        der_write_text(writer, DER_UTF8_STRING, officer->name);
        der_write_int64(writer, officer->roles);
        der_write_int64(writer, officer->key_type);
        der_write_octets(writer, officer->spki);
        der_close(writer);
    }
    der_close(writer);
}

static void perspectives_write(struct der_writer *writer, const struct roster *roster)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < roster->perspective_count; i++) {
        const struct perspective *perspective = &roster->perspectives[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, perspective->id);
        der_write_text(writer, DER_UTF8_STRING, perspective->region);
        der_write_boolean(writer, perspective->primary);
        der_write_octets(writer, perspective->spki);
        der_close(writer);
    }
    der_close(writer);
}

static void logs_write(struct der_writer *writer, const struct roster *roster)
{
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < roster->log_count; i++) {
        const struct ct_log *log = &roster->logs[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, log->name);
        der_write_text(writer, DER_UTF8_STRING, log->operator_name);
        der_write_text(writer, DER_UTF8_STRING, log->url);
        der_write_int64(writer, log->kind);
        der_write_int64(writer, log->state);
        der_write_generalized_time(writer, log->state_since);
        der_write_int64(writer, log->shard_from);
        der_write_int64(writer, log->shard_until);
        der_write_octets(writer, log->spki);
        der_close(writer);
    }
    der_close(writer);
}

static void roster_write(struct der_writer *writer, const void *object)
{
    const struct roster *roster = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, roster->log_count > 0 ? ROSTER_VERSION_LOGS : ROSTER_VERSION);
    der_write_int64(writer, roster->epoch);
    der_write_int64(writer, roster->policy_set);
    der_write_text(writer, DER_UTF8_STRING, roster->repository_url);
    der_write_text(writer, DER_UTF8_STRING, roster->caa_identity);
    der_write_boolean(writer, roster->trial);
    der_write_generalized_time(writer, roster->created);
    officers_write(writer, roster);
    perspectives_write(writer, roster);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < roster->issuer_count; i++) {
        const struct issuer *issuer = &roster->issuers[i];
        der_open(writer, DER_SEQUENCE);
        der_write_text(writer, DER_UTF8_STRING, issuer->id);
        der_write_text(writer, DER_UTF8_STRING, issuer->name);
        der_write_text(writer, DER_UTF8_STRING, issuer->crl_name);
        der_write_octets(writer, issuer->certificate);
        der_close(writer);
    }
    der_close(writer);
    if (roster->log_count > 0) {
        logs_write(writer, roster);
    }
    der_close(writer);
}

enum err roster_parse(struct span content, struct arena *arena, struct roster *ret_roster)
{
    struct der reader = der_reader(content), inner;
    unsigned version, policy_set;
    struct roster *roster = arena_alloc(arena, 1, sizeof *roster);
    /* The parsed roster borrows keys and certificates: from a copy that lives with its texts. */
    struct span kept =
        content.len > ROSTER_MAX_BYTES ? (struct span){ 0 } : arena_span(arena, content);
    if (roster == NULL || kept.data == NULL) {
        return content.len > ROSTER_MAX_BYTES ? ERR_LIMIT : ERR_MEMORY;
    }
    reader = der_reader(kept);
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_uint(&inner, UINT8_MAX, &version));
    if (version != ROSTER_VERSION && version != ROSTER_VERSION_LOGS) {
        return ERR_UNSUPPORTED;
    }
    TRY(der_read_int64(&inner, &roster->epoch));
    TRY(der_read_uint(&inner, POLICY_SET_COUNT - 1, &policy_set));
    roster->policy_set = (enum policy_set)policy_set;
    TRY(text_read(&inner, arena, &roster->repository_url));
    TRY(text_read(&inner, arena, &roster->caa_identity));
    TRY(der_read_boolean(&inner, &roster->trial));
    TRY(der_read_generalized_time(&inner, &roster->created));
    TRY(officers_read(&inner, arena, roster));
    TRY(perspectives_read(&inner, roster));
    TRY(issuers_read(&inner, arena, roster));
    if (version == ROSTER_VERSION_LOGS) {
        TRY(logs_read(&inner, arena, roster));
    }
    TRY(der_finish(&inner));
    *ret_roster = *roster;
    return OK;
}

/* Nobody twice, neither by id nor by key: two signatures are two people's. */
static enum err officers_read(struct der *reader, struct arena *arena, struct roster *roster)
{
    struct der list, inner;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (roster->officer_count == OFFICERS_MAX) {
            return ERR_LIMIT;
        }
        struct officer *officer = &roster->officers[roster->officer_count];
        unsigned key_type;
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, officer->id, sizeof officer->id));
        TRY(text_read(&inner, arena, &officer->name));
        TRY(der_read_uint(&inner, ROLES_ALL, &officer->roles));
        TRY(der_read_uint(&inner, OFFICER_KEY_ED25519, &key_type));
        officer->key_type = (enum officer_key_type)key_type;
        TRY(der_read(&inner, DER_OCTET_STRING, &officer->spki));
        TRY(der_finish(&inner));
        TRY(sha256(officer->spki, officer->key_id));
        for (size_t i = 0; i < roster->officer_count; i++) {
            if (strcmp(roster->officers[i].id, officer->id) == 0 ||
                memcmp(roster->officers[i].key_id, officer->key_id, HASH_BYTES) == 0) {
                return ERR_INPUT;
            }
        }
        roster->officer_count++;
    }
    return OK;
}

/* No id and no key twice, exactly one primary, and regions that are some: "apnic" and "APNIC" would
 * count as two. */
static enum err perspectives_read(struct der *reader, struct roster *roster)
{
    struct der list, inner;
    unsigned primaries = 0;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (roster->perspective_count == PERSPECTIVES_MAX) {
            return ERR_LIMIT;
        }
        struct perspective *perspective = &roster->perspectives[roster->perspective_count];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, perspective->id, sizeof perspective->id));
        TRY(der_read_cstring(
            &inner, DER_UTF8_STRING, perspective->region, sizeof perspective->region));
        TRY(der_read_boolean(&inner, &perspective->primary));
        TRY(der_read(&inner, DER_OCTET_STRING, &perspective->spki));
        TRY(der_finish(&inner));
        if (!region_known(perspective->region)) {
            return ERR_INPUT;
        }
        for (size_t i = 0; i < roster->perspective_count; i++) {
            if (strcmp(roster->perspectives[i].id, perspective->id) == 0 ||
                span_equal(roster->perspectives[i].spki, perspective->spki)) {
                return ERR_INPUT;
            }
        }
        primaries += perspective->primary;
        roster->perspective_count++;
    }
    return primaries == 1 ? OK : ERR_INPUT;
}

static bool region_known(const char *region)
{
    static const char *const regions[] = { "afrinic", "apnic", "arin", "lacnic", "ripe" };
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        if (strcmp(region, regions[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum err issuers_read(struct der *reader, struct arena *arena, struct roster *roster)
{
    struct der list, inner;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (roster->issuer_count == ISSUERS_MAX) {
            return ERR_LIMIT;
        }
        struct issuer *issuer = &roster->issuers[roster->issuer_count];
        TRY(der_enter(&list, DER_SEQUENCE, &inner));
        TRY(der_read_cstring(&inner, DER_UTF8_STRING, issuer->id, sizeof issuer->id));
        TRY(text_read(&inner, arena, &issuer->name));
        TRY(text_read(&inner, arena, &issuer->crl_name));
        TRY(der_read(&inner, DER_OCTET_STRING, &issuer->certificate));
        TRY(der_finish(&inner));
        if (roster_issuer(roster, issuer->id) != NULL) {
            return ERR_INPUT;
        }
        roster->issuer_count++;
    }
    return OK;
}

static enum err log_read(struct der *reader, struct arena *arena, struct ct_log *ret_log)
{
    struct der inner;
    struct ct_log log = { .url = NULL };
    unsigned kind, state;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, log.name, sizeof log.name));
    TRY(der_read_cstring(&inner, DER_UTF8_STRING, log.operator_name, sizeof log.operator_name));
    TRY(text_read(&inner, arena, &log.url));
    TRY(der_read_uint(&inner, CT_LOG_KIND_COUNT - 1, &kind));
    TRY(der_read_uint(&inner, CT_LOG_STATE_COUNT - 1, &state));
    log.kind = (enum ct_log_kind)kind;
    log.state = (enum ct_log_state)state;
    TRY(der_read_generalized_time(&inner, &log.state_since));
    TRY(der_read_int64(&inner, &log.shard_from));
    TRY(der_read_int64(&inner, &log.shard_until));
    TRY(der_read(&inner, DER_OCTET_STRING, &log.spki));
    TRY(der_finish(&inner));
    *ret_log = log;
    return OK;
}

/* No name and no key twice: promises are counted by them. */
static enum err logs_read(struct der *reader, struct arena *arena, struct roster *roster)
{
    struct der list;
    TRY(der_enter(reader, DER_SEQUENCE, &list));
    while (!der_empty(&list)) {
        if (roster->log_count == CT_LOGS_MAX) {
            return ERR_LIMIT;
        }
        struct ct_log *log = &roster->logs[roster->log_count];
        TRY(log_read(&list, arena, log));
        for (size_t i = 0; i < roster->log_count; i++) {
            if (strcmp(roster->logs[i].name, log->name) == 0 ||
                span_equal(roster->logs[i].spki, log->spki)) {
                return ERR_INPUT;
            }
        }
        roster->log_count++;
    }
    return roster->log_count > 0 ? OK : ERR_INPUT;
}

struct sealed_roster {
    struct span content, signature;
};

static void sealed_write(struct der_writer *writer, const void *object)
{
    const struct sealed_roster *sealed = object;
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, sealed->content);
    der_write_octets(writer, sealed->signature);
    der_close(writer);
}

enum err roster_seal(struct span content, struct span signature, struct buf *sealed)
{
    const struct sealed_roster parts = { content, signature };
    return der_encode(sealed_write, &parts, sealed);
}

enum err roster_message(struct span content, struct buf *message)
{
    static const char tag[] = "ecert roster v1";
    buf_append(message, span_make(tag, sizeof tag));
    buf_append(message, content);
    return buf_check(message);
}

static enum err seal_verify(struct span content, struct span signature, struct span ceremony_spki)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) message = buf_make(ROSTER_MAX_BYTES + 64);
    TRY(key_from_spki(ceremony_spki, &key));
    TRY(roster_message(content, &message));
    return signature_verify(key, SIGNATURE_ED25519, buf_span(&message), signature);
}

enum err roster_open(struct span sealed, struct span ceremony_spki, struct arena *arena,
    struct roster *ret_roster, struct reason *ret_reason)
{
    struct der reader = der_reader(sealed), inner;
    struct span content = { 0 }, signature = { 0 };
    enum err err = der_enter(&reader, DER_SEQUENCE, &inner);
    err = err == OK ? der_finish(&reader) : err;
    err = err == OK ? der_read(&inner, DER_OCTET_STRING, &content) : err;
    err = err == OK ? der_read(&inner, DER_OCTET_STRING, &signature) : err;
    err = err == OK ? der_finish(&inner) : err;
    if (err != OK) {
        return reason_set(ret_reason, err, "roster.malformed", NULL, NULL, NULL);
    }
    err = seal_verify(content, signature, ceremony_spki);
    if (err != OK) {
        return reason_set(ret_reason, err, "roster.signature", NULL, NULL, NULL);
    }
    err = roster_parse(content, arena, ret_roster);
    return err == OK ? OK : reason_set(ret_reason, err, "roster.malformed", NULL, NULL, NULL);
}

const struct officer *roster_officer(const struct roster *roster, const uint8_t key_id[HASH_BYTES])
{
    for (size_t i = 0; i < roster->officer_count; i++) {
        if (memcmp(roster->officers[i].key_id, key_id, HASH_BYTES) == 0) {
            return &roster->officers[i];
        }
    }
    return NULL;
}

const struct perspective *roster_perspective(const struct roster *roster, const char *id)
{
    for (size_t i = 0; i < roster->perspective_count; i++) {
        if (strcmp(roster->perspectives[i].id, id) == 0) {
            return &roster->perspectives[i];
        }
    }
    return NULL;
}

const struct issuer *roster_issuer(const struct roster *roster, const char *id)
{
    for (size_t i = 0; i < roster->issuer_count; i++) {
        if (strcmp(roster->issuers[i].id, id) == 0) {
            return &roster->issuers[i];
        }
    }
    return NULL;
}

const struct ct_log *roster_log(const struct roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->log_count; i++) {
        if (strcmp(roster->logs[i].name, name) == 0) {
            return &roster->logs[i];
        }
    }
    return NULL;
}
