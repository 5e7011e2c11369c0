/* `audit lint`: the registrar holds all that was issued and published to the rules; errors are
 * shown one by one, warnings counted unless asked for. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/wire/finding.h"

#include <stdio.h>

struct tally {
    size_t objects, rules, errors, warnings;
    bool show_warnings;
};

static void row_add(struct value_tree *tree, struct value *list, const struct control_finding *row)
{
    char since[TIME_TEXT_MAX];
    struct value *object = value_add_object(tree, list);
    time_format_rfc3339(row->since, since);
    since[strlen("2026-11-23")] = '\0';
    value_put_text(tree, object, "object", row->object);
    value_put_text(tree, object, "kind", row->kind);
    value_put_text(tree, object, "severity", row->warning ? "warning" : "error");
    value_put_text(tree, object, "id", row->id);
    value_put_text(tree, object, "source", row->source);
    value_put_text(tree, object, "since", since);
    value_put_text(tree, object, "seen", row->seen);
    value_put_text(tree, object, "expected", row->expected);
}

/* One page; `ret_objects` is how many objects it was about. */
static enum err page_take(struct call *call, unsigned from, struct value_tree *tree,
    struct value *list, struct tally *tally, unsigned *ret_objects)
{
    struct control_page page = { .from = from };
    struct request request = request_make(CONTROL_AUDIT_LINT, control_page_write, &page);
    struct control_findings findings = { .count = 0 };
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    TRY(call_registrar(call, &request, &answer));
    TRY(control_findings_read(&answer.body, &arena, &findings));
    for (size_t i = 0; i < findings.count; i++) {
        const struct control_finding *row = &findings.rows[i];
        tally->errors += row->warning ? 0 : 1;
        tally->warnings += row->warning ? 1 : 0;
        if (!row->warning || tally->show_warnings) {
            row_add(tree, list, row);
        }
    }
    tally->objects += findings.objects;
    tally->rules += findings.rules;
    *ret_objects = findings.objects;
    return OK;
}

static void summary_put(struct value_tree *tree, struct value *object, const struct tally *tally)
{
    value_put_integer(tree, object, "objects", (int64_t)tally->objects);
    value_put_integer(tree, object, "rules", (int64_t)tally->rules);
    value_put_integer(tree, object, "errors", (int64_t)tally->errors);
    value_put_integer(tree, object, "warnings", (int64_t)tally->warnings);
}

/* Takes --warnings, which has no value, out of the arguments. */
static bool warnings_take(struct call *call)
{
    bool found = false;
    int kept = 0;
    for (int i = 0; i < call->argc; i++) {
        if (strcmp(call->argv[i], "--warnings") == 0) {
            found = true;
        } else {
            call->argv[kept++] = call->argv[i];
        }
    }
    call->argc = kept;
    return found;
}

enum err audit_lint_run(struct call *call)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct tally tally = { .show_warnings = warnings_take(call) };
    unsigned from = 0, objects = 0;
    TRY(call_arguments(call, NULL, 0, NULL, 0));
    struct value *answer = value_object(&tree);
    struct value *list = value_put_list(&tree, answer, "findings");
    do {
        TRY(page_take(call, from, &tree, list, &tally, &objects));
        from += objects;
    } while (objects > 0);
    summary_put(&tree, answer, &tally);
    TRY(value_tree_check(&tree));
    if (call->json) {
        TRY(call_print(call, answer));
    } else {
        struct value *summary = value_object(&tree);
        summary_put(&tree, summary, &tally);
        if (value_first(list) != NULL) {
            TRY(call_print(call, list));
        }
        TRY(call_print(call, summary));
    }
    if (tally.errors > 0) {
        char seen[64];
        snprintf(seen, sizeof seen, "%zu in %zu objects", tally.errors, tally.objects);
        return reason_set(&call->reason, ERR_CONFLICT, "lint.errors", NULL, seen, "none");
    }
    return OK;
}
