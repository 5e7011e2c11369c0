/* ecert alone: what there is, what ends when, and what to do next. */
#include "cli/ecert/chain.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/certstore/lists.h"

#include <stdio.h>

enum { RENEW_DAYS = 30 };

static void rows_show(struct tool *tool, const struct item_view *views, size_t count);
static void item_next(struct tool *tool, const struct item_view *view, struct value *next);
static enum err authorities_next(
    struct tool *tool, const struct certstore *store, struct value *next);
static enum err lists_next(struct tool *tool, const struct certstore *store, struct value *next);
static void next_say(
    struct tool *tool, const char *id, const struct placeholder *values, struct value *next);

enum exit_code command_state(struct tool *tool, const struct arguments *arguments)
{
    (void)arguments;
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_items) items = { 0 };
    size_t count = 0;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_list(store, &items, /* ret_unreadable= */ NULL);
    struct item_view *views = arena_alloc(&tool->arena, items.count + 1, sizeof *views);
    if (err != OK || views == NULL) {
        return screen_failure(tool, err == OK ? ERR_MEMORY : err, &(struct reason){ 0 });
    }
    const struct placeholder where[] = { { "store", tool->store_path }, { NULL, NULL } };
    screen_heading(tool, items.count == 0 ? "tool.state_empty" : "tool.state_title", where);
    struct value *list = value_put_list(&tool->tree, tool->result, "certificates");
    struct value *next = value_put_list(&tool->tree, tool->result, "next");
    value_put_text(&tool->tree, tool->result, "store", tool->store_path);
    for (size_t i = 0; i < items.count; i++) {
        if (item_view(tool, store, &items.items[i], &views[count]) == OK) {
            item_put(tool, &views[count++], value_add_object(&tool->tree, list));
        }
    }
    rows_show(tool, views, count);
    for (size_t i = 0; i < count; i++) {
        item_next(tool, &views[i], next);
    }
    err = authorities_next(tool, store, next);
    err = err == OK ? lists_next(tool, store, next) : err;
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    if (items.count == 0) {
        screen_message(tool, "tool.state_begin", NULL);
        value_add_text(&tool->tree, next, "ecert request new");
    }
    screen_message(tool, "tool.state_help", NULL);
    return EXIT_DONE;
}

static void rows_show(struct tool *tool, const struct item_view *views, size_t count)
{
    struct screen_row *rows = arena_alloc(&tool->arena, count + 1, sizeof *rows);
    if (rows == NULL || count == 0) {
        return;
    }
    rows[0] = (struct screen_row){ { language_text(tool->language, "tool.names"),
        language_text(tool->language, "tool.state_label"),
        language_text(tool->language, "tool.ends"), language_text(tool->language, "tool.id") } };
    for (size_t i = 0; i < count; i++) {
        bool pending = views[i].item->kind == CERTSTORE_REQUEST;
        char name[HOST_NAME_UNICODE_MAX], when[SCREEN_MOMENT_MAX];
        screen_moment(tool, views[i].not_after, when);
        item_name(&views[i], name);
        rows[i + 1] = (struct screen_row){ {
            arena_text(&tool->arena, span_from_text(name)),
            item_state_text(tool, views[i].judgement.state),
            arena_text(&tool->arena, span_from_text(pending ? "-" : when)),
            views[i].short_id,
        } };
    }
    screen_table(tool, rows, count + 1, 4);
    screen_line(tool, "");
}

/* One sentence for each thing that wants doing; nothing for what is well. */
static void item_next(struct tool *tool, const struct item_view *view, struct value *next)
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
    next_say(tool,
        pending  ? "tool.next_enrol"
        : ending ? "tool.next_renew"
                 : "tool.next_look",
        values, next);
}

static enum err authorities_next(
    struct tool *tool, const struct certstore *store, struct value *next)
{
    AUTO(authorities) authorities = { 0 };
    TRY(certstore_authorities(store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
        clock_now(&tool->clock), &authorities));
    for (size_t i = 0; i < authorities.count; i++) {
        const struct authority *item = &authorities.items[i];
        char name[CHAIN_NAME_MAX];
        if (item->folder == CERTSTORE_INTERMEDIATE &&
            (item->standing == AUTHORITY_REVOKED || item->standing == AUTHORITY_OLD)) {
            chain_name(item->certificate.subject, name);
            const struct placeholder values[] = { { "name", name }, { NULL, NULL } };
            next_say(tool, "tool.next_replace", values, next);
        }
    }
    return OK;
}

static enum err lists_next(struct tool *tool, const struct certstore *store, struct value *next)
{
    AUTO(revocation_lists) lists = { 0 };
    size_t stale = 0;
    char number[24];
    TRY(certstore_lists(store, clock_now(&tool->clock), &lists));
    for (size_t i = 0; i < lists.count; i++) {
        stale += lists.items[i].state == LIST_STALE;
    }
    snprintf(number, sizeof number, "%zu", stale);
    const struct placeholder values[] = { { "n", number }, { NULL, NULL } };
    if (stale > 0) {
        next_say(tool, "tool.next_refresh", values, next);
    }
    return OK;
}

static void next_say(
    struct tool *tool, const char *id, const struct placeholder *values, struct value *next)
{
    AUTO(buf) text = buf_make(2048);
    const char *label = language_text(tool->language, "tool.next");
    language_format(tool->language, id, values, &text);
    screen_pair(tool, 0, label, screen_width(label) + 2, buf_text(&text));
    value_add_text(&tool->tree, next, buf_text(&text));
}
