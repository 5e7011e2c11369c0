/* Lists that grow old. A CRL is made anew every day, so one past half of its life says that
 * something is broken; a root's list is made at a ceremony, and a new list of public suffixes is
 * fetched by whoever runs the service, so a person has to be told in time. */
#include "proc/registrar/ageing.h"
#include "lib/base/log.h"
#include "lib/dns/suffix.h"
#include "lib/store/outbox.h"
#include "lib/store/publication.h"
#include "lib/text/json.h"

#include <stdio.h>

enum { AGEING_ARENA_BYTES = 1024 * 1024, HALF_LIFE_PERCENT = 50 };

struct warning {
    struct act act;
    struct outbox_row mail;
};

static enum err lists_watch(struct registrar *registrar, struct arena *arena);
static enum err suffixes_watch(struct registrar *registrar, struct arena *arena);
static enum err operator_tell(struct registrar *registrar, const char *kind,
    struct value_tree *tree, struct value *parameters);
static enum err warning_commit(struct store *store, void *ctx);

enum err ageing_watch(struct registrar *registrar)
{
    AUTO(arena) arena = arena_make(AGEING_ARENA_BYTES);
    TRY(lists_watch(registrar, &arena));
    return suffixes_watch(registrar, &arena);
}

static enum err lists_watch(struct registrar *registrar, struct arena *arena)
{
    int64_t now = clock_now(&registrar->clock);
    struct publication_row *rows = NULL;
    size_t count = 0;
    TRY(store_publication_list(registrar->store, arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        const struct publication_row *row = &rows[i];
        if (row->kind != PUBLICATION_CRL || publication_age_percent(row, now) < HALF_LIFE_PERCENT) {
            continue;
        }
        char issued[TIME_TEXT_MAX], ends[TIME_TEXT_MAX];
        struct value_tree tree = value_tree_make(arena);
        struct value *parameters = value_object(&tree);
        time_format_rfc3339(row->this_update, issued);
        time_format_rfc3339(row->next_update, ends);
        log_event(LOG_WARNING, "crl.half_life", "list", row->name, "ends", ends, NULL);
        value_put_text(&tree, parameters, "list", row->name);
        value_put_text(&tree, parameters, "issued", issued);
        value_put_text(&tree, parameters, "ends", ends);
        TRY(operator_tell(registrar, "list-ageing", &tree, parameters));
    }
    return OK;
}

/* Which names are nobody's changes every week (doc/threats.md D20). */
static enum err suffixes_watch(struct registrar *registrar, struct arena *arena)
{
    char made[TIME_TEXT_MAX];
    struct value_tree tree = value_tree_make(arena);
    struct value *parameters = value_object(&tree);
    int64_t time = suffix_list_time(registrar->suffixes);
    if (clock_now(&registrar->clock) - time <= SUFFIX_LIST_OLD_SECONDS) {
        return OK;
    }
    time_format_rfc3339(time, made);
    log_event(LOG_WARNING, "suffix_list.old", "made", made, NULL);
    value_put_text(&tree, parameters, "made", made);
    return operator_tell(registrar, "suffixes-ageing", &tree, parameters);
}

/* The day stands among the parameters, and the outbox takes the same mail once: one a list and a
 * day. */
static enum err operator_tell(struct registrar *registrar, const char *kind,
    struct value_tree *tree, struct value *parameters)
{
    char day[TIME_TEXT_MAX];
    struct warning warning = { .act = registrar_act(registrar),
        .mail = { .to_operator = true, .language = "en" } };
    const char *recipient = registrar->config.registrar.operator_email;
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    if (recipient[0] == '\0') {
        return OK;
    }
    time_format_day(warning.act.time, day);
    value_put_text(tree, parameters, "day", day);
    value_put_text(tree, parameters, "portal_url", registrar->config.portal.url);
    TRY(value_tree_check(tree));
    json_format(&text, parameters);
    TRY(buf_check(&text));
    snprintf(warning.mail.kind, sizeof warning.mail.kind, "%s", kind);
    snprintf(warning.mail.recipient, sizeof warning.mail.recipient, "%s", recipient);
    warning.mail.parameters = arena_text(tree->arena, buf_span(&text));
    if (warning.mail.parameters == NULL) {
        return ERR_MEMORY;
    }
    return store_transact(registrar->store, warning_commit, &warning);
}

static enum err warning_commit(struct store *store, void *ctx)
{
    const struct warning *warning = ctx;
    bool told = false;
    TRY(store_outbox_contains(store, &warning->mail, &told));
    return told ? OK : store_outbox_add(store, &warning->act, &warning->mail);
}
