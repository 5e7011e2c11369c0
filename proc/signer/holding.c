/* What every step uses. Order matters in one place: what will be signed is in the journal before it
 * is signed, so that no signature of a root exists that its journal doesn't know. */
#include "proc/signer/holding.h"
#include "lib/base/file.h"
#include "lib/crypto/keycheck.h"
#include "lib/crypto/sign.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/linted.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { INPUT_MAX_BYTES = CERTIFICATE_MAX_BYTES };

static enum err key_open(
    struct holding *holding, const struct authority *root, struct key **ret_key);
static enum err key_keep(struct holding *holding, const struct ceremony_authority *authority,
    const char *path, const struct secret *passphrase, struct key **key);
static enum err certificate_files(
    struct holding *holding, const struct certifying *certifying, struct span certificate);

void holding_release(struct holding *holding)
{
    for (size_t i = 0; i < SCRIPT_STEPS_MAX; i++) {
        key_free(holding->made_keys[i]);
    }
    for (size_t i = 0; i < holding->opened_count; i++) {
        if (!holding->opened[i].made) {
            key_free(holding->opened[i].key);
        }
    }
    key_free(holding->seal);
    secret_release(&holding->signer_passphrase);
    arena_release(&holding->arena);
}

enum err holding_steps(struct holding *holding)
{
    static enum err (*const steps[SCRIPT_KIND_COUNT])(
        struct holding * holding, const struct script_step *step) = {
        [SCRIPT_NEW_ROOT] = step_new_root,
        [SCRIPT_NEW_ISSUING_CA] = step_new_issuing_ca,
        [SCRIPT_REISSUE] = step_reissue,
        [SCRIPT_CROSS_SIGN] = step_cross_sign,
        [SCRIPT_CROSS_REQUEST] = step_cross_request,
        [SCRIPT_CROSS_IMPORT] = step_cross_import,
        [SCRIPT_REVOKE] = step_revoke,
        [SCRIPT_ARL] = step_arl,
        [SCRIPT_ROSTER] = step_roster,
        [SCRIPT_ADMINISTRATORS] = step_administrators,
    };
    const struct script *script = holding->script;
    for (size_t i = 0; i < script->step_count; i++) {
        char number[24];
        holding->at = i;
        snprintf(number, sizeof number, "%zu", i + 1);
        TRY(holding_note(holding, "step", number, (struct span){ 0 }));
        TRY(steps[script->steps[i].kind](holding, &script->steps[i]));
    }
    return OK;
}

/* The rehearsal's records have no chain: nobody asks for it. */
enum err holding_record(struct holding *holding, enum journal_type type,
    void (*write)(struct der_writer *writer, const void *object), const void *object)
{
    if (!holding->rehearsal) {
        return journal_append(holding->journal, type, holding->now, write, object, NULL);
    }
    AUTO(buf) body = buf_make(JOURNAL_RECORD_MAX);
    TRY(der_encode(write, object, &body));
    const struct journal_record record = { .seq = ++holding->records,
        .time = holding->now,
        .type = type,
        .previous = SPAN_OF(holding->hierarchy->end.head),
        .body = buf_span(&body) };
    TRY(hierarchy_learn(holding->hierarchy, &record));
    return holding->visit == NULL ? OK : holding->visit(holding->visitor, &record);
}

enum err holding_note(struct holding *holding, const char *what, const char *name, struct span made)
{
    struct record_ceremony record = { .made = made };
    snprintf(record.what, sizeof record.what, "%s", what);
    snprintf(record.name, sizeof record.name, "%s", name);
    return holding_record(holding, JOURNAL_CEREMONY, record_ceremony_write, &record);
}

enum err holding_note_object(struct holding *holding, const char *what, const char *name,
    void (*write)(struct der_writer *writer, const void *object), const void *object)
{
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    TRY(der_encode(write, object, &der));
    return holding_note(holding, what, name, buf_span(&der));
}

enum err holding_path(const struct holding *holding, const char *folder, const char *name,
    const char *suffix, char *ret_path)
{
    int length = snprintf(ret_path, PATH_MAX, "%s/%s/%s%s", holding->stage, folder, name, suffix);
    return length < 0 || length >= PATH_MAX ? ERR_LIMIT : OK;
}

enum err holding_file(struct holding *holding, const char *folder, const char *name,
    const char *suffix, struct span content, mode_t mode)
{
    char path[PATH_MAX];
    if (holding->rehearsal) {
        return OK;
    }
    TRY(holding_path(holding, folder, name, suffix, path));
    return file_replace(path, content, mode);
}

struct span holding_keep(struct holding *holding, struct span bytes)
{
    return arena_span(&holding->arena, bytes);
}

enum err holding_input(
    struct holding *holding, const struct script_input *input, struct span *ret_content)
{
    char path[PATH_MAX], seen[2 * HASH_BYTES + 1], expected[2 * HASH_BYTES + 1];
    uint8_t hash[HASH_BYTES];
    AUTO(buf) content = { 0 };
    if (*input->path == '/') {
        snprintf(path, sizeof path, "%s", input->path);
    } else {
        TRY(path_join(path, sizeof path, holding->script->folder, input->path));
    }
    enum err err = file_read(path, INPUT_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(holding->reason, err, "ceremony.input", path, err_name(err), NULL);
    }
    TRY(sha256(buf_span(&content), hash));
    if (memcmp(hash, input->sha256, sizeof hash) != 0) {
        hex_format(SPAN_OF(hash), seen);
        hex_format(SPAN_OF(input->sha256), expected);
        return reason_set(holding->reason, ERR_DENIED, "ceremony.input_hash", path, seen, expected);
    }
    const char *slash = strrchr(path, '/');
    char name[AUTHORITY_NAME_MAX];
    snprintf(name, sizeof name, "%s", slash + 1);
    utf8_make_plain(name);
    TRY(holding_note(holding, "input", name, SPAN_OF(hash)));
    *ret_content = holding_keep(holding, buf_span(&content));
    return ret_content->data == NULL ? ERR_MEMORY : OK;
}

enum err holding_input_spki(
    struct holding *holding, const struct script_input *input, struct span *ret_spki)
{
    AUTO_PTR(key) key = NULL;
    struct span content;
    TRY(holding_input(holding, input, &content));
    if (key_from_spki(content, &key) != OK) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.input_key", input->path, NULL,
            "a public key (SubjectPublicKeyInfo, DER)");
    }
    *ret_spki = content;
    return OK;
}

enum err holding_authority(
    struct holding *holding, const char *name, const struct authority **ret_authority)
{
    const struct authority *found = facts_by_name(&holding->hierarchy->during, name);
    if (found == NULL) {
        return reason_set(holding->reason, ERR_NOT_FOUND, "ceremony.unknown_name",
            holding->script->steps[holding->at].title, name, NULL);
    }
    *ret_authority = found;
    return OK;
}

enum err holding_root(struct holding *holding, const char *name, const struct authority **ret_root,
    const struct key **ret_key)
{
    const struct authority *root = NULL;
    TRY(holding_authority(holding, name, &root));
    if (root->kind != AUTHORITY_ROOT) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.no_root",
            holding->script->steps[holding->at].title, name, NULL);
    }
    for (size_t i = 0; i < holding->opened_count; i++) {
        if (strcmp(holding->opened[i].name, name) == 0) {
            *ret_root = root;
            *ret_key = holding->opened[i].key;
            return OK;
        }
    }
    if (holding->opened_count == HOLDING_ROOTS_MAX) {
        return ERR_LIMIT;
    }
    struct opened_key *opened = &holding->opened[holding->opened_count];
    TRY(key_open(holding, root, &opened->key));
    snprintf(opened->name, sizeof opened->name, "%s", name);
    holding->opened_count++;
    *ret_root = root;
    *ret_key = opened->key;
    return OK;
}

/* The key must be the certificate's: another medium's would sign what nobody can verify. */
static enum err key_open(
    struct holding *holding, const struct authority *root, struct key **ret_key)
{
    char path[PATH_MAX], name[AUTHORITY_NAME_MAX + 16];
    struct certificate certificate;
    AUTO_PTR(key) key = NULL;
    TRY(certificate_parse(root->certificate, &certificate));
    if (holding->rehearsal) {
        return key_from_spki(certificate.spki, ret_key);
    }
    snprintf(name, sizeof name, "root/%s.key", root->name);
    TRY(path_join(path, sizeof path, holding->directory, name));
    TRY(keyring_read(holding->roots, path, certificate.spki, &key, holding->reason));
    if (!span_equal(key_spki(key), certificate.spki)) {
        return reason_set(
            holding->reason, ERR_DENIED, "ceremony.other_key", path, NULL, root->name);
    }
    TRY(key_check_authority(key, holding->reason));
    *ret_key = key;
    key = NULL;
    return OK;
}

enum err holding_new_key(struct holding *holding, const struct ceremony_authority *authority,
    const char *folder, const char *name, const struct secret *passphrase,
    const struct key **ret_key)
{
    enum key_type type;
    char path[PATH_MAX], file[AUTHORITY_NAME_MAX];
    struct key **key = &holding->made_keys[holding->at];
    TRY(key_type_from_name(authority->key, &type));
    if (*key == NULL) {
        TRY(key_generate(type, key));
        TRY(key_check_authority(*key, holding->reason));
    }
    if (!holding->rehearsal) {
        TRY(holding_path(holding, folder, name, ".key", path));
        TRY(key_keep(holding, authority, path, passphrase, key));
    }
    snprintf(file, sizeof file, "%s/%s.key", folder, name);
    TRY(holding_note(holding, "key", file, key_spki(*key)));
    *ret_key = *key;
    return OK;
}

/* A token makes its own; the rehearsal's was only for the rehearsal then. */
static enum err key_keep(struct holding *holding, const struct ceremony_authority *authority,
    const char *path, const struct secret *passphrase, struct key **key)
{
    enum key_type type;
    if (authority->token_key[0] == '\0') {
        return keyfile_create(path, *key, passphrase);
    }
    TRY(key_type_from_name(authority->key, &type));
    key_free(*key);
    *key = NULL;
    TRY(keyring_create(holding->roots, path, authority->token_key, type, key, holding->reason));
    return key_check_authority(*key, holding->reason);
}

enum err holding_look(struct holding *holding, struct span der, enum lint_kind kind,
    struct ceremony_verdict *ret_verdict)
{
    struct lint_result result;
    if (lint_check(der, kind, holding->now, &result) != OK) {
        return linted(der, kind, holding->now, holding->reason);
    }
    *ret_verdict = (struct ceremony_verdict){ (int64_t)result.checked, (int64_t)result.warnings };
    return OK;
}

enum err unsigned_write(struct span tbs, enum signature_algorithm algorithm, struct buf *der)
{
    static const uint8_t nothing[32] = { 0 };
    return certificate_assemble(tbs, algorithm, SPAN_OF(nothing), der);
}

enum err holding_certify(
    struct holding *holding, const struct certifying *certifying, struct span tbs)
{
    struct ceremony_verdict after;
    enum signature_algorithm algorithm = signature_algorithm_of_key(certifying->key);
    struct ceremony_intent intent = { .tbs = tbs };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    if (facts_by_name(&holding->hierarchy->during, certifying->name) != NULL) {
        return reason_set(holding->reason, ERR_CONFLICT, "ceremony.name_taken",
            holding->script->steps[holding->at].title, certifying->name, NULL);
    }
    TRY(holding_look(holding, tbs, certifying->kind, &intent.verdict));
    snprintf(intent.what, sizeof intent.what, "%s", certifying->what);
    snprintf(intent.id, sizeof intent.id, "%s", certifying->id);
    snprintf(intent.crl_name, sizeof intent.crl_name, "%s", certifying->crl_name);
    snprintf(intent.by, sizeof intent.by, "%s", certifying->by);
    TRY(holding_note_object(holding, "intent", certifying->name, ceremony_intent_write, &intent));
    if (holding->rehearsal) {
        TRY(unsigned_write(tbs, algorithm, &der));
        return holding_note(holding, certifying->what, certifying->name, buf_span(&der));
    }
    TRY(certificate_sign(tbs, algorithm, certifying->key, &der));
    TRY(holding_look(holding, buf_span(&der), certifying->kind, &after));
    TRY(holding_note(holding, certifying->what, certifying->name, buf_span(&der)));
    TRY(holding_note_object(holding, "linted", certifying->name, ceremony_verdict_write, &after));
    return certificate_files(holding, certifying, buf_span(&der));
}

static enum err certificate_files(
    struct holding *holding, const struct certifying *certifying, struct span certificate)
{
    AUTO(buf) pem = buf_make(2 * CERTIFICATE_MAX_BYTES);
    TRY(pem_write("CERTIFICATE", certificate, &pem));
    TRY(holding_file(holding, "ca", certifying->name, ".crt", certificate, 0644));
    if (certifying->kind == LINT_ROOT) {
        TRY(holding_file(holding, "root", certifying->name, ".crt", certificate, 0644));
    }
    return holding_file(holding, "ca", certifying->name, ".pem.crt", buf_span(&pem), 0644);
}
