/* Facts of lib/certstore's authorities in the words of a page. */
#include "cli/ecert/console/authority_page.h"

static const struct {
    const char *word, *path, *title, *lead;
} folders[] = {
    [CERTSTORE_INTERMEDIATE] = { "intermediate", "/store/intermediate",
        "console.place_intermediate", "console.lead_intermediate" },
    [CERTSTORE_ROOTS] = { "root", "/store/root", "console.place_roots", "console.lead_roots" },
    [CERTSTORE_UNTRUSTED] = { "untrusted", "/store/untrusted", "console.place_untrusted",
        "console.lead_untrusted" },
};

void authority_page_release(struct authority_page *page)
{
    authorities_release(&page->authorities);
    certstore_free(page->store);
}

const char *authority_folder_path(enum certstore_folder folder)
{
    return folders[folder].path;
}

void authority_page_begin(struct visit *visit, enum certstore_folder folder)
{
    page_begin(visit, folders[folder].title, folders[folder].word);
    value_put_text(&visit->tool.tree, visit->page, "folder", folders[folder].word);
    value_put_text(&visit->tool.tree, visit->page, "lead", folders[folder].lead);
}

enum err authority_page_open(struct visit *visit, struct authority_page *ret_page)
{
    struct reason *reason = &visit->request->reason;
    const char *id = visit_param(visit, "id");
    TRY(visit_store(visit, &ret_page->store));
    TRY(certstore_authorities(ret_page->store, CERTSTORE_INTERMEDIATE, /* added= */ NULL, 0,
        clock_now(&visit->tool.clock), &ret_page->authorities));
    TRY(authorities_find(
        &ret_page->authorities, id == NULL ? "" : id, reason, &ret_page->authority));
    if (id == NULL || strcmp(id, ret_page->authority->id) != 0) {
        return reason_set(reason, ERR_NOT_FOUND, "certstore.no_authority", id, NULL, NULL);
    }
    page_begin(visit, "console.certificate", folders[ret_page->authority->folder].word);
    authority_page_put(
        visit, ret_page->authority, value_put_object(&visit->tool.tree, visit->page, "item"));
    value_put_text(
        &visit->tool.tree, visit->page, "folder_title", folders[ret_page->authority->folder].title);
    value_put_text(&visit->tool.tree, visit->page, "folder_href",
        arena_format(visit->request->arena, "%s%s", visit->console->desk,
            folders[ret_page->authority->folder].path));
    ret_page->path = arena_format(visit->request->arena, "/authority/%s", ret_page->authority->id);
    return ret_page->path == NULL ? ERR_MEMORY : OK;
}

void authority_page_put(
    struct visit *visit, const struct authority *authority, struct value *object)
{
    struct value_tree *tree = &visit->tool.tree;
    const struct certificate *certificate = &authority->certificate;
    char name[CHAIN_NAME_MAX];
    bool untrusted = authority->folder == CERTSTORE_UNTRUSTED;
    chain_name(certificate->subject, name);
    value_put_text(tree, object, "name", name);
    value_put_text(tree, object, "role_text", chain_role_text(&visit->tool, authority->role));
    value_put_text(tree, object, "state_text",
        untrusted ? language_text(visit->tool.language, "tool.state_Untrusted")
                  : chain_standing_text(&visit->tool, authority->standing));
    value_put_bool(tree, object, "good", !untrusted && authority->standing == AUTHORITY_CURRENT);
    chain_name(certificate->issuer, name);
    value_put_text(tree, object, "issuer", name);
    page_put_moment(visit, object, "begins_text", certificate->not_before);
    page_put_moment(visit, object, "ends_text", certificate->not_after);
    if (authority->standing == AUTHORITY_REVOKED) {
        page_put_moment(visit, object, "revoked_text", authority->revoked_at);
    }
    value_put_text(tree, object, "thumbprint",
        arena_format(visit->request->arena, "%.*s", CHAIN_SHORT_THUMBPRINT, authority->id));
    value_put_text(tree, object, "id", authority->id);
    page_put_groups(visit, object, "sha1_groups", authority->sha1);
    page_put_groups(visit, object, "sha256_groups", authority->id);
    value_put_text(tree, object, "href",
        arena_format(
            visit->request->arena, "%s/authority/%s", visit->console->desk, authority->id));
}
