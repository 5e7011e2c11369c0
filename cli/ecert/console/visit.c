/* Who asks, and with what in hand. */
#include "cli/ecert/console/visit.h"

#include "cli/ecert/key_open.h"
#include "lib/base/limits.h"
#include "lib/certstore/undo.h"

/* Nobody asks at a terminal, and no option says where a secret is. */
static const struct arguments no_arguments = { .operand_count = 0 };

static bool is_inside(const struct visit *visit);

enum err visit_open(struct visit *visit, struct console *console, const struct route *route,
    struct http_request *request, struct http_response *response)
{
    *visit = (struct visit){
        .console = console,
        .route = route,
        .request = request,
        .response = response,
        .tool = { .arguments = &no_arguments,
            .access = &visit->access,
            .clock = console->clock,
            .store_path = console->store_path,
            .recorded_as = "console",
            .json = true,
            .arena = arena_make(HTTP_ARENA_MAX_BYTES) },
    };
    visit->tool.tree = value_tree_make(&visit->tool.arena);
    visit->tool.result = value_object(&visit->tool.tree);
    visit->page = value_object(&visit->tool.tree);
    visit->inside = is_inside(visit);
    struct span tag = { 0 };
    visit->stays = request->method == HTTP_POST && http_request_query(request, "lang", &tag);
    return web_language_choose(
        console->languages, request, response, /* secure= */ false, &visit->tool.language);
}

void visit_close(struct visit *visit)
{
    key_access_release(&visit->access);
    arena_wipe(&visit->tool.arena);
}

/* Cookie and desk; a request that another page had sent, even of this host, is not ours. */
static bool is_inside(const struct visit *visit)
{
    const struct console *console = visit->console;
    struct span token = { 0 }, path = visit->request->path, desk = span_from_text(console->desk);
    return desk.len > 0 && http_request_cookie(visit->request, "ecert-console", &token) &&
           bytes_equal_secret(token, span_from_text(console->token)) && path.len > desk.len &&
           path.data[desk.len] == '/' && bytes_equal_secret(span_make(path.data, desk.len), desk) &&
           http_request_same_origin(visit->request);
}

enum err visit_store(struct visit *visit, struct certstore **ret_store)
{
    TRY(certstore_open(visit->tool.store_path, &visit->request->reason, ret_store));
    certstore_record(*ret_store, visit->tool.recorded_as, clock_now(&visit->tool.clock));
    return OK;
}

enum err visit_form(struct visit *visit, const struct form *form, void *ret_fields)
{
    struct span type = { 0 };
    (void)http_request_header(visit->request, "Content-Type", &type);
    return form_parse(
        form, type, visit->request->body, visit->request->arena, ret_fields, &visit->errors);
}

enum err visit_lead(struct visit *visit, const char *path)
{
    if (path == NULL) {
        return ERR_MEMORY;
    }
    const char *whole = arena_format(visit->request->arena, "%s%s", visit->console->desk, path);
    return whole == NULL ? ERR_MEMORY : reply_redirect(visit->response, whole);
}

enum err visit_done(struct visit *visit, const char *path, const char *word)
{
    return visit_lead(
        visit, path == NULL ? NULL : arena_format(visit->request->arena, "%s?done=%s", path, word));
}

const char *visit_param(struct visit *visit, const char *name)
{
    struct span value = { 0 };
    return http_request_param(visit->request, name, &value) ? visit_text(visit, value) : NULL;
}

const char *visit_text(struct visit *visit, struct span text)
{
    bool whole = text.len > 0 && memchr(text.data, '\0', text.len) == NULL;
    return whole ? arena_text(visit->request->arena, text) : NULL;
}
