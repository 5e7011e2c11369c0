/* One walk over what the journal has beyond the last anchor; the same for the check before issuing
 * and for the operator's command. */
#include "proc/registrar/anchoring.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/blocked.h"
#include "lib/store/certificate.h"
#include "lib/wire/signer.h"

#include <inttypes.h>
#include <stdio.h>

enum { MISSING_MAX = 4096 };

/* A certificate that the signer issued and the store has never heard of. */
struct missing {
    struct signer_serial serial;
    char issuer[ISSUER_ID_MAX];
    bool revoked;
};

struct reconciliation {
    struct registrar *registrar;
    struct client *signer;
    struct act act;
    struct anchor anchor;
    const struct signer_event *event; /* what is taken over */
    struct request_id request;        /* of a revocation's certificate */
    uint8_t application[APPLICATION_ID_BYTES];
    struct missing *missing;
    size_t missing_count;
    int64_t taken_over;
};

static enum err reconcile(struct registrar *registrar, struct client *signer, bool revoke,
    struct control_facts *facts, struct reason *ret_reason);
static enum err past_walk(struct reconciliation *walk, struct reason *ret_reason);
static enum err event_take(struct reconciliation *walk, const struct signer_event *event);
static enum err certificate_look(struct reconciliation *walk, const struct signer_event *event);
static enum err revocation_take(struct reconciliation *walk, const struct signer_event *event);
static enum err withdrawal_take(struct reconciliation *walk, const struct signer_event *event);
static enum err block_take(struct reconciliation *walk, const struct signer_event *event);
static enum err missing_revoke(struct reconciliation *walk, struct reason *ret_reason);
static enum err missing_tell(
    const struct reconciliation *walk, struct control_facts *facts, struct reason *ret_reason);
static enum err anchor_commit(struct store *store, void *ctx);

static void reconciliation_release(struct reconciliation *walk)
{
    free(walk->missing);
}
AUTO_DEFINE(reconciliation, reconciliation_release)

static struct signer_place place_of(const struct anchor *anchor)
{
    struct signer_place place = { anchor->records, anchor->last_offset, { 0 } };
    memcpy(place.head, anchor->head, sizeof place.head);
    return place;
}

static struct anchor anchor_of(const struct signer_place *place)
{
    struct anchor anchor = { place->records, place->last_offset, { 0 } };
    memcpy(anchor.head, place->head, sizeof anchor.head);
    return anchor;
}

/* While the two do not agree the old anchor stands: a new one would hide what is missing behind it.
 * Revocations, withdrawals and lists go on all the same. */
enum err anchoring_take(struct registrar *registrar, struct client *signer,
    struct anchor *ret_anchor, struct reason *ret_reason)
{
    struct anchor last;
    struct signer_place now;
    enum err err = anchoring_check(registrar, signer, ret_reason);
    TRY(store_anchor_last(registrar->store, &last));
    if (err == OK) {
        const struct signer_place place = place_of(&last);
        err = signer_call_anchor(signer, &place, &now, ret_reason);
    }
    if (err == ERR_CONFLICT) {
        *ret_anchor = last;
        return OK;
    }
    TRY(err);
    *ret_anchor = anchor_of(&now);
    return OK;
}

bool anchoring_lapsed(struct registrar *registrar, enum err err, const struct reason *reason)
{
    bool lapsed = err == ERR_CONFLICT && strcmp(reason->code, "journal.unanchored") == 0;
    if (lapsed) {
        pthread_mutex_lock(&registrar->anchor_mutex);
        registrar->reconciled = false;
        pthread_mutex_unlock(&registrar->anchor_mutex);
    }
    return lapsed;
}

enum err anchoring_check(
    struct registrar *registrar, struct client *signer, struct reason *ret_reason)
{
    enum err err = OK;
    pthread_mutex_lock(&registrar->anchor_mutex);
    if (!registrar->reconciled) {
        err = reconcile(registrar, signer, /* revoke= */ false, /* facts= */ NULL, ret_reason);
    }
    pthread_mutex_unlock(&registrar->anchor_mutex);
    return err;
}

enum err anchoring_reconcile(struct registrar *registrar, struct client *signer, bool revoke,
    struct control_facts *facts, struct reason *ret_reason)
{
    pthread_mutex_lock(&registrar->anchor_mutex);
    enum err err = reconcile(registrar, signer, revoke, facts, ret_reason);
    pthread_mutex_unlock(&registrar->anchor_mutex);
    return err;
}

/* Called with the lock: the others wait, and find it done. */
static enum err reconcile(struct registrar *registrar, struct client *signer, bool revoke,
    struct control_facts *facts, struct reason *ret_reason)
{
    AUTO(reconciliation) walk = {
        .registrar = registrar, .signer = signer, .act = registrar_act(registrar)
    };
    walk.missing = calloc(MISSING_MAX, sizeof walk.missing[0]);
    if (walk.missing == NULL) {
        return ERR_MEMORY;
    }
    enum err err = past_walk(&walk, ret_reason);
    err = err == OK && revoke ? missing_revoke(&walk, ret_reason) : err;
    err = err == OK ? missing_tell(&walk, facts, ret_reason) : err;
    err = err == OK ? store_transact(registrar->store, anchor_commit, &walk) : err;
    registrar->reconciled = err == OK;
    return err;
}

static enum err anchor_commit(struct store *store, void *ctx)
{
    const struct reconciliation *walk = ctx;
    return store_anchor_put(store, &walk->act, &walk->anchor);
}

static enum err past_walk(struct reconciliation *walk, struct reason *ret_reason)
{
    struct signer_place now;
    TRY(store_anchor_last(walk->registrar->store, &walk->anchor));
    struct signer_place place = place_of(&walk->anchor);
    TRY(signer_call_anchor(walk->signer, &place, &now, ret_reason));
    for (bool more = now.records > place.records; more;) {
        struct signer_past past;
        TRY(signer_call_since(walk->signer, &place, &past, ret_reason));
        for (size_t i = 0; i < past.count; i++) {
            TRY(event_take(walk, &past.events[i]));
        }
        place = past.place;
        more = past.more;
    }
    walk->anchor = anchor_of(&place);
    return OK;
}

static enum err event_take(struct reconciliation *walk, const struct signer_event *event)
{
    static enum err (*const takers[SIGNER_EVENT_COUNT])(
        struct reconciliation * walk, const struct signer_event *event) = {
        [SIGNER_EVENT_RESERVED] = NULL, /* without its warrant it will never be signed */
        [SIGNER_EVENT_ISSUED] = certificate_look,
        [SIGNER_EVENT_REVOKED] = revocation_take,
        [SIGNER_EVENT_WITHDRAWN] = withdrawal_take,
        [SIGNER_EVENT_BLOCKED] = block_take,
    };
    return takers[event->kind] == NULL ? OK : takers[event->kind](walk, event);
}

static struct span serial_span(const struct signer_serial *serial)
{
    return span_make(serial->bytes, serial->len);
}

/* A row that waits for its certificate will get it from the signer in the ordinary way. */
static enum err certificate_look(struct reconciliation *walk, const struct signer_event *event)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    enum err err =
        store_certificate_by_request(walk->registrar->store, &event->request, &arena, &row);
    if (err == OK && (row.serial.len == 0 || span_equal(row.serial, serial_span(&event->serial)))) {
        return OK;
    }
    if (err != OK && err != ERR_NOT_FOUND) {
        return err;
    }
    if (walk->missing_count == MISSING_MAX) {
        return ERR_LIMIT;
    }
    struct missing *missing = &walk->missing[walk->missing_count++];
    missing->serial = event->serial;
    memcpy(missing->issuer, event->issuer, sizeof missing->issuer);
    return OK;
}

static enum err revocation_commit(struct store *store, void *ctx)
{
    const struct reconciliation *walk = ctx;
    return store_certificate_revoke(store, &walk->act, &walk->request, walk->event->reason);
}

static enum err revocation_take(struct reconciliation *walk, const struct signer_event *event)
{
    struct certificate_row row = { 0 };
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    for (size_t i = 0; i < walk->missing_count; i++) {
        struct missing *missing = &walk->missing[i];
        bool same = span_equal(serial_span(&missing->serial), serial_span(&event->serial));
        missing->revoked = missing->revoked || same;
    }
    enum err err = store_certificate_by_serial(
        walk->registrar->store, serial_span(&event->serial), &arena, &row);
    if (err != OK) {
        return err == ERR_NOT_FOUND ? OK : err;
    }
    walk->event = event;
    walk->request = row.request;
    err = store_transact(walk->registrar->store, revocation_commit, walk);
    walk->taken_over += err == OK;
    return err == ERR_CONFLICT ? OK : err; /* known */
}

static enum err withdrawal_commit(struct store *store, void *ctx)
{
    const struct reconciliation *walk = ctx;
    return store_application_set_state(store, &walk->act, walk->application, APPLICATION_WITHDRAWN);
}

static enum err withdrawal_take(struct reconciliation *walk, const struct signer_event *event)
{
    enum err err =
        store_application_by_hash(walk->registrar->store, event->hash, walk->application);
    err = err == OK ? store_transact(walk->registrar->store, withdrawal_commit, walk) : err;
    walk->taken_over += err == OK;
    return err == ERR_CONFLICT || err == ERR_NOT_FOUND ? OK : err; /* known, or of no concern */
}

static enum err block_commit(struct store *store, void *ctx)
{
    const struct reconciliation *walk = ctx;
    return store_blocked_add(store, &walk->act, walk->event->hash, "the signer's journal");
}

/* Not settled: its certificates are looked for once more. */
static enum err block_take(struct reconciliation *walk, const struct signer_event *event)
{
    bool known = false;
    TRY(store_blocked_contains(walk->registrar->store, event->hash, &known));
    if (known) {
        return OK;
    }
    walk->event = event;
    TRY(store_transact(walk->registrar->store, block_commit, walk));
    walk->taken_over++;
    return OK;
}

/* What nobody here can answer for is not to be relied on. */
static enum err missing_revoke(struct reconciliation *walk, struct reason *ret_reason)
{
    for (size_t i = 0; i < walk->missing_count; i++) {
        struct missing *missing = &walk->missing[i];
        struct signer_revoke revoke = {
            .serial = missing->serial, .reason = REVOCATION_CESSATION, .date = walk->act.time
        };
        char serial[2 * SERIAL_MAX_BYTES + 1];
        if (missing->revoked) {
            continue;
        }
        memcpy(revoke.issuer, missing->issuer, sizeof revoke.issuer);
        TRY(signer_call_revoke(walk->signer, &revoke, ret_reason));
        missing->revoked = true;
        walk->taken_over++;
        hex_format(serial_span(&missing->serial), serial);
        log_event(LOG_WARNING, "certificate.unknown_revoked", "serial", serial, NULL);
    }
    struct signer_place now;
    const struct signer_place place = place_of(&walk->anchor);
    TRY(signer_call_anchor(walk->signer, &place, &now, ret_reason));
    walk->anchor = anchor_of(&now);
    return OK;
}

static enum err missing_tell(
    const struct reconciliation *walk, struct control_facts *facts, struct reason *ret_reason)
{
    char serial[2 * SERIAL_MAX_BYTES + 1] = "", first[2 * SERIAL_MAX_BYTES + 1] = "", number[24];
    size_t open = 0;
    for (size_t i = 0; i < walk->missing_count; i++) {
        if (walk->missing[i].revoked) {
            continue;
        }
        hex_format(serial_span(&walk->missing[i].serial), serial);
        if (open++ == 0) {
            memcpy(first, serial, sizeof first);
        }
        if (facts != NULL) {
            control_fact_add(facts, "missing.serial", serial);
        }
        log_event(LOG_ERROR, "certificate.unknown", "serial", serial, "issuer",
            walk->missing[i].issuer, NULL);
    }
    snprintf(number, sizeof number, "%zu", open);
    if (open > 0) {
        return reason_set(ret_reason, ERR_CONFLICT, "store.behind", first, number, "0");
    }
    if (facts != NULL) {
        control_fact_add(facts, "reconciled", "yes");
        snprintf(number, sizeof number, "%" PRId64, walk->anchor.records);
        control_fact_add(facts, "journal.records", number);
        snprintf(number, sizeof number, "%" PRId64, walk->taken_over);
        control_fact_add(facts, "taken_over", number);
    }
    return OK;
}
