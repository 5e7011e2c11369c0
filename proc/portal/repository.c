/* What is open to everybody: CA certificates and revocation lists as the store has them published,
 * the style sheet and its like, and the service's health. */
#include "proc/portal/handlers.h"

#include "lib/der/pem.h"
#include "lib/store/publication.h"

enum {
    CERTIFICATE_CACHE_SECONDS = 3600,
    CRL_CACHE_SECONDS = 60, /* a revocation is to be seen soon after the CRL that holds it */
    PEM_MAX_BYTES = 2 * CERTIFICATE_MAX_BYTES,
};

static bool name_before(struct span file, const char *suffix, char *ret_name);

enum err repository_certificate_get(struct visit *visit)
{
    char name[PUBLICATION_NAME_MAX];
    struct span file = { 0 };
    struct publication_row row = { 0 };
    AUTO(buf) text = buf_make(PEM_MAX_BYTES);
    (void)http_request_param(visit->request, "file", &file);
    bool pem = name_before(file, ".pem.crt", name);
    if (!pem && !name_before(file, ".crt", name)) {
        return ERR_NOT_FOUND;
    }
    TRY(store_publication_get(
        visit->portal->store, PUBLICATION_CERTIFICATE, name, visit->request->arena, &row));
    if (!pem) {
        return reply_public(
            visit->response, "application/pkix-cert", CERTIFICATE_CACHE_SECONDS, row.der);
    }
    TRY(pem_write("CERTIFICATE", row.der, &text));
    return reply_public(
        visit->response, "application/x-pem-file", CERTIFICATE_CACHE_SECONDS, buf_span(&text));
}

enum err repository_crl_get(struct visit *visit)
{
    char name[PUBLICATION_NAME_MAX];
    struct span file = { 0 };
    AUTO_PTR(http_shared) list = NULL;
    (void)http_request_param(visit->request, "file", &file);
    if (!name_before(file, ".crl", name)) {
        return ERR_NOT_FOUND;
    }
    TRY(lists_get(&visit->portal->lists, visit->portal->store, name, &list));
    return reply_shared(visit->response, "application/pkix-crl", CRL_CACHE_SECONDS, list);
}

enum err asset_get(struct visit *visit)
{
    return assets_reply(&visit->portal->assets, visit->request, visit->response);
}

/* How old the list of weak keys is; nothing without one. */
static void weak_keys_time_put(struct visit *visit)
{
    char time[TIME_TEXT_MAX];
    if (weaklist_count(visit->portal->weak) > 0) {
        time_format_rfc3339(weaklist_time(visit->portal->weak), time);
        value_put_text(&visit->tree, visit->page, "weak_keys_time", time);
    }
}

enum err health_get(struct visit *visit)
{
    struct publication_row *rows = NULL;
    size_t count = 0;
    enum err err =
        store_publication_list(visit->portal->store, visit->request->arena, &rows, &count);
    value_put_text(&visit->tree, visit->page, "sandbox", visit->portal->sandbox_level);
    value_put_text(&visit->tree, visit->page, "store", err == OK ? "ok" : err_name(err));
    value_put_bool(&visit->tree, visit->page, "trial", visit->portal->config.service.trial);
    value_put_integer(
        &visit->tree, visit->page, "weak_keys", (int64_t)weaklist_count(visit->portal->weak));
    weak_keys_time_put(visit);
    struct value *lists = value_put_list(&visit->tree, visit->page, "lists");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == PUBLICATION_CRL) {
            char ends[TIME_TEXT_MAX];
            struct value *list = value_add_object(&visit->tree, lists);
            value_put_text(&visit->tree, list, "name", rows[i].name);
            value_put_integer(
                &visit->tree, list, "age_percent", publication_age_percent(&rows[i], visit->now));
            time_format_rfc3339(rows[i].next_update, ends);
            value_put_text(&visit->tree, list, "ends", ends);
        }
    }
    return visit_reply_json(visit, err == OK ? 200 : 503, visit->page);
}

static bool name_before(struct span file, const char *suffix, char *ret_name)
{
    size_t len = strlen(suffix);
    return file.len > len && memcmp(file.data + file.len - len, suffix, len) == 0 &&
           span_to_text(span_make(file.data, file.len - len), ret_name, PUBLICATION_NAME_MAX);
}
