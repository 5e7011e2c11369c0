/* Who may do what: the roster that the service's signer believes, and the administrators whom the
 * next ceremony believes. Both are stated whole each time: who is not named is out. */
#include "lib/base/file.h"
#include "lib/ca/classic.h"
#include "lib/crypto/sign.h"
#include "proc/signer/holding.h"
#include "proc/signer/keyfile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPKI_MAX = KEY_SPKI_MAX_BYTES };

static enum err officers_take(
    struct holding *holding, const struct script_step *step, struct roster *roster);
static enum err perspectives_take(
    struct holding *holding, const struct script_step *step, struct roster *roster);
static enum err logs_take(
    struct holding *holding, const struct script_step *step, struct roster *roster);
static enum err issuers_take(
    struct holding *holding, const struct script_step *step, struct roster *roster);
static enum err seal_make(struct holding *holding);
static enum err sealed_write(
    struct holding *holding, const struct roster *roster, struct buf *sealed);
static enum err ed25519_input(
    struct holding *holding, const struct script_person *person, struct span *ret_spki);

enum err step_roster(struct holding *holding, const struct script_step *step)
{
    AUTO(buf) sealed = buf_make(ROSTER_FILE_MAX);
    struct roster *roster = arena_alloc(&holding->arena, 1, sizeof *roster);
    if (roster == NULL) {
        return ERR_MEMORY;
    }
    *roster = (struct roster){ .epoch = holding->hierarchy->during.epoch + 1,
        .repository_url = holding->script->url,
        .caa_identity = step->caa_identity,
        .trial = holding->script->trial,
        .created = holding->now };
    TRY(policy_set_from_id(step->policy_set, &roster->policy_set));
    TRY(officers_take(holding, step, roster));
    TRY(perspectives_take(holding, step, roster));
    TRY(logs_take(holding, step, roster));
    TRY(issuers_take(holding, step, roster));
    TRY(classic_roster_check(roster, holding->reason));
    TRY(holding_seal(holding));
    TRY(holding->seal == NULL ? seal_make(holding) : OK);
    TRY(sealed_write(holding, roster, &sealed));
    TRY(holding_note(holding, "roster", "roster", buf_span(&sealed)));
    return holding_file(holding, "signer", "roster", ".der", buf_span(&sealed), 0644);
}

_Static_assert((int)SCRIPT_OFFICER == (int)OFFICER_ROLE_OFFICER &&
                   (int)SCRIPT_ADMINISTRATOR == (int)OFFICER_ROLE_ADMINISTRATOR &&
                   (int)SCRIPT_AUDITOR == (int)OFFICER_ROLE_AUDITOR,
    "a script's roles are a roster's");

static enum err officers_take(
    struct holding *holding, const struct script_step *step, struct roster *roster)
{
    unsigned officers = 0;
    for (size_t i = 0; i < step->officer_count; i++) {
        const struct script_person *person = &step->officers[i];
        struct officer *entry = &roster->officers[roster->officer_count++];
        snprintf(entry->id, sizeof entry->id, "%s", person->id);
        entry->name = person->name;
        entry->roles = person->roles;
        entry->key_type = OFFICER_KEY_ED25519;
        officers += (person->roles & OFFICER_ROLE_OFFICER) != 0;
        TRY(ed25519_input(holding, person, &entry->spki));
    }
    return officers >= 2 ? OK
                         : reason_set(holding->reason, ERR_INPUT, "ceremony.officers", step->title,
                               NULL, "two different people in the role of officer");
}

static enum err ed25519_input(
    struct holding *holding, const struct script_person *person, struct span *ret_spki)
{
    AUTO_PTR(key) key = NULL;
    TRY(holding_input_spki(holding, &person->spki, ret_spki));
    TRY(key_from_spki(*ret_spki, &key));
    return key_kind(key) == KEY_ED25519
               ? OK
               : reason_set(holding->reason, ERR_INPUT, "ceremony.input_key", person->spki.path,
                     key_kind_name(key_kind(key)), key_kind_name(KEY_ED25519));
}

static enum err perspectives_take(
    struct holding *holding, const struct script_step *step, struct roster *roster)
{
    for (size_t i = 0; i < step->perspective_count; i++) {
        const struct script_perspective *perspective = &step->perspectives[i];
        struct perspective *entry = &roster->perspectives[roster->perspective_count++];
        snprintf(entry->id, sizeof entry->id, "%s", perspective->id);
        snprintf(entry->region, sizeof entry->region, "%s", perspective->region);
        entry->primary = perspective->primary;
        TRY(holding_input_spki(holding, &perspective->spki, &entry->spki));
    }
    return OK;
}

static enum err logs_take(
    struct holding *holding, const struct script_step *step, struct roster *roster)
{
    for (size_t i = 0; i < step->log_count; i++) {
        const struct ceremony_log *log = &step->logs[i].log;
        struct ct_log *entry = &roster->logs[roster->log_count++];
        snprintf(entry->name, sizeof entry->name, "%s", log->name);
        snprintf(entry->operator_name, sizeof entry->operator_name, "%s", log->operator_name);
        TRY(ct_log_kind_from_id(log->kind, &entry->kind));
        TRY(ct_log_state_from_id(log->state, &entry->state));
        entry->url = log->url;
        entry->state_since = log->state_since;
        entry->shard_from = log->from;
        entry->shard_until = log->until;
        TRY(holding_input_spki(holding, &step->logs[i].spki, &entry->spki));
    }
    return OK;
}

static enum err issuers_take(
    struct holding *holding, const struct script_step *step, struct roster *roster)
{
    for (size_t i = 0; i < step->issuer_count; i++) {
        const struct authority *authority = NULL;
        struct issuer *issuer = &roster->issuers[roster->issuer_count++];
        TRY(holding_authority(holding, step->issuers[i], &authority));
        if (authority->kind != AUTHORITY_ISSUER) {
            return reason_set(holding->reason, ERR_INPUT, "ceremony.no_issuer", step->title,
                authority->name, NULL);
        }
        memcpy(issuer->id, authority->id, sizeof issuer->id);
        issuer->name = authority->name;
        issuer->crl_name = authority->crl_name;
        issuer->certificate = authority->certificate;
    }
    return OK;
}

enum err holding_seal(struct holding *holding)
{
    char path[PATH_MAX];
    struct span known = holding->hierarchy->during.seal;
    if (holding->seal != NULL || known.len == 0) {
        return OK;
    }
    if (holding->rehearsal) {
        TRY(key_generate(KEY_TYPE_ED25519, &holding->seal));
        holding->hierarchy->during.seal = key_spki(holding->seal);
        return OK;
    }
    TRY(path_join(path, sizeof path, holding->directory, "root/ceremony.key"));
    TRY(keyfile_read(path, &holding->roots->passphrase, &holding->seal, holding->reason));
    return span_equal(key_spki(holding->seal), known)
               ? OK
               : reason_set(holding->reason, ERR_DENIED, "ceremony.other_key", path, NULL,
                     "the key that sealed the roster before");
}

/* With the first roster. */
static enum err seal_make(struct holding *holding)
{
    char path[PATH_MAX];
    TRY(key_generate(KEY_TYPE_ED25519, &holding->seal));
    struct span spki = key_spki(holding->seal);
    if (!holding->rehearsal) {
        TRY(holding_path(holding, "root", "ceremony", ".key", path));
        TRY(keyfile_create(path, holding->seal, &holding->roots->passphrase));
    }
    TRY(holding_note(holding, "seal", "ceremony", spki));
    return holding_file(holding, "signer", "ceremony", ".spki", spki, 0644);
}

static enum err sealed_write(
    struct holding *holding, const struct roster *roster, struct buf *sealed)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    struct roster *again = arena_alloc(&holding->arena, 1, sizeof *again);
    AUTO(buf) content = buf_make(ROSTER_FILE_MAX);
    AUTO(buf) message = buf_make(ROSTER_FILE_MAX);
    TRY(roster_format(roster, &content));
    if (again == NULL || roster_parse(buf_span(&content), &holding->arena, again) != OK) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.roster",
            holding->script->steps[holding->at].title, NULL,
            "nobody, no perspective, log or issuing CA twice, by id or by key");
    }
    TRY(roster_message(buf_span(&content), &message));
    TRY(signature_make(holding->seal, SIGNATURE_ED25519, buf_span(&message), signature, &len));
    return roster_seal(buf_span(&content), span_make(signature, len), sealed);
}

enum err step_administrators(struct holding *holding, const struct script_step *step)
{
    struct administrators set = { .quorum = step->quorum };
    AUTO(buf) der = buf_make(ROSTER_FILE_MAX);
    for (size_t i = 0; i < step->administrator_count; i++) {
        const struct script_person *person = &step->administrators[i];
        struct administrator *entry = &set.list[set.count++];
        snprintf(entry->id, sizeof entry->id, "%s", person->id);
        snprintf(entry->name, sizeof entry->name, "%s", person->name);
        TRY(ed25519_input(holding, person, &entry->spki));
    }
    TRY(der_encode(administrators_write, &set, &der));
    struct administrators again;
    struct der reader = der_reader(buf_span(&der));
    if (administrators_read(&reader, &again) != OK) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.administrators", step->title, NULL,
            "nobody twice, by id or by key");
    }
    return holding_note(holding, "administrators", "administrators", buf_span(&der));
}
