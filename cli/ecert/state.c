/* ecert alone: what there is, what ends when, and what to do next. */
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

enum { RENEW_DAYS = 30 };

static void item_line(struct tool *tool, const struct item_view *view);
static void next_say(struct tool *tool, const struct item_view *view, struct value *next);

enum exit_code command_state(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_items) items = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_list(store, &items, /* ret_unreadable= */ NULL);
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    const struct placeholder where[] = { { "store", tool->store_path }, { NULL, NULL } };
    screen_heading(tool, items.count == 0 ? "tool.state_empty" : "tool.state_title", where);
    struct value *list = value_put_list(&tool->tree, tool->result, "certificates");
    struct value *next = value_put_list(&tool->tree, tool->result, "next");
    value_put_text(&tool->tree, tool->result, "store", tool->store_path);
    struct item_view *views = arena_alloc(&tool->arena, items.count + 1, sizeof *views);
    for (size_t i = 0; views != NULL && i < items.count; i++) {
        if (item_view(tool, store, &items.items[i], &views[i]) == OK) {
            item_line(tool, &views[i]);
            item_put(tool, &views[i], value_add_object(&tool->tree, list));
        }
    }
    screen_line(tool, "");
    for (size_t i = 0; views != NULL && i < items.count; i++) {
        next_say(tool, &views[i], next);
    }
    if (items.count == 0) {
        screen_message(tool, "tool.state_begin", NULL);
        value_add_text(&tool->tree, next, "ecert request new");
    }
    screen_message(tool, "tool.state_help", NULL);
    return EXIT_DONE;
}

static void item_line(struct tool *tool, const struct item_view *view)
{
    char when[SCREEN_MOMENT_MAX];
    bool pending = view->item->kind == CERTSTORE_REQUEST;
    screen_moment(tool, pending ? view->item->created : view->not_after, when);
    const char *name = view->first_name[0] != '\0' ? view->first_name : view->item->friendly_name;
    const struct placeholder values[] = {
        { "name", name },
        { "state", item_state_text(tool, view->judgement.state) },
        { "when", when },
        { "id", view->short_id },
        { NULL, NULL },
    };
    screen_message(tool, pending ? "tool.state_pending_line" : "tool.state_line", values);
}

/* One sentence for each thing that wants doing; nothing for what is well. */
static void next_say(struct tool *tool, const struct item_view *view, struct value *next)
{
    char distance[SCREEN_MOMENT_MAX];
    int64_t left = view->not_after - clock_now(&tool->clock);
    bool pending = view->item->kind == CERTSTORE_REQUEST;
    bool ending = !pending && left < RENEW_DAYS * DAY_SECONDS;
    bool bad = view->judgement.state != CERTSTORE_VALID && !pending;
    if (!pending && !ending && !bad) {
        return;
    }
    screen_distance(tool, view->not_after, distance);
    const char *name = view->first_name[0] != '\0' ? view->first_name : view->short_id;
    const struct placeholder values[] = { { "name", name }, { "id", view->short_id },
        { "when", distance }, { NULL, NULL } };
    const char *id = pending ? "tool.next_enrol" : ending ? "tool.next_renew" : "tool.next_look";
    screen_message(tool, id, values);
    AUTO(buf) text = buf_make(1024);
    language_format(tool->language, id, values, &text);
    value_add_text(&tool->tree, next, buf_text(&text));
}
