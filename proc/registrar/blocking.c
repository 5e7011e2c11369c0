/* First the signer, then the store: a key whose revocations are recorded is refused everywhere. All
 * of it may be done again. */
#include "proc/registrar/blocking.h"
#include "lib/base/log.h"
#include "lib/store/application.h"
#include "lib/store/blocked.h"
#include "lib/store/enrolment.h"
#include "lib/wire/signer.h"
#include "proc/registrar/acceptance.h"
#include "proc/registrar/anchoring.h"

enum { KEYS_MAX = 16, SIBLINGS_MAX = 16 };

/* A certificate with the key, and the mail about it. */
struct sibling {
    struct certificate_row certificate;
    struct outbox_row mail;
};

struct blocking {
    struct act act;
    struct anchor anchor;
    const struct blocked_row *key;
    struct sibling siblings[SIBLINGS_MAX];
    size_t count;
    bool more;
};

static enum err key_handle(
    struct registrar *registrar, struct client *signer, const struct blocked_row *key);
static enum err sibling_read(struct registrar *registrar, const struct certificate_row *row,
    struct arena *arena, struct sibling *ret_sibling);
static enum err blocking_commit(struct store *store, void *ctx);
static enum err sibling_commit(
    struct store *store, const struct act *act, const struct sibling *sibling);

enum err blocking_step(struct registrar *registrar, struct client *signer, bool *ret_worked)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct blocked_row *rows = NULL;
    size_t count = 0;
    TRY(store_blocked_due(registrar->store, KEYS_MAX, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(key_handle(registrar, signer, &rows[i]));
        *ret_worked = true;
    }
    return OK;
}

static enum err key_handle(
    struct registrar *registrar, struct client *signer, const struct blocked_row *key)
{
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct reason reason = { 0 };
    struct signer_block block;
    struct certificate_row *rows = NULL;
    size_t count = 0;
    char hex[2 * HASH_BYTES + 1], number[24];
    struct blocking blocking = { .act = registrar_act(registrar), .key = key };
    memcpy(block.spki_hash, key->spki_hash, HASH_BYTES);
    TRY(signer_call_block(signer, &block, &reason));
    TRY(anchoring_take(registrar, signer, &blocking.anchor, &reason));
    TRY(store_certificate_valid_by_key(
        registrar->store, key->spki_hash, SIBLINGS_MAX, &arena, &rows, &count));
    blocking.more = count == SIBLINGS_MAX;
    for (; blocking.count < count; blocking.count++) {
        TRY(sibling_read(
            registrar, &rows[blocking.count], &arena, &blocking.siblings[blocking.count]));
    }
    TRY(store_transact(registrar->store, blocking_commit, &blocking));
    hex_format(SPAN_OF(key->spki_hash), hex);
    snprintf(number, sizeof number, "%zu", count);
    log_event(LOG_WARNING, "key.settled", "spki_sha256", hex, "revoking", number, NULL);
    return OK;
}

static enum err sibling_read(struct registrar *registrar, const struct certificate_row *row,
    struct arena *arena, struct sibling *ret_sibling)
{
    struct enrolment_row enrolment = { 0 };
    struct application_row application_row = { 0 };
    struct application application = { 0 };
    TRY(store_enrolment_get(registrar->store, row->request.enrolment, &enrolment));
    TRY(store_application_get(registrar->store, enrolment.application, arena, &application_row));
    TRY(application_parse(application_row.der, arena, &application));
    const struct acceptance_mail mail = { .kind = "key-blocked",
        .application = &application,
        .spki_hash = row->spki_hash,
        .serial = row->serial };
    ret_sibling->certificate = *row;
    return acceptance_mail_write(
        registrar, &mail, row->request.enrolment, arena, &ret_sibling->mail);
}

static enum err blocking_commit(struct store *store, void *ctx)
{
    const struct blocking *blocking = ctx;
    TRY(store_anchor_put(store, &blocking->act, &blocking->anchor));
    for (size_t i = 0; i < blocking->count; i++) {
        TRY(sibling_commit(store, &blocking->act, &blocking->siblings[i]));
    }
    return blocking->more ? OK
                          : store_blocked_settle(store, &blocking->act, blocking->key->spki_hash);
}

/* One that waits for its yes or no goes the way of a no, back to the page for another request. */
static enum err sibling_commit(
    struct store *store, const struct act *act, const struct sibling *sibling)
{
    const struct certificate_row *row = &sibling->certificate;
    enum enrolment_state state = ENROLMENT_OPEN;
    struct reason problem = { 0 };
    if (row->state == CERTIFICATE_ISSUED) {
        const uint8_t *id = row->request.enrolment;
        TRY(store_enrolment_advance(store, act, id, ENROLMENT_DECLINE_KEY, &state));
        TRY(store_certificate_decline(store, act, &row->request, REVOCATION_KEY_COMPROMISE));
        (void)reason_set(&problem, ERR_DENIED, "key.blocked", "", "", "");
        TRY(store_enrolment_set_problem(store, id, &problem));
    } else {
        TRY(store_certificate_revoke(store, act, &row->request, REVOCATION_KEY_COMPROMISE));
    }
    return store_outbox_add(store, act, &sibling->mail);
}
