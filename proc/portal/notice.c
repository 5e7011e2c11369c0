/* Notices are texts, never markup: lines, and lines that begin with "- " as a list. */
#include "proc/portal/notice.h"

#include "lib/store/notice.h"

static void notice_put(struct visit *visit, struct value *list, const struct notice *notice);
static const char *text_of(const struct visit *visit, const struct notice *notice);

enum err notices_put(struct visit *visit)
{
    struct notice *rows = NULL;
    size_t count = 0;
    TRY(store_notice_list(visit->portal->store, visit->request->arena, &rows, &count));
    struct value *list = value_put_list(&visit->tree, visit->page, "notices");
    for (size_t i = 0; i < count; i++) {
        if (visit->now >= rows[i].from && (rows[i].until == 0 || visit->now < rows[i].until)) {
            notice_put(visit, list, &rows[i]);
        }
    }
    return OK;
}

static void notice_put(struct visit *visit, struct value *list, const struct notice *notice)
{
    struct value_tree *tree = &visit->tree;
    struct value *object = value_add_object(tree, list);
    struct value *lead = value_put_list(tree, object, "lead");
    struct value *items = value_put_list(tree, object, "items");
    char *line = arena_text(visit->request->arena, span_from_text(text_of(visit, notice)));
    while (line != NULL) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        bool item = strncmp(line, "- ", 2) == 0;
        if (line[0] != '\0') {
            value_add_text(tree, item ? items : lead, line + (item ? 2 : 0));
        }
        line = end == NULL ? NULL : end + 1;
    }
}

static const char *text_of(const struct visit *visit, const struct notice *notice)
{
    for (enum notice_language i = 0; i < NOTICE_LANGUAGE_COUNT; i++) {
        if (strcmp(notice_language_tag(i), language_tag(visit->language)) == 0) {
            return notice->texts[i];
        }
    }
    return notice->texts[NOTICE_EN];
}
