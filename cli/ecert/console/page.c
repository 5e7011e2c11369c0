/* The frame of the console's pages. */
#include "cli/ecert/console/way.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"

/* Where one can go. */
static const struct {
    const char *place, *label, *path;
} places[] = {
    { "certificates", "console.place_certificates", "/" },
    { "intermediate", "console.place_intermediate", "/store/intermediate" },
    { "lists", "console.place_lists", "/lists" },
    { "root", "console.place_roots", "/store/root" },
    { "untrusted", "console.place_untrusted", "/store/untrusted" },
};

/* What a page may say that it was led to behind something done. */
static const struct {
    const char *word, *text;
} done[] = {
    { "requested", "console.done_requested" },
    { "completed", "console.done_completed" },
    { "imported", "console.done_imported" },
    { "pending", "console.done_pending" },
    { "removed", "console.done_removed" },
    { "installed", "console.done_installed" },
    { "nothing", "console.done_nothing" },
    { "deleted", "console.done_deleted" },
    { "undone", "console.done_undone" },
    { "listed", "console.done_listed" },
    { "list_deleted", "console.done_list_deleted" },
    { "unchanged", "console.done_unchanged" },
};

static struct web_page visit_page(struct visit *visit);
static void places_put(struct visit *visit, const char *place);
static void done_put(struct visit *visit);

void page_begin(struct visit *visit, const char *title, const char *place)
{
    struct value_tree *tree = &visit->tool.tree;
    const struct web_page page = visit_page(visit);
    value_put_text(tree, visit->page, "lang", language_tag(visit->tool.language));
    value_put_text(tree, visit->page, "site", "console.site");
    value_put_text(tree, visit->page, "title", title);
    value_put_text(tree, visit->page, "server", visit->console->server_name);
    bool page_here = visit->route != NULL && visit->inside && route_has_page(visit->route);
    if (visit->request->method == HTTP_GET || visit->here != NULL || page_here) {
        web_put_languages(&page, visit->console->languages, visit->here);
    }
    if (visit->inside) {
        value_put_text(tree, visit->page, "home",
            arena_format(visit->request->arena, "%s/", visit->console->desk));
        value_put_text(tree, visit->page, "desk", visit->console->desk);
        value_put_text(tree, visit->page, "csrf", visit->console->csrf);
        places_put(visit, place);
        done_put(visit);
    }
}

static void places_put(struct visit *visit, const char *place)
{
    struct value_tree *tree = &visit->tool.tree;
    struct value *list = value_put_list(tree, visit->page, "places");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct value *item = value_add_object(tree, list);
        value_put_text(tree, item, "label", places[i].label);
        value_put_text(tree, item, "href",
            arena_format(visit->request->arena, "%s%s", visit->console->desk, places[i].path));
        value_put_bool(tree, item, "current", place != NULL && strcmp(place, places[i].place) == 0);
    }
}

static void done_put(struct visit *visit)
{
    struct span word = { 0 };
    (void)http_request_query(visit->request, "done", &word);
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
        if (span_equal_text(word, done[i].word)) {
            value_put_text(&visit->tool.tree, visit->page, "done", done[i].text);
        }
    }
}

void page_put_error(struct visit *visit, const struct reason *reason)
{
    page_put_error_at(visit, reason, reason->field);
}

void page_put_reason(struct visit *visit, struct value *object, const struct reason *reason)
{
    const struct web_page page = visit_page(visit);
    web_put_reason(&page, object, reason);
    way_put(visit, object, reason);
}

void page_put_typed(struct visit *visit, const char *field, struct span text)
{
    const struct web_page page = visit_page(visit);
    web_put_typed(&page, field, text);
}

void page_put_groups(struct visit *visit, struct value *object, const char *name, const char *hex)
{
    const struct web_page page = visit_page(visit);
    web_put_groups(&page, object, name, hex);
}

void page_put_refusal(struct visit *visit, int status, const struct reason *reason)
{
    const struct web_page page = visit_page(visit);
    web_put_refusal(&page, status, reason);
    if (visit->inside) {
        way_put(visit, visit->page, reason);
    }
}

enum err page_reply(struct visit *visit, int status, const char *template)
{
    const struct web_page page = visit_page(visit);
    return web_reply(&page, visit->console->templates, status, template);
}

void page_put_error_at(struct visit *visit, const struct reason *reason, const char *field)
{
    const struct web_page page = visit_page(visit);
    struct reason shown = *reason;
    if (strspn(shown.seen, "0123456789abcdef") == CERTSTORE_ID_MAX - 1) {
        shown.seen[ITEM_SHORT_ID] = '\0'; /* an id, as lists show it */
    }
    way_put(visit, web_put_error_at(&page, &shown, field), reason);
}

enum err page_reply_wrong(
    struct visit *visit, const struct reason *reason, const char *field, const char *template)
{
    for (size_t i = 0; i < visit->errors.count; i++) {
        page_put_error(visit, &visit->errors.reasons[i]);
    }
    if (reason != NULL) {
        size_t word = strspn(reason->field, "abcdefghijklmnopqrstuvwxyz_");
        bool own = word > 0 && reason->field[word] == '\0';
        page_put_error_at(visit, reason, own ? reason->field : field);
    }
    return visit->route->keeps ? page_reply_form(visit, 422, template)
                               : page_reply(visit, 422, template);
}

enum err page_reply_form(struct visit *visit, int status, const char *template)
{
    value_put_bool(&visit->tool.tree, visit->page, "keeps", true);
    return page_reply(visit, status, template);
}

bool is_wrong(enum err err, struct reason *reason)
{
    if (err != OK && reason->code[0] == '\0') {
        reason_set(reason, err, "tool.failed", NULL, err_name(err), NULL);
    }
    switch (err) {
    case ERR_INPUT:
    case ERR_NOT_FOUND:
    case ERR_DENIED:
    case ERR_CONFLICT:
    case ERR_LIMIT:
    case ERR_UNSUPPORTED:
    case ERR_SIGNATURE:
    case ERR_IO:
    case ERR_NO_SPACE:
    case ERR_AGAIN:
    case ERR_TIMEOUT:
        return true;
    case OK:
    case ERR_MEMORY:
    case ERR_CRYPTO:
    case ERR_PEER:
    case ERR_COUNT:
        break;
    }
    return false;
}

void page_put_moment(struct visit *visit, struct value *object, const char *name, int64_t time)
{
    char text[SCREEN_MOMENT_MAX];
    screen_moment(&visit->tool, time, text);
    value_put_text(&visit->tool.tree, object, name, text);
}

static struct web_page visit_page(struct visit *visit)
{
    return (struct web_page){
        .request = visit->request,
        .response = visit->response,
        .language = visit->tool.language,
        .tree = &visit->tool.tree,
        .root = visit->page,
        .next = ".page",
    };
}
