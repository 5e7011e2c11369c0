/* Fills a compiled template. Scopes are a stack: a name is looked up in the innermost object first.
 */
#include "lib/text/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

enum { SCOPE_DEPTH_MAX = 24, PARTIAL_DEPTH_MAX = 8, MESSAGE_NAME_MAX = 32 };

struct render {
    const struct template_set *set;
    const struct language *language;
    const struct value *scopes[SCOPE_DEPTH_MAX];
    int64_t numbers[SCOPE_DEPTH_MAX];
    size_t depth;
    size_t partial_depth;
    struct buf *html;
};

static enum err template_fill(struct render *render, const struct template *template);
static enum err nodes_fill(
    struct render *render, const struct template *template, size_t from, size_t to);
static enum err each_fill(struct render *render, const struct template *template, size_t index);
static void value_write(struct render *render, const struct node *node);
static void message_write(struct render *render, const char *id, enum place place);
static const struct value *find(const struct render *render, const char *path);
static void text_write(struct buf *html, struct span text, enum place place);

enum err template_render(const struct template_set *set, const char *name,
    const struct language *language, const struct value *values, struct buf *html)
{
    struct render render = {
        .set = set,
        .language = language,
        .scopes = { values },
        .depth = 1,
        .html = html,
    };
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->templates[i].name, name) == 0) {
            TRY(template_fill(&render, &set->templates[i]));
            return buf_check(html);
        }
    }
    return ERR_NOT_FOUND;
}

static enum err template_fill(struct render *render, const struct template *template)
{
    if (render->partial_depth == PARTIAL_DEPTH_MAX) {
        return ERR_LIMIT;
    }
    render->partial_depth++;
    TRY(nodes_fill(render, template, 0, template->count));
    render->partial_depth--;
    return OK;
}

static enum err nodes_fill(
    struct render *render, const struct template *template, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct node *node = &template->nodes[i];
        switch (node->kind) {
        case NODE_LITERAL:
            buf_append(render->html, node->literal);
            break;
        case NODE_VALUE:
            value_write(render, node);
            break;
        case NODE_MESSAGE:
            message_write(render, node->name, node->place);
            break;
        case NODE_MESSAGE_OF: {
            const char *id = value_text(find(render, node->name));
            message_write(render, id == NULL ? "" : id, node->place);
            break;
        }
        case NODE_IF: {
            bool truth = value_truth(find(render, node->name));
            TRY(nodes_fill(render, template, truth ? i + 1 : node->otherwise,
                truth ? node->otherwise : node->end));
            i = node->end - 1;
            break;
        }
        case NODE_EACH:
            TRY(each_fill(render, template, i));
            i = node->end - 1;
            break;
        case NODE_PARTIAL:
            TRY(template_fill(render, &render->set->templates[node->partial]));
            break;
        }
    }
    return OK;
}

static enum err each_fill(struct render *render, const struct template *template, size_t index)
{
    const struct node *node = &template->nodes[index];
    const struct value *list = find(render, node->name);
    if (value_kind(list) != VALUE_LIST) {
        return OK;
    }
    if (render->depth == SCOPE_DEPTH_MAX) {
        return ERR_LIMIT;
    }
    size_t scope = render->depth++;
    int64_t number = 0;
    for (const struct value *element = value_first(list); element != NULL;
         element = value_next(element)) {
        render->scopes[scope] = element;
        render->numbers[scope] = ++number;
        TRY(nodes_fill(render, template, index + 1, node->end));
    }
    render->depth = scope;
    return OK;
}

static void value_write(struct render *render, const struct node *node)
{
    char number[24];
    if (strcmp(node->name, "@number") == 0) {
        snprintf(number, sizeof number, "%" PRId64, render->numbers[render->depth - 1]);
        buf_append_text(render->html, number);
        return;
    }
    const struct value *value = find(render, node->name);
    switch (value_kind(value)) {
    case VALUE_INTEGER:
        snprintf(number, sizeof number, "%" PRId64, value_integer(value));
        buf_append_text(render->html, number);
        break;
    case VALUE_TEXT:
        text_write(render->html, span_from_text(value_text(value)), node->place);
        break;
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_LIST:
    case VALUE_OBJECT:
        break;
    }
}

/* The text with its {placeholders} taken from the scope; all of it escaped. */
static void message_write(struct render *render, const char *id, enum place place)
{
    const char *at = language_text(render->language, id);
    for (const char *open = strchr(at, '{'); open != NULL; open = strchr(at, '{')) {
        text_write(render->html, span_make(at, (size_t)(open - at)), place);
        const char *close = strchr(open, '}');
        struct node node = { .kind = NODE_VALUE, .place = place };
        size_t len = close == NULL ? 0 : (size_t)(close - open - 1);
        if (len == 0 || len >= MESSAGE_NAME_MAX) {
            at = open;
            break;
        }
        memcpy(node.name, open + 1, len);
        value_write(render, &node);
        at = close + 1;
    }
    text_write(render->html, span_from_text(at), place);
}

static const struct value *find(const struct render *render, const char *path)
{
    if (strcmp(path, "this") == 0) {
        return render->scopes[render->depth - 1];
    }
    const struct value *value = NULL;
    size_t len = strcspn(path, ".");
    for (size_t i = render->depth; i > 0 && value == NULL; i--) {
        value = value_get_part(render->scopes[i - 1], path, len);
    }
    while (path[len] == '.' && value != NULL) {
        path += len + 1;
        len = strcspn(path, ".");
        value = value_get_part(value, path, len);
    }
    return value;
}

static void html_escape(struct buf *html, struct span text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = NULL;
        switch (text.data[i]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        case '\'':
            entity = "&#39;";
            break;
        default:
            continue;
        }
        buf_append(html, span_make(text.data + start, i - start));
        buf_append_text(html, entity);
        start = i + 1;
    }
    buf_append(html, span_make(text.data + start, text.len - start));
}

static void url_escape(struct buf *html, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
            buf_append_byte(html, c);
        } else {
            buf_append_format(html, "%%%02X", c);
        }
    }
}

static bool url_begins(struct span text, const char *scheme)
{
    size_t len = strlen(scheme);
    return text.len >= len && strncasecmp((const char *)text.data, scheme, len) == 0;
}

/* A whole URL: a path of our own (not "//host"), a fragment, a query, or of a harmless scheme. */
static void url_write(struct buf *html, struct span text)
{
    bool path = url_begins(text, "/") && !url_begins(text, "//") && !url_begins(text, "/\\");
    if (path || url_begins(text, "#") || url_begins(text, "?") || url_begins(text, "https://") ||
        url_begins(text, "http://") || url_begins(text, "mailto:")) {
        html_escape(html, text);
    } else {
        buf_append_byte(html, '#');
    }
}

static void text_write(struct buf *html, struct span text, enum place place)
{
    switch (place) {
    case PLACE_TEXT:
    case PLACE_ATTRIBUTE:
        html_escape(html, text);
        break;
    case PLACE_URL_START:
        url_write(html, text);
        break;
    case PLACE_URL:
        url_escape(html, text);
        break;
    case PLACE_TAG:
    case PLACE_RAW:
    case PLACE_CODE:
        break; /* the compiler lets nothing stand here */
    }
}
