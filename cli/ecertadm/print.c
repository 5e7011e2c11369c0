/* How answers look: the same value as JSON for programs, as lines or a table for people. */
#include "cli/ecertadm/command.h"
#include "lib/base/limits.h"
#include "lib/text/json.h"

#include <inttypes.h>
#include <stdio.h>

/* A reason of a thousand characters is shown whole. */
enum { COLUMNS_MAX = 16, CELL_MAX = 4096 };

static enum err json_print(const struct value *value);
static void object_print(const struct value *object);
static void lines_print(const char *name, const char *text, int width);
static void table_print(const struct value *list);
static void widths_measure(const struct value *list, size_t widths[COLUMNS_MAX]);
static void row_print(const struct value *row, const size_t widths[COLUMNS_MAX], bool names);
static size_t cell_format(const struct value *value, char ret_text[CELL_MAX]);

enum err call_print(const struct call *call, const struct value *value)
{
    if (call->json) {
        return json_print(value);
    }
    if (value_kind(value) == VALUE_LIST) {
        table_print(value);
    } else {
        object_print(value);
    }
    return OK;
}

static enum err json_print(const struct value *value)
{
    AUTO(buf) text = buf_make(FILE_MAX_BYTES);
    json_format(&text, value);
    buf_append_byte(&text, '\n');
    TRY(buf_check(&text));
    return fwrite(text.data, 1, text.len, stdout) == text.len ? OK : ERR_IO;
}

static void object_print(const struct value *object)
{
    size_t width = 0;
    for (const struct value *m = value_first(object); m != NULL; m = value_next(m)) {
        size_t length = strlen(value_name(m));
        width = length > width ? length : width;
    }
    for (const struct value *m = value_first(object); m != NULL; m = value_next(m)) {
        char text[CELL_MAX];
        if (value_kind(m) == VALUE_LIST) {
            const char *name = value_name(m);
            for (const struct value *e = value_first(m); e != NULL; e = value_next(e)) {
                (void)cell_format(e, text);
                printf("%-*s  %s\n", (int)width, name, text);
                name = "";
            }
        } else if (value_kind(m) == VALUE_TEXT) {
            lines_print(value_name(m), value_text(m), (int)width);
        } else if (cell_format(m, text) > 0) {
            printf("%-*s  %s\n", (int)width, value_name(m), text);
        }
    }
}

/* What somebody wrote in several lines stays so, below its name. */
static void lines_print(const char *name, const char *text, int width)
{
    char line[CELL_MAX];
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s",
            (int)(length - (length > 0 && text[length - 1] == '\r')), text);
        utf8_make_plain(line);
        printf("%-*s  %s\n", width, name, line);
        text += length + (text[length] == '\n');
        name = "";
    }
}

static void table_print(const struct value *list)
{
    size_t widths[COLUMNS_MAX] = { 0 };
    if (value_first(list) == NULL) {
        printf("none\n");
        return;
    }
    widths_measure(list, widths);
    row_print(value_first(list), widths, /* names= */ true);
    for (const struct value *row = value_first(list); row != NULL; row = value_next(row)) {
        row_print(row, widths, /* names= */ false);
    }
}

static void widths_measure(const struct value *list, size_t widths[COLUMNS_MAX])
{
    for (const struct value *row = value_first(list); row != NULL; row = value_next(row)) {
        size_t column = 0;
        for (const struct value *m = value_first(row); m != NULL && column < COLUMNS_MAX;
             m = value_next(m), column++) {
            char text[CELL_MAX];
            size_t width = cell_format(m, text);
            size_t heading = strlen(value_name(m));
            width = width > heading ? width : heading;
            widths[column] = width > widths[column] ? width : widths[column];
        }
    }
}

static void row_print(const struct value *row, const size_t widths[COLUMNS_MAX], bool names)
{
    size_t column = 0;
    for (const struct value *m = value_first(row); m != NULL && column < COLUMNS_MAX;
         m = value_next(m), column++) {
        char text[CELL_MAX];
        size_t width = cell_format(m, text);
        const char *shown = names ? value_name(m) : text;
        width = names ? strlen(shown) : width;
        bool last = value_next(m) == NULL;
        printf("%s%*s", shown, last ? 0 : (int)(widths[column] - width) + 2, "");
    }
    printf("\n");
}

/* The width in characters. */
static size_t cell_format(const struct value *value, char ret_text[CELL_MAX])
{
    const char *text = value_text(value);
    switch (value_kind(value)) {
    case VALUE_INTEGER:
        snprintf(ret_text, CELL_MAX, "%" PRId64, value_integer(value));
        break;
    case VALUE_BOOL:
        snprintf(ret_text, CELL_MAX, "%s", value_truth(value) ? "yes" : "no");
        break;
    case VALUE_TEXT:
        snprintf(ret_text, CELL_MAX, "%s", text == NULL ? "" : text);
        break;
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_OBJECT:
        ret_text[0] = '\0';
        break;
    }
    for (char *c = ret_text; *c != '\0'; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    /* Whoever answers may be an enemy: nothing of his paints over what an officer has to read. */
    utf8_make_plain(ret_text);
    return utf8_length(span_from_text(ret_text));
}
