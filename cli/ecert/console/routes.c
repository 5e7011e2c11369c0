/* The one table of what the console answers to, and the one gate before it: what isn't open needs
 * the session, and a POST the proof that one of our own pages sent it (doc/threats.md K13). */
#include "cli/ecert/console/handlers.h"

/* Forms of texts; files of certificates and keys, and what becomes of them as PEM; a list of some
 * hundred thousand entries (larger ones come by `crl install` or by themselves). */
enum { SMALL_BODY = 64 * 1024, FILE_BODY = 1024 * 1024, LIST_BODY = 16 * 1024 * 1024 };

static const struct route routes[] = {
    { HTTP_GET, "/static/{file}", static_get, .open = true },
    { HTTP_GET, "/enter/{token}", enter_get, .open = true },

    { HTTP_GET, "/{desk}/", certificates_get },
    { HTTP_GET, "/{desk}/certificate/{id}", certificate_get },
    { HTTP_GET, "/{desk}/certificate/{id}/details", certificate_details_get },
    { HTTP_GET, "/{desk}/certificate/{id}/path", certificate_path_get },
    { HTTP_GET, "/{desk}/certificate/{id}/request.csr", request_file_get },
    { HTTP_GET, "/{desk}/certificate/{id}/complete", complete_get },
    { HTTP_POST, "/{desk}/certificate/{id}/complete", complete_post, .body_max = FILE_BODY,
        .keeps = true },
    { HTTP_GET, "/{desk}/certificate/{id}/export", export_get },
    { HTTP_POST, "/{desk}/certificate/{id}/export", export_post, .body_max = SMALL_BODY,
        .keeps = true },
    { HTTP_GET, "/{desk}/certificate/{id}/assign", assign_get },
    { HTTP_POST, "/{desk}/certificate/{id}/assign", assign_post, .body_max = SMALL_BODY,
        .keeps = true },
    { HTTP_GET, "/{desk}/certificate/{id}/assigned", assigned_get },
    { HTTP_GET, "/{desk}/certificate/{id}/remove", remove_get },
    { HTTP_POST, "/{desk}/certificate/{id}/remove", remove_post, .body_max = SMALL_BODY },
    { HTTP_GET, "/{desk}/import", import_get },
    { HTTP_POST, "/{desk}/import", import_post, .body_max = FILE_BODY, .keeps = true },
    { HTTP_GET, "/{desk}/request", wizard_get },
    { HTTP_POST, "/{desk}/request", wizard_post, .body_max = SMALL_BODY, .keeps = true },

    { HTTP_GET, "/{desk}/store/{folder}", store_get },
    { HTTP_GET, "/{desk}/store/{folder}/import", store_import_get },
    { HTTP_POST, "/{desk}/store/{folder}/import", store_import_post, .body_max = FILE_BODY,
        .keeps = true },
    { HTTP_GET, "/{desk}/authority/{id}", authority_get },
    { HTTP_GET, "/{desk}/authority/{id}/details", authority_details_get },
    { HTTP_GET, "/{desk}/authority/{id}/path", authority_path_get },
    { HTTP_GET, "/{desk}/authority/{id}/remove", authority_remove_get },
    { HTTP_POST, "/{desk}/authority/{id}/remove", authority_remove_post, .body_max = SMALL_BODY },
    { HTTP_GET, "/{desk}/lists", lists_get },
    { HTTP_GET, "/{desk}/lists/import", list_import_get },
    { HTTP_POST, "/{desk}/lists/import", list_import_post, .body_max = LIST_BODY },
    { HTTP_GET, "/{desk}/list/{id}/remove", list_remove_get },
    { HTTP_POST, "/{desk}/list/{id}/remove", list_remove_post, .body_max = SMALL_BODY },
    { HTTP_POST, "/{desk}/lists/refresh", lists_refresh_post, .body_max = SMALL_BODY },
    { HTTP_GET, "/{desk}/lists/fetched", lists_fetched_get },

    { HTTP_GET, "/{desk}/undo", undo_get },
    { HTTP_POST, "/{desk}/undo", undo_post, .body_max = SMALL_BODY },

    { HTTP_POST, "/{desk}/end", end_post, .body_max = SMALL_BODY },
};

enum { ROUTE_COUNT = sizeof routes / sizeof routes[0] };

static enum err route_enter(
    struct http_request *request, struct http_response *response, void *ctx);
static enum err permission(struct visit *visit);
static enum err handle(struct visit *visit);

/* The same rows as lib/http wants them; every one leads to route_enter. */
static struct http_route http_routes[ROUTE_COUNT];

size_t console_routes(const struct http_route **ret_routes)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        http_routes[i] = (struct http_route){
            .method = routes[i].method,
            .pattern = routes[i].pattern,
            .handler = route_enter,
            .body_max = routes[i].body_max,
        };
    }
    *ret_routes = http_routes;
    return ROUTE_COUNT;
}

static enum err route_enter(struct http_request *request, struct http_response *response, void *ctx)
{
    struct visit *visit = arena_alloc(request->arena, 1, sizeof *visit);
    if (visit == NULL) {
        return ERR_MEMORY;
    }
    const struct route *route = &routes[request->route - http_routes];
    enum err err = visit_open(visit, ctx, route, request, response);
    err = err == OK && !route->open ? permission(visit) : err;
    err = err == OK ? handle(visit) : err;
    visit_close(visit);
    return err;
}

static enum err permission(struct visit *visit)
{
    struct reason *reason = &visit->request->reason;
    if (!visit->inside) {
        return reason_set(reason, ERR_DENIED, "console.outside", "", "", "");
    }
    atomic_store(&visit->console->used_ms, clock_monotonic_ms());
    if (visit->route->handle != import_post) {
        kept_drop(&visit->console->kept); /* the person has left its page */
    }
    return visit->route->method == HTTP_POST ? form_check(visit->request, visit->console->csrf)
                                             : OK;
}

bool route_has_page(const struct route *route)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (routes[i].method == HTTP_GET && strcmp(routes[i].pattern, route->pattern) == 0) {
            return true;
        }
    }
    return false;
}

/* Chosen in a form that keeps nothing, a language leads to the page of the form; what the form
 * would do is not done. */
static enum err handle(struct visit *visit)
{
    const char *path = arena_text(visit->request->arena, visit->request->path);
    if (!visit->stays || visit->route->keeps) {
        return visit->route->handle(visit);
    }
    TRY(route_has_page(visit->route) ? OK : ERR_NOT_FOUND);
    return path == NULL ? ERR_MEMORY : reply_redirect(visit->response, path);
}

enum err console_error_page(
    struct http_request *request, struct http_response *response, int status, void *ctx)
{
    struct visit *visit = arena_alloc(request->arena, 1, sizeof *visit);
    if (visit == NULL) {
        return ERR_MEMORY;
    }
    struct reason reason = request->reason;
    if (status == 413 && reason.code[0] == '\0') {
        reason_set(&reason, ERR_LIMIT, "console.too_large", "", "", "");
    }
    enum err err = visit_open(visit, ctx, NULL, request, response);
    if (err == OK) {
        page_begin(visit, "error.title", /* place= */ NULL);
        page_put_refusal(visit, status, &reason);
        err = page_reply(visit, status, "error");
    }
    visit_close(visit);
    return err;
}
