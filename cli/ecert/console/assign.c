/* Assigning a certificate to a server program: what Exchange calls its services. First what would
 * be done, then `deploy run` itself, with its test, its handshakes and its way back; assigned.c
 * shows how it goes. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/deploy.h"
#include "cli/ecert/key_open.h"

#include <stdio.h>

enum { TEXTS = 7 };

static const char *const steps[] = { "plan", "run", NULL };

struct fields {
    struct span step;
    bool known; /* the targets that the ledger has for this name */
    struct span texts[TEXTS];
    struct secret passphrase;
};
static void fields_release(struct fields *fields)
{
    secret_release(&fields->passphrase);
}
AUTO_DEFINE(fields, fields_release)

/* Named as in the ledger (deploy_field_name). */
#define TEXT(index, word, most)                                                                    \
    {                                                                                              \
        word, FORM_LINE, .max = (most)-1, .offset = offsetof(struct fields, texts[index])          \
    }
static const struct form_field form_fields[] = {
    TEXT(0, "kind", 32),
    TEXT(1, "certificate", DEPLOY_PATH_MAX),
    TEXT(2, "key", DEPLOY_PATH_MAX),
    TEXT(3, "check", DEPLOY_CHECK_MAX),
    TEXT(4, "config", DEPLOY_PATH_MAX),
    TEXT(5, "staple", DEPLOY_PATH_MAX),
    TEXT(6, "to", REMOTE_USER_MAX + REMOTE_HOST_MAX),
    { "step", FORM_CHOICE, .required = true, .offset = offsetof(struct fields, step),
        .choices = steps },
    { "known", FORM_CHECK, .offset = offsetof(struct fields, known) },
    { "passphrase", FORM_SECRET, .max = PASSWORD_MAX,
        .offset = offsetof(struct fields, passphrase) },
};
#undef TEXT
static const struct form form = { form_fields, sizeof form_fields / sizeof form_fields[0],
    FORM_IGNORE_UNKNOWN };

static enum err page_open(struct visit *visit, struct item_page *ret_page);
static enum err known_put(struct visit *visit, const struct item_page *page);
static enum err plan_show(
    struct visit *visit, const struct item_page *page, const struct fields *fields, int status);
static void plan_put(struct visit *visit, const struct deploy_target *target, struct value *object);
static void kinds_put(struct visit *visit, struct span chosen);
static void fields_put(struct visit *visit, const struct fields *fields);
static void target_put(struct visit *visit, const struct deploy_target *target);
static bool target_take(struct visit *visit, const struct item_page *page,
    const struct fields *fields, struct deploy_target *ret_target);
static void field_wrong(struct visit *visit, const char *field, struct reason *reason);
static enum err known_check(
    struct visit *visit, const struct item_page *page, struct reason *ret_reason);
static enum err begin(struct visit *visit, const struct item_page *page,
    const struct fields *fields, struct reason *ret_reason);

/* With ?again=TARGET as the ledger has that one: to be corrected after a failure. */
enum err assign_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    struct errand_state state;
    struct span again = { 0 };
    TRY(page_open(visit, &one));
    errand_look(visit->console->assignment, &state);
    if (state.running && strcmp(state.id, one.item.id) == 0) {
        return visit_lead(visit, arena_format(visit->request->arena, "%s/assigned", one.path));
    }
    struct deploy_record *record = arena_alloc(visit->request->arena, 1, sizeof *record);
    bool asked = http_request_query(visit->request, "again", &again);
    const char *name = asked ? visit_text(visit, again) : NULL;
    if (record != NULL && name != NULL &&
        deploy_record_read(&visit->tool, one.store, name, record, /* ret_reason= */ NULL) == OK) {
        target_put(visit, &record->target);
    } else {
        kinds_put(visit, SPAN_LITERAL("nginx"));
    }
    return page_reply_form(visit, 200, "assign");
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
    struct deploy_target target = { .kind = NULL };
    struct reason reason = { 0 };
    TRY(page_open(visit, &one));
    enum err err = visit_form(visit, &form, &fields);
    bool run = span_equal_text(fields.step, "run");
    fields_put(visit, &fields);
    if (err != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "kind", "assign");
    }
    if (visit->stays) {
        return run ? plan_show(visit, &one, &fields, 200) : page_reply_form(visit, 200, "assign");
    }
    if (!fields.known && !target_take(visit, &one, &fields, &target)) {
        return page_reply_wrong(visit, /* reason= */ NULL, "kind", "assign");
    }
    err = deploy_item_check(&visit->tool, &one.view, &reason);
    err = err == OK && fields.known ? known_check(visit, &one, &reason) : err;
    if (is_wrong(err, &reason)) {
        return page_reply_wrong(visit, &reason, "", "assign");
    }
    TRY(err);
    if (!run) {
        return plan_show(visit, &one, &fields, 200);
    }
    item_page_unlock(visit, &one, &fields.passphrase);
    err = begin(visit, &one, &fields, &reason);
    item_page_locked(visit, &one, &reason);
    if (is_wrong(err, &reason)) {
        page_put_error(visit, &reason);
        return plan_show(visit, &one, &fields, 422);
    }
    TRY(err);
    return visit_lead(visit, arena_format(visit->request->arena, "%s/assigned", one.path));
}

/* Where certificates for this name went before. */
static enum err known_put(struct visit *visit, const struct item_page *page)
{
    struct value_tree *tree = &visit->tool.tree;
    struct deploy_list list = { 0 };
    TRY(deploy_ledger(
        &visit->tool, page->store, page->view.first_name, &list, &visit->request->reason));
    struct value *known = value_put_list(tree, visit->page, "known");
    for (size_t i = 0; i < list.count; i++) {
        const struct deploy_record *record = &list.records[i];
        struct value *item = value_add_object(tree, known);
        value_put_text(tree, item, "name", record->target.name);
        value_put_text(tree, item, "certificate", record->target.certificate);
        value_put_text(tree, item, "to", record->target.to);
        value_put_bool(tree, item, "same", strcmp(record->there, page->item.id) == 0);
    }
    return OK;
}

static enum err plan_show(
    struct visit *visit, const struct item_page *page, const struct fields *fields, int status)
{
    struct value_tree *tree = &visit->tool.tree;
    struct deploy_list list = { 0 };
    struct value *targets = value_put_list(tree, visit->page, "targets");
    if (fields->known) {
        TRY(deploy_ledger(
            &visit->tool, page->store, page->view.first_name, &list, &visit->request->reason));
    }
    for (size_t i = 0; i < list.count; i++) {
        plan_put(visit, &list.records[i].target, value_add_object(tree, targets));
    }
    if (!fields->known) {
        struct deploy_target target = { .kind = NULL };
        TRY(target_take(visit, page, fields, &target) ? OK : ERR_INPUT);
        plan_put(visit, &target, value_add_object(tree, targets));
    }
    return page_reply_form(visit, status, "assign_plan");
}

static void plan_put(struct visit *visit, const struct deploy_target *target, struct value *object)
{
    struct value_tree *tree = &visit->tool.tree;
    value_put_text(tree, object, "name", target->name);
    value_put_text(tree, object, "label",
        arena_format(visit->request->arena, "console.kind_%s", target->kind->name));
    for (size_t i = 1; deploy_field_name(i) != NULL; i++) {
        value_put_text(tree, object, deploy_field_name(i), deploy_field_get(target, i));
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

static void fields_put(struct visit *visit, const struct fields *fields)
{
    kinds_put(visit, fields->texts[0]);
    for (size_t i = 0; i < TEXTS; i++) {
        page_put_typed(visit, form_fields[i].name, fields->texts[i]);
    }
    value_put_bool(&visit->tool.tree, visit->page, "by_ledger", fields->known);
}

static void target_put(struct visit *visit, const struct deploy_target *target)
{
    for (size_t i = 0; deploy_field_name(i) != NULL; i++) {
        page_put_typed(visit, deploy_field_name(i), span_from_text(deploy_field_get(target, i)));
    }
    kinds_put(visit, span_from_text(target->kind->name));
}

/* What was typed as a target; each field that is wrong is told at its place. */
static bool target_take(struct visit *visit, const struct item_page *page,
    const struct fields *fields, struct deploy_target *ret_target)
{
    /* What the target as a whole may lack, and where that is mended. */
    static const struct {
        const char *code, *field;
    } places[] = { { "deploy.one_file", "key" }, { "deploy.staple", "staple" },
        { "deploy.staple_itself", "staple" }, { "deploy.staple_taken", "staple" },
        { "deploy.staple_place", "staple" }, { "deploy.other_name", "check" } };
    struct deploy_target *target = ret_target;
    struct deploy_material material = { .item = page->item, .view = page->view }; /* borrowed */
    bool right = true;
    for (size_t i = 0; i < TEXTS; i++) {
        struct reason reason = { 0 };
        const char *field = form_fields[i].name, *text = visit_text(visit, fields->texts[i]);
        enum err err = deploy_field_set(target, field, text == NULL ? "" : text, &reason);
        bool checked = err == OK && (i == 0 || target->kind != NULL);
        err = checked ? deploy_field_check(target, field, &reason) : err;
        bool needed = strcmp(field, "certificate") == 0 ||
                      (strcmp(field, "key") == 0 && target->kind != NULL &&
                          !target->kind->one_file && !target->kind->either);
        if (err == OK && needed && text == NULL) {
            err = reason_set(&reason, ERR_INPUT, "form.required", field, NULL, NULL);
        }
        if (err != OK) {
            field_wrong(visit, field, &reason);
            right = false;
        }
    }
    struct reason reason = { 0 };
    if (right) {
        deploy_name_propose(target->kind->name, target->to, target->name);
        enum err err = deploy_target_check(target, &reason);
        err = err == OK ? deploy_material_fits(&material, target, &reason) : err;
        right = err == OK;
        const char *field = right ? NULL : "kind";
        for (size_t i = 0; !right && i < sizeof places / sizeof places[0]; i++) {
            field = strcmp(reason.code, places[i].code) == 0 ? places[i].field : field;
        }
        if (!right) {
            field_wrong(visit, field, &reason);
        }
    }
    return right;
}

/* The reason is about the field, not about the target that doesn't exist yet. */
static void field_wrong(struct visit *visit, const char *field, struct reason *reason)
{
    snprintf(reason->field, sizeof reason->field, "%s", field);
    page_put_error(visit, reason);
}

static enum err known_check(
    struct visit *visit, const struct item_page *page, struct reason *ret_reason)
{
    struct deploy_material material = { .item = page->item, .view = page->view }; /* borrowed */
    const struct arguments none = { .operand_count = 0 };
    struct deploy_list list = { 0 };
    return deploy_gather(&visit->tool, &none, page->store, &material, &list, ret_reason);
}

/* The key is opened here once, so that a wrong passphrase is told on the page that asks for it. */
static enum err begin(struct visit *visit, const struct item_page *page,
    const struct fields *fields, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    struct arguments arguments = { .operand_count = 0 };
    for (const struct option *option = options_deploy_run; option->name != NULL; option++) {
        const char *value = NULL;
        for (size_t i = 0; !fields->known && i < TEXTS; i++) {
            bool same = strcmp(form_fields[i].name, option->name) == 0;
            value = same ? visit_text(visit, fields->texts[i]) : value;
        }
        /* The person has just said so: a target's times are for what goes by itself. */
        if (value != NULL || strcmp(option->name, "now") == 0) {
            arguments.given[arguments.given_count].option = option;
            arguments.given[arguments.given_count++].value = value;
        }
    }
    if (page->item.guard == CERTSTORE_KEY_PASSPHRASE) {
        TRY(key_open(&visit->tool, page->store, &page->item, ret_reason, &key));
    }
    const struct errand_order order = {
        .command = command_deploy_run,
        .language = visit->tool.language,
        .clock = visit->tool.clock,
        .store_path = visit->tool.store_path,
        .id = page->item.id,
        .name = page->view.first_name,
        .what = &arguments,
        .access = &visit->access,
    };
    enum err err = errand_start(visit->console->assignment, &order, ret_reason);
    if (err == ERR_CONFLICT) {
        struct errand_state other;
        errand_look(visit->console->assignment, &other);
        return reason_set(ret_reason, err, "console.assigning", NULL, other.name, NULL);
    }
    return err;
}
