/* Assigning a certificate to a server program: what Exchange calls its services. First what would
 * be done, then `deploy run` itself, with its test, its handshakes and its way back. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/deploy.h"

#include <stdio.h>

static const char *const steps[] = { "plan", "run", NULL };

struct fields {
    struct span step;
    bool known; /* the targets that the ledger has for this name */
    struct span kind, to, certificate, key, config, check;
    struct secret passphrase;
};
static void fields_release(struct fields *fields)
{
    secret_release(&fields->passphrase);
}
AUTO_DEFINE(fields, fields_release)

static const struct form_field form_fields[] = {
    { "step", FORM_CHOICE, .required = true, .offset = offsetof(struct fields, step),
        .choices = steps },
    { "known", FORM_CHECK, .offset = offsetof(struct fields, known) },
    { "kind", FORM_LINE, .max = 32, .offset = offsetof(struct fields, kind) },
    { "to", FORM_LINE, .max = DEPLOY_PATH_MAX - 1, .offset = offsetof(struct fields, to) },
    { "certificate", FORM_LINE, .max = DEPLOY_PATH_MAX - 1,
        .offset = offsetof(struct fields, certificate) },
    { "key", FORM_LINE, .max = DEPLOY_PATH_MAX - 1, .offset = offsetof(struct fields, key) },
    { "passphrase", FORM_SECRET, .max = PASSWORD_MAX,
        .offset = offsetof(struct fields, passphrase) },
    { "config", FORM_LINE, .max = DEPLOY_PATH_MAX - 1, .offset = offsetof(struct fields, config) },
    { "check", FORM_LINE, .max = DEPLOY_CHECK_MAX - 1, .offset = offsetof(struct fields, check) },
};
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

static enum err page_open(struct visit *visit, struct item_page *ret_page);
static void kinds_put(struct visit *visit, struct span chosen);
static enum err known_put(struct visit *visit, const struct item_page *page);
static void fields_put(struct visit *visit, const struct fields *fields);
static void option_give(
    struct visit *visit, struct arguments *arguments, const char *name, struct span value);
static void targets_put(struct visit *visit);
static void problem_put(
    struct visit *visit, const struct item_page *page, const struct value *problem);

enum err assign_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    TRY(page_open(visit, &one));
    kinds_put(visit, SPAN_LITERAL("nginx"));
    return page_reply(visit, 200, "assign");
}

static enum err page_open(struct visit *visit, struct item_page *ret_page)
{
    TRY(item_page_open(visit, "console.assign", ret_page));
    if (ret_page->item.kind == CERTSTORE_REQUEST) {
        return reason_set(
            &visit->request->reason, ERR_CONFLICT, "tool.no_certificate_yet", NULL, NULL, NULL);
    }
    return known_put(visit, ret_page);
}

enum err assign_post(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    AUTO(fields) fields = { .known = false };
    TRY(page_open(visit, &one));
    enum err err = visit_form(visit, &form, &fields);
    fields_put(visit, &fields);
    if (err != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "kind", "assign");
    }
    item_page_unlock(visit, &one, &fields.passphrase);
    struct arguments arguments = { .operands = { one.item.id }, .operand_count = 1 };
    if (!fields.known) {
        option_give(visit, &arguments, "kind", fields.kind);
        option_give(visit, &arguments, "to", fields.to);
        option_give(visit, &arguments, "certificate", fields.certificate);
        option_give(visit, &arguments, "key", fields.key);
        option_give(visit, &arguments, "config", fields.config);
        option_give(visit, &arguments, "check", fields.check);
    }
    bool run = span_equal_text(fields.step, "run");
    /* The person has just said so: a target's times are for what goes by itself. */
    option_give(visit, &arguments, "now", run ? SPAN_LITERAL("now") : (struct span){ 0 });
    (void)(run ? command_deploy_run : command_deploy_plan)(&visit->tool, &arguments);
    const struct value *problem = value_get(visit->tool.result, "problem");
    if (problem != NULL) {
        problem_put(visit, &one, problem);
        return page_reply(visit, 422, "assign");
    }
    targets_put(visit);
    return page_reply(visit, 200, run ? "assigned" : "assign_plan");
}

static void option_give(
    struct visit *visit, struct arguments *arguments, const char *name, struct span value)
{
    for (const struct option *option = options_deploy_run; option->name != NULL; option++) {
        if (strcmp(option->name, name) == 0 && value.len > 0) {
            arguments->given[arguments->given_count].option = option;
            arguments->given[arguments->given_count++].value = visit_text(visit, value);
        }
    }
}

static void kinds_put(struct visit *visit, struct span chosen)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "kinds");
    const struct deploy_kind *kind;
    for (size_t i = 0; (kind = deploy_kind_at(i)) != NULL; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "word", kind->name);
        value_put_text(tree, item, "label",
            arena_format(visit->request->arena, "console.kind_%s", kind->name));
        value_put_bool(tree, item, "chosen", span_equal_text(chosen, kind->name));
    }
}

/* Where certificates for this name went before. */
static enum err known_put(struct visit *visit, const struct item_page *page)
{
    struct value_tree *tree = &visit->tool.tree;
    struct ledger_names *names = arena_alloc(visit->request->arena, 1, sizeof *names);
    TRY(names == NULL ? ERR_MEMORY : certstore_ledger_list(page->store, names));
    struct value *list = value_put_list(tree, visit->page, "known");
    for (size_t i = 0; i < names->count; i++) {
        struct deploy_record *record = arena_alloc(visit->request->arena, 1, sizeof *record);
        TRY(record == NULL ? ERR_MEMORY
                           : deploy_record_read(&visit->tool, page->store, names->names[i], record,
                                 &visit->request->reason));
        if (strcmp(record->server_name, page->view.first_name) == 0) {
            struct value *item = value_add_object(tree, list);
            value_put_text(tree, item, "name", record->target.name);
            value_put_text(tree, item, "certificate", record->target.certificate);
            value_put_text(tree, item, "to", record->target.to);
            value_put_bool(tree, item, "same", strcmp(record->there, page->item.id) == 0);
        }
    }
    return OK;
}

static void fields_put(struct visit *visit, const struct fields *fields)
{
    kinds_put(visit, fields->kind);
    page_put_typed(visit, "kind", fields->kind);
    page_put_typed(visit, "to", fields->to);
    page_put_typed(visit, "certificate", fields->certificate);
    page_put_typed(visit, "key", fields->key);
    page_put_typed(visit, "config", fields->config);
    page_put_typed(visit, "check", fields->check);
    value_put_bool(&visit->tool.tree, visit->page, "by_ledger", fields->known);
}

/* What the command says of each target, in words. */
static void targets_put(struct visit *visit)
{
    struct value_tree *tree = &visit->tool.tree;
    const struct value *targets = value_get(visit->tool.result, "targets");
    struct value *list = value_put_list(tree, visit->page, "targets");
    static const char *const copied[] = { "name", "kind", "to", "certificate", "key", "config",
        "check" };
    for (const struct value *one = value_first(targets); one != NULL; one = value_next(one)) {
        struct value *item = value_add_object(tree, list);
        const char *state = value_text(value_get(one, "state"));
        const char *code = value_text(value_get(one, "reason"));
        for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
            value_put_text(tree, item, copied[i], value_text(value_get(one, copied[i])));
        }
        value_put_text(tree, item, "label",
            arena_format(
                visit->request->arena, "console.kind_%s", value_text(value_get(one, "kind"))));
        value_put_text(tree, item, "state",
            arena_format(
                visit->request->arena, "console.deploy_%s", state == NULL ? "new" : state));
        value_put_bool(tree, item, "good",
            state != NULL && (strcmp(state, "answers") == 0 || strcmp(state, "installed") == 0));
        if (code != NULL) {
            struct reason reason = { 0 };
            AUTO(buf) why = buf_make(4096), next = buf_make(4096);
            reason_set(&reason, ERR_INPUT, code, value_text(value_get(one, "field")),
                value_text(value_get(one, "seen")), value_text(value_get(one, "expected")));
            language_format_reason(visit->tool.language, &reason, "", &why);
            language_format_reason(visit->tool.language, &reason, ".next", &next);
            value_put_text(tree, item, "why", buf_text(&why));
            value_put_text(tree, item, "next", buf_text(&next));
        }
    }
    value_put_bool(tree, visit->page, "nothing", value_count(targets) == 0);
}

/* A refusal that the command has worded already. */
static void problem_put(
    struct visit *visit, const struct item_page *page, const struct value *problem)
{
    static const char prefix[] = "urn:ecert:problem:";
    struct reason reason = { 0 };
    const char *type = value_text(value_get(problem, "type"));
    reason_set(&reason, ERR_INPUT, type + strlen(prefix), NULL, NULL, NULL);
    item_page_locked(visit, page, &reason);
    if (reason.field[0] != '\0' || strcmp(reason.code, "console.in_token") == 0) {
        page_put_error(visit, &reason);
        return;
    }
    struct value_tree *tree = &visit->tool.tree;
    struct value *error = value_add_object(tree, value_put_list(tree, visit->page, "errors"));
    AUTO(buf) next = buf_make(4096);
    const char *title = value_text(value_get(problem, "title"));
    const char *seen = value_text(value_get(problem, "seen"));
    if (seen != NULL && seen[0] != '\0' && strstr(title, seen) == NULL) {
        buf_append_format(&next, "%s · ", seen);
    }
    buf_append_text(&next, value_text(value_get(problem, "next")));
    value_put_text(tree, error, "text", title);
    value_put_text(tree, error, "next", buf_text(&next));
}
