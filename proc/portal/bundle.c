/* The files of an accepted certificate. What is the subscriber's is made from the certificate and
 * the chain above it; what is the authority's is what the repository publishes, under its names. */
#include "proc/portal/bundle.h"

#include "lib/der/pem.h"
#include "lib/store/publication.h"
#include "lib/text/zip.h"
#include "proc/portal/enrolment.h"

static const char type_pem[] = "application/x-pem-file";
static const char type_der[] = "application/pkix-cert";
static const char type_p7b[] = "application/x-pkcs7-certificates";
static const char type_crl[] = "application/pkix-crl";

static enum err own_add(struct visit *visit, struct bundle *bundle);
static enum err authority_add(
    struct visit *visit, struct bundle *bundle, const struct link *link, const char *label);
static enum err arl_add(struct visit *visit, struct bundle *bundle);
static enum err add(struct bundle *bundle, struct bundle_file file);

enum err bundle_make(struct visit *visit, struct bundle *ret_bundle)
{
    struct certificate_row row = { 0 };
    struct bundle bundle = { 0 };
    TRY(certificate_find(visit, &row));
    if (row.state != CERTIFICATE_ACCEPTED) {
        return reason_set(&visit->request->reason, ERR_CONFLICT,
            row.accepted != 0 ? "certificate.is_revoked" : "certificate.not_accepted", "", "", "");
    }
    bundle.base = bundle_base(visit->request->arena, visit->application.names[0]);
    if (bundle.base == NULL) {
        return ERR_MEMORY;
    }
    TRY(chain_of(visit, row.der, &bundle.chain));
    TRY(own_add(visit, &bundle));
    for (size_t i = 1; i + 1 < bundle.chain.count; i++) {
        TRY(authority_add(visit, &bundle, &bundle.chain.links[i], "download.intermediate"));
    }
    bundle.cross_count = chain_twins(&bundle.chain, bundle.chain.count - 1, bundle.crosses);
    for (size_t i = 0; i < bundle.cross_count; i++) {
        TRY(authority_add(visit, &bundle, &bundle.crosses[i], "download.cross"));
    }
    if (bundle.chain.count > 1) {
        TRY(authority_add(
            visit, &bundle, &bundle.chain.links[bundle.chain.count - 1], "download.root"));
    }
    TRY(arl_add(visit, &bundle));
    *ret_bundle = bundle;
    return OK;
}

bool bundle_is_der(const struct bundle_file *file)
{
    return file->type != type_pem;
}

bool bundle_is_list(const struct bundle_file *file)
{
    return file->type == type_crl;
}

enum err bundle_zip(const struct visit *visit, const struct bundle *bundle, struct buf *zip)
{
    struct zip_file files[BUNDLE_FILES_MAX];
    for (size_t i = 0; i < bundle->count; i++) {
        files[i] = (struct zip_file){ bundle->files[i].name, bundle->files[i].content };
    }
    return zip_write(files, bundle->count, visit->now, zip);
}

const char *bundle_base(struct arena *arena, const char *server_name)
{
    bool wildcard = strncmp(server_name, "*.", 2) == 0;
    return arena_format(
        arena, "%s%s", wildcard ? "wildcard." : "", server_name + (wildcard ? 2 : 0));
}

static enum err own_add(struct visit *visit, struct bundle *bundle)
{
    static const struct {
        const char *id, *suffix, *label;
        size_t from;
        bool whole; /* up to but without the root; else one link */
    } pems[] = {
        { "certificate.pem", "pem", "download.certificate_pem", 0, false },
        { "fullchain.pem", "fullchain.pem", "download.fullchain", 0, true },
        { "chain.pem", "chain.pem", "download.chain", 1, true },
    };
    struct arena *arena = visit->request->arena;
    const struct chain_links *chain = &bundle->chain;
    for (size_t i = 0; i < sizeof pems / sizeof pems[0]; i++) {
        AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
        size_t above = chain->count > 1 ? chain->count - 1 : chain->count;
        TRY(chain_pem(chain, pems[i].from, pems[i].whole ? above : pems[i].from + 1, &pem));
        const char *name = arena_format(arena, "%s.%s", bundle->base, pems[i].suffix);
        TRY(add(bundle, (struct bundle_file){ pems[i].id, name, pems[i].label, type_pem, NULL,
                            arena_span(arena, buf_span(&pem)) }));
    }
    AUTO(buf) p7b = buf_make(CHAIN_PEM_MAX_BYTES);
    TRY(chain_p7b(chain, &p7b));
    TRY(add(bundle,
        (struct bundle_file){ "certificate.cer", arena_format(arena, "%s.cer", bundle->base),
            "download.certificate_der", type_der, NULL, chain->links[0].der }));
    return add(bundle,
        (struct bundle_file){ "certificate.p7b", arena_format(arena, "%s.p7b", bundle->base),
            "download.certificate_p7b", type_p7b, NULL, arena_span(arena, buf_span(&p7b)) });
}

/* A certificate of an authority, PEM and DER, as it lies in the repository. */
static enum err authority_add(
    struct visit *visit, struct bundle *bundle, const struct link *link, const char *label)
{
    struct arena *arena = visit->request->arena;
    AUTO(buf) pem = buf_make(CHAIN_PEM_MAX_BYTES);
    TRY(pem_write("CERTIFICATE", link->der, &pem));
    TRY(buf_check(&pem));
    const struct {
        const char *suffix, *type;
        struct span content;
    } forms[] = {
        { ".pem.crt", type_pem, arena_span(arena, buf_span(&pem)) },
        { ".crt", type_der, link->der },
    };
    for (size_t i = 0; i < 2; i++) {
        const char *name = arena_format(arena, "%s%s", link->name, forms[i].suffix);
        TRY(add(bundle, (struct bundle_file){ name, name, label, forms[i].type,
                            arena_format(arena, "/root/%s", name), forms[i].content }));
    }
    return OK;
}

/* The list that the intermediate points to; none where it is not published yet. */
static enum err arl_add(struct visit *visit, struct bundle *bundle)
{
    struct publication_row row = { 0 };
    struct arena *arena = visit->request->arena;
    if (bundle->chain.count < 2) {
        return OK;
    }
    const char *name = list_name(visit, bundle->chain.links[1].certificate->crl_uri);
    if (name == NULL) {
        return OK;
    }
    enum err err = store_publication_get(visit->portal->store, PUBLICATION_CRL, name, arena, &row);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    const char *file = arena_format(arena, "%s.crl", name);
    return add(bundle, (struct bundle_file){ file, file, "download.arl", type_crl,
                           arena_format(arena, "/crl/%s", file), row.der });
}

const char *list_name(struct visit *visit, struct span uri)
{
    char *text = arena_text(visit->request->arena, uri);
    char *name = text == NULL ? NULL : strrchr(text, '/');
    char *suffix = name == NULL ? NULL : strrchr(name, '.');
    if (suffix == NULL || strcmp(suffix, ".crl") != 0) {
        return NULL;
    }
    *suffix = '\0';
    return name + 1;
}

static enum err add(struct bundle *bundle, struct bundle_file file)
{
    if (bundle->count == BUNDLE_FILES_MAX) {
        return ERR_LIMIT;
    }
    if (file.id == NULL || file.name == NULL || file.label == NULL || file.content.len == 0) {
        return ERR_MEMORY;
    }
    bundle->files[bundle->count++] = file;
    return OK;
}
