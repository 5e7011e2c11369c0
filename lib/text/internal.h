#pragma once
/* A compiled template: a flat list of nodes, where a block knows the index of its end. Shared by
 * the compiler, the set and the renderer; nobody else includes this. */
#include "lib/text/template.h"

enum node_kind {
    NODE_LITERAL,
    NODE_VALUE,
    NODE_MESSAGE,    /* by id */
    NODE_MESSAGE_OF, /* by the id that a value holds */
    NODE_IF,
    NODE_EACH,
    NODE_PARTIAL,
};

/* Where in the HTML a value stands. */
enum place {
    PLACE_TEXT,
    PLACE_TAG,       /* between attributes: no value may stand here */
    PLACE_ATTRIBUTE, /* in a quoted attribute */
    PLACE_URL_START, /* first in href, src, action */
    PLACE_URL,       /* later in one */
    PLACE_CODE,      /* in style, srcdoc or an event handler: no value may stand here */
    PLACE_RAW,       /* script, style, comment: no value may stand here */
};

enum { NODE_NAME_MAX = 64 };

struct node {
    enum node_kind kind;
    enum place place;
    struct span literal;      /* borrowed from the template's source */
    char name[NODE_NAME_MAX]; /* value path, message id or partial */
    size_t otherwise;         /* NODE_IF: first node of {{else}}, or end */
    size_t end;               /* NODE_IF, NODE_EACH: first node behind the block */
    size_t partial;           /* NODE_PARTIAL: index in the set, once linked */
};

struct template
{
    char name[NODE_NAME_MAX];
    uint8_t *source;
    size_t source_len;
    struct node *nodes;
    size_t count;
    size_t capacity;
};

struct template_set {
    struct template templates[TEMPLATES_MAX];
    size_t count;
};

/* Fills nodes from source; reasons as template_set_open. */
enum err template_compile(struct template *template, struct reason *ret_reason) MUST_USE;
