/* Notices: added, listed and removed for the administrator; the portal reads them from the store.
 */
#include "lib/store/notice.h"
#include "lib/wire/notice.h"
#include "proc/registrar/control.h"

#include <inttypes.h>
#include <stdio.h>

struct notice_change {
    struct act act;
    struct notice notice;
};

static enum err addition_commit(struct store *store, void *ctx);
static enum err removal_commit(struct store *store, void *ctx);

enum err control_notice_add(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct notice_change change = { .act = registrar_act(registrar) };
    change.act.actor = "operator";
    if (control_notice_read(&exchange->body, &change.notice) != OK) {
        return ERR_PEER;
    }
    TRY(notice_check(&change.notice, &exchange->reason));
    enum err err = store_transact(registrar->store, addition_commit, &change);
    if (err == ERR_LIMIT) {
        char most[16];
        snprintf(most, sizeof most, "%d", NOTICES_MAX);
        return reason_set(&exchange->reason, err, "notice.many", NULL, NULL, most);
    }
    TRY(err);
    struct control_number number = { .number = change.notice.id };
    return der_encode(control_number_write, &number, &exchange->reply);
}

enum err control_notice_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(STEP_ARENA_BYTES);
    struct control_notices notices = { 0 };
    struct notice *rows = NULL;
    if (nothing_read(&exchange->body) != OK) {
        return ERR_PEER;
    }
    TRY(store_notice_list(registrar->store, &arena, &rows, &notices.count));
    memcpy(notices.rows, rows, notices.count * sizeof *rows);
    return der_encode(control_notices_write, &notices, &exchange->reply);
}

enum err control_notice_remove(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    struct control_number number;
    struct notice_change change = { .act = registrar_act(registrar) };
    change.act.actor = "operator";
    if (control_number_read(&exchange->body, &number) != OK) {
        return ERR_PEER;
    }
    change.notice.id = number.number;
    enum err err = store_transact(registrar->store, removal_commit, &change);
    if (err == ERR_NOT_FOUND) {
        char id[24];
        snprintf(id, sizeof id, "%" PRId64, number.number);
        return reason_set(&exchange->reason, err, "notice.unknown", "ID", id, NULL);
    }
    TRY(err);
    return der_encode(nothing_write, NULL, &exchange->reply);
}

static enum err addition_commit(struct store *store, void *ctx)
{
    struct notice_change *change = ctx;
    return store_notice_add(store, &change->act, &change->notice, &change->notice.id);
}

static enum err removal_commit(struct store *store, void *ctx)
{
    const struct notice_change *change = ctx;
    return store_notice_remove(store, &change->act, change->notice.id);
}
