/* The signer builds every CRL from its own journal; here it is only checked, numbered upwards and
 * published, together with the certificates' new state. */
#include "proc/registrar/lists.h"
#include "lib/base/log.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/store/certificate.h"
#include "lib/store/publication.h"
#include "lib/wire/signer.h"
#include "proc/registrar/anchoring.h"

#include <stdio.h>

/* BR 4.9.7: at most ten days; a week leaves time to notice that none came. */
#define CRL_LIFE_SECONDS (7 * DAY_SECONDS)

enum { REVOCATIONS_MAX = 64, PUBLICATIONS_ARENA = 1024 * 1024 };

/* What one CRL is published with. */
struct listing {
    struct act act;
    struct anchor anchor;
    const struct issuer *issuer;
    struct publication_row publication;
    const struct certificate_row *rows; /* that the signer was told of, of any issuer */
    size_t count;
};

static enum err decided_list(
    struct store *store, struct arena *arena, struct certificate_row *rows, size_t *ret_count);
static enum err signer_tell(struct client *signer, const struct certificate_row *row);
static enum err listing_publish(struct registrar *registrar, struct client *signer,
    const struct issuer *issuer, struct listing *listing, struct reason *ret_reason);
static enum err list_check(const struct issuer *issuer, struct span der,
    const struct signer_crl_made *made, struct publication_row *ret_row);
static enum err predecessor_check(
    struct store *store, const struct publication_row *row, struct reason *ret_reason);
static enum err listing_commit(struct store *store, void *ctx);
static bool crl_due(const struct registrar *registrar, const struct issuer *issuer,
    const struct publication_row *rows, size_t count);

static bool issued_by(const struct certificate_row *row, const struct issuer *issuer)
{
    return strcmp(row->issuer, issuer->id) == 0;
}

static bool issuer_concerned(
    const struct issuer *issuer, const struct certificate_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (issued_by(&rows[i], issuer)) {
            return true;
        }
    }
    return false;
}

enum err revocation_step(struct registrar *registrar, struct client *signer, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct certificate_row rows[2 * REVOCATIONS_MAX];
    size_t count = 0;
    TRY(decided_list(registrar->store, &arena, rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(signer_tell(signer, &rows[i]));
    }
    for (size_t i = 0; i < registrar->roster.issuer_count; i++) {
        const struct issuer *issuer = &registrar->roster.issuers[i];
        struct reason reason = { 0 };
        struct listing listing = { .rows = rows, .count = count };
        if (!issuer_concerned(issuer, rows, count)) {
            continue;
        }
        enum err err = listing_publish(registrar, signer, issuer, &listing, &reason);
        if (err != OK) {
            log_failure(LOG_ERROR, "crl.not_made", err, &reason);
            return err;
        }
    }
    *ret_worked = count > 0;
    return OK;
}

static enum err decided_list(
    struct store *store, struct arena *arena, struct certificate_row *rows, size_t *ret_count)
{
    static const enum certificate_state states[] = { CERTIFICATE_DECLINED, CERTIFICATE_REVOKING };
    size_t count = 0;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct certificate_row *found = NULL;
        size_t more = 0;
        TRY(store_certificate_list(store, states[i], REVOCATIONS_MAX, arena, &found, &more));
        memcpy(&rows[count], found, more * sizeof *found);
        count += more;
    }
    *ret_count = count;
    return OK;
}

static enum err signer_tell(struct client *signer, const struct certificate_row *row)
{
    struct reason reason = { 0 };
    struct signer_revoke revoke = {
        .serial = { .len = row->serial.len }, .reason = row->reason, .date = row->revoked
    };
    snprintf(revoke.issuer, sizeof revoke.issuer, "%s", row->issuer);
    memcpy(revoke.serial.bytes, row->serial.data, row->serial.len);
    enum err err = signer_call_revoke(signer, &revoke, &reason);
    if (err != OK) {
        log_failure(LOG_ERROR, "certificate.not_revoked", err, &reason);
    }
    return err;
}

enum err crl_make(struct registrar *registrar, struct client *signer, const struct issuer *issuer,
    int64_t *ret_number, struct reason *ret_reason)
{
    struct listing listing = { 0 };
    TRY(listing_publish(registrar, signer, issuer, &listing, ret_reason));
    *ret_number = listing.publication.number;
    return OK;
}

static enum err listing_publish(struct registrar *registrar, struct client *signer,
    const struct issuer *issuer, struct listing *listing, struct reason *ret_reason)
{
    AUTO(mapping) crl = { 0 };
    struct signer_crl_made made = { 0 };
    struct signer_crl request = { .this_update = clock_now(&registrar->clock) };
    request.next_update = request.this_update + CRL_LIFE_SECONDS;
    snprintf(request.issuer, sizeof request.issuer, "%s", issuer->id);
    pthread_mutex_lock(&registrar->crl_mutex);
    enum err err = signer_call_crl(signer, &request, &made, &crl, ret_reason);
    if (err == OK) {
        err = list_check(issuer, crl.content, &made, &listing->publication);
    }
    if (err == OK) {
        err = predecessor_check(registrar->store, &listing->publication, ret_reason);
    }
    if (err == OK) {
        err = anchoring_take(registrar, signer, &listing->anchor, ret_reason);
    }
    if (err == OK) {
        listing->act = registrar_act(registrar);
        listing->issuer = issuer;
        err = store_transact(registrar->store, listing_commit, listing);
    }
    pthread_mutex_unlock(&registrar->crl_mutex);
    TRY(err);
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)made.number);
    log_event(LOG_INFO, "crl.published", "issuer", issuer->id, "number", number, NULL);
    return OK;
}

/* Nothing is published that its relying parties would refuse. */
static enum err list_check(const struct issuer *issuer, struct span der,
    const struct signer_crl_made *made, struct publication_row *ret_row)
{
    struct certificate ca;
    struct crl crl;
    AUTO_PTR(key) key = NULL;
    TRY(certificate_parse(issuer->certificate, &ca));
    TRY(key_from_spki(ca.spki, &key));
    TRY(crl_parse(der, &crl));
    TRY(crl_verify(&crl, key));
    if (!span_equal(crl.issuer, ca.subject)) {
        return ERR_PEER;
    }
    struct publication_row row = { .kind = PUBLICATION_CRL,
        .der = der,
        .number = made->number,
        .this_update = crl.this_update,
        .next_update = crl.next_update };
    snprintf(row.name, sizeof row.name, "%s", issuer->crl_name);
    *ret_row = row;
    return OK;
}

/* Whether the one list holds all that the other held. The signer lists by serial, so one walk over
 * both is enough; only a list of another order is looked through for each entry. */
static bool list_continues(const struct crl *before, const struct crl *after)
{
    struct der old_entries = der_reader(before->entries), new_entries = der_reader(after->entries);
    while (!der_empty(&old_entries)) {
        struct crl_entry wanted, entry = { 0 };
        if (crl_entry_next(&old_entries, &wanted) != OK) {
            return false;
        }
        while (!span_equal(entry.serial, wanted.serial)) {
            if (!der_empty(&new_entries)) {
                if (crl_entry_next(&new_entries, &entry) != OK) {
                    return false;
                }
            } else if (crl_find(after, wanted.serial, &entry) != OK) {
                return false;
            }
        }
    }
    return true;
}

/* A signer whose journal was lost or put back must not make anybody forget (doc/threats.md R1,
 * S18): once revoked, a certificate stays on every list. */
static enum err predecessor_check(
    struct store *store, const struct publication_row *row, struct reason *ret_reason)
{
    struct crl before, after;
    struct publication_row published = { 0 };
    AUTO(arena) arena = arena_make(FILE_MAX_BYTES);
    enum err err = store_publication_get(store, row->kind, row->name, &arena, &published);
    if (err != OK) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    TRY(crl_parse(published.der, &before));
    TRY(crl_parse(row->der, &after));
    return list_continues(&before, &after)
               ? OK
               : reason_set(ret_reason, ERR_CONFLICT, "crl.entry_lost", row->name, NULL, NULL);
}

/* A certificate is revoked when the list of its own issuer says so, not before. */
static enum err listing_commit(struct store *store, void *ctx)
{
    const struct listing *listing = ctx;
    TRY(store_publication_put(store, &listing->act, &listing->publication));
    TRY(store_anchor_put(store, &listing->act, &listing->anchor));
    for (size_t i = 0; i < listing->count; i++) {
        if (!issued_by(&listing->rows[i], listing->issuer)) {
            continue;
        }
        enum err err = store_certificate_revoked(store, &listing->act, &listing->rows[i].request);
        if (err != OK && err != ERR_CONFLICT) {
            return err;
        }
    }
    return OK;
}

enum err crl_step(struct registrar *registrar, struct client *signer, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(PUBLICATIONS_ARENA);
    struct publication_row *rows = NULL;
    size_t count = 0;
    TRY(store_publication_list(registrar->store, &arena, &rows, &count));
    for (size_t i = 0; i < registrar->roster.issuer_count; i++) {
        const struct issuer *issuer = &registrar->roster.issuers[i];
        struct reason reason = { 0 };
        int64_t number = 0;
        if (!crl_due(registrar, issuer, rows, count)) {
            continue;
        }
        enum err err = crl_make(registrar, signer, issuer, &number, &reason);
        if (err != OK) {
            log_failure(LOG_ERROR, "crl.not_made", err, &reason);
            return err;
        }
        *ret_worked = true;
    }
    return OK;
}

static bool crl_due(const struct registrar *registrar, const struct issuer *issuer,
    const struct publication_row *rows, size_t count)
{
    int64_t now = clock_now(&registrar->clock);
    int64_t period = (int64_t)registrar->config.registrar.crl_hours * 3600;
    for (size_t i = 0; i < count; i++) {
        const struct publication_row *row = &rows[i];
        if (row->kind != PUBLICATION_CRL || strcmp(row->name, issuer->crl_name) != 0) {
            continue;
        }
        return now >= row->this_update + period;
    }
    return true;
}
