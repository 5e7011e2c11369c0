/* The server's certificates and requests, as the Exchange console lists them, and the viewer. */
#include "cli/ecert/console/handlers.h"
#include "cli/ecert/console/item_page.h"
#include "cli/ecert/console/viewer.h"

#include "lib/base/limits.h"
#include "lib/der/pem.h"

static enum err item_row(struct visit *visit, const struct certstore *store,
    const struct certstore_item *item, struct value *list);
static enum err tab_show(struct visit *visit, enum viewer_tab tab, const char *template);
static enum err request_put(struct visit *visit, const struct item_page *page);

enum err certificates_get(struct visit *visit)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_items) items = { 0 };
    struct value_tree *tree = &visit->tool.tree;
    size_t unreadable = 0;
    page_begin(visit, "console.certificates", "certificates");
    TRY(visit_store(visit, &store));
    TRY(certstore_list(store, &items, &unreadable));
    struct value *list = value_put_list(tree, visit->page, "items");
    for (size_t i = 0; i < items.count; i++) {
        TRY(item_row(visit, store, &items.items[i], list));
    }
    value_put_integer(tree, visit->page, "count", (int64_t)items.count);
    value_put_text(tree, visit->page, "store", visit->tool.store_path);
    if (unreadable > 0) {
        value_put_integer(tree, visit->page, "n", (int64_t)unreadable);
    }
    TRY(undo_offer(visit, store));
    return page_reply(visit, 200, "certificates");
}

static enum err item_row(struct visit *visit, const struct certstore *store,
    const struct certstore_item *item, struct value *list)
{
    struct item_view *view = arena_alloc(visit->request->arena, 1, sizeof *view);
    struct value *row = value_add_object(&visit->tool.tree, list);
    TRY(view == NULL ? ERR_MEMORY : item_view(&visit->tool, store, item, view));
    item_page_put(visit, view, row);
    return OK;
}

enum err certificate_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_GENERAL, "certificate");
}

/* The request is what the portal's page wants; there is nothing secret in it. */
enum err request_file_get(struct visit *visit)
{
    AUTO(item_page) one = { 0 };
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    TRY(item_page_open(visit, "console.certificate", &one));
    if (one.item.csr.len == 0) {
        return ERR_NOT_FOUND;
    }
    TRY(pem_write("CERTIFICATE REQUEST", buf_span(&one.item.csr), &pem));
    return reply_download(visit->response, "application/pkcs10", "request.csr", buf_span(&pem));
}

enum err certificate_details_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_DETAILS, "details");
}

enum err certificate_path_get(struct visit *visit)
{
    return tab_show(visit, VIEWER_PATH, "path");
}

static enum err request_put(struct visit *visit, const struct item_page *page)
{
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    if (page->item.csr.len > 0) {
        TRY(pem_write("CERTIFICATE REQUEST", buf_span(&page->item.csr), &pem));
        value_put_text(&visit->tool.tree, visit->page, "csr", buf_text(&pem));
    }
    return buf_check(&pem);
}

/* A request has no details and no path yet: its one tab is General. */
static enum err tab_show(struct visit *visit, enum viewer_tab tab, const char *template)
{
    AUTO(item_page) one = { 0 };
    TRY(item_page_open(visit, "console.certificate", &one));
    const struct span der = buf_span(&one.item.certificate);
    if (one.item.kind == CERTSTORE_REQUEST && tab != VIEWER_GENERAL) {
        return reason_set(&visit->request->reason, ERR_NOT_FOUND, "tool.no_certificate_yet",
            one.item.id, NULL, NULL);
    }
    if (one.item.kind == CERTSTORE_REQUEST) {
        TRY(request_put(visit, &one));
    } else {
        viewer_put_tabs(visit, one.path, tab);
    }
    struct errand_state state;
    errand_look(visit->console->assignment, &state);
    value_put_bool(&visit->tool.tree, visit->page, "assigning",
        state.running && strcmp(state.id, one.item.id) == 0);
    if (tab == VIEWER_DETAILS) {
        TRY(viewer_put_details(visit, der));
    }
    if (tab == VIEWER_PATH) {
        TRY(viewer_put_paths(visit, one.store, der, buf_span(&one.item.chain)));
    }
    return page_reply(visit, 200, template);
}
