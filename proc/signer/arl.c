/* The ARLs. The roots' journal remembers which CA certificates each revoked and which numbers it
 * gave; a list is built from nothing else. */
#include "proc/signer/arl.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ca/revocation.h"
#include "lib/crypto/keycheck.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "proc/signer/keyring.h"
#include "proc/signer/linted.h"
#include "lib/journal/record.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* A root is seldom at hand: BR 7.2 lets such a list live twelve months, we replace it at half. */
#define ARL_LIFE_SECONDS (180 * DAY_SECONDS)

enum {
    ARL_ROOTS_MAX = 4,
    ARL_ENTRIES_MAX = 256,
    ARL_MAX_BYTES = 64 * 1024,
    PASSPHRASE_MAX = 1024,
};

struct revoked_authority {
    uint8_t serial[SERIAL_MAX_BYTES];
    size_t serial_len;
    enum revocation_reason reason;
    int64_t date;
};

/* One root and its list, as the journal has them. */
struct authority {
    char id[ISSUER_ID_MAX];
    char name[AUTHORITY_NAME_MAX]; /* of its files */
    char crl_name[AUTHORITY_NAME_MAX];
    struct buf certificate; /* DER */
    struct key *key;
    int64_t number;
    struct revoked_authority *revoked; /* ARL_ENTRIES_MAX */
    size_t count;
    size_t at; /* while the list is being written */
};

/* What the journal says. */
struct arl {
    struct keyring keyring;
    struct authority roots[ARL_ROOTS_MAX];
    size_t root_count;
    char last_id[ISSUER_ID_MAX]; /* whose list was numbered last */
};

static void arl_release(struct arl *arl);
AUTO_DEFINE(arl, arl_release)
static enum err arl_visit(void *ctx, const struct journal_record *record);
static enum err arl_revoke(struct arl *arl, struct journal *journal,
    const struct arl_request *request, int64_t now, struct reason *ret_reason);
static enum err keys_open(struct arl *arl, const char *directory, struct reason *ret_reason);
static enum err arl_renew(const char *directory, struct authority *root, struct journal *journal,
    int64_t now, struct reason *ret_reason);
static enum err arl_sign(struct authority *root, struct journal *journal,
    const struct key *root_key, int64_t now, struct buf *crl, struct reason *ret_reason);

enum err arl_first(struct journal *journal, const struct key *root_key, struct span root,
    const char *root_id, int64_t now, struct buf *crl, struct reason *ret_reason)
{
    struct authority authority = { .certificate = buf_make(CERTIFICATE_MAX_BYTES) };
    snprintf(authority.id, sizeof authority.id, "%s", root_id);
    buf_append(&authority.certificate, root);
    enum err err = buf_check(&authority.certificate);
    err = err == OK ? arl_sign(&authority, journal, root_key, now, crl, ret_reason) : err;
    buf_release(&authority.certificate);
    return err;
}

enum err arl_issue(const struct arl_request *request, struct reason *ret_reason)
{
    char path[PATH_MAX];
    struct clock clock = clock_system();
    int64_t now = clock_now(&clock);
    AUTO(arl) arl = { .root_count = 0 };
    const struct token_report silent = { NULL, NULL };
    AUTO_PTR(journal) journal = NULL;

    TRY(keyring_init(&arl.keyring, request->module, /* directory= */ NULL,
        /* makes_keys= */ false, &silent));
    TRY(path_join(path, sizeof path, request->directory, "root/passphrase"));
    enum err err = file_read_secret(path, PASSPHRASE_MAX, &arl.keyring.passphrase);
    if (err != OK) {
        return reason_set(ret_reason, err, "ceremony.not_held", path, err_name(err), NULL);
    }
    TRY(path_join(path, sizeof path, request->directory, "root/journal"));
    TRY(journal_open(
        path, /* from= */ NULL, arl_visit, &arl, &journal, /* ret_cut= */ NULL, ret_reason));
    TRY(keys_open(&arl, request->directory, ret_reason));
    if (request->revoke != NULL) {
        TRY(arl_revoke(&arl, journal, request, now, ret_reason));
    }
    for (size_t i = 0; i < arl.root_count; i++) {
        TRY(arl_renew(request->directory, &arl.roots[i], journal, now, ret_reason));
    }
    return OK;
}

static void arl_release(struct arl *arl)
{
    for (size_t i = 0; i < arl->root_count; i++) {
        key_free(arl->roots[i].key);
        buf_release(&arl->roots[i].certificate);
        free(arl->roots[i].revoked);
    }
    keyring_release(&arl->keyring);
}

/* NULL if there is none. */
static struct authority *root_by_id(struct arl *arl, const char *id)
{
    for (size_t i = 0; i < arl->root_count; i++) {
        if (strcmp(arl->roots[i].id, id) == 0) {
            return &arl->roots[i];
        }
    }
    return NULL;
}

static struct authority *root_by_subject(struct arl *arl, struct span subject)
{
    struct certificate certificate;
    for (size_t i = 0; i < arl->root_count; i++) {
        if (certificate_parse(buf_span(&arl->roots[i].certificate), &certificate) == OK &&
            span_equal(certificate.subject, subject)) {
            return &arl->roots[i];
        }
    }
    return NULL;
}

static enum err revoked_add(struct authority *root, const struct record_revoked *record)
{
    for (size_t i = 0; i < root->count; i++) {
        struct revoked_authority *known = &root->revoked[i];
        if (span_equal(span_make(known->serial, known->serial_len), record->serial)) {
            known->reason = record->reason;
            return OK;
        }
    }
    if (root->count == ARL_ENTRIES_MAX || record->serial.len > SERIAL_MAX_BYTES) {
        return ERR_LIMIT;
    }
    struct revoked_authority *revoked = &root->revoked[root->count++];
    memcpy(revoked->serial, record->serial.data, record->serial.len);
    revoked->serial_len = record->serial.len;
    revoked->reason = record->reason;
    revoked->date = record->date;
    return OK;
}

static enum err root_add(struct arl *arl, const struct record_ceremony *record)
{
    if (arl->root_count == ARL_ROOTS_MAX) {
        return ERR_LIMIT;
    }
    struct authority *root = &arl->roots[arl->root_count];
    root->revoked = calloc(ARL_ENTRIES_MAX, sizeof *root->revoked);
    if (root->revoked == NULL) {
        return ERR_MEMORY;
    }
    arl->root_count++;
    memcpy(root->name, record->name, sizeof root->name);
    root->certificate = buf_make(CERTIFICATE_MAX_BYTES);
    buf_append(&root->certificate, record->made);
    return buf_check(&root->certificate);
}

/* From the records of the ceremony: which roots, under which names. The first list tells whose it
 * is by its issuer, and the record of its number, before it, under which id. */
static enum err made_visit(struct arl *arl, const struct record_ceremony *record)
{
    if (strcmp(record->what, "root") == 0) {
        return root_add(arl, record);
    }
    if (strcmp(record->what, "arl") == 0) {
        struct crl crl;
        TRY(crl_parse(record->made, &crl));
        struct authority *root = root_by_subject(arl, crl.issuer);
        if (root == NULL) {
            return ERR_NOT_FOUND;
        }
        memcpy(root->crl_name, record->name, sizeof root->crl_name);
        memcpy(root->id, arl->last_id, sizeof root->id);
        root->number = 1;
    }
    return OK;
}

static enum err arl_visit(void *ctx, const struct journal_record *record)
{
    struct arl *arl = ctx;
    if (record->type == JOURNAL_CEREMONY) {
        struct record_ceremony made;
        TRY(record_ceremony_read(record->body, &made));
        return made_visit(arl, &made);
    }
    if (record->type == JOURNAL_CRL) {
        struct record_crl crl;
        TRY(record_crl_read(record->body, &crl));
        struct authority *root = root_by_id(arl, crl.issuer);
        memcpy(arl->last_id, crl.issuer, sizeof arl->last_id);
        if (root != NULL) {
            root->number = crl.number;
        }
    } else if (record->type == JOURNAL_REVOKED) {
        struct record_revoked revoked;
        TRY(record_revoked_read(record->body, &revoked));
        struct authority *root = root_by_id(arl, revoked.issuer);
        return root == NULL ? ERR_NOT_FOUND : revoked_add(root, &revoked);
    }
    return OK;
}

/* By the root whose name the certificate gives and whose key signed it. */
static enum err arl_revoke(struct arl *arl, struct journal *journal,
    const struct arl_request *request, int64_t now, struct reason *ret_reason)
{
    struct certificate issuing, revoked;
    struct record_revoked record = { .date = now };
    const char *path = request->revoke;
    AUTO(buf) file = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO_PTR(key) key = NULL;
    enum err err = file_read(path, CERTIFICATE_MAX_BYTES, &file);
    err = err == OK ? certificate_read_any(buf_span(&file), &der) : err;
    err = err == OK ? certificate_parse(buf_span(&der), &revoked) : err;
    if (err != OK) {
        return reason_set(ret_reason, err, "certificate.malformed", path, NULL, NULL);
    }
    if (revocation_reason_from_id(request->reason, &record.reason) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "revocation.reason", "reason", request->reason, "superseded");
    }
    struct authority *root = root_by_subject(arl, revoked.issuer);
    if (root == NULL || !revoked.is_ca || certificate_is_self_issued(&revoked)) {
        return reason_set(ret_reason, ERR_DENIED, "ceremony.foreign_certificate", path, NULL, NULL);
    }
    TRY(certificate_parse(buf_span(&root->certificate), &issuing));
    TRY(key_from_spki(issuing.spki, &key));
    if (certificate_verify(&revoked, key) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "ceremony.foreign_certificate", path, NULL, NULL);
    }
    memcpy(record.issuer, root->id, sizeof record.issuer);
    record.serial = revoked.serial;
    TRY(journal_append(journal, JOURNAL_REVOKED, now, record_revoked_write, &record, NULL));
    return revoked_add(root, &record);
}

static enum err arl_next(void *ctx, struct crl_entry *ret_entry)
{
    struct authority *root = ctx;
    if (root->at == root->count) {
        return ERR_NOT_FOUND;
    }
    const struct revoked_authority *revoked = &root->revoked[root->at++];
    *ret_entry = (struct crl_entry){ span_make(revoked->serial, revoked->serial_len), revoked->date,
        (enum crl_reason)revoked->reason };
    return OK;
}

/* The number is spent before the list exists: one that was journalled and never seen is a gap,
 * one that was seen twice would be a lie. */
static enum err arl_sign(struct authority *root, struct journal *journal,
    const struct key *root_key, int64_t now, struct buf *crl, struct reason *ret_reason)
{
    struct certificate issuing;
    uint8_t number[8];
    struct record_crl record = {
        .number = root->number + 1, .this_update = now, .next_update = now + ARL_LIFE_SECONDS
    };
    struct crl_source source = { arl_next, root, root->count };
    struct linting linting = { LINT_ARL, now, ret_reason };
    TRY(certificate_parse(buf_span(&root->certificate), &issuing));
    memcpy(record.issuer, root->id, sizeof record.issuer);
    TRY(journal_append(journal, JOURNAL_CRL, now, record_crl_write, &record, NULL));
    store_be64(number, (uint64_t)record.number);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(root_key),
        .issuer = issuing.subject,
        .this_update = record.this_update,
        .next_update = record.next_update,
        .number = SPAN_OF(number),
        .authority_key_id = issuing.subject_key_id,
        .look = linted_list,
        .look_ctx = &linting,
    };
    return crl_write(&fields, &source, root_key, crl);
}

/* All of them, before anything is written: a root that can't sign leaves every list as it was. */
static enum err keys_open(struct arl *arl, const char *directory, struct reason *ret_reason)
{
    for (size_t i = 0; i < arl->root_count; i++) {
        struct certificate certificate;
        char path[PATH_MAX], name[AUTHORITY_NAME_MAX + 16];
        TRY(certificate_parse(buf_span(&arl->roots[i].certificate), &certificate));
        snprintf(name, sizeof name, "root/%s.key", arl->roots[i].name);
        TRY(path_join(path, sizeof path, directory, name));
        TRY(keyring_read(&arl->keyring, path, certificate.spki, &arl->roots[i].key, ret_reason));
        TRY(key_check_authority(arl->roots[i].key, ret_reason));
    }
    return OK;
}

/* The next list of one root, over the one that is published. */
static enum err arl_renew(const char *directory, struct authority *root, struct journal *journal,
    int64_t now, struct reason *ret_reason)
{
    char path[PATH_MAX], name[AUTHORITY_NAME_MAX + 16];
    AUTO(buf) crl = buf_make(ARL_MAX_BYTES);
    TRY(arl_sign(root, journal, root->key, now, &crl, ret_reason));
    snprintf(name, sizeof name, "ca/%s.crl", root->crl_name);
    TRY(path_join(path, sizeof path, directory, name));
    return file_replace(path, buf_span(&crl), 0644);
}
