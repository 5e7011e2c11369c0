/* Mail that has not arrived: shown to whoever can see to it, tried again, or taken off the list. */
#include "lib/store/outbox.h"
#include "lib/wire/mails.h"
#include "proc/registrar/control.h"

#include <inttypes.h>
#include <stdio.h>

struct mail_change {
    struct act act;
    int64_t id;
    enum err (*change)(struct store *store, const struct act *act, int64_t id);
};

static enum err mail_change(struct registrar *registrar, struct exchange *exchange,
    enum err (*change)(struct store *store, const struct act *act, int64_t id));
static enum err change_commit(struct store *store, void *ctx);

enum err control_mail_list(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(2 * STEP_ARENA_BYTES);
    struct control_page page;
    struct outbox_undelivered *rows = NULL;
    struct control_mails mails = { 0 };
    size_t count = 0;
    if (control_page_read(&exchange->body, &page) != OK) {
        return ERR_PEER;
    }
    TRY(store_outbox_undelivered(
        registrar->store, page.from, CONTROL_PAGE_ROWS, &arena, &rows, &count));
    mails.rows = arena_alloc(&arena, count, sizeof *mails.rows);
    if (mails.rows == NULL) {
        return ERR_MEMORY;
    }
    for (; mails.count < count; mails.count++) {
        const struct outbox_undelivered *row = &rows[mails.count];
        struct control_mail *mail = &mails.rows[mails.count];
        *mail = (struct control_mail){ .id = row->id,
            .queued = row->queued,
            .attempts = row->attempts,
            .next_try = row->next_try };
        memcpy(mail->application, row->application, sizeof mail->application);
        snprintf(mail->kind, sizeof mail->kind, "%s", row->kind);
        snprintf(mail->recipient, sizeof mail->recipient, "%s", row->recipient);
        snprintf(mail->name, sizeof mail->name, "%s", row->server_name);
        snprintf(mail->problem, sizeof mail->problem, "%s", row->problem);
        snprintf(mail->seen, sizeof mail->seen, "%s", row->seen);
    }
    return der_encode(control_mails_write, &mails, &exchange->reply);
}

enum err control_mail_again(void *ctx, struct exchange *exchange)
{
    return mail_change(ctx, exchange, store_outbox_again);
}

enum err control_mail_forget(void *ctx, struct exchange *exchange)
{
    return mail_change(ctx, exchange, store_outbox_forget);
}

static enum err mail_change(struct registrar *registrar, struct exchange *exchange,
    enum err (*change)(struct store *store, const struct act *act, int64_t id))
{
    struct control_number number;
    struct mail_change changing = { .act = registrar_act(registrar), .change = change };
    changing.act.actor = "operator";
    if (control_number_read(&exchange->body, &number) != OK) {
        return ERR_PEER;
    }
    changing.id = number.number;
    enum err err = store_transact(registrar->store, change_commit, &changing);
    if (err == ERR_NOT_FOUND) {
        char id[24];
        snprintf(id, sizeof id, "%" PRId64, number.number);
        return reason_set(&exchange->reason, err, number.number == 0 ? "mail.none" : "mail.unknown",
            "ID", number.number == 0 ? NULL : id, NULL);
    }
    TRY(err);
    return der_encode(nothing_write, NULL, &exchange->reply);
}

static enum err change_commit(struct store *store, void *ctx)
{
    const struct mail_change *changing = ctx;
    return changing->change(store, &changing->act, changing->id);
}
