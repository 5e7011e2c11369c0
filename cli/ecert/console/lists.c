/* The folder of revocation lists: what is there, one more from a file, one less. */
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
    struct errand_state fetching;
    errand_look(visit->console->fetching, &fetching);
    value_put_bool(tree, visit->page, "fetching", fetching.running);
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
