/* JSON by jansson, copied into our own tree at once, so that nothing else ever holds a json_t. */
#include "lib/text/json.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>

static enum err too_deep(struct span text, struct reason *ret_reason);
static struct value *copy(struct value_tree *tree, const json_t *json, struct reason *ret_reason);
static struct value *copy_object(
    struct value_tree *tree, const json_t *json, struct reason *ret_reason);
static struct value *copy_list(
    struct value_tree *tree, const json_t *json, struct reason *ret_reason);
static struct value *hold(struct value_tree *tree, const json_t *json);
static void format_members(struct buf *buf, const struct value *value, bool named);
static void format_text(struct buf *buf, const char *text);
static enum err get(const struct value *object, const char *name, enum value_kind kind,
    const struct value **ret_value, struct reason *ret_reason);

static const char *const kind_names[] = {
    [VALUE_NULL] = "null",
    [VALUE_BOOL] = "true or false",
    [VALUE_INTEGER] = "an integer",
    [VALUE_TEXT] = "a string",
    [VALUE_LIST] = "a list",
    [VALUE_OBJECT] = "an object",
};

enum err json_parse(struct span text, size_t max, struct value_tree *tree,
    const struct value **ret_value, struct reason *ret_reason)
{
    char seen[64] = "";
    char expected[64] = "";
    if (text.len > max) {
        snprintf(seen, sizeof seen, "%zu", text.len);
        snprintf(expected, sizeof expected, "%zu", max);
        return reason_set(ret_reason, ERR_LIMIT, "json.too_long", "", seen, expected);
    }
    TRY(too_deep(text, ret_reason));
    json_error_t error;
    json_t *json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        bool number = json_error_code(&error) == json_error_numeric_overflow;
        snprintf(seen, sizeof seen, "%d:%d", error.line, error.column);
        return reason_set(
            ret_reason, ERR_INPUT, number ? "json.number" : "json.syntax", "", seen, "JSON");
    }
    struct reason reason = { 0 };
    struct value *value = copy(tree, json, &reason);
    json_decref(json);
    if (reason.code[0] != '\0') {
        return reason_set(
            ret_reason, ERR_INPUT, reason.code, reason.field, reason.seen, reason.expected);
    }
    TRY(value_tree_check(tree));
    *ret_value = value;
    return OK;
}

void json_format(struct buf *buf, const struct value *value)
{
    switch (value_kind(value)) {
    case VALUE_NULL:
        buf_append_text(buf, "null");
        break;
    case VALUE_BOOL:
        buf_append_text(buf, value_truth(value) ? "true" : "false");
        break;
    case VALUE_INTEGER:
        buf_append_format(buf, "%" PRId64, value_integer(value));
        break;
    case VALUE_TEXT:
        format_text(buf, value_text(value));
        break;
    case VALUE_LIST:
        buf_append_byte(buf, '[');
        format_members(buf, value, /* named= */ false);
        buf_append_byte(buf, ']');
        break;
    case VALUE_OBJECT:
        buf_append_byte(buf, '{');
        format_members(buf, value, /* named= */ true);
        buf_append_byte(buf, '}');
        break;
    }
}

enum err json_get_text(const struct value *object, const char *name, size_t max,
    const char **ret_text, struct reason *ret_reason)
{
    const struct value *value = NULL;
    TRY(get(object, name, VALUE_TEXT, &value, ret_reason));
    if (strlen(value_text(value)) > max) {
        char seen[32];
        char expected[32];
        snprintf(seen, sizeof seen, "%zu", strlen(value_text(value)));
        snprintf(expected, sizeof expected, "%zu", max);
        return reason_set(ret_reason, ERR_INPUT, "json.too_long", name, seen, expected);
    }
    *ret_text = value_text(value);
    return OK;
}

enum err json_get_bool(
    const struct value *object, const char *name, bool *ret_truth, struct reason *ret_reason)
{
    const struct value *value = NULL;
    TRY(get(object, name, VALUE_BOOL, &value, ret_reason));
    *ret_truth = value_truth(value);
    return OK;
}

enum err json_get_integer(
    const struct value *object, const char *name, int64_t *ret_integer, struct reason *ret_reason)
{
    const struct value *value = NULL;
    TRY(get(object, name, VALUE_INTEGER, &value, ret_reason));
    *ret_integer = value_integer(value);
    return OK;
}

enum err json_get_object(const struct value *object, const char *name,
    const struct value **ret_object, struct reason *ret_reason)
{
    return get(object, name, VALUE_OBJECT, ret_object, ret_reason);
}

enum err json_get_list(const struct value *object, const char *name, const struct value **ret_list,
    struct reason *ret_reason)
{
    return get(object, name, VALUE_LIST, ret_list, ret_reason);
}

enum err json_get_text_or(const struct value *object, const char *name, size_t max,
    const char *fallback, const char **ret_text, struct reason *ret_reason)
{
    if (value_kind(value_get(object, name)) == VALUE_NULL) {
        *ret_text = fallback;
        return OK;
    }
    return json_get_text(object, name, max, ret_text, ret_reason);
}

enum err json_get_bool_or(const struct value *object, const char *name, bool fallback,
    bool *ret_truth, struct reason *ret_reason)
{
    if (value_kind(value_get(object, name)) == VALUE_NULL) {
        *ret_truth = fallback;
        return OK;
    }
    return json_get_bool(object, name, ret_truth, ret_reason);
}

enum err json_refuse_unknown(
    const struct value *object, const char *const *names, struct reason *ret_reason)
{
    for (const struct value *member = value_first(object); member != NULL;
         member = value_next(member)) {
        const char *const *known = names;
        while (*known != NULL && strcmp(*known, value_name(member)) != 0) {
            known++;
        }
        if (*known == NULL) {
            return reason_set(ret_reason, ERR_INPUT, "json.unknown", value_name(member), "", "");
        }
    }
    return OK;
}

static enum err get(const struct value *object, const char *name, enum value_kind kind,
    const struct value **ret_value, struct reason *ret_reason)
{
    const struct value *value = value_get(object, name);
    if (value == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "json.missing", name, "", kind_names[kind]);
    }
    if (value_kind(value) != kind) {
        return reason_set(ret_reason, ERR_INPUT, "json.type", name, kind_names[value_kind(value)],
            kind_names[kind]);
    }
    *ret_value = value;
    return OK;
}

/* jansson's own limit is 2048 levels of recursion, too deep for a worker's stack: counted first.
 * Brackets inside strings are skipped. */
static enum err too_deep(struct span text, struct reason *ret_reason)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
        if (depth > JSON_DEPTH_MAX) {
            return reason_set(ret_reason, ERR_LIMIT, "json.depth", "", "", "16");
        }
    }
    return OK;
}

static struct value *copy(struct value_tree *tree, const json_t *json, struct reason *ret_reason)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return copy_object(tree, json, ret_reason);
    case JSON_ARRAY:
        return copy_list(tree, json, ret_reason);
    case JSON_REAL:
        (void)reason_set(ret_reason, ERR_INPUT, "json.number", "", "", "");
        return NULL;
    case JSON_STRING:
    case JSON_INTEGER:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        return hold(tree, json);
    }
    return NULL;
}

static struct value *copy_object(
    struct value_tree *tree, const json_t *json, struct reason *ret_reason)
{
    struct value *object = value_object(tree);
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)json, name, member)
    {
        const char *own_name = arena_text(tree->arena, span_from_text(name));
        if (own_name == NULL) {
            tree->failed = ERR_MEMORY;
            return NULL;
        }
        value_put(tree, object, own_name, copy(tree, member, ret_reason));
    }
    return object;
}

static struct value *copy_list(
    struct value_tree *tree, const json_t *json, struct reason *ret_reason)
{
    struct value *list = value_list(tree);
    size_t index = 0;
    json_t *element = NULL;
    json_array_foreach(json, index, element)
    {
        value_add(tree, list, copy(tree, element, ret_reason));
    }
    return list;
}

/* A scalar, by way of a holder, since only objects and lists are made free-standing. */
static struct value *hold(struct value_tree *tree, const json_t *json)
{
    struct value *holder = value_object(tree);
    if (json_is_string(json)) {
        value_put_text(tree, holder, "", json_string_value(json));
    } else if (json_is_integer(json)) {
        value_put_integer(tree, holder, "", json_integer_value(json));
    } else if (json_is_boolean(json)) {
        value_put_bool(tree, holder, "", json_is_true(json));
    } else {
        value_put_null(tree, holder, "");
    }
    return (struct value *)value_first(holder);
}

static void format_members(struct buf *buf, const struct value *value, bool named)
{
    for (const struct value *member = value_first(value); member != NULL;
         member = value_next(member)) {
        if (member != value_first(value)) {
            buf_append_byte(buf, ',');
        }
        if (named) {
            format_text(buf, value_name(member));
            buf_append_byte(buf, ':');
        }
        json_format(buf, member);
    }
}

static void format_text(struct buf *buf, const char *text)
{
    buf_append_byte(buf, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_append_byte(buf, '\\');
            buf_append_byte(buf, (uint8_t)*c);
        } else if (*c == '\n') {
            buf_append_text(buf, "\\n");
        } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            buf_append_format(buf, "\\u%04x", (unsigned)(unsigned char)*c);
        } else {
            buf_append_byte(buf, (uint8_t)*c);
        }
    }
    buf_append_byte(buf, '"');
}
