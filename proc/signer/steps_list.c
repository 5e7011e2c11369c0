/* Revoking a CA certificate, and the lists that say so (ARLs). A list is built from the journal and
 * from nothing else. */
#include "lib/base/file.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "proc/signer/holding.h"

#include <stdio.h>

/* A root is seldom at hand: BR 7.2 lets such a list live twelve months, we replace it at half. */
#define ARL_LIFE_SECONDS (180 * DAY_SECONDS)

enum { ARL_MAX_BYTES = 64 * 1024 };

/* Where one list is, while it is written. */
struct listing {
    struct holding *holding;
    const struct authority *root;
    struct ceremony_verdict before;
    struct buf tbs; /* a rehearsal's */
    size_t at;
};

static enum err revoked_input(
    struct holding *holding, const struct script_step *step, struct span *ret_der);
static enum err revoke(struct holding *holding, const struct script_step *step, struct span der);
static enum err list_make(struct holding *holding, const struct authority *root);
static enum err list_next(void *ctx, struct crl_entry *ret_entry);
static enum err list_look(void *ctx, struct span tbs);
static enum err list_publish(
    struct holding *holding, const struct listing *listing, struct span list);

enum err step_revoke(struct holding *holding, const struct script_step *step)
{
    const struct authority *named = NULL;
    struct span der = { 0 };
    if (*step->of != '\0') {
        TRY(holding_authority(holding, step->of, &named));
        return revoke(holding, step, named->certificate);
    }
    TRY(revoked_input(holding, step, &der));
    return revoke(holding, step, der);
}

static enum err revoked_input(
    struct holding *holding, const struct script_step *step, struct span *ret_der)
{
    struct span file;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(holding_input(holding, &step->certificate, &file));
    if (certificate_read_any(file, &der) != OK) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.input_certificate",
            step->certificate.path, NULL, NULL);
    }
    *ret_der = holding_keep(holding, buf_span(&der));
    return ret_der->data == NULL ? ERR_MEMORY : OK;
}

/* By the root whose name the certificate gives and whose key signed it. One that the journal does
 * not know is revoked all the same: its key signed it, wherever that was. */
static enum err revoke(struct holding *holding, const struct script_step *step, struct span der)
{
    struct certificate issuing, revoked;
    struct record_revoked record = { .date = holding->now };
    AUTO_PTR(key) key = NULL;
    const char *named = *step->of != '\0' ? step->of : step->certificate.path;
    if (certificate_parse(der, &revoked) != OK) {
        return reason_set(
            holding->reason, ERR_INPUT, "ceremony.input_certificate", named, NULL, NULL);
    }
    if (revocation_reason_from_id(step->reason, &record.reason) != OK) {
        return reason_set(holding->reason, ERR_INPUT, "revocation.reason", step->title,
            step->reason, "superseded, cessationOfOperation, keyCompromise, …");
    }
    const struct authority *root =
        facts_root_by_subject(&holding->hierarchy->during, revoked.issuer);
    if (root == NULL || !revoked.is_ca || certificate_is_self_issued(&revoked)) {
        return reason_set(holding->reason, ERR_DENIED, "ceremony.foreign_certificate", named, NULL,
            "a CA certificate that a root of this folder signed");
    }
    TRY(certificate_parse(root->certificate, &issuing));
    TRY(key_from_spki(issuing.spki, &key));
    bool unsigned_yet = holding->rehearsal && *step->of != '\0' &&
                        facts_by_name(&holding->hierarchy->held, step->of) == NULL;
    if (!unsigned_yet && certificate_verify(&revoked, key) != OK) {
        return reason_set(holding->reason, ERR_DENIED, "ceremony.foreign_certificate", named, NULL,
            "a CA certificate that a root of this folder signed");
    }
    memcpy(record.issuer, root->id, sizeof record.issuer);
    record.serial = revoked.serial;
    return holding_record(holding, JOURNAL_REVOKED, record_revoked_write, &record);
}

enum err step_arl(struct holding *holding, const struct script_step *step)
{
    const struct authority *named = NULL;
    const struct key *key = NULL;
    const struct facts *facts = &holding->hierarchy->during;
    size_t count = 0;
    if (*step->by != '\0') {
        TRY(holding_root(holding, step->by, &named, &key));
        return list_make(holding, named);
    }
    for (size_t i = 0; i < facts->authority_count; i++) {
        if (facts->authorities[i].kind == AUTHORITY_ROOT) {
            TRY(list_make(holding, &facts->authorities[i]));
            count++;
        }
    }
    return count > 0 ? OK
                     : reason_set(holding->reason, ERR_NOT_FOUND, "ceremony.no_root", step->title,
                           NULL, NULL);
}

/* The number is spent before the list exists: one that was journalled and never seen is a gap, one
 * that was seen twice would be a lie. */
static enum err list_make(struct holding *holding, const struct authority *root)
{
    struct certificate issuing;
    const struct authority *same = NULL;
    const struct key *key = NULL;
    uint8_t number[8];
    AUTO(buf) list = buf_make(ARL_MAX_BYTES);
    struct listing listing = {
        .holding = holding, .root = root, .tbs = buf_make(holding->rehearsal ? ARL_MAX_BYTES : 0)
    };
    struct crl_source source = { list_next, &listing, holding->hierarchy->during.revoked_count };
    struct record_crl record = { .number = root->number + 1,
        .this_update = holding->now,
        .next_update = holding->now + ARL_LIFE_SECONDS };
    TRY(holding_root(holding, root->name, &same, &key));
    TRY(certificate_parse(root->certificate, &issuing));
    memcpy(record.issuer, root->id, sizeof record.issuer);
    TRY(holding_record(holding, JOURNAL_CRL, record_crl_write, &record));
    store_be64(number, (uint64_t)record.number);
    const struct crl_fields fields = {
        .algorithm = signature_algorithm_of_key(key),
        .issuer = issuing.subject,
        .this_update = record.this_update,
        .next_update = record.next_update,
        .number = SPAN_OF(number),
        .authority_key_id = issuing.subject_key_id,
        .look = list_look,
        .look_ctx = &listing,
    };
    enum err err = crl_write(&fields, &source, key, &list);
    if (holding->rehearsal && listing.tbs.len > 0) {
        buf_clear(&list);
        err = unsigned_write(buf_span(&listing.tbs), fields.algorithm, &list);
    }
    err = err == OK ? list_publish(holding, &listing, buf_span(&list)) : err;
    buf_release(&listing.tbs);
    return err;
}

static enum err list_next(void *ctx, struct crl_entry *ret_entry)
{
    struct listing *listing = ctx;
    const struct facts *facts = &listing->holding->hierarchy->during;
    while (listing->at < facts->revoked_count &&
           strcmp(facts->revoked[listing->at].root, listing->root->id) != 0) {
        listing->at++;
    }
    if (listing->at == facts->revoked_count) {
        return ERR_NOT_FOUND;
    }
    const struct revoked_authority *revoked = &facts->revoked[listing->at++];
    *ret_entry =
        (struct crl_entry){ revoked->serial, revoked->date, (enum crl_reason)revoked->reason };
    return OK;
}

/* A rehearsal ends here: it has no key, and keeps what would have been signed. */
static enum err list_look(void *ctx, struct span tbs)
{
    struct listing *listing = ctx;
    TRY(holding_look(listing->holding, tbs, LINT_ARL, &listing->before));
    if (!listing->holding->rehearsal) {
        return OK;
    }
    buf_append(&listing->tbs, tbs);
    TRY(buf_check(&listing->tbs));
    return ERR_AGAIN;
}

static enum err list_publish(
    struct holding *holding, const struct listing *listing, struct span list)
{
    struct ceremony_verdict after;
    const char *name = listing->root->crl_name;
    TRY(holding_note_object(holding, "linted", name, ceremony_verdict_write, &listing->before));
    if (!holding->rehearsal) {
        TRY(holding_look(holding, list, LINT_ARL, &after));
    }
    TRY(holding_note(holding, "arl", name, list));
    if (holding->rehearsal) {
        return OK;
    }
    TRY(holding_note_object(holding, "linted", name, ceremony_verdict_write, &after));
    return holding_file(holding, "ca", name, ".crl", list, 0644);
}
