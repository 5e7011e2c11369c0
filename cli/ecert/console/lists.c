/* The folder of revocation lists: what is there, one more from a file, all of them from where their
 * CAs publish them. */
#include "cli/ecert/console/handlers.h"

#include "cli/ecert/crl.h"
#include "lib/base/limits.h"

struct fields {
    struct span upload;
};

static const struct form_field form_fields[] = {
    { "upload", FORM_FILE, .max = FILE_MAX_BYTES, .required = true,
        .offset = offsetof(struct fields, upload) },
};
static const struct form form = { form_fields, 1, FORM_IGNORE_UNKNOWN };

static enum err lists_put(struct visit *visit);
static void list_put(struct visit *visit, const struct revocation_list *list, struct value *object);
static void refreshed_put(struct visit *visit);

enum err lists_get(struct visit *visit)
{
    TRY(lists_put(visit));
    return page_reply(visit, 200, "lists");
}

static enum err lists_put(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(revocation_lists) lists = { 0 };
    struct value_tree *tree = &visit->tool.tree;
    page_begin(visit, "console.place_lists", "lists");
    TRY(visit_store(visit, &store));
    TRY(certstore_lists(store, clock_now(&visit->tool.clock), &lists));
    struct value *list = value_put_list(tree, visit->page, "items");
    for (size_t i = 0; i < lists.count; i++) {
        list_put(visit, &lists.items[i], value_add_object(tree, list));
    }
    value_put_integer(tree, visit->page, "count", (int64_t)lists.count);
    value_put_text(tree, visit->page, "store", visit->tool.store_path);
    return undo_offer(visit, store);
}

static void list_put(struct visit *visit, const struct revocation_list *list, struct value *object)
{
    struct value_tree *tree = &visit->tool.tree;
    char name[CHAIN_NAME_MAX];
    chain_name(list->crl.issuer, name);
    value_put_text(tree, object, "name", name);
    value_put_text(tree, object, "href",
        arena_format(visit->request->arena, "%s/list/%s", visit->console->desk, list->id));
    value_put_text(tree, object, "kind", list->of_authorities ? "ARL" : "CRL");
    value_put_text(tree, object, "state_text", crl_state_text(&visit->tool, list->state));
    value_put_bool(tree, object, "good", list->state == LIST_FRESH);
    value_put_integer(tree, object, "entries", (int64_t)list->entries);
    page_put_moment(visit, object, "this_text", list->crl.this_update);
    if (list->crl.next_update != 0) {
        page_put_moment(visit, object, "next_text", list->crl.next_update);
    }
}

enum err list_import_get(struct visit *visit)
{
    page_begin(visit, "console.list_import", "lists");
    return page_reply(visit, 200, "list_import");
}

enum err list_import_post(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    struct fields fields = { 0 };
    struct reason reason = { 0 };
    char issuer[CHAIN_NAME_MAX];
    bool fresh = false;
    page_begin(visit, "console.list_import", "lists");
    if (visit_form(visit, &form, &fields) != OK) {
        return page_reply_wrong(visit, /* reason= */ NULL, "upload", "list_import");
    }
    TRY(visit_store(visit, &store));
    enum err err =
        crl_take(store, fields.upload, clock_now(&visit->tool.clock), &reason, issuer, &fresh);
    if (is_wrong(err, &reason)) {
        return page_reply_wrong(visit, &reason, "upload", "list_import");
    }
    TRY(err);
    return visit_done(visit, "/lists", fresh ? "listed" : "unchanged");
}

enum err list_remove_get(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(revocation_lists) lists = { 0 };
    const char *id = visit_param(visit, "id");
    page_begin(visit, "console.list_delete", "lists");
    TRY(visit_store(visit, &store));
    TRY(certstore_lists(store, clock_now(&visit->tool.clock), &lists));
    for (size_t i = 0; id != NULL && i < lists.count; i++) {
        if (strcmp(lists.items[i].id, id) == 0) {
            list_put(
                visit, &lists.items[i], value_put_object(&visit->tool.tree, visit->page, "list"));
            return page_reply(visit, 200, "list_remove");
        }
    }
    return reason_set(&visit->request->reason, ERR_NOT_FOUND, "certstore.no_list", id, NULL, NULL);
}

enum err list_remove_post(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    const char *id = visit_param(visit, "id");
    TRY(visit_store(visit, &store));
    TRY(certstore_remove_list(
        store, id == NULL ? "" : id, clock_now(&visit->tool.clock), &visit->request->reason));
    return visit_done(visit, "/lists", "list_deleted");
}

/* As the command does it, which says of each what became of it. */
enum err lists_refresh_post(struct visit *visit)
{
    const struct arguments none = { .operand_count = 0 };
    (void)command_crl_refresh(&visit->tool, &none);
    visit->here = arena_format(visit->request->arena, "%s/lists?fetched", visit->console->desk);
    TRY(lists_put(visit));
    refreshed_put(visit);
    return page_reply(visit, 200, "lists");
}

static void refreshed_put(struct visit *visit)
{
    static const struct {
        const char *state, *text;
    } texts[] = {
        { "new", "console.list_new" },
        { "unchanged", "console.list_unchanged" },
        { "unverifiable", "console.list_unverifiable" },
        { "failed", "console.list_failed" },
    };
    struct value_tree *tree = &visit->tool.tree;
    const struct value *lists = value_get(visit->tool.result, "lists");
    struct value *shown = value_put_list(tree, visit->page, "refreshed");
    value_put_bool(tree, visit->page, "refreshed_none", value_count(lists) == 0);
    for (const struct value *list = value_first(lists); list != NULL; list = value_next(list)) {
        const char *state = value_text(value_get(list, "state"));
        struct value *item = value_add_object(tree, shown);
        for (size_t i = 0; state != NULL && i < sizeof texts / sizeof texts[0]; i++) {
            if (strcmp(state, texts[i].state) == 0) {
                value_put_text(tree, item, "text", texts[i].text);
            }
        }
        value_put_text(tree, item, "url", value_text(value_get(list, "url")));
        value_put_text(tree, item, "missing", value_text(value_get(list, "missing")));
        const char *code = value_text(value_get(list, "reason"));
        if (code != NULL) {
            struct reason reason = { 0 };
            AUTO(buf) why = buf_make(4096);
            reason_set(&reason, ERR_INPUT, code, value_text(value_get(list, "url")), NULL, NULL);
            language_format_reason(visit->tool.language, &reason, "", &why);
            value_put_text(tree, item, "why", buf_text(&why));
        }
    }
}
