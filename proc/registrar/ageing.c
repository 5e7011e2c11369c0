/* Published lists that grow old. A CRL is made anew every day, so one past half of its life says
 * that something is broken; a root's list is made at a ceremony, so a person has to be told in
 * time. */
#include "proc/registrar/ageing.h"
#include "lib/base/log.h"
#include "lib/store/outbox.h"
#include "lib/store/publication.h"
#include "lib/text/json.h"

#include <stdio.h>

enum { AGEING_ARENA_BYTES = 1024 * 1024, HALF_LIFE_PERCENT = 50 };

struct warning {
    struct act act;
    struct outbox_row mail;
};

static enum err operator_tell(
    struct registrar *registrar, const struct publication_row *list, struct arena *arena);
static enum err mail_write(const struct registrar *registrar, const struct publication_row *list,
    int64_t now, struct arena *arena, struct outbox_row *ret_mail);
static enum err warning_commit(struct store *store, void *ctx);

enum err ageing_watch(struct registrar *registrar)
{
    AUTO(arena) arena = arena_make(AGEING_ARENA_BYTES);
    int64_t now = clock_now(&registrar->clock);
    struct publication_row *rows = NULL;
    size_t count = 0;
    TRY(store_publication_list(registrar->store, &arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct publication_row *row = &rows[i];
        if (row->kind != PUBLICATION_CRL || publication_age_percent(row, now) < HALF_LIFE_PERCENT) {
            continue;
        }
        char ends[TIME_TEXT_MAX];
        time_format_rfc3339(row->next_update, ends);
        log_event(LOG_WARNING, "crl.half_life", "list", row->name, "ends", ends, NULL);
        if (registrar->config.registrar.operator_email[0] != '\0') {
            TRY(operator_tell(registrar, row, &arena));
        }
    }
    return OK;
}

static enum err operator_tell(
    struct registrar *registrar, const struct publication_row *list, struct arena *arena)
{
    struct warning warning = { .act = registrar_act(registrar) };
    TRY(mail_write(registrar, list, warning.act.time, arena, &warning.mail));
    return store_transact(registrar->store, warning_commit, &warning);
}

/* The day stands among the parameters, and the outbox takes the same mail once: one a list and a
 * day. */
static enum err mail_write(const struct registrar *registrar, const struct publication_row *list,
    int64_t now, struct arena *arena, struct outbox_row *ret_mail)
{
    char day[TIME_TEXT_MAX], issued[TIME_TEXT_MAX], ends[TIME_TEXT_MAX];
    struct value_tree tree = value_tree_make(arena);
    struct value *parameters = value_object(&tree);
    time_format_day(now, day);
    time_format_rfc3339(list->this_update, issued);
    time_format_rfc3339(list->next_update, ends);
    value_put_text(&tree, parameters, "list", list->name);
    value_put_text(&tree, parameters, "day", day);
    value_put_text(&tree, parameters, "issued", issued);
    value_put_text(&tree, parameters, "ends", ends);
    value_put_text(&tree, parameters, "portal_url", registrar->config.portal.url);
    TRY(value_tree_check(&tree));
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    json_format(&text, parameters);
    TRY(buf_check(&text));
    struct outbox_row mail = { .kind = "list-ageing", .to_operator = true, .language = "en" };
    snprintf(
        mail.recipient, sizeof mail.recipient, "%s", registrar->config.registrar.operator_email);
    mail.parameters = arena_text(arena, buf_span(&text));
    if (mail.parameters == NULL) {
        return ERR_MEMORY;
    }
    *ret_mail = mail;
    return OK;
}

static enum err warning_commit(struct store *store, void *ctx)
{
    const struct warning *warning = ctx;
    bool told = false;
    TRY(store_outbox_contains(store, &warning->mail, &told));
    return told ? OK : store_outbox_add(store, &warning->act, &warning->mail);
}
