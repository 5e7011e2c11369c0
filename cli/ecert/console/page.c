/* The frame of the console's pages. */
#include "cli/ecert/console/visit.h"
#include "cli/ecert/screen.h"

/* Where one can go. */
static const struct {
    const char *place, *label, *path;
} places[] = {
    { "certificates", "console.place_certificates", "/" },
};

/* What a page may say that it was led to behind something done. */
static const struct {
    const char *word, *text;
} done[] = {
    { "removed", "console.done_removed" },
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
    web_put_languages(&page, visit->console->languages, visit->here);
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
    const struct web_page page = visit_page(visit);
    web_put_error(&page, reason);
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
}

enum err page_reply(struct visit *visit, int status, const char *template)
{
    const struct web_page page = visit_page(visit);
    return web_reply(&page, visit->console->templates, status, template);
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
    };
}
