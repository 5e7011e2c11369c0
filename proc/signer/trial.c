/* What a real ceremony never does: the officers', administrators' and perspectives' keys are made
 * here, beside the roots', and the administrators approve without having read. */
#include "proc/signer/trial.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ca/ceremony.h"
#include "lib/config/ceremony.h"
#include "lib/crypto/digest.h"
#include "lib/der/pem.h"
#include "proc/signer/authority.h"
#include "proc/signer/conduct.h"
#include "proc/signer/hierarchy.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/staging.h"
#include "proc/signer/trial_script.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRIAL_ADMINISTRATORS = 3, TRIAL_QUORUM = 2 };

struct trial {
    const char *directory;
    struct staging staging;
    struct ceremony_profile profile;
    int64_t now;
    struct key *transport_key;
    struct reason *reason;
};

static void trial_release(struct trial *trial);
AUTO_DEFINE(trial, trial_release)

static enum err held_check(struct trial *trial);
static enum err people_make(struct trial *trial);
static enum err perspectives_make(struct trial *trial);
static enum err transport_make(struct trial *trial);
static enum err hold(struct trial *trial);
static enum err written_hold(const struct conduct_request *request, const struct buf *text,
    const char *name, const char *folder, struct reason *ret_reason);
static enum err approvals_make(const char *folder, const struct script *script,
    struct statement *ret_approvals, size_t *ret_count, struct reason *ret_reason);
static enum err lists_script(
    const struct trial_list_request *request, struct buf *text, struct reason *ret_reason);

enum err trial_make(const char *directory, const char *profile_path, struct reason *ret_reason)
{
    struct clock clock = clock_system();
    AUTO(trial) trial = { .directory = directory, .now = clock_now(&clock), .reason = ret_reason };
    TRY(ceremony_profile_load(profile_path, &trial.profile, ret_reason));
    TRY(staging_init(directory, &trial.staging));
    TRY(held_check(&trial));
    TRY(directory_ensure(directory, 0755));
    TRY(staging_begin(&trial.staging, ret_reason));
    TRY(people_make(&trial));
    TRY(perspectives_make(&trial));
    TRY(transport_make(&trial));
    return hold(&trial);
}

static void trial_release(struct trial *trial)
{
    key_free(trial->transport_key);
    ceremony_profile_release(&trial->profile);
}

/* Where no ceremony has ended nothing of one ever counted: a trial may be begun again. */
static enum err held_check(struct trial *trial)
{
    char path[PATH_MAX];
    AUTO_PTR(hierarchy) hierarchy = hierarchy_new();
    if (hierarchy == NULL) {
        return ERR_MEMORY;
    }
    TRY(path_join(path, sizeof path, trial->directory, "root/journal"));
    TRY(hierarchy_read(hierarchy, path, NULL, NULL, trial->reason));
    bool held = hierarchy->older || hierarchy->held.administrators.count > 0;
    return held || staging_place_taken(&trial->staging, path)
               ? reason_set(trial->reason, ERR_CONFLICT, "ceremony.held", path, NULL, NULL)
               : OK;
}

/* stage/FOLDER/NAME+SUFFIX */
static enum err staged(const struct trial *trial, const char *folder, const char *name,
    const char *suffix, char ret_path[PATH_MAX])
{
    int len = snprintf(ret_path, PATH_MAX, "%s/%s/%s%s", trial->staging.path, folder, name, suffix);
    return len < 0 || len >= PATH_MAX ? ERR_LIMIT : OK;
}

static enum err private_create(
    const struct trial *trial, const char *folder, const char *name, const struct key *key)
{
    char path[PATH_MAX];
    TRY(staged(trial, folder, name, ".key", path));
    return keyfile_create(path, key, /* passphrase= */ NULL);
}

static enum err pair_make(
    const struct trial *trial, enum key_type type, const char *folder, const char *name)
{
    char path[PATH_MAX];
    AUTO_PTR(key) key = NULL;
    TRY(key_generate(type, &key));
    TRY(private_create(trial, folder, name, key));
    TRY(staged(trial, folder, name, ".spki", path));
    return file_create(path, key_spki(key), 0644);
}

static enum err people_make(struct trial *trial)
{
    for (size_t i = 0; i < trial->profile.officer_count; i++) {
        TRY(pair_make(trial, KEY_TYPE_ED25519, "officers", trial->profile.officers[i].id));
    }
    for (size_t i = 0; i < TRIAL_ADMINISTRATORS; i++) {
        char id[TRIAL_PERSON_ID_MAX];
        trial_administrator_id(i, id);
        TRY(pair_make(trial, KEY_TYPE_ED25519, "administrators", id));
    }
    return OK;
}

/* RSA 2048 (doc/architecture.md §1): the signer pays for six verifications a name. From the mail's
 * key the primary derives the codes it mails; nobody else can. */
static enum err perspectives_make(struct trial *trial)
{
    char path[PATH_MAX];
    AUTO(secret) mail_key = { 0 };
    for (size_t i = 0; i < trial->profile.perspective_count; i++) {
        TRY(pair_make(trial, KEY_TYPE_RSA_2048, "validator", trial->profile.perspectives[i].id));
    }
    TRY(staged(trial, "validator", "mail", ".key", path));
    return passphrase_create(path, &mail_key);
}

static enum err pem_create(const struct trial *trial, const char *name, struct span certificate)
{
    char path[PATH_MAX];
    AUTO(buf) pem = buf_make(2 * CERTIFICATE_MAX_BYTES);
    TRY(pem_write("CERTIFICATE", certificate, &pem));
    TRY(staged(trial, "transport", name, ".pem", path));
    return file_create(path, buf_span(&pem), 0644);
}

static enum err transport_party(struct trial *trial, const char *name, const char *address)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(key_generate(KEY_TYPE_P256, &key));
    const struct transport_request request = { name, address, key, trial->transport_key, trial->now,
        trial->profile.issuers[0].years };
    TRY(authority_transport(&request, &certificate));
    TRY(private_create(trial, "transport", name, key));
    return pem_create(trial, name, buf_span(&certificate));
}

/* The transport CA's key signs these few certificates and is gone: new parties need a new trial. */
static enum err transport_make(struct trial *trial)
{
    AUTO(buf) ca = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(key_generate(KEY_TYPE_P256, &trial->transport_key));
    const struct transport_request request = { "", NULL, trial->transport_key, trial->transport_key,
        trial->now, trial->profile.issuers[0].years };
    TRY(authority_transport(&request, &ca));
    TRY(pem_create(trial, "ca", buf_span(&ca)));
    TRY(transport_party(trial, "registrar", /* address= */ NULL));
    for (size_t i = 0; i < trial->profile.perspective_count; i++) {
        const struct ceremony_perspective *perspective = &trial->profile.perspectives[i];
        if (perspective->address[0] != '\0') {
            TRY(transport_party(trial, perspective->id, perspective->address));
        }
    }
    return OK;
}

/* A trial that was interrupted left an unfinished ceremony in the journal; this one is another. */
static enum err journal_put(const char *directory, struct buf *text, struct reason *ret_reason)
{
    char path[PATH_MAX], head[2 * HASH_BYTES + 1];
    AUTO_PTR(hierarchy) hierarchy = hierarchy_new();
    if (hierarchy == NULL) {
        return ERR_MEMORY;
    }
    TRY(path_join(path, sizeof path, directory, "root/journal"));
    TRY(hierarchy_read(hierarchy, path, NULL, NULL, ret_reason));
    if (hierarchy->older) {
        return reason_set(ret_reason, ERR_CONFLICT, "ceremony.older", directory, NULL,
            "a folder whose first ceremony named administrators");
    }
    hex_format(SPAN_OF(hierarchy->end.head), head);
    script_put(text, "journal", hierarchy->end.records == 0 ? "none" : head);
    return OK;
}

static enum err hold(struct trial *trial)
{
    AUTO(buf) text = buf_make(SCRIPT_FILE_MAX);
    const struct conduct_request request = { .directory = trial->directory, .prepared = true };
    const struct trial_people people = { trial->staging.path, TRIAL_ADMINISTRATORS, TRIAL_QUORUM };
    TRY(journal_put(trial->directory, &text, trial->reason));
    TRY(trial_script_write(&trial->profile, &people, &text, trial->reason));
    return written_hold(&request, &text, "./trial.conf", trial->staging.path, trial->reason);
}

/* A script that this program wrote; who approves it has his key in administrators/ below `folder`.
 */
static enum err written_hold(const struct conduct_request *request, const struct buf *text,
    const char *name, const char *folder, struct reason *ret_reason)
{
    char keys[PATH_MAX];
    bool settled = false;
    struct statement approvals[STATEMENTS_MAX];
    AUTO(script) script = { .parsed = NULL };
    struct conduct_request approved = *request;
    approved.script = &script;
    approved.approvals = approvals;
    TRY(script_read(buf_span(text), name, &script, ret_reason));
    TRY(path_join(keys, sizeof keys, folder, "administrators"));
    TRY(approvals_make(keys, &script, approvals, &approved.approval_count, ret_reason));
    return conduct(&approved, &settled, ret_reason);
}

/* By as many administrators as it takes, whose keys lie in `folder`. */
static enum err approvals_make(const char *folder, const struct script *script,
    struct statement *ret_approvals, size_t *ret_count, struct reason *ret_reason)
{
    struct clock clock = clock_system();
    for (size_t i = 0; i < TRIAL_QUORUM; i++) {
        char id[TRIAL_PERSON_ID_MAX], name[TRIAL_PERSON_ID_MAX + 8], path[PATH_MAX];
        struct statement *approval = &ret_approvals[i];
        AUTO_PTR(key) key = NULL;
        trial_administrator_id(i, id);
        snprintf(name, sizeof name, "%s.key", id);
        TRY(path_join(path, sizeof path, folder, name));
        if (keyfile_read(path, /* passphrase= */ NULL, &key, /* ret_reason= */ NULL) != OK) {
            return reason_set(ret_reason, ERR_DENIED, "ceremony.approval_needed", NULL, NULL, path);
        }
        *approval = (struct statement){ .kind = STATEMENT_APPROVAL, .time = clock_now(&clock) };
        TRY(sha256(buf_span(&script->text), approval->subject));
        memcpy(approval->journal, script->journal, sizeof approval->journal);
        TRY(statement_sign(approval, key));
    }
    *ret_count = TRIAL_QUORUM;
    return OK;
}

enum err trial_lists(const struct trial_list_request *list, struct reason *ret_reason)
{
    char path[PATH_MAX];
    AUTO(buf) text = buf_make(SCRIPT_FILE_MAX);
    AUTO(buf) journal = { 0 };
    const struct conduct_request request = { .directory = list->directory };
    TRY(path_join(path, sizeof path, list->directory, "root/journal"));
    enum err err = file_read(path, FILE_MAX_BYTES, &journal);
    if (err != OK) {
        return reason_set(ret_reason, err, "ceremony.not_held", path, err_name(err), NULL);
    }
    TRY(lists_script(list, &text, ret_reason));
    return written_hold(&request, &text, "./lists.conf", list->directory, ret_reason);
}

static enum err lists_script(
    const struct trial_list_request *request, struct buf *text, struct reason *ret_reason)
{
    AUTO(ceremony_profile) profile = { .module = { .path = "" } };
    buf_append_text(text, "title = \"Lists of revoked CA certificates\"\ntrial = true\n");
    TRY(journal_put(request->directory, text, ret_reason));
    if (request->profile_path != NULL) {
        TRY(ceremony_profile_load(request->profile_path, &profile, ret_reason));
        script_put_module(text, &profile.module);
    }
    if (request->revoke != NULL) {
        buf_append_text(text, "step \"revoke\" {\n    do = revoke\n");
        TRY(script_put_input(text, "certificate", request->revoke, ret_reason));
        script_put(text, "reason", request->reason);
        buf_append_text(text, "}\n");
    }
    buf_append_text(text, "step \"lists\" {\n    do = arl\n}\n");
    return buf_check(text);
}
