/* Page 6: the certificate and what belongs to it, only once it is accepted. */
#include "proc/portal/bundle.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"
#include "proc/portal/steps.h"

#include "lib/der/pem.h"
#include "lib/store/publication.h"

enum { ZIP_MAX_BYTES = 4 * 1024 * 1024 };

static enum err file_reply(struct visit *visit, const struct bundle *bundle);
static void files_put(struct visit *visit, const struct bundle *bundle);
static struct value *entry_add(struct visit *visit, struct value *list, const char *label);
static void link_add(
    struct visit *visit, struct value *links, const char *href, const char *name, const char *form);
static enum err crl_put(struct visit *visit, const struct bundle *bundle, struct value *list);
static enum err pem_put(
    struct visit *visit, struct value *list, const char *member, const struct link *link);

enum err download_get(struct visit *visit)
{
    struct bundle bundle = { 0 };
    struct certificate_row row = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(certificate_find(visit, &row));
    if (row.state != CERTIFICATE_ACCEPTED) {
        return reply_redirect(visit->response, "/next"); /* revoked: what is left is another */
    }
    TRY(bundle_make(visit, &bundle));
    page_begin(visit, STEP_DOWNLOAD, "download.title");
    value_put_text(tree, visit->page, "server_name", visit->application.names[0]);
    TRY(certificate_put(visit, visit->page, &row));
    files_put(visit, &bundle);
    TRY(crl_put(visit, &bundle, (struct value *)value_get(visit->page, "ca_files")));
    value_put_text(
        tree, visit->page, "zip_name", arena_format(visit->request->arena, "%s.zip", bundle.base));
    steps_links_put(visit);
    return page_reply(visit, 200, "download");
}

enum err download_file_get(struct visit *visit)
{
    struct bundle bundle = { 0 };
    TRY(bundle_make(visit, &bundle));
    return file_reply(visit, &bundle);
}

enum err api_download_get(struct visit *visit)
{
    struct bundle bundle = { 0 };
    struct value_tree *tree = &visit->tree;
    TRY(bundle_make(visit, &bundle));
    const struct chain_links *chain = &bundle.chain;
    TRY(pem_put(visit, visit->page, "certificate", &chain->links[0]));
    struct value *list = value_put_list(tree, visit->page, "chain");
    for (size_t i = 1; i + 1 < chain->count; i++) {
        TRY(pem_put(visit, list, NULL, &chain->links[i]));
    }
    struct value *crosses = value_put_list(tree, visit->page, "cross");
    for (size_t i = 0; i < bundle.cross_count; i++) {
        TRY(pem_put(visit, crosses, NULL, &bundle.crosses[i]));
    }
    TRY(pem_put(visit, visit->page, "root", &chain->links[chain->count - 1]));
    struct value *files = value_put_list(tree, visit->page, "files");
    for (size_t i = 0; i <= bundle.count; i++) {
        const struct bundle_file *file = i < bundle.count ? &bundle.files[i] : NULL;
        struct arena *arena = visit->request->arena;
        struct value *object = value_add_object(tree, files);
        value_put_text(tree, object, "name",
            file != NULL ? file->name : arena_format(arena, "%s.zip", bundle.base));
        value_put_text(tree, object, "href",
            arena_format(
                arena, "/api/v1/enrolment/download/%s", file != NULL ? file->id : "all.zip"));
        value_put_text(tree, object, "type", file != NULL ? file->type : "application/zip");
    }
    return visit_reply_json(visit, 200, visit->page);
}

static enum err file_reply(struct visit *visit, const struct bundle *bundle)
{
    struct span name = { 0 };
    (void)http_request_param(visit->request, "file", &name);
    if (span_equal_text(name, "all.zip")) {
        AUTO(buf) zip = buf_make(ZIP_MAX_BYTES);
        TRY(bundle_zip(visit, bundle, &zip));
        return reply_download(visit->response, "application/zip",
            arena_format(visit->request->arena, "%s.zip", bundle->base), buf_span(&zip));
    }
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_file *file = &bundle->files[i];
        if (span_equal_text(name, file->id)) {
            return reply_download(visit->response, file->type, file->name, file->content);
        }
    }
    return ERR_NOT_FOUND;
}

/* "files" are the subscriber's, "ca_files" the authority's: of those one entry for each certificate
 * or list, with a link for each form it has. The PEM form comes first (bundle.c). */
static void files_put(struct visit *visit, const struct bundle *bundle)
{
    struct value *links = NULL;
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    struct value *own = value_put_list(tree, visit->page, "files");
    struct value *authority = value_put_list(tree, visit->page, "ca_files");
    for (size_t i = 0; i < bundle->count; i++) {
        const struct bundle_file *file = &bundle->files[i];
        bool der = bundle_is_der(file);
        if (file->href == NULL) {
            struct value *object = entry_add(visit, own, file->label);
            value_put_text(tree, object, "href", arena_format(arena, "/download/%s", file->id));
            value_put_text(tree, object, "name", file->name);
            continue;
        }
        if (!der || bundle_is_list(file)) {
            links = value_put_list(tree, entry_add(visit, authority, file->label), "links");
        }
        link_add(visit, links, file->href, file->name, der ? "DER" : "PEM");
    }
}

static struct value *entry_add(struct visit *visit, struct value *list, const char *label)
{
    struct value *entry = value_add_object(&visit->tree, list);
    value_put_text(&visit->tree, entry, "label", label);
    value_put_text(
        &visit->tree, entry, "hint", arena_format(visit->request->arena, "%s.hint", label));
    return entry;
}

static void link_add(
    struct visit *visit, struct value *links, const char *href, const char *name, const char *form)
{
    struct value *link = value_add_object(&visit->tree, links);
    value_put_text(&visit->tree, link, "href", href);
    value_put_text(&visit->tree, link, "name", name);
    value_put_text(&visit->tree, link, "form", form);
}

/* The list with the subscribers' certificates changes daily and is in no bundle: only its link. */
static enum err crl_put(struct visit *visit, const struct bundle *bundle, struct value *list)
{
    struct publication_row *rows = NULL;
    size_t count = 0;
    struct value_tree *tree = &visit->tree;
    struct arena *arena = visit->request->arena;
    const char *name = list_name(visit, bundle->chain.links[0].certificate->crl_uri);
    TRY(store_publication_list(visit->portal->store, arena, &rows, &count));
    for (size_t i = 0; i < count && name != NULL; i++) {
        if (rows[i].kind == PUBLICATION_CRL && strcmp(rows[i].name, name) == 0) {
            struct value *links =
                value_put_list(tree, entry_add(visit, list, "download.crl"), "links");
            link_add(visit, links, arena_format(arena, "/crl/%s.crl", name),
                arena_format(arena, "%s.crl", name), "DER");
        }
    }
    return OK;
}

/* A member of an object, or where `member` is NULL an element of a list. */
static enum err pem_put(
    struct visit *visit, struct value *list, const char *member, const struct link *link)
{
    AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
    TRY(pem_write("CERTIFICATE", link->der, &pem));
    TRY(buf_check(&pem));
    if (member != NULL) {
        value_put_text(&visit->tree, list, member, buf_text(&pem));
    } else {
        value_add_text(&visit->tree, list, buf_text(&pem));
    }
    return OK;
}
