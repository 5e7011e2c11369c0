/* Taking the last change back, as `ecert undo` does: shown first, with what each of its steps will
 * come to; and offered only where there is one that can be taken back. What other servers have to
 * be asked for, by ssh and in their time, is for the command line: one thread answers all pages. */
#include "cli/ecert/console/handlers.h"

#include "cli/ecert/key_there.h"
#include "cli/ecert/undo.h"

#include <stdlib.h>

struct fields {
    struct span number; /* of the change that the page showed */
};

static const struct form_field form_fields[] = {
    { "number", FORM_DIGITS, .min = 1, .max = 6, .required = true,
        .offset = offsetof(struct fields, number) },
};
static const struct form form = { form_fields, 1, FORM_IGNORE_UNKNOWN };

static enum err last_find(struct visit *visit, const struct certstore *store, unsigned number,
    struct certstore_past **ret_past);

enum err undo_offer(struct visit *visit, const struct certstore *store)
{
    struct reason reason = { 0 };
    struct certstore_past *past = arena_alloc(visit->request->arena, 1, sizeof *past);
    TRY(past == NULL ? ERR_MEMORY : OK);
    if (certstore_undo_check(store, /* number= */ 0, &reason, past) == OK) {
        value_put_text(&visit->tool.tree, visit->page, "undo",
            arena_format(visit->request->arena, "%s/undo", visit->console->desk));
    }
    return OK;
}

enum err undo_get(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    struct certstore_past *past = NULL;
    struct value_tree *tree = &visit->tool.tree;
    page_begin(visit, "console.undo", /* place= */ NULL);
    TRY(visit_store(visit, &store));
    TRY(last_find(visit, store, /* number= */ 0, &past));
    struct value *steps = value_put_list(tree, visit->page, "lines");
    for (size_t i = 0; i < past->count; i++) {
        struct undo_line line;
        struct value *step = value_add_object(tree, steps);
        undo_line(&visit->tool, store, past, i, UNDO_BACK, &line);
        value_put_text(tree, step, "word", line.word);
        value_put_text(tree, step, "text", undo_line_text(&visit->tool, &line));
    }
    value_put_integer(tree, visit->page, "n", (int64_t)past->number);
    value_put_text(tree, visit->page, "command", past->command);
    page_put_moment(visit, visit->page, "when", past->time);
    value_put_bool(tree, visit->page, "there", key_there_made(past));
    value_put_bool(tree, visit->page, "loses_key", certstore_undo_loses_key(store, past));
    return page_reply(visit, 200, "undo");
}

enum err undo_post(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    struct certstore_past *past = NULL;
    struct fields fields = { 0 };
    TRY(visit_form(visit, &form, &fields));
    const char *number = visit_text(visit, fields.number);
    TRY(number == NULL ? ERR_MEMORY : OK);
    unsigned wanted = (unsigned)strtoul(number, NULL, 10);
    if (wanted == 0) { /* which would be the newest, whatever the page showed */
        return reason_set(
            &visit->request->reason, ERR_INPUT, "form.choice", "number", number, NULL);
    }
    TRY(visit_store(visit, &store));
    TRY(last_find(visit, store, wanted, &past));
    if (key_there_made(past)) {
        return visit_lead(visit, "/undo");
    }
    TRY(undo_do(&visit->tool, store, past, &visit->request->reason));
    return visit_done(visit, "/", "undone");
}

/* The page is there; it is only that there is no change. */
static enum err last_find(struct visit *visit, const struct certstore *store, unsigned number,
    struct certstore_past **ret_past)
{
    struct certstore_past *past = arena_alloc(visit->request->arena, 1, sizeof *past);
    TRY(past == NULL ? ERR_MEMORY : OK);
    enum err err = certstore_undo_check(store, number, &visit->request->reason, past);
    *ret_past = past;
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}
