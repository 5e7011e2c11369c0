/* Facts of item.c in the words of a page. */
#include "cli/ecert/console/item_page.h"

#include "cli/ecert/console/viewer.h"
#include "cli/ecert/screen.h"
#include "lib/pki/csr.h"

static void names_put(struct visit *visit, const struct item_view *view, struct value *object);

void item_page_release(struct item_page *page)
{
    certstore_item_release(&page->item);
    certstore_free(page->store);
}

/* Only a whole id: a beginning of one, or a friendly name, could come to mean another. */
enum err item_page_open(struct visit *visit, const char *title, struct item_page *ret_page)
{
    const char *id = visit_param(visit, "id");
    page_begin(visit, title, "certificates");
    TRY(visit_store(visit, &ret_page->store));
    TRY(certstore_find(
        ret_page->store, id == NULL ? "" : id, &visit->request->reason, &ret_page->item));
    if (id == NULL || strcmp(id, ret_page->item.id) != 0) {
        return reason_set(
            &visit->request->reason, ERR_NOT_FOUND, "certstore.no_item", id, NULL, NULL);
    }
    TRY(item_view(&visit->tool, ret_page->store, &ret_page->item, &ret_page->view));
    item_page_put(visit, &ret_page->view, value_put_object(&visit->tool.tree, visit->page, "item"));
    ret_page->path = arena_format(visit->request->arena, "/certificate/%s", ret_page->item.id);
    return ret_page->path == NULL ? ERR_MEMORY : OK;
}

void item_page_unlock(struct visit *visit, const struct item_page *page, struct secret *passphrase)
{
    if (page->item.guard != CERTSTORE_KEY_PASSPHRASE || passphrase->len == 0) {
        return;
    }
    visit->access.passphrase = *passphrase;
    *passphrase = (struct secret){ 0 };
    memcpy(visit->access.key_sha256, page->item.spki_sha256, SHA256_BYTES);
    visit->unlocks = true;
}

void item_page_locked(
    const struct visit *visit, const struct item_page *page, struct reason *reason)
{
    bool secret = strcmp(reason->code, "tool.secret_none") == 0 ||
                  strncmp(reason->code, "key.passphrase", 14) == 0;
    if (secret && page->item.guard == CERTSTORE_KEY_TOKEN) {
        reason_set(reason, ERR_DENIED, "console.in_token", NULL, page->item.token_uri, NULL);
    } else if (secret) {
        reason_set(reason, ERR_DENIED, visit->unlocks ? "key.passphrase" : "key.passphrase_needed",
            "passphrase", NULL, NULL);
    }
}

void item_page_put(struct visit *visit, const struct item_view *view, struct value *object)
{
    struct value_tree *tree = &visit->tool.tree;
    const struct reason *reason = &view->judgement.reason;
    char name[HOST_NAME_UNICODE_MAX];
    bool pending = view->item->kind == CERTSTORE_REQUEST;
    item_name(view, name);
    value_put_text(tree, object, "name", name);
    value_put_text(tree, object, "id", view->item->id);
    value_put_text(tree, object, "href",
        arena_format(
            visit->request->arena, "%s/certificate/%s", visit->console->desk, view->item->id));
    value_put_text(tree, object, "friendly_name", view->item->friendly_name);
    value_put_text(
        tree, object, "state_text", item_state_text(&visit->tool, view->judgement.state));
    value_put_bool(tree, object, "pending", pending);
    value_put_bool(tree, object, "guarded", view->item->guard == CERTSTORE_KEY_PASSPHRASE);
    value_put_bool(tree, object, "good", view->judgement.state == CERTSTORE_VALID);
    page_put_moment(visit, object, "made_text", view->item->created);
    names_put(visit, view, object);
    value_put_text(tree, object, "key", view->key_text);
    page_put_groups(visit, object, "key_groups", view->key_sha256);
    if (!pending) {
        page_put_moment(visit, object, "begins_text", view->not_before);
        page_put_moment(visit, object, "ends_text", view->not_after);
        value_put_text(tree, object, "issuer", view->issuer);
        value_put_text(tree, object, "serial", view->serial);
        page_put_groups(visit, object, "thumbprint_groups", view->thumbprint_sha1);
    }
    if (reason->code[0] != '\0') {
        page_put_reason(visit, object, reason);
    }
}

static void names_put(struct visit *visit, const struct item_view *view, struct value *object)
{
    struct certificate certificate;
    struct csr csr;
    if (view->item->kind == CERTSTORE_PERSONAL &&
        certificate_parse(buf_span(&view->item->certificate), &certificate) == OK) {
        viewer_put_names(visit, object, certificate.dns_names, certificate.dns_name_count);
    } else if (view->item->csr.len > 0 &&
               csr_parse(buf_span(&view->item->csr), /* ret_reason= */ NULL, &csr) == OK) {
        viewer_put_names(visit, object, csr.dns_names, csr.dns_name_count);
    }
}
