/* Page 6: the certificate and what belongs to it, only once it is accepted. The chain is put
 * together from the repository: the issuer by the subscriber certificate's issuer name, then its
 * own. */
#include "proc/portal/enrolment.h"
#include "proc/portal/handlers.h"

#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/store/publication.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHAIN_MAX = 4, PEM_MAX_BYTES = 6 * CERTIFICATE_MAX_BYTES };

struct link {
    const char *name;
    struct span der;
    struct certificate *certificate;
};

/* Leaf first, root last. The leaf has no name in the repository. */
struct chain_links {
    struct link links[CHAIN_MAX];
    size_t count;
};

static enum err chain_build(struct visit *visit, struct chain_links *ret_chain);
static enum err issuer_find(struct visit *visit, const struct certificate *subject,
    const struct publication_row *rows, size_t count, struct link *ret_link);
static enum err pem_of(
    struct visit *visit, const struct chain_links *chain, size_t from, size_t to, struct buf *pem);
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
    AUTO(buf) pem = buf_make(PEM_MAX_BYTES);
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
        TRY(pem_of(visit, &chain, files[i].from, to, &pem));
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
        AUTO(buf) pem = buf_make(PEM_MAX_BYTES);
        TRY(pem_of(visit, &chain, i, i + 1, &pem));
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

/* A chain without its root is incomplete: better an error that is seen than half a chain served. */
static enum err chain_build(struct visit *visit, struct chain_links *ret_chain)
{
    struct certificate_row row = { 0 };
    struct publication_row *rows = NULL;
    size_t count = 0;
    struct chain_links chain = { .count = 1 };
    struct arena *arena = visit->request->arena;
    TRY(certificate_find(visit, &row));
    if (row.state != CERTIFICATE_ACCEPTED) {
        return reason_set(
            &visit->request->reason, ERR_CONFLICT, "certificate.not_accepted", "", "", "");
    }
    chain.links[0].der = row.der;
    chain.links[0].certificate = arena_alloc(arena, 1, sizeof(struct certificate));
    if (chain.links[0].certificate == NULL) {
        return ERR_MEMORY;
    }
    TRY(certificate_parse(row.der, chain.links[0].certificate));
    TRY(store_publication_list(visit->portal->store, arena, &rows, &count));
    while (!certificate_is_self_issued(chain.links[chain.count - 1].certificate)) {
        if (chain.count == CHAIN_MAX) {
            return ERR_LIMIT;
        }
        TRY(issuer_find(visit, chain.links[chain.count - 1].certificate, rows, count,
            &chain.links[chain.count]));
        chain.count++;
    }
    *ret_chain = chain;
    return OK;
}

/* Several certificates may have the name and the key: a root before the cross certificates for it,
 * else the youngest, since what came later replaces what came before. */
static bool better(const struct certificate *one, const struct certificate *other)
{
    bool root = certificate_is_self_issued(one), other_root = certificate_is_self_issued(other);
    return root != other_root ? root : one->not_before > other->not_before;
}

static enum err issuer_find(struct visit *visit, const struct certificate *subject,
    const struct publication_row *rows, size_t count, struct link *ret_link)
{
    struct arena *arena = visit->request->arena;
    struct certificate *candidate = arena_alloc(arena, 1, sizeof *candidate);
    struct certificate *found = arena_alloc(arena, 1, sizeof *found);
    struct link link = { .name = NULL };
    if (candidate == NULL || found == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct publication_row row = { 0 };
        if (rows[i].kind != PUBLICATION_CERTIFICATE) {
            continue;
        }
        TRY(store_publication_get(visit->portal->store, rows[i].kind, rows[i].name, arena, &row));
        if (certificate_parse(row.der, candidate) == OK && candidate->is_ca &&
            span_equal(candidate->subject, subject->issuer) &&
            span_equal(candidate->subject_key_id, subject->authority_key_id) &&
            (link.name == NULL || better(candidate, found))) {
            *found = *candidate;
            link = (struct link){ rows[i].name, row.der, found };
        }
    }
    if (link.name == NULL) {
        return ERR_AGAIN;
    }
    *ret_link = link;
    return OK;
}

static enum err pem_of(
    struct visit *visit, const struct chain_links *chain, size_t from, size_t to, struct buf *pem)
{
    (void)visit;
    for (size_t i = from; i < to && i < chain->count; i++) {
        TRY(pem_write("CERTIFICATE", chain->links[i].der, pem));
    }
    return buf_check(pem);
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
