/* ecert crl install FILE, list, refresh: revocation lists of the CAs in the stores, ARLs among
 * them. A list comes in only if a CA of the stores signed it and it is not older than what is here;
 * where it came from doesn't matter, so it may come over plain HTTP. */
#include "cli/ecert/crl.h"

#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/certstore/lists.h"

#include <stdio.h>

static void row_fill(struct tool *tool, const struct revocation_list *list, struct screen_row *row);

enum exit_code command_crl_install(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(buf) file = { 0 };
    struct reason reason = { 0 };
    char name[CHAIN_NAME_MAX];
    bool fresh = false;
    const char *path = arguments->operands[0];
    enum err err = file_read(path, FILE_MAX_BYTES, &file);
    if (err != OK) {
        reason_set(&reason, err, "tool.file_read", path, err_name(err), NULL);
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    int64_t now = clock_now(&tool->clock);
    err = crl_take(store, buf_span(&file), now, &reason, name, &fresh);
    if (err != OK) {
        if (strcmp(reason.code, "crl.malformed") == 0) {
            snprintf(reason.field, sizeof reason.field, "%s", path);
        }
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder values[] = { { "name", name }, { NULL, NULL } };
    crl_step(tool, fresh, values);
    change_show(tool, store);
    value_put_text(&tool->tree, tool->result, "issuer", name);
    value_put_bool(&tool->tree, tool->result, "new", fresh);
    return fresh ? EXIT_DONE : EXIT_NOTHING;
}

void crl_step(const struct tool *tool, bool fresh, const struct placeholder *values)
{
    if (fresh && change_is_dry(tool)) {
        screen_message(tool, "tool.crl_would_install", values);
    } else {
        screen_step(tool, fresh ? "tool.crl_installed" : "tool.crl_unchanged", values);
    }
}

enum err crl_take(struct certstore *store, struct span file, int64_t now, struct reason *ret_reason,
    char ret_issuer[CHAIN_NAME_MAX], bool *ret_new)
{
    AUTO(buf) der = buf_make(FILE_MAX_BYTES);
    struct crl crl;
    if (crl_read_any(file, &der) != OK || crl_parse(buf_span(&der), &crl) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "crl.malformed", NULL, NULL, NULL);
    }
    TRY(certstore_install_crl(store, buf_span(&der), now, ret_reason, ret_new));
    chain_name(crl.issuer, ret_issuer);
    return OK;
}

enum exit_code command_crl_list(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    AUTO(revocation_lists) lists = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_lists(store, clock_now(&tool->clock), &lists);
    struct screen_row *rows = arena_alloc(&tool->arena, lists.count + 1, sizeof *rows);
    if (err != OK || rows == NULL) {
        return screen_failure(tool, err == OK ? ERR_MEMORY : err, &(struct reason){ 0 });
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.issuer"),
        language_text(tool->language, "tool.chain_kind"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.crl_entries"),
        language_text(tool->language, "tool.crl_next"),
        language_text(tool->language, "tool.chain_thumbprint") } };
    struct value *list = value_put_list(&tool->tree, tool->result, "lists");
    for (size_t i = 0; i < lists.count; i++) {
        row_fill(tool, &lists.items[i], &rows[i + 1]);
        crl_put(tool, &lists.items[i], value_add_object(&tool->tree, list));
    }
    if (lists.count == 0) {
        screen_message(tool, "tool.crl_empty", NULL);
    } else {
        screen_table(tool, rows, lists.count + 1, 6);
    }
    return EXIT_DONE;
}

static void row_fill(struct tool *tool, const struct revocation_list *list, struct screen_row *row)
{
    char next[SCREEN_MOMENT_MAX] = "-", name[CHAIN_NAME_MAX];
    if (list->crl.next_update != 0) {
        screen_moment(tool, list->crl.next_update, next);
    }
    chain_name(list->crl.issuer, name);
    *row = (struct screen_row){ {
        arena_text(&tool->arena, span_from_text(name)),
        list->of_authorities ? "ARL" : "CRL",
        crl_state_text(tool, list->state),
        arena_format(&tool->arena, "%zu", list->entries),
        arena_text(&tool->arena, span_from_text(next)),
        arena_format(&tool->arena, "%.*s", CHAIN_SHORT_THUMBPRINT, list->id),
    } };
}

const char *crl_state_text(const struct tool *tool, enum list_state state)
{
    static const char *const ids[] = {
        [LIST_FRESH] = "tool.crl_fresh",
        [LIST_STALE] = "tool.crl_stale",
        [LIST_UNSIGNED] = "tool.crl_unsigned",
    };
    return language_text(tool->language, ids[state]);
}

void crl_put(struct tool *tool, const struct revocation_list *list, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    char text[TIME_TEXT_MAX], name[CHAIN_NAME_MAX];
    chain_name(list->crl.issuer, name);
    value_put_text(tree, object, "issuer", name);
    value_put_text(tree, object, "kind", list->of_authorities ? "ARL" : "CRL");
    value_put_text(tree, object, "state", list_state_name(list->state));
    value_put_integer(tree, object, "entries", (int64_t)list->entries);
    time_format_rfc3339(list->crl.this_update, text);
    value_put_text(tree, object, "this_update", text);
    if (list->crl.next_update != 0) {
        time_format_rfc3339(list->crl.next_update, text);
        value_put_text(tree, object, "next_update", text);
    }
    value_put_text(tree, object, "thumbprint_sha256", list->id);
}
