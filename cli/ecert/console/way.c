/* Each row has a text CODE.page in the catalogues, which speaks of pages where CODE.next speaks of
 * commands. */
#include "cli/ecert/console/way.h"

/* Whose page a path is below. */
enum whose {
    CONSOLE,
    SHOWN, /* the certificate's that the page is about */
    SEEN,  /* the certificate's that the reason names */
};

static const struct {
    const char *code;
    enum whose whose;
    const char *path, *label;
} ways[] = {
    { "chain.crl_missing", CONSOLE, "/lists", "console.place_lists" },
    { "chain.crl_signature", CONSOLE, "/lists", "console.place_lists" },
    { "chain.crl_stale", CONSOLE, "/lists", "console.place_lists" },
    { "chain.expired", CONSOLE, "/request", "console.request" },
    { "chain.limit", CONSOLE, "/store/intermediate", "console.place_intermediate" },
    { "chain.revoked", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "chain.untrusted", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "certificate.no_request", CONSOLE, "/import", "console.import" },
    { "certstore.have_certificate", SHOWN, "", "console.back_to_one" },
    { "certstore.is_ca", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "certstore.is_root", CONSOLE, "/store/root/import", "console.store_import" },
    { "certstore.key_damaged", CONSOLE, "/import", "console.import" },
    { "certstore.key_exists", SEEN, "", "console.certificate" },
    { "certstore.key_in_token", SHOWN, "/export", "console.export" },
    { "certstore.no_authority", CONSOLE, "/store/intermediate", "console.place_intermediate" },
    { "certstore.not_ca", CONSOLE, "/import", "console.import" },
    { "certstore.not_root", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "certstore.no_change", CONSOLE, "/undo", "console.undo" },
    { "certstore.undo_key_here", SEEN, "", "console.certificate" },
    { "certstore.undo_later", CONSOLE, "/undo", "console.undo" },
    { "certstore.revoked", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "crl.foreign", CONSOLE, "/store/intermediate/import", "console.store_import" },
    { "certstore.no_list", CONSOLE, "/lists", "console.place_lists" },
    { "crl.older", CONSOLE, "/lists", "console.place_lists" },
    { "deploy.key_in_token", SHOWN, "/export", "console.export" },
    { "deploy.not_valid", SHOWN, "", "console.back_to_one" },
    { "deploy.untrusted", SHOWN, "/path", "console.tab_path" },
    { "pfx.target_key", CONSOLE, "/request", "console.request" },
    { "tool.no_certificate_yet", SHOWN, "/complete", "console.complete" },
    { "tool.pfx_no_key", CONSOLE, "/", "console.place_certificates" },
};

void way_put(struct visit *visit, struct value *object, const struct reason *reason)
{
    struct value_tree *tree = &visit->tool.tree;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *id = ways[i].whose == SEEN ? reason->seen : visit_param(visit, "id");
        bool of_item = ways[i].whose != CONSOLE;
        if (strcmp(reason->code, ways[i].code) == 0 && (!of_item || id != NULL)) {
            value_put_text(tree, object, "way_href",
                arena_format(visit->request->arena, "%s%s%s%s", visit->console->desk,
                    of_item ? "/certificate/" : "", of_item ? id : "", ways[i].path));
            value_put_text(tree, object, "way_label", ways[i].label);
        }
    }
}
