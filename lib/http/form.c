/* From pairs to checked fields. */
#include "lib/http/form.h"

#include "lib/http/multipart.h"
#include "lib/http/url.h"

#include <stdio.h>
#include <strings.h>

struct pairs {
    struct http_pair *at;
    size_t count;
};

static enum err body_cut(struct span content_type, struct span body, struct arena *arena,
    struct pairs *ret_pairs, const char **ret_code);
static bool media_type_is(struct span content_type, const char *type);
static void field_parse(const struct form_field *field, const struct pairs *pairs,
    struct arena *arena, uint8_t *destination, struct form_errors *errors);
static size_t pair_find(const struct pairs *pairs, const char *name, struct span *ret_value);
static const char *value_check(
    const struct form_field *field, struct span *value, struct arena *arena);
static const char *text_check(const struct form_field *field, struct span *value);
static const char *digits_check(struct span *value, struct arena *arena);
static const char *choice_check(const struct form_field *field, struct span *value);
static const char *length_check(
    const struct form_field *field, struct span value, size_t *ret_length, size_t *ret_limit);
static void typed_keep(const struct form_field *field, struct span typed, uint8_t *destination);
static enum err value_store(
    const struct form_field *field, struct span value, uint8_t *destination);
static void unknown_refuse(
    const struct form *form, const struct pairs *pairs, struct form_errors *errors);
static void error_add(
    struct form_errors *errors, const char *code, const char *field, size_t length, size_t limit);

enum err form_parse(const struct form *form, struct span content_type, struct span body,
    struct arena *arena, void *ret_destination, struct form_errors *ret_errors)
{
    struct pairs pairs = { 0 };
    const char *code = "form.malformed";
    *ret_errors = (struct form_errors){ 0 };
    if (body_cut(content_type, body, arena, &pairs, &code) != OK) {
        error_add(ret_errors, code, "", 0, 0);
        return ERR_INPUT;
    }
    for (size_t i = 0; i < form->field_count; i++) {
        field_parse(&form->fields[i], &pairs, arena, ret_destination, ret_errors);
    }
    if (form->flags == FORM_REFUSE_UNKNOWN) {
        unknown_refuse(form, &pairs, ret_errors);
    }
    return ret_errors->count == 0 ? OK : ERR_INPUT;
}

const struct reason *form_error_of(const struct form_errors *errors, const char *field)
{
    for (size_t i = 0; i < errors->count; i++) {
        if (strcmp(errors->reasons[i].field, field) == 0) {
            return &errors->reasons[i];
        }
    }
    return NULL;
}

static enum err body_cut(struct span content_type, struct span body, struct arena *arena,
    struct pairs *ret_pairs, const char **ret_code)
{
    struct span boundary = { 0 };
    enum err err;
    if (media_type_is(content_type, "application/x-www-form-urlencoded")) {
        err = url_pairs_parse(body, arena, &ret_pairs->at, &ret_pairs->count);
    } else if (media_type_is(content_type, "multipart/form-data") &&
               header_parameter(content_type, "boundary", &boundary)) {
        err = multipart_parse(boundary, body, arena, &ret_pairs->at, &ret_pairs->count);
    } else {
        *ret_code = "form.content_type";
        return ERR_INPUT;
    }
    if (err == ERR_LIMIT) {
        *ret_code = "form.too_many_fields";
    }
    return err;
}

static bool media_type_is(struct span content_type, const char *type)
{
    size_t length = strlen(type);
    return content_type.len >= length &&
           strncasecmp((const char *)content_type.data, type, length) == 0 &&
           (content_type.len == length || content_type.data[length] == ';' ||
               content_type.data[length] == ' ');
}

static void field_parse(const struct form_field *field, const struct pairs *pairs,
    struct arena *arena, uint8_t *destination, struct form_errors *errors)
{
    struct span typed = { 0 };
    size_t limit = 0, length = 0, count = pair_find(pairs, field->name, &typed);
    struct span value = typed;
    const char *code = count > 1 ? "form.repeated" : NULL;
    if (count == 1 && field->type == FORM_CHECK) {
        *(bool *)(void *)(destination + field->offset) = true;
        return;
    }
    if (code == NULL && count == 1) {
        code = value_check(field, &value, arena);
    }
    if (code == NULL && value.len == 0) {
        if (field->required) {
            bool choice = field->type == FORM_CHOICE;
            error_add(errors, choice ? "form.not_chosen" : "form.required", field->name, 0, 0);
        }
        return;
    }
    code = code != NULL ? code : length_check(field, value, &length, &limit);
    if (code == NULL && value_store(field, value, destination) != OK) {
        code = "form.malformed";
    }
    if (code != NULL) {
        error_add(errors, code, field->name, length, limit);
        typed_keep(field, typed, destination);
    }
}

/* Nothing typed is lost, save secrets. */
static void typed_keep(const struct form_field *field, struct span typed, uint8_t *destination)
{
    bool text = field->type == FORM_LINE || field->type == FORM_TEXT || field->type == FORM_DIGITS;
    if (text && typed.len <= HTTP_FIELD_MAX_BYTES && utf8_valid(typed)) {
        *(struct span *)(void *)(destination + field->offset) = typed;
    }
}

/* How often the field is there; its last value. */
static size_t pair_find(const struct pairs *pairs, const char *name, struct span *ret_value)
{
    size_t count = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        if (span_equal_text(pairs->at[i].name, name)) {
            *ret_value = pairs->at[i].value;
            count++;
        }
    }
    return count;
}

/* NULL, or the code of what is wrong; may narrow the value. */
static const char *value_check(
    const struct form_field *field, struct span *value, struct arena *arena)
{
    switch (field->type) {
    case FORM_LINE:
    case FORM_TEXT:
    case FORM_SECRET:
        return text_check(field, value);
    case FORM_DIGITS:
    case FORM_SECRET_DIGITS:
        return digits_check(value, arena);
    case FORM_CHOICE:
        return choice_check(field, value);
    case FORM_CHECK:
    case FORM_FILE:
        return NULL;
    }
    return "form.malformed";
}

static const char *text_check(const struct form_field *field, struct span *value)
{
    if (!utf8_valid(*value)) {
        return "form.not_utf8";
    }
    for (size_t i = 0; i < value->len; i++) {
        bool layout = strchr("\r\n\t", value->data[i]) != NULL;
        if ((value->data[i] < 0x20 && !(layout && field->type == FORM_TEXT)) ||
            value->data[i] == 0x7f) {
            return "form.control_character";
        }
    }
    while (field->type == FORM_LINE && value->len > 0 && value->data[0] == ' ') {
        *value = span_make(value->data + 1, value->len - 1);
    }
    while (field->type == FORM_LINE && value->len > 0 && value->data[value->len - 1] == ' ') {
        value->len--;
    }
    return NULL;
}

static const char *digits_check(struct span *value, struct arena *arena)
{
    uint8_t *digits = arena_alloc(arena, value->len + 1, 1);
    size_t len = 0;
    if (digits == NULL) {
        return "form.malformed";
    }
    for (size_t i = 0; i < value->len; i++) {
        uint8_t byte = value->data[i];
        if (byte >= '0' && byte <= '9') {
            digits[len++] = byte;
        } else if (byte != ' ' && byte != '-' && byte != '\t') {
            return "form.not_digits";
        }
    }
    *value = span_make(digits, len);
    return NULL;
}

static const char *choice_check(const struct form_field *field, struct span *value)
{
    for (const char *const *choice = field->choices; *choice != NULL; choice++) {
        if (span_equal_text(*value, *choice)) {
            *value = span_from_text(*choice);
            return NULL;
        }
    }
    return value->len == 0 ? NULL : "form.choice";
}

static const char *length_check(
    const struct form_field *field, struct span value, size_t *ret_length, size_t *ret_limit)
{
    size_t max = field->max == 0 ? HTTP_FIELD_MAX_BYTES : field->max;
    size_t length = field->type == FORM_FILE ? value.len : utf8_length(value);
    *ret_length = length;
    *ret_limit = length < field->min ? field->min : max;
    return length < field->min ? "form.too_short" : length > max ? "form.too_long" : NULL;
}

static enum err value_store(const struct form_field *field, struct span value, uint8_t *destination)
{
    void *place = destination + field->offset;
    if (field->type == FORM_SECRET_DIGITS || field->type == FORM_SECRET) {
        return secret_copy(value, place);
    }
    *(struct span *)place = value;
    return OK;
}

static void unknown_refuse(
    const struct form *form, const struct pairs *pairs, struct form_errors *errors)
{
    for (size_t i = 0; i < pairs->count; i++) {
        bool known = false;
        for (size_t f = 0; f < form->field_count; f++) {
            known = known || span_equal_text(pairs->at[i].name, form->fields[f].name);
        }
        if (!known) {
            char name[REASON_FIELD_MAX];
            bool shown =
                utf8_valid(pairs->at[i].name) && span_to_text(pairs->at[i].name, name, sizeof name);
            error_add(errors, "form.unknown", shown ? name : "", 0, 0);
        }
    }
}

static void error_add(
    struct form_errors *errors, const char *code, const char *field, size_t length, size_t limit)
{
    if (errors->count == FORM_ERRORS_MAX) {
        return;
    }
    char seen[24] = "";
    char expected[24] = "";
    if (limit > 0) {
        snprintf(seen, sizeof seen, "%zu", length);
        snprintf(expected, sizeof expected, "%zu", limit);
    }
    (void)reason_set(&errors->reasons[errors->count++], ERR_INPUT, code, field, seen, expected);
}
