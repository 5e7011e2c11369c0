/* How an assignment goes, and what came of it at each server: what the ledger says, so that it is
 * there after a reload, in another window, and when the console was started anew. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/deploy.h"

/* What is said of a target in each state. */
static const struct {
    const char *text, *mark; /* mark: the class of its panel */
} states[DEPLOY_STATES] = {
    [DEPLOY_NEW] = { "console.deploy_new", "note" },
    [DEPLOY_STARTED] = { "console.deploy_started", "bad" },
    [DEPLOY_ANSWERS] = { "console.deploy_answers", "good" },
    [DEPLOY_INSTALLED] = { "console.deploy_installed", "good" },
    [DEPLOY_ROLLED_BACK] = { "console.deploy_rolled_back", "bad" },
    [DEPLOY_FAILED] = { "console.deploy_failed", "bad" },
};

static size_t targets_put(struct visit *visit, const struct deploy_list *list, const char *id,
    const struct errand_state *state);
static void target_put(struct visit *visit, const struct deploy_record *record, bool running);

enum err assigned_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    struct value_tree *tree = &visit->tool.tree;
    struct deploy_list list = { 0 };
    struct errand_state state;
    /* First whether it goes on: what ends between the two is shown as ended the next time. */
    errand_look(visit->console->assignment, &state);
    TRY(item_page_open(visit, "console.assigned", &one));
    TRY(deploy_ledger(
        &visit->tool, one.store, /* server_name= */ NULL, &list, &visit->request->reason));
    if (strcmp(state.id, one.item.id) != 0) {
        state = (struct errand_state){ .any = false };
    }
    size_t count = targets_put(visit, &list, one.item.id, &state);
    if (count == 0 && !state.any) {
        return visit_lead(visit, arena_format(visit->request->arena, "%s/assign", one.path));
    }
    value_put_bool(tree, visit->page, "running", state.running);
    value_put_bool(tree, visit->page, "nothing", !state.running && state.end == EXIT_NOTHING);
    if (state.running) {
        page_put_moment(visit, visit->page, "began_text", state.began);
        TRY(response_header(visit->response, "Refresh", "3"));
    } else if (state.reason.code[0] != '\0') {
        page_put_error(visit, &state.reason);
    }
    return page_reply(visit, 200, "assigned");
}

/* Those that this certificate was to go to last. While it goes on, those alone that it has come to:
 * what is known of the others is of an earlier time. */
static size_t targets_put(struct visit *visit, const struct deploy_list *list, const char *id,
    const struct errand_state *state)
{
    size_t count = 0;
    value_put_list(&visit->tool.tree, visit->page, "targets");
    for (size_t i = 0; i < list->count; i++) {
        const struct deploy_record *record = &list->records[i];
        bool older = state->running && record->changed < state->began;
        if (strcmp(record->tried, id) == 0 && !older) {
            target_put(visit, record, state->running);
            count++;
        }
    }
    return count;
}

static void target_put(struct visit *visit, const struct deploy_record *record, bool running)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = (struct value *)value_get(visit->page, "targets");
    struct value *item = value_add_object(tree, list);
    const struct deploy_target *target = &record->target;
    bool going = running && record->state == DEPLOY_STARTED;
    bool bad = strcmp(states[record->state].mark, "bad") == 0 && !going;
    value_put_text(tree, item, "name", target->name);
    value_put_text(tree, item, "certificate", target->certificate);
    value_put_text(tree, item, "check", target->check);
    value_put_text(tree, item, "to", target->to);
    value_put_bool(tree, item, "going", going);
    value_put_text(
        tree, item, "state", going ? "console.deploy_going" : states[record->state].text);
    value_put_text(tree, item, "mark", going ? "note" : states[record->state].mark);
    page_put_moment(visit, item, "when_text", record->changed);
    if (!going && record->reason.code[0] != '\0') {
        page_put_reason(visit, item, &record->reason);
    }
    value_put_bool(tree, item, "bad", bad);
    value_put_bool(tree, item, "again", bad && !running);
    value_put_bool(tree, item, "unasked", record->state == DEPLOY_INSTALLED);
}
