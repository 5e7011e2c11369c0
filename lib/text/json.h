#pragma once
/* JSON from and to a tree of values (RFC 8259). Reading is bounded and strict: size, depth, no
 * duplicate names, no NUL in texts, integers only. The getters turn a member into a C value or say,
 * with a reason, which member is wrong and how; fields are named in the reason by member. */
#include "lib/base/buf.h"
#include "lib/text/value.h"

enum { JSON_DEPTH_MAX = 16 };

/* Parses an object or a list. Codes: json.too_long (seen and expected in bytes), json.syntax (seen:
 * line and column), json.depth, json.number (not an integer of 64 bits). */
enum err json_parse(struct span text, size_t max, struct value_tree *tree,
    const struct value **ret_value, struct reason *ret_reason) MUST_USE;
/* Appends the value as compact JSON; failures show in the buffer. */
void json_format(struct buf *buf, const struct value *value);

/* A required member. Codes: json.missing, json.type (expected: the type), json.too_long. `max`
 * counts bytes of text. */
enum err json_get_text(const struct value *object, const char *name, size_t max,
    const char **ret_text, struct reason *ret_reason) MUST_USE;
enum err json_get_bool(const struct value *object, const char *name, bool *ret_truth,
    struct reason *ret_reason) MUST_USE;
enum err json_get_integer(const struct value *object, const char *name, int64_t *ret_integer,
    struct reason *ret_reason) MUST_USE;
enum err json_get_object(const struct value *object, const char *name,
    const struct value **ret_object, struct reason *ret_reason) MUST_USE;
enum err json_get_list(const struct value *object, const char *name, const struct value **ret_list,
    struct reason *ret_reason) MUST_USE;
/* An optional member: the fallback if it is absent or null, json.type or json.too_long if wrong. */
enum err json_get_text_or(const struct value *object, const char *name, size_t max,
    const char *fallback, const char **ret_text, struct reason *ret_reason) MUST_USE;
enum err json_get_bool_or(const struct value *object, const char *name, bool fallback,
    bool *ret_truth, struct reason *ret_reason) MUST_USE;
/* Refuses (json.unknown, field: the name) members that are not in `names`, which ends with NULL. */
enum err json_refuse_unknown(
    const struct value *object, const char *const *names, struct reason *ret_reason) MUST_USE;
