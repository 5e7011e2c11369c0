/* The stores of CA certificates, as the MMC snap-in shows them: lists, viewer, deletion. */
#include "cli/ecert/console/authority_page.h"
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/viewer.h"

#include "cli/ecert/chain_plan.h"

static enum err tab_show(struct visit *visit, enum viewer_tab tab, const char *template);

enum err store_get(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(authorities) authorities = { 0 };
    enum certstore_folder folder;
    struct value_tree *tree = &visit->tool.tree;
    int64_t count = 0;
    const char *word = visit_param(visit, "folder");
    if (word == NULL || chain_folder_from_word(word, &folder) != OK) {
        return ERR_NOT_FOUND;
    }
    authority_page_begin(visit, folder);
    TRY(visit_store(visit, &store));
    TRY(certstore_authorities(store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
        clock_now(&visit->tool.clock), &authorities));
    struct value *list = value_put_list(tree, visit->page, "items");
    for (size_t i = 0; i < authorities.count; i++) {
        if (authorities.items[i].folder == folder) {
            authority_page_put(visit, &authorities.items[i], value_add_object(tree, list));
            count++;
        }
    }
    value_put_integer(tree, visit->page, "count", count);
    value_put_text(tree, visit->page, "store", visit->tool.store_path);
    TRY(undo_offer(visit, store));
    return page_reply(visit, 200, "store");
}

enum err authority_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_GENERAL, "authority");
}

enum err authority_details_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_DETAILS, "details");
}

enum err authority_path_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_PATH, "path");
}

static enum err tab_show(struct visit *visit, enum viewer_tab tab, const char *template)
{
    AUTO(authority_page) one = { 0 };
    TRY(authority_page_open(visit, &one));
    struct span der = one.authority->certificate.der;
    viewer_put_tabs(visit, one.path, tab);
    if (tab == VIEWER_DETAILS) {
        TRY(viewer_put_details(visit, der));
    }
    if (tab == VIEWER_PATH) {
        TRY(viewer_put_paths(visit, one.store, der, (struct span){ 0 }));
    }
    return page_reply(visit, 200, template);
}

enum err authority_remove_get(struct visit *visit)
{
    AUTO(authority_page) one = { 0 };
    TRY(authority_page_open(visit, &one));
    return page_reply(visit, 200, "authority_remove");
}

enum err authority_remove_post(struct visit *visit)
{
    AUTO(authority_page) one = { 0 };
    AUTO(chain_plan) plan = { .count = 0 };
    size_t chains = 0;
    TRY(authority_page_open(visit, &one));
    plan.store = one.store;
    TRY(chain_plan_remove(&visit->tool, &plan, one.authority->id, &visit->request->reason));
    TRY(chain_plan_apply(&plan, &chains, &visit->request->reason));
    return visit_done(visit, authority_folder_path(one.authority->folder), "deleted");
}
