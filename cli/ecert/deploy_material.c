/* What goes out is looked at first: a certificate that clients refuse is not put anywhere. That no
 * root of ours leads to it, or that no list is here, is no reason: the server's clients may know
 * better than this store. */
#include "cli/ecert/deploy.h"

#include "cli/ecert/endpoint.h"
#include "cli/ecert/key_open.h"
#include "lib/der/pem.h"

static enum err item_choose(struct tool *tool, struct certstore *store, const char *wanted,
    struct certstore_item *ret_item, struct reason *ret_reason);
static bool is_fit(enum certstore_state state);
static enum err key_take(struct tool *tool, struct certstore *store,
    struct deploy_material *material, struct reason *ret_reason);

void deploy_material_release(struct deploy_material *material)
{
    certstore_item_release(&material->item);
    key_free(material->key);
    secret_release(&material->key_pem);
    buf_release(&material->chain_pem);
    bundle_release(&material->chain);
    certstore_blobs_release(&material->root_blobs);
}

enum err deploy_material_load(struct tool *tool, struct certstore *store, const char *wanted,
    struct deploy_material *ret_material, struct reason *ret_reason)
{
    struct deploy_material *material = ret_material;
    TRY(item_choose(tool, store, wanted, &material->item, ret_reason));
    TRY(item_view(tool, store, &material->item, &material->view));
    TRY(deploy_item_check(tool, &material->view, ret_reason));
    material->now = clock_now(&tool->clock);
    TRY(key_take(tool, store, material, ret_reason));
    material->chain_pem = buf_make(CERTSTORE_CHAIN_MAX);
    TRY(deploy_chain_pem(&material->item, &material->chain_pem));
    TRY(bundle_cut(buf_span(&material->chain_pem), &material->chain));
    TRY(certstore_list_trust(store, CERTSTORE_ROOTS, &material->root_blobs));
    for (size_t i = 0; i < material->root_blobs.count && i < CHAIN_CANDIDATES_MAX; i++) {
        material->roots[material->root_count++] = buf_span(&material->root_blobs.blobs[i]);
    }
    return OK;
}

enum err deploy_item_check(
    const struct tool *tool, const struct item_view *view, struct reason *ret_reason)
{
    return is_fit(view->judgement.state)
               ? OK
               : reason_set(ret_reason, ERR_DENIED, "deploy.not_valid", view->first_name,
                     item_state_text(tool, view->judgement.state), NULL);
}

/* One that stays in its token isn't opened, and nobody is asked for a PIN: its certificate has the
 * public half, and whether the server reaches the other is seen when it answers. */
static enum err key_take(struct tool *tool, struct certstore *store,
    struct deploy_material *material, struct reason *ret_reason)
{
    struct certificate leaf;
    if (material->item.guard == CERTSTORE_KEY_TOKEN) {
        TRY(certificate_parse(buf_span(&material->item.certificate), &leaf));
        return key_from_spki(leaf.spki, &material->key);
    }
    TRY(key_open(tool, store, &material->item, ret_reason, &material->key));
    return key_to_pem(material->key, &material->key_pem);
}

enum err deploy_chain_pem(const struct certstore_item *item, struct buf *pem)
{
    TRY(pem_write("CERTIFICATE", buf_span(&item->certificate), pem));
    buf_append(pem, buf_span(&item->chain));
    return buf_check(pem);
}

static enum err item_choose(struct tool *tool, struct certstore *store, const char *wanted,
    struct certstore_item *ret_item, struct reason *ret_reason)
{
    AUTO(certstore_items) items = { 0 };
    struct certstore_item *only = NULL;
    if (wanted != NULL) {
        TRY(certstore_find(store, wanted, ret_reason, ret_item));
        return ret_item->kind == CERTSTORE_PERSONAL
                   ? OK
                   : reason_set(
                         ret_reason, ERR_NOT_FOUND, "tool.no_certificate_yet", wanted, NULL, NULL);
    }
    TRY(certstore_list(store, &items, /* ret_unreadable= */ NULL));
    for (size_t i = 0; i < items.count; i++) {
        struct certstore_judgement judgement;
        if (items.items[i].kind != CERTSTORE_PERSONAL ||
            certstore_judge(store, &items.items[i], clock_now(&tool->clock), &judgement) != OK ||
            !is_fit(judgement.state)) {
            continue;
        }
        if (only != NULL) {
            return reason_set(ret_reason, ERR_CONFLICT, "deploy.which", "ID", NULL, NULL);
        }
        only = &items.items[i];
    }
    if (only == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "deploy.which", "ID", NULL, NULL);
    }
    *ret_item = *only;
    *only = (struct certstore_item){ .kind = CERTSTORE_PERSONAL };
    return OK;
}

static bool is_fit(enum certstore_state state)
{
    return state == CERTSTORE_VALID || state == CERTSTORE_UNTRUSTED_STATE ||
           state == CERTSTORE_REVOCATION_CHECK_FAILURE || state == CERTSTORE_UNKNOWN;
}

enum err deploy_material_line(const struct deploy_material *material,
    const struct deploy_target *target, struct buf *line, struct reason *ret_reason)
{
    const struct certstore_item *item = &material->item;
    enum err err =
        item->guard == CERTSTORE_KEY_TOKEN ? deploy_key_line(target, item->token_uri, line) : OK;
    return err == OK ? OK
                     : reason_set(ret_reason, err, "deploy.key_in_token", item->id, item->token_uri,
                           "nginx, apache");
}

enum err deploy_material_fits(const struct deploy_material *material,
    const struct deploy_target *target, struct reason *ret_reason)
{
    struct endpoint endpoint;
    struct certificate leaf;
    AUTO(buf) line = buf_make(DEPLOY_LINE_MAX);
    TRY(deploy_material_line(material, target, &line, ret_reason));
    if (target->check[0] == '\0') {
        return OK;
    }
    TRY(endpoint_parse(target->check, target->kind->port, &endpoint, ret_reason));
    TRY(certificate_parse(buf_span(&material->item.certificate), &leaf));
    bool fits = !endpoint.literal && certificate_covers_host(&leaf, span_from_text(endpoint.host));
    return fits ? OK
                : reason_set(ret_reason, ERR_DENIED, "deploy.other_name", target->name,
                      endpoint.host, material->view.names);
}
