/* Fetching revocation lists from where their CAs publish them: `crl refresh` behind the page, which
 * says of each list what became of it as soon as that is known. */
#include "cli/ecert/console/handlers.h"

#include "cli/ecert/crl.h"

#include <stdio.h>

/* What is said of a list in each state. */
static const struct {
    const char *state, *text;
} states[] = {
    { "new", "console.list_new" },
    { "unchanged", "console.list_unchanged" },
    { "unverifiable", "console.list_unverifiable" },
    { "failed", "console.list_failed" },
};

static void lists_put(struct visit *visit, const struct value *lists);
static void list_put(struct visit *visit, const struct value *list, struct value *item);

/* Where it goes on already, that is shown. */
enum err lists_refresh_post(struct visit *visit)
{
    const struct arguments none = { .operand_count = 0 };
    const struct errand_order order = {
        .command = command_crl_refresh,
        .language = visit->tool.language,
        .clock = visit->tool.clock,
        .store_path = visit->tool.store_path,
        .recorded_as = visit->tool.recorded_as,
        .what = &none,
    };
    enum err err = errand_start(visit->console->fetching, &order, &visit->request->reason);
    TRY(err == ERR_CONFLICT ? OK : err);
    return visit_lead(visit, "/lists/fetched");
}

enum err lists_fetched_get(struct visit *visit)
{
    struct value_tree *tree = &visit->tool.tree;
    const struct value *result = NULL;
    struct errand_state state;
    /* First whether it goes on: what ends between the two is shown as ended the next time. */
    errand_look(visit->console->fetching, &state);
    if (!state.any) {
        return visit_lead(visit, "/lists");
    }
    page_begin(visit, "console.fetched", "lists");
    enum err err = errand_result(visit->console->fetching, tree, &result);
    TRY(err == ERR_NOT_FOUND ? OK : err);
    lists_put(visit, value_get(result, "lists"));
    value_put_bool(tree, visit->page, "running", state.running);
    if (state.running) {
        page_put_moment(visit, visit->page, "began_text", state.began);
        TRY(response_header(visit->response, "Refresh", "3"));
    } else if (state.reason.code[0] != '\0') {
        page_put_error(visit, &state.reason);
    } else {
        value_put_bool(tree, visit->page, "none", value_count(value_get(result, "lists")) == 0);
    }
    return page_reply(visit, 200, "fetched");
}

/* Those that have an outcome, and how many there are. */
static void lists_put(struct visit *visit, const struct value *lists)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *shown = value_put_list(tree, visit->page, "lists");
    int64_t count = 0;
    for (const struct value *list = value_first(lists); list != NULL; list = value_next(list)) {
        if (value_get(list, "state") != NULL) {
            list_put(visit, list, value_add_object(tree, shown));
            count++;
        }
    }
    value_put_integer(tree, visit->page, "count", count);
    value_put_integer(tree, visit->page, "of", (int64_t)value_count(lists));
}

static void list_put(struct visit *visit, const struct value *list, struct value *item)
{
    struct value_tree *tree = &visit->tool.tree;
    const char *state = value_text(value_get(list, "state"));
    const char *code = value_text(value_get(list, "reason"));
    const char *url = value_text(value_get(list, "url"));
    for (size_t i = 0; state != NULL && i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(state, states[i].state) == 0) {
            value_put_text(tree, item, "text", states[i].text);
        }
    }
    value_put_text(tree, item, "url", url);
    value_put_text(tree, item, "missing", value_text(value_get(list, "missing")));
    if (code != NULL) {
        struct reason reason = { 0 };
        const char *host = url == NULL ? NULL : strstr(url, "//");
        host = host == NULL ? url : host + 2;
        reason_set(&reason, ERR_INPUT, code, NULL, value_text(value_get(list, "seen")), NULL);
        snprintf(reason.field, sizeof reason.field, "%.*s",
            host == NULL ? 0 : (int)strcspn(host, "/"), host == NULL ? "" : host);
        page_put_reason(visit, item, &reason);
    }
}
