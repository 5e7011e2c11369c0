/* The ARL. The root's journal remembers which CA certificates it revoked and which numbers it gave;
 * a list is built from nothing else. */
#include "proc/signer/arl.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ca/revocation.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "proc/signer/keyfile.h"
#include "proc/signer/linted.h"
#include "proc/signer/records.h"

#include <limits.h>
#include <stdio.h>

/* A root is seldom at hand: BR 7.2 lets such a list live twelve months, we replace it at half. */
#define ARL_LIFE_SECONDS (180 * DAY_SECONDS)

enum { ARL_ENTRIES_MAX = 256, ARL_MAX_BYTES = 64 * 1024, PASSPHRASE_MAX = 1024 };

struct revoked_authority {
    uint8_t serial[SERIAL_MAX_BYTES];
    size_t serial_len;
    enum revocation_reason reason;
    int64_t date;
};

/* What the journal says. */
struct arl {
    char root_id[ISSUER_ID_MAX];
    char root_name[AUTHORITY_NAME_MAX]; /* of its files */
    char name[AUTHORITY_NAME_MAX];      /* of the list */
    struct buf root;                    /* certificate, DER */
    int64_t number;
    struct revoked_authority revoked[ARL_ENTRIES_MAX];
    size_t count;
    size_t at; /* while it is being written */
};

static void arl_release(struct arl *arl);
AUTO_DEFINE(arl, arl_release)
static enum err arl_visit(void *ctx, const struct journal_record *record);
static enum err arl_revoke(struct arl *arl, struct journal *journal, const char *path,
    const char *reason_id, struct span root, int64_t now, struct reason *ret_reason);
static enum err arl_sign(struct arl *arl, struct journal *journal, const struct key *root_key,
    struct span root, int64_t now, struct buf *crl, struct reason *ret_reason);
static enum err arl_publish(const char *directory, const struct arl *arl, struct span crl);

enum err arl_first(struct journal *journal, const struct key *root_key, struct span root,
    const char *root_id, int64_t now, struct buf *crl, struct reason *ret_reason)
{
    struct arl arl = { .number = 0 };
    snprintf(arl.root_id, sizeof arl.root_id, "%s", root_id);
    return arl_sign(&arl, journal, root_key, root, now, crl, ret_reason);
}

enum err arl_issue(const struct arl_request *request, struct reason *ret_reason)
{
    char path[PATH_MAX], name[AUTHORITY_NAME_MAX + 16];
    struct clock clock = clock_system();
    int64_t now = clock_now(&clock);
    AUTO(arl) arl = { .root = buf_make(CERTIFICATE_MAX_BYTES) };
    AUTO(secret) passphrase = { 0 };
    AUTO(buf) crl = buf_make(ARL_MAX_BYTES);
    AUTO_PTR(key) root_key = NULL;
    AUTO_PTR(journal) journal = NULL;

    TRY(path_join(path, sizeof path, request->directory, "root/passphrase"));
    enum err err = file_read_secret(path, PASSPHRASE_MAX, &passphrase);
    if (err != OK) {
        return reason_set(ret_reason, err, "ceremony.not_held", path, err_name(err), NULL);
    }
    TRY(path_join(path, sizeof path, request->directory, "root/journal"));
    TRY(journal_open(path, arl_visit, &arl, &journal, /* ret_cut= */ NULL, ret_reason));
    snprintf(name, sizeof name, "root/%s.key", arl.root_name);
    TRY(path_join(path, sizeof path, request->directory, name));
    TRY(keyfile_read(path, &passphrase, &root_key, ret_reason));
    struct span root = buf_span(&arl.root);
    if (request->revoke != NULL) {
        TRY(arl_revoke(
            &arl, journal, request->revoke, request->reason, root, now, ret_reason));
    }
    TRY(arl_sign(&arl, journal, root_key, root, now, &crl, ret_reason));
    return arl_publish(request->directory, &arl, buf_span(&crl));
}

static void arl_release(struct arl *arl)
{
    buf_release(&arl->root);
}

static enum err revoked_add(struct arl *arl, const struct record_revoked *record)
{
    for (size_t i = 0; i < arl->count; i++) {
        struct revoked_authority *known = &arl->revoked[i];
        if (span_equal(span_make(known->serial, known->serial_len), record->serial)) {
            known->reason = record->reason;
            return OK;
        }
    }
    if (arl->count == ARL_ENTRIES_MAX || record->serial.len > SERIAL_MAX_BYTES) {
        return ERR_LIMIT;
    }
    struct revoked_authority *revoked = &arl->revoked[arl->count++];
    memcpy(revoked->serial, record->serial.data, record->serial.len);
    revoked->serial_len = record->serial.len;
    revoked->reason = record->reason;
    revoked->date = record->date;
    return OK;
}

/* From the records of the ceremony: which root, under which names. */
static enum err made_visit(struct arl *arl, const struct record_ceremony *record)
{
    if (strcmp(record->what, "root") == 0) {
        memcpy(arl->root_name, record->name, sizeof arl->root_name);
        buf_clear(&arl->root);
        buf_append(&arl->root, record->made);
        return buf_check(&arl->root);
    }
    if (strcmp(record->what, "arl") == 0) {
        memcpy(arl->name, record->name, sizeof arl->name);
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
        arl->number = crl.number;
        memcpy(arl->root_id, crl.issuer, sizeof arl->root_id);
    } else if (record->type == JOURNAL_REVOKED) {
        struct record_revoked revoked;
        TRY(record_revoked_read(record->body, &revoked));
        TRY(revoked_add(arl, &revoked));
    }
    return OK;
}

static enum err arl_revoke(struct arl *arl, struct journal *journal, const char *path,
    const char *reason_id, struct span root, int64_t now, struct reason *ret_reason)
{
    struct certificate issuing, revoked;
    struct record_revoked record = { .date = now };
    AUTO(buf) file = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    enum err err = file_read(path, CERTIFICATE_MAX_BYTES, &file);
    err = err == OK ? certificate_read_any(buf_span(&file), &der) : err;
    err = err == OK ? certificate_parse(buf_span(&der), &revoked) : err;
    if (err != OK) {
        return reason_set(ret_reason, err, "certificate.malformed", path, NULL, NULL);
    }
    if (revocation_reason_from_id(reason_id, &record.reason) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "revocation.reason", "reason", reason_id, "superseded");
    }
    TRY(certificate_parse(root, &issuing));
    if (!span_equal(revoked.issuer, issuing.subject) || !revoked.is_ca ||
        span_equal(revoked.serial, issuing.serial)) {
        return reason_set(ret_reason, ERR_DENIED, "ceremony.foreign_certificate", path, NULL, NULL);
    }
    memcpy(record.issuer, arl->root_id, sizeof record.issuer);
    record.serial = revoked.serial;
    TRY(journal_append(journal, JOURNAL_REVOKED, now, record_revoked_write, &record, NULL));
    return revoked_add(arl, &record);
}

static enum err arl_next(void *ctx, struct crl_entry *ret_entry)
{
    struct arl *arl = ctx;
    if (arl->at == arl->count) {
        return ERR_NOT_FOUND;
    }
    const struct revoked_authority *revoked = &arl->revoked[arl->at++];
    *ret_entry = (struct crl_entry){ span_make(revoked->serial, revoked->serial_len),
        revoked->date, (enum crl_reason)revoked->reason };
    return OK;
}

/* The number is spent before the list exists: one that was journalled and never seen is a gap,
 * one that was seen twice would be a lie. */
static enum err arl_sign(struct arl *arl, struct journal *journal, const struct key *root_key,
    struct span root, int64_t now, struct buf *crl, struct reason *ret_reason)
{
    struct certificate issuing;
    uint8_t number[8];
    struct record_crl record = { .number = arl->number + 1,
        .this_update = now,
        .next_update = now + ARL_LIFE_SECONDS };
    struct crl_source source = { arl_next, arl, arl->count };
    TRY(certificate_parse(root, &issuing));
    memcpy(record.issuer, arl->root_id, sizeof record.issuer);
    TRY(journal_append(journal, JOURNAL_CRL, now, record_crl_write, &record, NULL));
    store_be64(number, (uint64_t)record.number);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(root_key),
        .issuer = issuing.subject,
        .this_update = record.this_update,
        .next_update = record.next_update,
        .number = SPAN_OF(number),
        .authority_key_id = issuing.subject_key_id,
    };
    TRY(crl_write(&fields, &source, root_key, crl));
    return linted(buf_span(crl), LINT_ARL, now, ret_reason);
}

static enum err arl_publish(const char *directory, const struct arl *arl, struct span crl)
{
    char path[PATH_MAX], name[AUTHORITY_NAME_MAX + 16];
    snprintf(name, sizeof name, "ca/%s.crl", arl->name);
    TRY(path_join(path, sizeof path, directory, name));
    return file_replace(path, crl, 0644);
}
