/* The template compiler: cuts the source into literals and tags, follows the HTML to know where
 * each value stands, and matches blocks. Whatever it can't prove harmless it refuses. */
#include "lib/text/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { BLOCK_DEPTH_MAX = 16, ATTRIBUTE_NAME_MAX = 24 };

/* What the HTML scanner remembers between two literals. */
struct html {
    enum place place;
    char quote;
    char word[ATTRIBUTE_NAME_MAX]; /* the attribute's or element's name being read */
    size_t word_len;
    bool element; /* word is the element's name */
    char raw[8];  /* "script", "style" or "" for a comment, while PLACE_RAW */
};

struct block {
    size_t node;
    enum place place;
    bool has_else;
};

struct compiler {
    struct template *template;
    struct html html;
    struct block blocks[BLOCK_DEPTH_MAX];
    size_t depth;
    size_t at;
    struct reason *ret_reason;
};

static enum err literal_add(struct compiler *compiler, size_t end);
static enum err tag_compile(struct compiler *compiler, struct span tag);
static enum err block_open(struct compiler *compiler, enum node_kind kind, struct span name);
static enum err block_else(struct compiler *compiler);
static enum err block_close(struct compiler *compiler, enum node_kind kind);
static enum err output_add(struct compiler *compiler, enum node_kind kind, struct span name);
static enum err node_add(
    struct compiler *compiler, enum node_kind kind, struct span name, struct node **ret_node);
static enum err refuse(struct compiler *compiler, const char *code);
static void html_follow(struct html *html, struct span text);
static void html_follow_text(struct html *html, struct span rest);
static void html_follow_tag(struct html *html, char c);
static bool word_is(const struct html *html, const char *name);
static size_t html_follow_raw(struct html *html, struct span rest);

enum err template_compile(struct template *template, struct reason *ret_reason)
{
    struct compiler compiler = { .template = template, .ret_reason = ret_reason };
    const uint8_t *source = template->source;
    size_t len = template->source_len;
    while (compiler.at < len) {
        const uint8_t *open = memmem(source + compiler.at, len - compiler.at, "{{", 2);
        size_t literal_end = open == NULL ? len : (size_t)(open - source);
        TRY(literal_add(&compiler, literal_end));
        if (open == NULL) {
            break;
        }
        const uint8_t *close = memmem(open, len - literal_end, "}}", 2);
        if (close == NULL) {
            return refuse(&compiler, "template.unclosed_tag");
        }
        TRY(tag_compile(&compiler, span_make(open + 2, (size_t)(close - open - 2))));
        compiler.at = (size_t)(close - source) + 2;
    }
    if (compiler.depth > 0) {
        return refuse(&compiler, "template.unclosed_block");
    }
    return compiler.html.place == PLACE_TEXT ? OK : refuse(&compiler, "template.unclosed_html");
}

static enum err literal_add(struct compiler *compiler, size_t end)
{
    struct span text = span_make(compiler->template->source + compiler->at, end - compiler->at);
    if (text.len > 0) {
        struct node *node = NULL;
        TRY(node_add(compiler, NODE_LITERAL, (struct span){ 0 }, &node));
        node->literal = text;
        html_follow(&compiler->html, text);
    }
    compiler->at = end;
    return OK;
}

static struct span trimmed(struct span text)
{
    while (text.len > 0 && text.data[0] == ' ') {
        text = span_make(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* What stands behind `prefix`, trimmed; false if the tag begins otherwise. */
static bool after(struct span tag, const char *prefix, struct span *ret_rest)
{
    size_t len = strlen(prefix);
    if (tag.len < len || memcmp(tag.data, prefix, len) != 0) {
        return false;
    }
    *ret_rest = trimmed(span_make(tag.data + len, tag.len - len));
    return true;
}

static enum err tag_compile(struct compiler *compiler, struct span tag)
{
    struct span name = trimmed(tag);
    if (after(tag, "#if ", &name)) {
        return block_open(compiler, NODE_IF, name);
    }
    if (after(tag, "#each ", &name)) {
        return block_open(compiler, NODE_EACH, name);
    }
    if (span_equal_text(name, "else")) {
        return block_else(compiler);
    }
    if (span_equal_text(name, "/if")) {
        return block_close(compiler, NODE_IF);
    }
    if (span_equal_text(name, "/each")) {
        return block_close(compiler, NODE_EACH);
    }
    if (after(tag, "t $", &name)) {
        return output_add(compiler, NODE_MESSAGE_OF, name);
    }
    if (after(tag, "t ", &name)) {
        return output_add(compiler, NODE_MESSAGE, name);
    }
    if (after(tag, "> ", &name)) {
        struct node *node = NULL;
        return compiler->html.place == PLACE_TEXT ? node_add(compiler, NODE_PARTIAL, name, &node)
                                                  : refuse(compiler, "template.place");
    }
    return output_add(compiler, NODE_VALUE, name);
}

static enum err block_open(struct compiler *compiler, enum node_kind kind, struct span name)
{
    if (compiler->depth == BLOCK_DEPTH_MAX) {
        return refuse(compiler, "template.too_deep");
    }
    struct node *node = NULL;
    TRY(node_add(compiler, kind, name, &node));
    compiler->blocks[compiler->depth++] = (struct block){
        .node = compiler->template->count - 1,
        .place = compiler->html.place,
    };
    return OK;
}

static enum err block_else(struct compiler *compiler)
{
    struct block *block = compiler->depth == 0 ? NULL : &compiler->blocks[compiler->depth - 1];
    if (block == NULL || block->has_else ||
        compiler->template->nodes[block->node].kind != NODE_IF) {
        return refuse(compiler, "template.unexpected_else");
    }
    if (compiler->html.place != block->place) {
        return refuse(compiler, "template.unbalanced_html");
    }
    block->has_else = true;
    compiler->template->nodes[block->node].otherwise = compiler->template->count;
    return OK;
}

static enum err block_close(struct compiler *compiler, enum node_kind kind)
{
    if (compiler->depth == 0) {
        return refuse(compiler, "template.unexpected_end");
    }
    struct block *block = &compiler->blocks[--compiler->depth];
    struct node *node = &compiler->template->nodes[block->node];
    if (node->kind != kind) {
        return refuse(compiler, "template.unexpected_end");
    }
    /* A branch that left the HTML elsewhere would make all that follows stand in two places. */
    if (compiler->html.place != block->place) {
        return refuse(compiler, "template.unbalanced_html");
    }
    node->end = compiler->template->count;
    if (!block->has_else) {
        node->otherwise = node->end;
    }
    return OK;
}

static enum err output_add(struct compiler *compiler, enum node_kind kind, struct span name)
{
    enum place *place = &compiler->html.place;
    if (*place == PLACE_TAG || *place == PLACE_RAW || *place == PLACE_CODE) {
        return refuse(compiler, "template.place");
    }
    struct node *node = NULL;
    TRY(node_add(compiler, kind, name, &node));
    if (*place == PLACE_URL_START) {
        *place = PLACE_URL;
    }
    return OK;
}

static bool name_valid(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && c != '_' && c != '.' && c != '@' && c != '-') {
            return false;
        }
    }
    return name.len > 0 && name.len < NODE_NAME_MAX;
}

/* The node stays where it is only until the next is added. */
static enum err node_add(
    struct compiler *compiler, enum node_kind kind, struct span name, struct node **ret_node)
{
    struct template *template = compiler->template;
    if (kind != NODE_LITERAL && !name_valid(name)) {
        return refuse(compiler, "template.name");
    }
    if (template->count == template->capacity) {
        size_t capacity = template->capacity == 0 ? 32 : template->capacity * 2;
        struct node *nodes = realloc(template->nodes, capacity * sizeof *nodes);
        if (nodes == NULL) {
            return ERR_MEMORY;
        }
        template->nodes = nodes;
        template->capacity = capacity;
    }
    struct node *node = &template->nodes[template->count++];
    *node = (struct node){ .kind = kind, .place = compiler->html.place };
    memcpy(node->name, name.data == NULL ? (const uint8_t *)"" : name.data, name.len);
    *ret_node = node;
    return OK;
}

static enum err refuse(struct compiler *compiler, const char *code)
{
    size_t line = 1;
    for (size_t i = 0; i < compiler->at; i++) {
        line += compiler->template->source[i] == '\n' ? 1 : 0;
    }
    char seen[32];
    snprintf(seen, sizeof seen, "line %zu", line);
    return reason_set(compiler->ret_reason, ERR_INPUT, code, compiler->template->name, seen, "");
}

static void html_follow(struct html *html, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        struct span rest = span_make(text.data + i, text.len - i);
        switch (html->place) {
        case PLACE_TEXT:
            html_follow_text(html, rest);
            break;
        case PLACE_TAG:
            html_follow_tag(html, c);
            break;
        case PLACE_ATTRIBUTE:
        case PLACE_URL_START:
        case PLACE_URL:
        case PLACE_CODE:
            if (c == html->quote) {
                html->place = PLACE_TAG;
                html->word_len = 0;
            } else if (html->place == PLACE_URL_START) {
                html->place = PLACE_URL;
            }
            break;
        case PLACE_RAW:
            i += html_follow_raw(html, rest);
            break;
        }
    }
}

static void html_follow_text(struct html *html, struct span rest)
{
    if (rest.data[0] != '<') {
        return;
    }
    bool comment = rest.len >= 4 && memcmp(rest.data, "<!--", 4) == 0;
    html->place = comment ? PLACE_RAW : PLACE_TAG;
    html->raw[0] = '\0';
    html->element = true;
    html->word_len = 0;
}

static bool word_is(const struct html *html, const char *name)
{
    return html->word_len == strlen(name) && strncasecmp(html->word, name, html->word_len) == 0;
}

static void element_remember(struct html *html)
{
    html->element = false;
    html->raw[0] = '\0';
    if (word_is(html, "script") || word_is(html, "style")) {
        snprintf(html->raw, sizeof html->raw, "%.*s", (int)html->word_len, html->word);
    }
}

/* A value in style, srcdoc or an event handler would be read as code. */
static enum place attribute_place(const struct html *html)
{
    if (word_is(html, "href") || word_is(html, "src") || word_is(html, "action") ||
        word_is(html, "formaction")) {
        return PLACE_URL_START;
    }
    bool handler = html->word_len > 2 && strncasecmp(html->word, "on", 2) == 0;
    bool code =
        handler || word_is(html, "style") || word_is(html, "srcdoc") || word_is(html, "srcset");
    return code ? PLACE_CODE : PLACE_ATTRIBUTE;
}

static void html_follow_tag(struct html *html, char c)
{
    if (c == '"' || c == '\'') {
        html->quote = c;
        html->place = attribute_place(html);
    } else if (c == '>') {
        if (html->element) {
            element_remember(html);
        }
        html->place = html->raw[0] == '\0' ? PLACE_TEXT : PLACE_RAW;
    } else if (c == ' ' || c == '\n' || c == '\t') {
        if (html->element) {
            element_remember(html);
        }
        html->word_len = 0;
    } else if (c != '=' && html->word_len < sizeof html->word) {
        html->word[html->word_len++] = c;
    }
}

/* Looks for what ends the raw text; returns how many more characters it used. */
static size_t html_follow_raw(struct html *html, struct span rest)
{
    char end[12] = "-->";
    if (html->raw[0] != '\0') {
        snprintf(end, sizeof end, "</%s>", html->raw);
    }
    size_t len = strlen(end);
    if (rest.len < len || strncasecmp((const char *)rest.data, end, len) != 0) {
        return 0;
    }
    html->place = PLACE_TEXT;
    return len - 1;
}
