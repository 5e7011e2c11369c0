/* The tree of values. Members and elements are a singly linked list with its tail remembered: trees
 * are small, built once in order and read in order. */
#include "lib/text/value.h"

struct value {
    enum value_kind kind;
    bool truth;
    int64_t integer;
    const char *text;
    const char *name;
    struct value *first;
    struct value *last;
    struct value *next;
    size_t count;
};

static struct value *value_new(struct value_tree *tree, enum value_kind kind);
static struct value *text_new(struct value_tree *tree, struct span text);
static void append(struct value *parent, struct value *child);

struct value_tree value_tree_make(struct arena *arena)
{
    return (struct value_tree){ .arena = arena };
}

enum err value_tree_check(const struct value_tree *tree)
{
    return tree->failed;
}

struct value *value_object(struct value_tree *tree)
{
    return value_new(tree, VALUE_OBJECT);
}

struct value *value_list(struct value_tree *tree)
{
    return value_new(tree, VALUE_LIST);
}

void value_put(struct value_tree *tree, struct value *object, const char *name, struct value *value)
{
    if (tree->failed != OK || object == NULL || value == NULL) {
        return;
    }
    value->name = name;
    append(object, value);
}

void value_put_shared(
    struct value_tree *tree, struct value *object, const char *name, const struct value *value)
{
    struct value *copy = value == NULL ? NULL : value_new(tree, value->kind);
    if (copy != NULL) {
        *copy = *value;
        copy->next = NULL;
    }
    value_put(tree, object, name, copy);
}

void value_put_text(
    struct value_tree *tree, struct value *object, const char *name, const char *text)
{
    if (text != NULL) {
        value_put_span(tree, object, name, span_from_text(text));
    }
}

void value_put_span(
    struct value_tree *tree, struct value *object, const char *name, struct span text)
{
    value_put(tree, object, name, text_new(tree, text));
}

void value_put_integer(
    struct value_tree *tree, struct value *object, const char *name, int64_t integer)
{
    struct value *value = value_new(tree, VALUE_INTEGER);
    if (value != NULL) {
        value->integer = integer;
    }
    value_put(tree, object, name, value);
}

void value_put_bool(struct value_tree *tree, struct value *object, const char *name, bool truth)
{
    struct value *value = value_new(tree, VALUE_BOOL);
    if (value != NULL) {
        value->truth = truth;
    }
    value_put(tree, object, name, value);
}

void value_put_null(struct value_tree *tree, struct value *object, const char *name)
{
    value_put(tree, object, name, value_new(tree, VALUE_NULL));
}

struct value *value_put_object(struct value_tree *tree, struct value *object, const char *name)
{
    struct value *value = value_object(tree);
    value_put(tree, object, name, value);
    return value;
}

struct value *value_put_list(struct value_tree *tree, struct value *object, const char *name)
{
    struct value *value = value_list(tree);
    value_put(tree, object, name, value);
    return value;
}

void value_add(struct value_tree *tree, struct value *list, struct value *value)
{
    value_put(tree, list, "", value);
}

void value_add_text(struct value_tree *tree, struct value *list, const char *text)
{
    value_add(tree, list, text_new(tree, span_from_text(text)));
}

struct value *value_add_object(struct value_tree *tree, struct value *list)
{
    struct value *value = value_object(tree);
    value_add(tree, list, value);
    return value;
}

enum value_kind value_kind(const struct value *value)
{
    return value == NULL ? VALUE_NULL : value->kind;
}

const struct value *value_get(const struct value *object, const char *name)
{
    return value_get_part(object, name, strlen(name));
}

const struct value *value_get_part(const struct value *object, const char *name, size_t len)
{
    if (value_kind(object) != VALUE_OBJECT) {
        return NULL;
    }
    for (const struct value *member = object->first; member != NULL; member = member->next) {
        if (member->name[0] == name[0] && strncmp(member->name, name, len) == 0 &&
            member->name[len] == '\0') {
            return member;
        }
    }
    return NULL;
}

const char *value_text(const struct value *value)
{
    return value == NULL ? NULL : value->text;
}

int64_t value_integer(const struct value *value)
{
    return value == NULL ? 0 : value->integer;
}

bool value_truth(const struct value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        return false;
    case VALUE_BOOL:
        return value->truth;
    case VALUE_INTEGER:
        return value->integer != 0;
    case VALUE_TEXT:
        return value->text[0] != '\0';
    case VALUE_LIST:
        return value->count > 0;
    case VALUE_OBJECT:
        return true;
    }
    return false;
}

size_t value_count(const struct value *value)
{
    return value == NULL ? 0 : value->count;
}

const struct value *value_first(const struct value *value)
{
    return value == NULL ? NULL : value->first;
}

const struct value *value_next(const struct value *element)
{
    return element == NULL ? NULL : element->next;
}

const char *value_name(const struct value *member)
{
    return member == NULL || member->name == NULL ? "" : member->name;
}

static struct value *value_new(struct value_tree *tree, enum value_kind kind)
{
    if (tree->failed != OK) {
        return NULL;
    }
    struct value *value = arena_alloc(tree->arena, 1, sizeof *value);
    if (value == NULL) {
        tree->failed = ERR_MEMORY;
        return NULL;
    }
    value->kind = kind;
    return value;
}

static struct value *text_new(struct value_tree *tree, struct span text)
{
    struct value *value = value_new(tree, VALUE_TEXT);
    if (value == NULL) {
        return NULL;
    }
    value->text = text.data == NULL ? "" : arena_text(tree->arena, text);
    if (value->text == NULL) {
        tree->failed = ERR_MEMORY;
        return NULL;
    }
    return value;
}

static void append(struct value *parent, struct value *child)
{
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}
