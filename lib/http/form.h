#pragma once
/* Forms declared as tables: a handler states its fields, and gets checked values in a struct of its
 * own or one reason per field. Reads application/x-www-form-urlencoded (WHATWG URL) and
 * multipart/form-data (RFC 7578), the latter for uploads of a request file.
 * What the table does not name does not exist. */
#include "lib/base/arena.h"
#include "lib/base/limits.h"
#include "lib/base/secret.h"

enum form_type {
    FORM_LINE,   /* -> struct span: UTF-8 without control characters, white space at the ends cut */
    FORM_TEXT,   /* -> struct span: UTF-8 with line ends and tabs */
    FORM_DIGITS, /* -> struct span: decimal digits; spaces and '-' between them are dropped */
    FORM_SECRET_DIGITS, /* -> struct secret, to be released by the caller: as FORM_DIGITS */
    FORM_SECRET,        /* -> the same: UTF-8 without control characters, blanks and all */
    FORM_CHOICE,        /* -> struct span: one of `choices`, as written there */
    FORM_CHECK,         /* -> bool: a check box or a pressed button; true if present at all */
    FORM_FILE,          /* -> struct span: any bytes */
};

struct form_field {
    const char *name;
    enum form_type type;
    size_t min, max; /* characters; bytes for FORM_FILE. max 0 stands for HTTP_FIELD_MAX_BYTES */
    bool required;   /* absent or empty is "form.required"; else the destination stays as it was */
    size_t offset;   /* offsetof() in the destination */
    const char *const *choices; /* FORM_CHOICE: NULL-terminated */
};

enum form_flags { FORM_IGNORE_UNKNOWN, FORM_REFUSE_UNKNOWN };

struct form {
    const struct form_field *fields;
    size_t field_count;
    enum form_flags flags;
};

enum { FORM_ERRORS_MAX = 32 };

/* One per field at most. Codes: "form.required", "form.too_short", "form.too_long",
 * "form.not_digits", "form.not_utf8", "form.control_character", "form.choice", "form.not_chosen",
 * "form.repeated", "form.unknown"; and for the form as a whole, with an empty field,
 * "form.malformed", "form.content_type", "form.too_many_fields". Where there is a limit `expected`
 * holds it, and `seen` how much came. */
struct form_errors {
    struct reason reasons[FORM_ERRORS_MAX];
    size_t count;
};

/* `content_type` as the header has it. Spans in the destination lie in the arena. ERR_INPUT with at
 * least one reason; all fields but secrets are stored even so, the wrong ones as they were typed,
 * so that a page can show them again. The destination must be zeroed by the caller. */
enum err form_parse(const struct form *form, struct span content_type, struct span body,
    struct arena *arena, void *ret_destination, struct form_errors *ret_errors) MUST_USE;
/* The first reason that concerns the field, or NULL. */
const struct reason *form_error_of(const struct form_errors *errors, const char *field);
