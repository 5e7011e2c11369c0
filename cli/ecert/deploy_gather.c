/* Which targets a command is about. A name that the ledger knows keeps its history, whatever of its
 * description is new. */
#include "cli/ecert/deploy.h"
#include "lib/config/targets.h"

#include <stdio.h>

/* Reading the file of targets. */
struct reading {
    struct tool *tool;
    const struct certstore *store;
    struct deploy_list *list;
};

static enum err file_visit(
    const char *name, const char *key, const char *value, struct reason *ret_reason, void *ctx);
static enum err record_begin(struct tool *tool, const struct certstore *store, const char *name,
    struct deploy_list *list, struct reason *ret_reason);
static enum err options_take(struct tool *tool, const struct arguments *arguments,
    const struct certstore *store, struct deploy_list *list, struct reason *ret_reason);
static enum err only_keep(
    const struct arguments *arguments, struct deploy_list *list, struct reason *ret_reason);

enum err deploy_gather(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, const struct deploy_material *material, struct deploy_list *ret_list,
    struct reason *ret_reason)
{
    struct deploy_list *list = ret_list;
    const char *file = arguments_value(arguments, "targets");
    bool options = arguments_has(arguments, "kind");
    list->records = arena_alloc(&tool->arena, DEPLOY_TARGETS_MAX, sizeof *list->records);
    if (list->records == NULL) {
        return ERR_MEMORY;
    }
    if (file != NULL) {
        struct reading reading = { tool, store, list };
        TRY(config_targets_read(file, file_visit, &reading, ret_reason));
    }
    if (options) {
        TRY(options_take(tool, arguments, store, list, ret_reason));
    }
    if (file == NULL && !options) {
        const char *name = material == NULL ? NULL : material->view.first_name;
        TRY(deploy_ledger(tool, store, name, list, ret_reason));
    }
    TRY(only_keep(arguments, list, ret_reason));
    if (list->count == 0 && material != NULL && tool->asks && !arguments_has(arguments, "only")) {
        struct deploy_target target = { .kind = NULL };
        TRY(deploy_ask(tool, material, &target));
        TRY(record_begin(tool, store, target.name, list, ret_reason));
        list->records[0].target = target;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(deploy_target_check(&list->records[i].target, ret_reason));
        if (material != NULL) {
            TRY(deploy_material_fits(material, &list->records[i].target, ret_reason));
        }
    }
    return list->count > 0
               ? OK
               : reason_set(ret_reason, ERR_NOT_FOUND, "deploy.no_target", "--kind", NULL, NULL);
}

/* No key: the next target begins. */
static enum err file_visit(
    const char *name, const char *key, const char *value, struct reason *ret_reason, void *ctx)
{
    struct reading *reading = ctx;
    struct deploy_list *list = reading->list;
    return key == NULL
               ? record_begin(reading->tool, reading->store, name, list, ret_reason)
               : deploy_field_set(&list->records[list->count - 1].target, key, value, ret_reason);
}

/* With what the ledger knows of the name, but a description of its own. */
static enum err record_begin(struct tool *tool, const struct certstore *store, const char *name,
    struct deploy_list *list, struct reason *ret_reason)
{
    if (!ledger_name_valid(name)) {
        return reason_set(ret_reason, ERR_INPUT, "deploy.name", name, name, "a-z A-Z 0-9 . _ - @");
    }
    if (list->count == DEPLOY_TARGETS_MAX) {
        return reason_set(ret_reason, ERR_LIMIT, "deploy.many", name, NULL, "64");
    }
    struct deploy_record *record = &list->records[list->count];
    *record = (struct deploy_record){ .state = DEPLOY_NEW };
    enum err err = deploy_record_read(tool, store, name, record, ret_reason);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    record->target = (struct deploy_target){ .kind = NULL };
    snprintf(record->target.name, sizeof record->target.name, "%s", name);
    list->count++;
    return OK;
}

/* --kind and its like; the name is --target, else the kind's and the host's. */
static enum err options_take(struct tool *tool, const struct arguments *arguments,
    const struct certstore *store, struct deploy_list *list, struct reason *ret_reason)
{
    const char *name = arguments_value(arguments, "target");
    const char *to = arguments_value(arguments, "to");
    char proposed[LEDGER_NAME_MAX];
    struct remote remote;
    if (to != NULL) {
        TRY(remote_destination(to, &remote, ret_reason));
    }
    deploy_name_propose(arguments_value(arguments, "kind"), to == NULL ? "" : to, proposed);
    name = name == NULL ? proposed : name;
    TRY(record_begin(tool, store, name, list, ret_reason));
    struct deploy_target *target = &list->records[list->count - 1].target;
    for (size_t i = 0; deploy_field_name(i) != NULL; i++) {
        char option[32];
        snprintf(option, sizeof option, "%s", deploy_field_name(i));
        for (char *byte = option; *byte != '\0'; byte++) {
            *byte = *byte == '_' ? '-' : *byte;
        }
        const char *value = arguments_value(arguments, option);
        if (value != NULL) {
            TRY(deploy_field_set(target, deploy_field_name(i), value, ret_reason));
        }
    }
    return OK;
}

enum err deploy_ledger(struct tool *tool, const struct certstore *store, const char *server_name,
    struct deploy_list *list, struct reason *ret_reason)
{
    struct ledger_names *names = arena_alloc(&tool->arena, 1, sizeof *names);
    if (list->records == NULL) {
        list->records = arena_alloc(&tool->arena, DEPLOY_TARGETS_MAX, sizeof *list->records);
    }
    TRY(names == NULL || list->records == NULL ? ERR_MEMORY : certstore_ledger_list(store, names));
    for (size_t i = 0; i < names->count; i++) {
        struct deploy_record record;
        TRY(deploy_record_read(tool, store, names->names[i], &record, ret_reason));
        if (server_name != NULL && strcmp(record.server_name, server_name) != 0) {
            continue;
        }
        if (list->count == DEPLOY_TARGETS_MAX) {
            return reason_set(ret_reason, ERR_LIMIT, "deploy.many", record.target.name, NULL, "64");
        }
        list->records[list->count++] = record;
    }
    return OK;
}

/* Every name of --only must be one of them. */
static enum err only_keep(
    const struct arguments *arguments, struct deploy_list *list, struct reason *ret_reason)
{
    const char *name;
    size_t kept = 0;
    for (size_t i = 0; (name = arguments_nth(arguments, "only", i)) != NULL; i++) {
        size_t at = kept;
        while (at < list->count && strcmp(list->records[at].target.name, name) != 0) {
            at++;
        }
        if (at == list->count) {
            return reason_set(ret_reason, ERR_NOT_FOUND, "deploy.unknown", name, NULL, NULL);
        }
        struct deploy_record found = list->records[at];
        list->records[at] = list->records[kept];
        list->records[kept++] = found;
    }
    list->count = kept > 0 ? kept : list->count;
    return OK;
}
