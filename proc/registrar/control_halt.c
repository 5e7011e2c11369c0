/* The stop switch: handed to the signer at once and before anything else, then written down. */
#include "lib/base/log.h"
#include "lib/ca/halt.h"
#include "lib/store/audit.h"
#include "lib/wire/signer.h"
#include "proc/registrar/control.h"

#include <stdio.h>

struct entry {
    struct act act;
    const char *action, *detail;
};

static enum err entry_commit(struct store *store, void *ctx);
static enum err signer_look(
    struct registrar *registrar, struct signer_status *ret_status, struct reason *ret_reason);

/* Who asks is who the kernel says; the name is only how they call themselves. */
enum err control_halt(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct halt halt;
    AUTO(client) signer = client_none();
    if (halt_read(&exchange->body, &halt) != OK) {
        return ERR_PEER;
    }
    size_t len = strnlen(halt.by, sizeof halt.by / 2);
    snprintf(halt.by + len, sizeof halt.by - len, " (uid %u)", (unsigned)exchange->user);
    utf8_make_plain(halt.by); /* whatever was cut in two */
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    TRY(signer_call_halt(&signer, &halt, &exchange->reason));
    log_event(LOG_WARNING, "issuance.stopped", "by", halt.by, "why", halt.why, NULL);
    struct entry entry = { registrar_act(registrar), "issuance.stopped", halt.why };
    entry.act.actor = halt.by;
    /* It is stopped, and the journal says by whom: a store in trouble doesn't make it a failure. */
    enum err err = store_transact(registrar->store, entry_commit, &entry);
    if (err != OK) {
        log_event(LOG_ERROR, "issuance.stop_unaudited", "by", halt.by, "err", err_name(err), NULL);
    }
    return der_encode(nothing_write, NULL, &exchange->reply);
}

enum err control_halt_look(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct signer_status status;
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    TRY(signer_look(registrar, &status, &exchange->reason));
    if (!status.halted) {
        return reason_set(
            &exchange->reason, ERR_CONFLICT, "issuance.not_stopped", NULL, NULL, NULL);
    }
    return der_encode(halt_write, &status.halt, &exchange->reply);
}

enum err control_resume(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct resumption resumption;
    AUTO(client) signer = client_none();
    if (resumption_read(&exchange->body, &resumption) != OK) {
        return ERR_PEER;
    }
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    TRY(signer_call_resume(&signer, &resumption, &exchange->reason));
    const struct officer *first =
        roster_officer(&registrar->roster, resumption.signatures[0].key_id);
    const struct officer *second =
        roster_officer(&registrar->roster, resumption.signatures[1].key_id);
    struct entry entry = { registrar_act(registrar), "issuance.resumed",
        second == NULL ? "" : second->id };
    entry.act.actor = first == NULL ? "unknown" : first->id;
    log_event(LOG_WARNING, "issuance.resumed", "by", entry.act.actor, "and", entry.detail, NULL);
    TRY(store_transact(registrar->store, entry_commit, &entry));
    bell_ring(&registrar->bell);
    return der_encode(nothing_write, NULL, &exchange->reply);
}

static enum err signer_look(
    struct registrar *registrar, struct signer_status *ret_status, struct reason *ret_reason)
{
    AUTO(client) signer = client_none();
    TRY(registrar_client(registrar, "signer.sock", SIGNER_TIMEOUT_MS, &signer));
    return signer_call_status(&signer, ret_status, ret_reason);
}

static enum err entry_commit(struct store *store, void *ctx)
{
    const struct entry *entry = ctx;
    return store_audit_add(store, &entry->act, entry->action, "signer", entry->detail);
}
