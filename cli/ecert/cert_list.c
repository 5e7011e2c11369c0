/* ecert cert list: requests and certificates in one list, with the states that the Exchange console
 * gives them. */
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

static enum exit_code list_show(struct tool *tool, const struct certstore *store,
    const struct certstore_items *items, size_t unreadable);
static void row_fill(struct tool *tool, const struct item_view *view, struct screen_row *row);

enum exit_code command_cert_list(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_items) items = { 0 };
    size_t unreadable = 0;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_list(store, &items, &unreadable);
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    return list_show(tool, store, &items, unreadable);
}

static enum exit_code list_show(struct tool *tool, const struct certstore *store,
    const struct certstore_items *items, size_t unreadable)
{
    struct screen_row *rows = arena_alloc(&tool->arena, items->count + 1, sizeof *rows);
    struct value *list = value_put_list(&tool->tree, tool->result, "certificates");
    value_put_integer(&tool->tree, tool->result, "unreadable", (int64_t)unreadable);
    if (rows == NULL) {
        return screen_failure(tool, ERR_MEMORY, &(struct reason){ 0 });
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.names"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.ends"), language_text(tool->language, "tool.id"),
        language_text(tool->language, "tool.friendly_name") } };
    for (size_t i = 0; i < items->count; i++) {
        struct item_view view;
        enum err err = item_view(tool, store, &items->items[i], &view);
        if (err != OK) {
            return screen_failure(tool, err, &(struct reason){ 0 });
        }
        row_fill(tool, &view, &rows[i + 1]);
        item_put(tool, &view, value_add_object(&tool->tree, list));
    }
    if (items->count == 0) {
        screen_message(tool, "tool.list_empty", NULL);
    } else {
        screen_table(tool, rows, items->count + 1, 5);
    }
    if (unreadable > 0) {
        char number[24];
        snprintf(number, sizeof number, "%zu", unreadable);
        const struct placeholder count[] = { { "n", number }, { NULL, NULL } };
        screen_message(tool, "tool.list_unreadable", count);
    }
    return EXIT_DONE;
}

static void row_fill(struct tool *tool, const struct item_view *view, struct screen_row *row)
{
    char ends[SCREEN_MOMENT_MAX] = "-";
    if (view->not_after != 0) {
        screen_day(tool, view->not_after, ends);
    }
    char name[HOST_NAME_UNICODE_MAX];
    item_name(view, name);
    *row = (struct screen_row){ {
        arena_text(&tool->arena, span_from_text(name)),
        item_state_text(tool, view->judgement.state),
        arena_text(&tool->arena, span_from_text(ends)),
        arena_text(&tool->arena, span_from_text(view->short_id)),
        view->item->friendly_name,
    } };
}
