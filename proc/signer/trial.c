/* One step after another, each on what the ones before it made. Everything stands in a folder of
 * its own until all is done; then the parts move to their places. */
#include "proc/signer/trial.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/ca/classic.h"
#include "lib/config/ceremony.h"
#include "lib/crypto/keycheck.h"
#include "lib/crypto/sign.h"
#include "lib/der/pem.h"
#include "proc/signer/arl.h"
#include "proc/signer/authority.h"
#include "proc/signer/journal.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/keyring.h"
#include "proc/signer/linted.h"
#include "lib/journal/record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { ROSTER_FILE_MAX = 256 * 1024, SPKI_MAX = KEY_SPKI_MAX_BYTES };

/* Roots first, old certificates then, present ones last: each begins this much after the one
 * before, so that whoever has two of one name sees by their dates which is the old one. */
enum { GENERATION_SECONDS = 60 };

/* A CA that the ceremony makes: its key and its present certificate. */
struct made {
    const struct ceremony_authority *authority;
    struct key *key;
    struct buf certificate;
};

struct trial {
    const char *directory;
    char stage[PATH_MAX]; /* where everything is made */
    struct ceremony_profile profile;
    int64_t now;
    struct journal *journal;
    struct secret root_passphrase, signer_passphrase;
    struct keyring keyring; /* for keys that are made in a token */
    struct key *seal_key, *transport_key;
    struct made root, partner, issuers[CEREMONY_ISSUERS_MAX];
    struct roster roster;
    struct key *officer_keys[OFFICERS_MAX];
    struct key *perspective_keys[PERSPECTIVES_MAX];
    struct buf log_keys[CEREMONY_LOGS_MAX]; /* SPKI */
    struct reason *reason;
};

static void trial_release(struct trial *trial);
AUTO_DEFINE(trial, trial_release)

static enum err folders_make(struct trial *trial);
static enum err roots_make(struct trial *trial);
static enum err cross_make(struct trial *trial);
static enum err issuers_make(struct trial *trial);
static enum err officers_make(struct trial *trial);
static enum err mail_key_make(struct trial *trial);
static enum err perspectives_make(struct trial *trial);
static enum err logs_take(struct trial *trial);
static enum err roster_make(struct trial *trial);
static enum err transport_make(struct trial *trial);
static enum err old_revoke(struct trial *trial);
static enum err places_take(struct trial *trial);

static const struct step {
    const char *event;
    enum err (*run)(struct trial *trial);
} steps[] = {
    { "ceremony.folders", folders_make },
    { "ceremony.roots", roots_make },
    { "ceremony.cross", cross_make },
    { "ceremony.issuers", issuers_make },
    { "ceremony.officers", officers_make },
    { "ceremony.perspectives", perspectives_make },
    { "ceremony.mail_key", mail_key_make },
    { "ceremony.logs", logs_take },
    { "ceremony.roster", roster_make },
    { "ceremony.transport", transport_make },
    { "ceremony.old_revoked", old_revoke },
    { "ceremony.places", places_take },
};

static const struct folder {
    const char *name;
    mode_t mode;
} folders[] = {
    { "root", 0700 },
    { "ca", 0755 },
    { "signer", 0700 },
    { "officers", 0700 },
    { "validator", 0700 },
    { "transport", 0700 },
};

enum { STEPS = sizeof steps / sizeof steps[0], FOLDERS = sizeof folders / sizeof folders[0] };

enum err trial_make(const char *directory, const char *profile_path, struct reason *ret_reason)
{
    struct clock clock = clock_system();
    AUTO(trial) trial = { .directory = directory, .now = clock_now(&clock), .reason = ret_reason };
    const struct token_report silent = { NULL, NULL };
    TRY(ceremony_profile_load(profile_path, &trial.profile, ret_reason));
    TRY(keyring_init(&trial.keyring, &trial.profile.module, /* directory= */ NULL,
        /* makes_keys= */ true, &silent));
    for (size_t i = 0; i < STEPS; i++) {
        TRY(steps[i].run(&trial));
        log_event(LOG_INFO, steps[i].event, NULL);
    }
    return OK;
}

static void made_release(struct made *made)
{
    key_free(made->key);
    buf_release(&made->certificate);
}

static void trial_release(struct trial *trial)
{
    made_release(&trial->root);
    made_release(&trial->partner);
    for (size_t i = 0; i < CEREMONY_ISSUERS_MAX; i++) {
        made_release(&trial->issuers[i]);
    }
    key_free(trial->seal_key);
    key_free(trial->transport_key);
    for (size_t i = 0; i < OFFICERS_MAX; i++) {
        key_free(trial->officer_keys[i]);
    }
    for (size_t i = 0; i < PERSPECTIVES_MAX; i++) {
        key_free(trial->perspective_keys[i]);
    }
    for (size_t i = 0; i < CEREMONY_LOGS_MAX; i++) {
        buf_release(&trial->log_keys[i]);
    }
    journal_free(trial->journal);
    keyring_release(&trial->keyring);
    secret_release(&trial->root_passphrase);
    secret_release(&trial->signer_passphrase);
    ceremony_profile_release(&trial->profile);
}

/* stage/FOLDER/NAME+SUFFIX */
static enum err staged(const struct trial *trial, const char *folder, const char *name,
    const char *suffix, char ret_path[PATH_MAX])
{
    int len = snprintf(ret_path, PATH_MAX, "%s/%s/%s%s", trial->stage, folder, name, suffix);
    return len < 0 || len >= PATH_MAX ? ERR_LIMIT : OK;
}

static enum err public_create(const struct trial *trial, const char *folder, const char *name,
    const char *suffix, struct span content)
{
    char path[PATH_MAX];
    TRY(staged(trial, folder, name, suffix, path));
    return file_create(path, content, 0644);
}

static enum err private_create(const struct trial *trial, const char *folder, const char *name,
    const struct key *key, const struct secret *passphrase)
{
    char path[PATH_MAX];
    TRY(staged(trial, folder, name, ".key", path));
    return keyfile_create(path, key, passphrase);
}

static enum err pem_create(const struct trial *trial, const char *folder, const char *name,
    const char *suffix, struct span certificate)
{
    AUTO(buf) pem = buf_make(2 * CERTIFICATE_MAX_BYTES);
    TRY(pem_write("CERTIFICATE", certificate, &pem));
    return public_create(trial, folder, name, suffix, buf_span(&pem));
}

static enum err folders_make(struct trial *trial)
{
    char path[PATH_MAX];
    TRY(directory_ensure(trial->directory, 0755));
    for (size_t i = 0; i < FOLDERS; i++) {
        TRY(path_join(path, sizeof path, trial->directory, folders[i].name));
        if (access(path, F_OK) == 0) {
            return reason_set(trial->reason, ERR_CONFLICT, "ceremony.held", path, NULL, NULL);
        }
    }
    TRY(path_join(trial->stage, sizeof trial->stage, trial->directory, "ceremony.unfinished"));
    if (access(trial->stage, F_OK) == 0) {
        return reason_set(
            trial->reason, ERR_CONFLICT, "ceremony.interrupted", trial->stage, NULL, NULL);
    }
    TRY(directory_ensure(trial->stage, 0700));
    for (size_t i = 0; i < FOLDERS; i++) {
        TRY(path_join(path, sizeof path, trial->stage, folders[i].name));
        TRY(directory_ensure(path, folders[i].mode));
    }
    return OK;
}

static enum err no_record(void *ctx, const struct journal_record *record)
{
    (void)ctx;
    (void)record;
    return ERR_CONFLICT;
}

static enum err journal_made(
    struct trial *trial, const char *what, const char *name, struct span made)
{
    struct record_ceremony record = { .made = made };
    snprintf(record.what, sizeof record.what, "%s", what);
    snprintf(record.name, sizeof record.name, "%s", name);
    return journal_append(
        trial->journal, JOURNAL_CEREMONY, trial->now, record_ceremony_write, &record, NULL);
}

/* An authority's key: into a file below `folder`, or made in a token and named there. */
static enum err authority_key_make(struct trial *trial, const struct ceremony_authority *authority,
    const char *folder, const char *name, const struct secret *passphrase, struct key **ret_key)
{
    enum key_type type;
    char path[PATH_MAX];
    if (key_type_from_name(authority->key, &type) != OK) {
        return reason_set(
            trial->reason, ERR_INPUT, "ceremony.key_type", NULL, authority->key, "rsa2048");
    }
    TRY(staged(trial, folder, name, ".key", path));
    if (authority->token_key[0] == '\0') {
        TRY(key_generate(type, ret_key));
        TRY(keyfile_create(path, *ret_key, passphrase));
    } else {
        TRY(keyring_create(
            &trial->keyring, path, authority->token_key, type, ret_key, trial->reason));
    }
    return key_check_authority(*ret_key, trial->reason);
}

/* A CA certificate, held against the rules, written down and published. */
static enum err certificate_publish(struct trial *trial, const char *what, const char *name,
    enum lint_kind kind, struct span certificate)
{
    TRY(linted(certificate, kind, trial->now, trial->reason));
    TRY(journal_made(trial, what, name, certificate));
    TRY(public_create(trial, "ca", name, ".crt", certificate));
    return pem_create(trial, "ca", name, ".pem.crt", certificate);
}

/* Key, certificate and the first, empty list. */
static enum err root_make(
    struct trial *trial, const struct ceremony_authority *root, struct made *ret_made)
{
    AUTO(buf) crl = buf_make(CERTIFICATE_MAX_BYTES);
    ret_made->authority = root;
    ret_made->certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(authority_key_make(
        trial, root, "root", root->name, &trial->root_passphrase, &ret_made->key));
    TRY(authority_root(&trial->profile, root, ret_made->key, trial->now - 2 * GENERATION_SECONDS,
        &ret_made->certificate, trial->reason));
    struct span certificate = buf_span(&ret_made->certificate);
    TRY(certificate_publish(trial, "root", root->name, LINT_ROOT, certificate));
    TRY(public_create(trial, "root", root->name, ".crt", certificate));
    TRY(arl_first(
        trial->journal, ret_made->key, certificate, root->id, trial->now, &crl, trial->reason));
    TRY(journal_made(trial, "arl", root->crl_name, buf_span(&crl)));
    return public_create(trial, "ca", root->crl_name, ".crl", buf_span(&crl));
}

/* The partner's key lies beside ours in a trial only. */
static enum err roots_make(struct trial *trial)
{
    char path[PATH_MAX];
    TRY(staged(trial, "root", "journal", "", path));
    TRY(journal_open(
        path, /* from= */ NULL, no_record, NULL, &trial->journal, NULL, trial->reason));
    TRY(staged(trial, "root", "passphrase", "", path));
    TRY(passphrase_create(path, &trial->root_passphrase));
    TRY(root_make(trial, &trial->profile.root, &trial->root));
    return trial->profile.has_partner ? root_make(trial, &trial->profile.partner, &trial->partner)
                                      : OK;
}

static enum err cross_make(struct trial *trial)
{
    const struct ceremony_authority *partner = &trial->profile.partner;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    if (!trial->profile.has_partner) {
        return OK;
    }
    const struct authority_request request = { .profile = &trial->profile,
        .kind = LINT_CROSS_CA,
        .authority = &trial->profile.root,
        .key = trial->root.key,
        .root = partner,
        .root_key = trial->partner.key,
        .root_certificate = buf_span(&trial->partner.certificate),
        .not_before = trial->now,
        .not_after = years_after(trial->now, trial->profile.issuers[0].years) - 1 };
    TRY(authority_subordinate(&request, &certificate, trial->reason));
    return certificate_publish(
        trial, "cross", partner->cross_name, LINT_CROSS_CA, buf_span(&certificate));
}

static enum err issuer_make(
    struct trial *trial, const struct ceremony_authority *issuer, struct made *ret_made)
{
    AUTO(buf) old = buf_make(CERTIFICATE_MAX_BYTES);
    ret_made->authority = issuer;
    ret_made->certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(authority_key_make(
        trial, issuer, "signer", issuer->id, &trial->signer_passphrase, &ret_made->key));
    struct authority_request request = { .profile = &trial->profile,
        .kind = LINT_ISSUING_CA,
        .authority = issuer,
        .key = ret_made->key,
        .root = &trial->profile.root,
        .root_key = trial->root.key,
        .root_certificate = buf_span(&trial->root.certificate),
        .not_before = trial->now,
        .not_after = years_after(trial->now, issuer->years) - 1 };
    TRY(authority_subordinate(&request, &ret_made->certificate, trial->reason));
    TRY(certificate_publish(
        trial, "issuer", issuer->name, LINT_ISSUING_CA, buf_span(&ret_made->certificate)));
    if (issuer->old_name[0] == '\0') {
        return OK;
    }
    request.kind = LINT_ISSUING_CA_OLD;
    request.not_before = trial->now - GENERATION_SECONDS;
    TRY(authority_subordinate(&request, &old, trial->reason));
    return certificate_publish(
        trial, "old issuer", issuer->old_name, LINT_ISSUING_CA_OLD, buf_span(&old));
}

static enum err issuers_make(struct trial *trial)
{
    char path[PATH_MAX];
    TRY(staged(trial, "signer", "passphrase", "", path));
    TRY(passphrase_create(path, &trial->signer_passphrase));
    /* The service makes none itself: without its memory it must not sign (doc/threats.md S18). */
    TRY(staged(trial, "signer", "journal", "", path));
    TRY(file_create(path, (struct span){ 0 }, 0600));
    for (size_t i = 0; i < trial->profile.issuer_count; i++) {
        TRY(issuer_make(trial, &trial->profile.issuers[i], &trial->issuers[i]));
    }
    return OK;
}

/* By the same way on which any later list is made; so the journal is the list's from here on. */
static enum err old_revoke(struct trial *trial)
{
    journal_free(trial->journal);
    trial->journal = NULL;
    for (size_t i = 0; i < trial->profile.issuer_count; i++) {
        const char *name = trial->profile.issuers[i].old_name;
        char path[PATH_MAX];
        const struct arl_request request = { trial->stage, path, "superseded",
            &trial->profile.module };
        if (name[0] != '\0') {
            TRY(staged(trial, "ca", name, ".crt", path));
            TRY(arl_issue(&request, trial->reason));
        }
    }
    return OK;
}

static enum err officers_make(struct trial *trial)
{
    struct roster *roster = &trial->roster;
    for (size_t i = 0; i < trial->profile.officer_count; i++) {
        const struct ceremony_officer *officer = &trial->profile.officers[i];
        TRY(key_generate(KEY_TYPE_ED25519, &trial->officer_keys[i]));
        struct key *key = trial->officer_keys[i];
        TRY(private_create(trial, "officers", officer->id, key, /* passphrase= */ NULL));
        TRY(public_create(trial, "officers", officer->id, ".spki", key_spki(key)));
        struct officer *entry = &roster->officers[roster->officer_count++];
        snprintf(entry->id, sizeof entry->id, "%s", officer->id);
        entry->name = officer->name;
        entry->roles = OFFICER_ROLE_OFFICER;
        entry->key_type = OFFICER_KEY_ED25519;
        entry->spki = key_spki(key);
    }
    return OK;
}

/* RSA 2048 (doc/architecture.md §1): the signer pays for six verifications a name. */
/* From it the primary derives the codes it mails; nobody else can. */
static enum err mail_key_make(struct trial *trial)
{
    char path[PATH_MAX];
    AUTO(secret) key = { 0 };
    TRY(staged(trial, "validator", "mail", ".key", path));
    return passphrase_create(path, &key);
}

static enum err perspectives_make(struct trial *trial)
{
    struct roster *roster = &trial->roster;
    for (size_t i = 0; i < trial->profile.perspective_count; i++) {
        const struct ceremony_perspective *perspective = &trial->profile.perspectives[i];
        TRY(key_generate(KEY_TYPE_RSA_2048, &trial->perspective_keys[i]));
        struct key *key = trial->perspective_keys[i];
        TRY(private_create(trial, "validator", perspective->id, key, /* passphrase= */ NULL));
        struct perspective *entry = &roster->perspectives[roster->perspective_count++];
        snprintf(entry->id, sizeof entry->id, "%s", perspective->id);
        snprintf(entry->region, sizeof entry->region, "%s", perspective->region);
        entry->primary = perspective->address[0] == '\0';
        entry->spki = key_spki(key);
    }
    return OK;
}

/* Their keys are others'; they are read, and come into the roster. */
static enum err logs_take(struct trial *trial)
{
    struct roster *roster = &trial->roster;
    for (size_t i = 0; i < trial->profile.log_count; i++) {
        const struct ceremony_log *log = &trial->profile.logs[i];
        struct ct_log *entry = &roster->logs[roster->log_count++];
        AUTO_PTR(key) key = NULL;
        enum err err = file_read(log->spki, SPKI_MAX, &trial->log_keys[i]);
        err = err == OK ? key_from_spki(buf_span(&trial->log_keys[i]), &key) : err;
        if (err != OK) {
            return reason_set(trial->reason, err, "ceremony.log_key", log->spki, NULL, NULL);
        }
        snprintf(entry->name, sizeof entry->name, "%s", log->name);
        snprintf(entry->operator_name, sizeof entry->operator_name, "%s", log->operator_name);
        TRY(ct_log_kind_from_id(log->kind, &entry->kind));
        TRY(ct_log_state_from_id(log->state, &entry->state));
        entry->url = log->url;
        entry->state_since = log->state_since;
        entry->shard_from = log->from;
        entry->shard_until = log->until;
        entry->spki = buf_span(&trial->log_keys[i]);
    }
    return OK;
}

static enum err roster_sealed(struct trial *trial, struct buf *sealed)
{
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    AUTO(buf) content = buf_make(ROSTER_FILE_MAX);
    AUTO(buf) message = buf_make(ROSTER_FILE_MAX);
    TRY(roster_format(&trial->roster, &content));
    TRY(roster_message(buf_span(&content), &message));
    TRY(signature_make(trial->seal_key, SIGNATURE_ED25519, buf_span(&message), signature, &len));
    return roster_seal(buf_span(&content), span_make(signature, len), sealed);
}

static enum err roster_make(struct trial *trial)
{
    const struct ceremony_profile *profile = &trial->profile;
    struct roster *roster = &trial->roster;
    AUTO(buf) sealed = buf_make(ROSTER_FILE_MAX);
    roster->epoch = 1;
    roster->repository_url = profile->url;
    roster->caa_identity = profile->caa_identity;
    roster->trial = true;
    roster->created = trial->now;
    if (policy_set_from_id(profile->policy_set, &roster->policy_set) != OK) {
        return reason_set(
            trial->reason, ERR_INPUT, "ceremony.policy_set", NULL, profile->policy_set, "private");
    }
    for (size_t i = 0; i < profile->issuer_count; i++) {
        const struct ceremony_authority *authority = &profile->issuers[i];
        struct issuer *issuer = &roster->issuers[roster->issuer_count++];
        snprintf(issuer->id, sizeof issuer->id, "%s", authority->id);
        issuer->name = authority->name;
        issuer->crl_name = authority->crl_name;
        issuer->certificate = buf_span(&trial->issuers[i].certificate);
    }
    TRY(classic_roster_check(roster, trial->reason));
    TRY(key_generate(KEY_TYPE_ED25519, &trial->seal_key));
    TRY(private_create(trial, "root", "ceremony", trial->seal_key, &trial->root_passphrase));
    TRY(roster_sealed(trial, &sealed));
    TRY(journal_made(trial, "roster", "roster", buf_span(&sealed)));
    TRY(public_create(trial, "signer", "ceremony", ".spki", key_spki(trial->seal_key)));
    return public_create(trial, "signer", "roster", ".der", buf_span(&sealed));
}

static enum err transport_party(struct trial *trial, const char *name, const char *address)
{
    AUTO_PTR(key) key = NULL;
    AUTO(buf) certificate = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(key_generate(KEY_TYPE_P256, &key));
    const struct transport_request request = { name, address, key, trial->transport_key, trial->now,
        trial->profile.issuers[0].years };
    TRY(authority_transport(&request, &certificate));
    TRY(private_create(trial, "transport", name, key, /* passphrase= */ NULL));
    return pem_create(trial, "transport", name, ".pem", buf_span(&certificate));
}

/* The transport CA's key signs these few certificates and is gone: new parties need a new
 * ceremony. */
static enum err transport_make(struct trial *trial)
{
    AUTO(buf) ca = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(key_generate(KEY_TYPE_P256, &trial->transport_key));
    const struct transport_request request = { "", NULL, trial->transport_key, trial->transport_key,
        trial->now, trial->profile.issuers[0].years };
    TRY(authority_transport(&request, &ca));
    TRY(pem_create(trial, "transport", "ca", ".pem", buf_span(&ca)));
    TRY(transport_party(trial, "registrar", /* address= */ NULL));
    for (size_t i = 0; i < trial->profile.perspective_count; i++) {
        const struct ceremony_perspective *perspective = &trial->profile.perspectives[i];
        if (perspective->address[0] != '\0') {
            TRY(transport_party(trial, perspective->id, perspective->address));
        }
    }
    return OK;
}

/* The signer's folder last: its roster is what says that a ceremony was held. */
static enum err places_take(struct trial *trial)
{
    static const char *const order[FOLDERS] = { "root", "ca", "officers", "validator", "transport",
        "signer" };
    char from[PATH_MAX], to[PATH_MAX];
    for (size_t i = 0; i < FOLDERS; i++) {
        TRY(path_join(from, sizeof from, trial->stage, order[i]));
        TRY(path_join(to, sizeof to, trial->directory, order[i]));
        if (rename(from, to) != 0) {
            return reason_set(
                trial->reason, err_from_errno(errno), "ceremony.places", to, NULL, NULL);
        }
    }
    return rmdir(trial->stage) == 0 ? OK : err_from_errno(errno);
}
