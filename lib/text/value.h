#pragma once
/* A small tree of named values: what a template shows, what a JSON answer says and what a parsed
 * JSON text held. One tree serves a page and the API's answer about the same thing, so that the two
 * can't disagree. Everything lives in one arena and dies with the request; never put a secret into
 * it.
 *
 * Building never fails in the middle: when the arena is exhausted the tree is marked failed,
 * further calls do nothing, and value_tree_check says so once, at the end. */
#include "lib/base/arena.h"
#include "lib/base/err.h"

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_OBJECT,
};

struct value; /* opaque: read by the functions below */

struct value_tree {
    struct arena *arena;
    enum err failed;
};

struct value_tree value_tree_make(struct arena *arena);
enum err value_tree_check(const struct value_tree *tree) MUST_USE;

/* A new empty object or list, to be the root or to be put somewhere; NULL on a failed tree, which
 * all functions here accept. */
struct value *value_object(struct value_tree *tree);
struct value *value_list(struct value_tree *tree);

/* Sets a member of `object`; names are static or live as long as the tree, texts are copied. A name
 * must not be put twice. A NULL text puts nothing. */
void value_put(
    struct value_tree *tree, struct value *object, const char *name, struct value *value);
/* Sets a value that stands elsewhere in this tree too; from then on neither may be added to. NULL
 * puts nothing. */
void value_put_shared(
    struct value_tree *tree, struct value *object, const char *name, const struct value *value);
void value_put_text(
    struct value_tree *tree, struct value *object, const char *name, const char *text);
void value_put_span(
    struct value_tree *tree, struct value *object, const char *name, struct span text);
void value_put_integer(
    struct value_tree *tree, struct value *object, const char *name, int64_t integer);
void value_put_bool(struct value_tree *tree, struct value *object, const char *name, bool truth);
void value_put_null(struct value_tree *tree, struct value *object, const char *name);
struct value *value_put_object(struct value_tree *tree, struct value *object, const char *name);
struct value *value_put_list(struct value_tree *tree, struct value *object, const char *name);

/* Appends to `list`. */
void value_add(struct value_tree *tree, struct value *list, struct value *value);
void value_add_text(struct value_tree *tree, struct value *list, const char *text);
struct value *value_add_object(struct value_tree *tree, struct value *list);

enum value_kind value_kind(const struct value *value);
/* NULL unless `object` is an object with that member. */
const struct value *value_get(const struct value *object, const char *name);
/* The same by the first `len` bytes of a longer text. */
const struct value *value_get_part(const struct value *object, const char *name, size_t len);
/* The text of VALUE_TEXT; NULL for other kinds. */
const char *value_text(const struct value *value);
int64_t value_integer(const struct value *value);
/* What {{#if}} asks: true, a non-zero integer, a non-empty text or list, any object. */
bool value_truth(const struct value *value);
/* Elements of a list or members of an object; 0 for other kinds. */
size_t value_count(const struct value *value);
/* First element or member, then the one after; NULL at the end. */
const struct value *value_first(const struct value *value);
const struct value *value_next(const struct value *element);
/* The member's name; "" for a list's element. */
const char *value_name(const struct value *member);
