/* Page 6: the certificate and what belongs to it, only once it is accepted. The chain is put
 * together from the repository: the issuer by the subscriber certificate's issuer name, then its
 * own. */
#include "proc/portal/chain.h"
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

#include <string.h>

static enum err chain_build(struct visit *visit, struct chain_links *ret_chain);
static void file_put(struct visit *visit, struct value *list, const char *label, const char *href);
static void ca_files_put(struct visit *visit, const struct chain_links *chain);

/* Which links of the chain a file holds; `to` 0 stands for all but the root. */
static const struct {
    const char *name, *label;
    size_t from, to;
    bool der;
} files[] = {
    { "certificate.pem", "download.certificate_pem", 0, 1, false },
    { "fullchain.pem", "download.fullchain", 0, 0, false },
    { "chain.pem", "download.chain", 1, 0, false },
    { "certificate.cer", "download.certificate_der", 0, 1, true },
};
enum { FILE_COUNT = sizeof files / sizeof files[0] };

enum err download_get(struct visit *visit)
{
    struct chain_links chain = { 0 };
    struct certificate_row row = { 0 };
    TRY(certificate_find(visit, &row));
    TRY(chain_build(visit, &chain));
    page_begin(visit, STEP_DOWNLOAD, "download.title");
    value_put_text(&visit->tree, visit->page, "server_name", visit->application.names[0]);
    TRY(certificate_put(visit, visit->page, &row));
    struct value *list = value_put_list(&visit->tree, visit->page, "files");
    for (size_t i = 0; i < FILE_COUNT; i++) {
        file_put(visit, list, files[i].label,
            arena_format(visit->request->arena, "/download/%s", files[i].name));
    }
    ca_files_put(visit, &chain);
    return page_reply(visit, 200, "download");
}

enum err download_file_get(struct visit *visit)
{
    struct span name = { 0 };
    struct chain_links chain = { 0 };
    AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
    (void)http_request_param(visit->request, "file", &name);
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (!span_equal_text(name, files[i].name)) {
            continue;
        }
        TRY(chain_build(visit, &chain));
        if (files[i].der) {
            return reply_download(
                visit->response, "application/pkix-cert", files[i].name, chain.links[0].der);
        }
        size_t to = files[i].to != 0 ? files[i].to : chain.count - (chain.count > 1 ? 1 : 0);
        TRY(chain_pem(&chain, files[i].from, to, &pem));
        return reply_download(
            visit->response, "application/x-pem-file", files[i].name, buf_span(&pem));
    }
    return ERR_NOT_FOUND;
}

enum err api_download_get(struct visit *visit)
{
    struct chain_links chain = { 0 };
    struct value_tree *tree = &visit->tree;
    struct value *list = NULL;
    TRY(chain_build(visit, &chain));
    for (size_t i = 0; i < chain.count; i++) {
        AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
        TRY(chain_pem(&chain, i, i + 1, &pem));
        if (i == 0) {
            value_put_text(tree, visit->page, "certificate", buf_text(&pem));
            list = value_put_list(tree, visit->page, "chain");
        } else if (i + 1 < chain.count) {
            value_add_text(tree, list, buf_text(&pem));
        } else {
            value_put_text(tree, visit->page, "root", buf_text(&pem));
        }
    }
    return visit_reply_json(visit, 200, visit->page);
}

static enum err chain_build(struct visit *visit, struct chain_links *ret_chain)
{
    struct certificate_row row = { 0 };
    TRY(certificate_find(visit, &row));
    if (row.state != CERTIFICATE_ACCEPTED) {
        return reason_set(&visit->request->reason, ERR_CONFLICT,
            row.accepted != 0 ? "certificate.is_revoked" : "certificate.not_accepted", "", "", "");
    }
    return chain_of(visit, row.der, ret_chain);
}

static void file_put(struct visit *visit, struct value *list, const char *label, const char *href)
{
    struct value_tree *tree = &visit->tree;
    struct value *file = value_add_object(tree, list);
    value_put_text(tree, file, "href", href);
    value_put_text(tree, file, "label", label);
    value_put_text(tree, file, "hint", arena_format(visit->request->arena, "%s.hint", label));
    value_put_bool(tree, file, "download", true);
}

/* "http://host/crl/NAME.crl" → "/crl/NAME.crl" on this server. */
static const char *local_path(struct visit *visit, struct span uri)
{
    char *text = arena_text(visit->request->arena, uri);
    char *path = text == NULL ? NULL : strstr(text, "://");
    return path == NULL ? NULL : strchr(path + 3, '/');
}

static void ca_files_put(struct visit *visit, const struct chain_links *chain)
{
    struct arena *arena = visit->request->arena;
    struct value *list = value_put_list(&visit->tree, visit->page, "ca_files");
    for (size_t i = 1; i < chain->count; i++) {
        bool root = i + 1 == chain->count;
        file_put(visit, list, root ? "download.root" : "download.intermediate",
            arena_format(arena, "/root/%s.crt", chain->links[i].name));
    }
    for (size_t i = chain->count - 1; i > 0; i--) {
        const char *path = local_path(visit, chain->links[i - 1].certificate->crl_uri);
        if (path != NULL) {
            file_put(visit, list, i == 1 ? "download.crl" : "download.arl", path);
        }
    }
}
