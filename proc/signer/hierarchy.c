/* Learning record by record. What an unfinished ceremony made is kept apart from what stands: only
 * numbers of lists and revocations count at once, since a number must not be given twice and a
 * revocation must not be forgotten. */
#include "proc/signer/hierarchy.h"
#include "lib/pki/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err begun_learn(
    struct hierarchy *hierarchy, const struct journal_record *record, struct span made);
static enum err ended_learn(struct hierarchy *hierarchy, int64_t time);
static enum err made_learn(struct hierarchy *hierarchy, const struct record_ceremony *made);
static enum err list_learn(struct hierarchy *hierarchy, struct span body);
static enum err revoked_learn(struct hierarchy *hierarchy, struct span body);

struct hierarchy *hierarchy_new(void)
{
    struct hierarchy *hierarchy = calloc(1, sizeof *hierarchy);
    if (hierarchy != NULL) {
        hierarchy->arena = arena_make(HIERARCHY_ARENA_MAX);
    }
    return hierarchy;
}

void hierarchy_free(struct hierarchy *hierarchy)
{
    if (hierarchy != NULL) {
        arena_release(&hierarchy->arena);
        free(hierarchy);
    }
}

enum err hierarchy_learn(void *ctx, const struct journal_record *record)
{
    struct hierarchy *hierarchy = ctx;
    struct record_ceremony made;
    struct span body = arena_span(&hierarchy->arena, record->body);
    if (body.data == NULL) {
        return ERR_MEMORY;
    }
    if (record->type == JOURNAL_CRL) {
        return list_learn(hierarchy, body);
    }
    if (record->type == JOURNAL_REVOKED) {
        return revoked_learn(hierarchy, body);
    }
    if (record->type != JOURNAL_CEREMONY) {
        return ERR_INPUT;
    }
    TRY(record_ceremony_read(body, &made));
    if (strcmp(made.what, "begun") == 0) {
        return begun_learn(hierarchy, record, made.made);
    }
    if (!hierarchy->open) {
        hierarchy->older = hierarchy->ceremonies == 0;
        return hierarchy->older ? OK : ERR_INPUT;
    }
    return strcmp(made.what, "ended") == 0 ? ended_learn(hierarchy, record->time)
                                           : made_learn(hierarchy, &made);
}

/* One that was interrupted and is begun again was approved for the same head. */
static enum err begun_learn(
    struct hierarchy *hierarchy, const struct journal_record *record, struct span made)
{
    uint8_t script[HASH_BYTES];
    struct ceremony_begun begun;
    TRY(ceremony_begun_read(made, &begun));
    TRY(sha256(begun.script, script));
    if (!hierarchy->open || memcmp(script, hierarchy->script, HASH_BYTES) != 0) {
        if (record->previous.len != HASH_BYTES) {
            return ERR_INPUT;
        }
        memcpy(hierarchy->begun_from, record->previous.data, HASH_BYTES);
    }
    memcpy(hierarchy->script, script, HASH_BYTES);
    hierarchy->begun = begun;
    hierarchy->during = hierarchy->held;
    hierarchy->approvers = hierarchy->held.administrators;
    hierarchy->intent_name[0] = '\0';
    hierarchy->open = true;
    hierarchy->ceremonies++;
    return OK;
}

static enum err ended_learn(struct hierarchy *hierarchy, int64_t time)
{
    const struct ceremony_begun *begun = &hierarchy->begun;
    TRY(approvals_check(begun->approvals, begun->count, &hierarchy->approvers, hierarchy->script,
        hierarchy->begun_from, time, /* ret_reason= */ NULL));
    hierarchy->held = hierarchy->during;
    hierarchy->open = false;
    return OK;
}

static enum err authority_add(struct hierarchy *hierarchy, const struct authority *authority)
{
    struct facts *facts = &hierarchy->during;
    if (facts->authority_count == AUTHORITIES_MAX) {
        return ERR_LIMIT;
    }
    if (facts_by_name(facts, authority->name) != NULL) {
        return ERR_CONFLICT;
    }
    facts->authorities[facts->authority_count++] = *authority;
    return OK;
}

/* What was signed must be what was intended. */
static enum err signed_learn(
    struct hierarchy *hierarchy, const struct record_ceremony *made, enum authority_kind kind)
{
    struct certificate certificate;
    const struct ceremony_intent *intent = &hierarchy->intent;
    TRY(certificate_parse(made->made, &certificate));
    if (strcmp(hierarchy->intent_name, made->name) != 0 || strcmp(intent->what, made->what) != 0 ||
        !span_equal(intent->tbs, certificate.tbs)) {
        return ERR_INPUT;
    }
    struct authority authority = { .kind = kind, .certificate = made->made };
    memcpy(authority.name, made->name, sizeof authority.name);
    memcpy(authority.id, intent->id, sizeof authority.id);
    memcpy(authority.crl_name, intent->crl_name, sizeof authority.crl_name);
    memcpy(authority.by, intent->by, sizeof authority.by);
    return authority_add(hierarchy, &authority);
}

static enum err root_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    return signed_learn(hierarchy, made, AUTHORITY_ROOT);
}

static enum err issuer_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    return signed_learn(hierarchy, made, AUTHORITY_ISSUER);
}

static enum err cross_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    return signed_learn(hierarchy, made, AUTHORITY_CROSS);
}

static enum err imported_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    struct authority authority = { .kind = AUTHORITY_IMPORTED, .certificate = made->made };
    memcpy(authority.name, made->name, sizeof authority.name);
    return authority_add(hierarchy, &authority);
}

static enum err intent_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    TRY(ceremony_intent_read(made->made, &hierarchy->intent));
    memcpy(hierarchy->intent_name, made->name, sizeof hierarchy->intent_name);
    return OK;
}

static enum err seal_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    hierarchy->during.seal = made->made;
    return OK;
}

/* The first administrators approve the ceremony that names them. */
static enum err administrators_learn(
    struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    struct der reader = der_reader(made->made);
    struct administrators *set = &hierarchy->during.administrators;
    TRY(administrators_read(&reader, set));
    if (hierarchy->approvers.count == 0) {
        hierarchy->approvers = *set;
    }
    return der_finish(&reader);
}

/* Sealed by the key that was made for it, and of a later epoch than the one before. */
static enum err roster_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    struct facts *facts = &hierarchy->during;
    struct roster *roster = arena_alloc(&hierarchy->arena, 1, sizeof *roster);
    if (roster == NULL) {
        return ERR_MEMORY;
    }
    TRY(roster_open(made->made, facts->seal, &hierarchy->arena, roster, /* ret_reason= */ NULL));
    if (roster->epoch <= facts->epoch) {
        return ERR_INPUT;
    }
    facts->roster = made->made;
    facts->epoch = roster->epoch;
    return OK;
}

static enum err nothing_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    (void)hierarchy;
    (void)made;
    return OK;
}

static enum err made_learn(struct hierarchy *hierarchy, const struct record_ceremony *made)
{
    static const struct {
        const char *what;
        enum err (*learn)(struct hierarchy *hierarchy, const struct record_ceremony *made);
    } kinds[] = {
        { "root", root_learn },
        { "issuer", issuer_learn },
        { "reissued", issuer_learn },
        { "cross", cross_learn },
        { "imported", imported_learn },
        { "intent", intent_learn },
        { "seal", seal_learn },
        { "administrators", administrators_learn },
        { "roster", roster_learn },
        /* For the transcript only. */
        { "step", nothing_learn },
        { "input", nothing_learn },
        { "key", nothing_learn },
        { "request", nothing_learn },
        { "arl", nothing_learn },
        { "linted", nothing_learn },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].what, made->what) == 0) {
            return kinds[i].learn(hierarchy, made);
        }
    }
    return ERR_UNSUPPORTED;
}

static void number_set(struct facts *facts, const struct record_crl *crl)
{
    for (size_t i = 0; i < facts->authority_count; i++) {
        struct authority *root = &facts->authorities[i];
        if (root->kind == AUTHORITY_ROOT && strcmp(root->id, crl->issuer) == 0) {
            root->number = crl->number;
        }
    }
}

static enum err list_learn(struct hierarchy *hierarchy, struct span body)
{
    struct record_crl crl;
    TRY(record_crl_read(body, &crl));
    number_set(&hierarchy->held, &crl);
    number_set(&hierarchy->during, &crl);
    return OK;
}

static enum err revoked_add(struct facts *facts, const struct record_revoked *record)
{
    for (size_t i = 0; i < facts->revoked_count; i++) {
        struct revoked_authority *known = &facts->revoked[i];
        if (strcmp(known->root, record->issuer) == 0 && span_equal(known->serial, record->serial)) {
            known->reason = record->reason;
            return OK;
        }
    }
    if (facts->revoked_count == REVOKED_AUTHORITIES_MAX) {
        return ERR_LIMIT;
    }
    struct revoked_authority *revoked = &facts->revoked[facts->revoked_count++];
    *revoked = (struct revoked_authority){
        .serial = record->serial, .reason = record->reason, .date = record->date
    };
    memcpy(revoked->root, record->issuer, sizeof revoked->root);
    return OK;
}

static enum err revoked_learn(struct hierarchy *hierarchy, struct span body)
{
    struct record_revoked record;
    TRY(record_revoked_read(body, &record));
    TRY(revoked_add(&hierarchy->held, &record));
    return revoked_add(&hierarchy->during, &record);
}

static enum err journal_learn(struct hierarchy *hierarchy, struct journal_reader *reader,
    journal_visitor visit, void *ctx, struct reason *ret_reason)
{
    struct journal_record record;
    char seen[32];
    int64_t torn;
    enum err err = journal_reader_next(reader, &record);
    while (err == OK) {
        snprintf(seen, sizeof seen, "%lld", (long long)record.seq);
        err = hierarchy_learn(hierarchy, &record);
        if (err != OK) {
            return reason_set(ret_reason, err, "ceremony.journal", "record", seen, NULL);
        }
        hierarchy->end = reader->state;
        TRY(visit == NULL ? OK : visit(ctx, &record));
        err = journal_reader_next(reader, &record);
    }
    hierarchy->end = reader->state;
    err = err == ERR_INPUT ? journal_reader_end(reader, &torn) : err;
    if (err == ERR_INPUT) {
        snprintf(seen, sizeof seen, "%lld", (long long)reader->state.bytes);
        return reason_set(ret_reason, ERR_INPUT, "journal.broken", NULL, seen, NULL);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

enum err hierarchy_read(struct hierarchy *hierarchy, const char *path, journal_visitor visit,
    void *ctx, struct reason *ret_reason)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        return OK;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        enum err err = err_from_errno(errno);
        if (fd >= 0) {
            close(fd);
        }
        return reason_set(ret_reason, err, "journal.open", path, err_name(err), NULL);
    }
    AUTO(journal_reader) reader = journal_reader_make(fd, /* from= */ NULL, status.st_size);
    enum err err = journal_learn(hierarchy, &reader, visit, ctx, ret_reason);
    close(fd);
    return err;
}

const struct authority *facts_by_name(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->authority_count; i++) {
        if (strcmp(facts->authorities[i].name, name) == 0) {
            return &facts->authorities[i];
        }
    }
    return NULL;
}

const struct authority *facts_root_by_subject(const struct facts *facts, struct span subject)
{
    struct certificate certificate;
    for (size_t i = 0; i < facts->authority_count; i++) {
        const struct authority *root = &facts->authorities[i];
        if (root->kind == AUTHORITY_ROOT &&
            certificate_parse(root->certificate, &certificate) == OK &&
            span_equal(certificate.subject, subject)) {
            return root;
        }
    }
    return NULL;
}
