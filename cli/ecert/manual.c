/* ecert manual DIRECTORY: the manual pages, ecert(1) and one for each command, as mdoc(7), out of
 * the same tables and texts that --help shows. The build runs it once for each language; nobody
 * types it, so that the overview doesn't name it. */
#include "cli/ecert/examples.h"
#include "cli/ecert/help.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"

#include <stdio.h>

enum { PAGE_MAX = 256 * 1024, TEXT_COLUMNS = 72, EXAMPLE_COLUMNS = 68 };

/* The day on which the texts were last gone through. */
static const char TEXTS_OF[] = "November 28, 2026";

/* A list of terms, each with its text. */
struct term {
    const char *name, *id;
};
static const struct term exit_terms[] = {
    { "0", "tool.exit_done" },
    { "1", "tool.exit_failed" },
    { "2", "tool.exit_nothing" },
    { "64", "tool.exit_usage" },
    { .name = NULL },
};
static const struct term environment_terms[] = {
    { "Ev ECERT_STORE", "tool.environment_store" },
    { "Ev LC_ALL , LC_MESSAGES , LANG", "tool.environment_lang" },
    { "Ev NO_COLOR", "tool.environment_colour" },
    { .name = NULL },
};

static enum err page_save(const struct tool *tool, const char *directory,
    const struct command *command, struct reason *ret_reason);
static void page_name(const struct command *command, char ret_name[HELP_LINE_MAX]);
static void page_write(const struct tool *tool, const struct command *command, struct buf *page);
static void synopsis_write(
    const struct tool *tool, const struct command *command, struct buf *page);
static void overview_write(const struct tool *tool, struct buf *page);
static void options_write(const struct tool *tool, const struct command *command, struct buf *page);
static const struct option *table_of(const struct command *command, size_t index);
static void terms_write(
    const struct tool *tool, const struct term *terms, const char *widest, struct buf *page);
static void examples_write(const struct command *command, struct buf *page);
static void example_write(struct span line, struct buf *page);
static void section(const struct tool *tool, const char *id, struct buf *page);
static void placeholder_write(const char *value, struct buf *page);
static void option_write(const struct option *option, struct buf *page);
static void words_write(const char *text, struct buf *page);
static void text_write(const char *text, struct buf *page);

enum exit_code command_manual(struct tool *tool, const struct arguments *arguments)
{
    const char *directory = arguments->operands[0];
    struct reason reason = { 0 };
    const struct command *command;
    char parent[PATH_MAX] = ".";
    const char *slash = strrchr(directory, '/');
    if (slash != NULL && slash != directory) {
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - directory), directory);
    }
    enum err err = directory_ensure(parent, 0755);
    err = err == OK ? directory_ensure(directory, 0755) : err;
    if (err != OK) {
        (void)reason_set(&reason, err, "tool.file_write", directory, err_name(err), NULL);
    }
    err = err == OK ? page_save(tool, directory, &command_alone, &reason) : err;
    for (size_t i = 0; err == OK && (command = command_at(i)) != NULL; i++) {
        err = command->summary == NULL ? OK : page_save(tool, directory, command, &reason);
    }
    return err == OK ? EXIT_DONE : screen_failure(tool, err, &reason);
}

static enum err page_save(const struct tool *tool, const char *directory,
    const struct command *command, struct reason *ret_reason)
{
    AUTO(buf) page = buf_make(PAGE_MAX);
    char name[HELP_LINE_MAX], file[HELP_LINE_MAX + 4], path[PATH_MAX];
    page_name(command, name);
    snprintf(file, sizeof file, "%s.1", name);
    page_write(tool, command, &page);
    TRY(buf_check(&page));
    enum err err = path_join(path, sizeof path, directory, file);
    err = err == OK ? file_replace(path, buf_span(&page), 0644) : err;
    return err == OK ? OK
                     : reason_set(ret_reason, err, "tool.file_write", file, err_name(err), NULL);
}

/* "ecert-cert-show". */
static void page_name(const struct command *command, char ret_name[HELP_LINE_MAX])
{
    bool alone = command->noun[0] == '\0';
    snprintf(ret_name, HELP_LINE_MAX, "ecert%s%s%s%s", alone ? "" : "-", command->noun,
        command->verb == NULL ? "" : "-", command->verb == NULL ? "" : command->verb);
}

static void page_write(const struct tool *tool, const struct command *command, struct buf *page)
{
    char name[HELP_LINE_MAX], title[HELP_LINE_MAX];
    bool alone = command == &command_alone;
    page_name(command, name);
    memcpy(title, name, sizeof title);
    for (char *byte = title; *byte != '\0'; byte++) {
        *byte = *byte >= 'a' && *byte <= 'z' ? (char)(*byte - 'a' + 'A') : *byte;
    }
    buf_append_format(page, ".Dd %s\n.Dt %s 1\n.Os\n", TEXTS_OF, title);
    section(tool, "tool.page_name", page);
    buf_append_format(page, ".Nm %s\n.Nd %s\n", name,
        language_text(tool->language, alone ? "tool.page_about" : command->summary));
    section(tool, "tool.page_synopsis", page);
    synopsis_write(tool, command, page);
    section(tool, "tool.page_description", page);
    text_write(help_description(tool, command), page);
    if (alone) {
        overview_write(tool, page);
    }
    if (table_of(command, 0)->name != NULL || table_of(command, 1) != NULL) {
        section(tool, "tool.page_options", page);
        options_write(tool, command, page);
    }
    if (alone) {
        section(tool, "tool.page_environment", page);
        terms_write(tool, environment_terms, "ECERT_STORE", page);
    }
    section(tool, "tool.page_exit", page);
    terms_write(tool, exit_terms, "Ds", page);
    section(tool, "tool.page_examples", page);
    examples_write(command, page);
    if (!alone) {
        section(tool, "tool.page_see", page);
        buf_append_text(page, ".Xr ecert 1\n");
    }
}

static void section(const struct tool *tool, const char *id, struct buf *page)
{
    buf_append_format(page, ".Sh %s\n", language_text(tool->language, id));
}

static void synopsis_write(const struct tool *tool, const struct command *command, struct buf *page)
{
    char words[HELP_LINE_MAX];
    (void)tool;
    help_words(command, words);
    buf_append_format(page, ".Nm ecert%s%s\n", words[0] == '\0' ? "" : " ", words);
    const struct option *table;
    for (size_t i = 0; (table = table_of(command, i)) != NULL; i++) {
        for (const struct option *option = table; option->name != NULL; option++) {
            buf_append_text(page, ".Op ");
            option_write(option, page);
            buf_append_text(page, option->kind == OPTION_MANY ? " ...\n" : "\n");
        }
    }
    if (command->operands != NULL) {
        placeholder_write(command->operands, page);
    }
}

/* "[ID]" may be left out. */
static void placeholder_write(const char *value, struct buf *page)
{
    char inner[HELP_LINE_MAX];
    size_t len = strlen(value);
    int depth = 0;
    bool whole = value[0] == '[' && value[len - 1] == ']';
    for (size_t i = 0; i < len; i++) {
        depth += value[i] == '[' ? 1 : value[i] == ']' ? -1 : 0;
        whole = whole && (depth > 0 || i + 1 == len);
    }
    snprintf(inner, sizeof inner, "%.*s", (int)(whole ? len - 2 : len), value + (whole ? 1 : 0));
    buf_append_text(page, whole ? ".Op Ar " : ".Ar ");
    words_write(inner, page);
    buf_append_text(page, "\n");
}

/* Words of a macro's line: none of them is a macro or a stop itself. */
static void words_write(const char *text, struct buf *page)
{
    for (bool begins = true; *text != '\0'; text++) {
        buf_append_text(page, begins && *text != ' ' ? "\\&" : "");
        begins = *text == ' ';
        if (*text == '-') {
            buf_append_text(page, "\\-");
        } else {
            buf_append_byte(page, (uint8_t)*text);
            buf_append_text(page, *text == '|' ? "\\:" : "");
        }
    }
}

static void option_write(const struct option *option, struct buf *page)
{
    char dashed[HELP_LINE_MAX];
    snprintf(dashed, sizeof dashed, "-%s", option->name);
    buf_append_text(page, "Fl ");
    words_write(dashed, page);
    if (option->value != NULL) {
        buf_append_text(page, " Ar ");
        words_write(option->value, page);
    }
}

/* Section 1: all commands, each with its page. */
static void overview_write(const struct tool *tool, struct buf *page)
{
    const struct command *command;
    buf_append_text(page, ".Bl -tag -width Ds\n");
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        char name[HELP_LINE_MAX];
        if (command->summary == NULL) {
            continue;
        }
        page_name(command, name);
        buf_append_format(page, ".It Xr %s 1\n", name);
        text_write(language_text(tool->language, command->summary), page);
    }
    buf_append_text(page, ".El\n.Pp\n");
    text_write(language_text(tool->language, "tool.page_json"), page);
}

/* On the page of ecert itself what every command takes. */
static const struct option *table_of(const struct command *command, size_t index)
{
    bool alone = command == &command_alone;
    return !alone ? command_options(command, index) : index == 0 ? options_all : NULL;
}

static void options_write(const struct tool *tool, const struct command *command, struct buf *page)
{
    const struct option *table;
    buf_append_text(page, ".Bl -tag -width Ds\n");
    for (size_t i = 0; (table = table_of(command, i)) != NULL; i++) {
        for (const struct option *option = table; option->name != NULL; option++) {
            buf_append_text(page, ".It ");
            option_write(option, page);
            buf_append_text(page, "\n");
            text_write(help_option(tool, command, option), page);
        }
    }
    buf_append_text(page, ".El\n");
    if (command != &command_alone) {
        buf_append_text(page, ".Pp\n");
        text_write(language_text(tool->language, "tool.page_everywhere"), page);
    }
}

static void terms_write(
    const struct tool *tool, const struct term *terms, const char *widest, struct buf *page)
{
    buf_append_format(page, ".Bl -tag -width %s\n", widest);
    for (; terms->name != NULL; terms++) {
        buf_append_format(page, ".It %s\n", terms->name);
        text_write(language_text(tool->language, terms->id), page);
    }
    buf_append_text(page, ".El\n");
}

static void examples_write(const struct command *command, struct buf *page)
{
    const char *at = example_of(command);
    buf_append_text(page, ".Bd -literal -offset indent\n");
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, "\n");
        example_write(span_make(at, len), page);
        at += len + (at[len] == '\n');
    }
    buf_append_text(page, ".Ed\n");
}

static void example_write(struct span line, struct buf *page)
{
    AUTO(buf) text = buf_make(4096);
    example_wrap(line, EXAMPLE_COLUMNS, &text);
    for (size_t i = 0; i < text.len; i++) {
        char byte = (char)text.data[i];
        if (byte == '-' || byte == '\\') {
            buf_append_text(page, byte == '-' ? "\\-" : "\\e");
        } else {
            buf_append_byte(page, text.data[i]);
        }
    }
    buf_append_text(page, "\n");
}

/* A sentence begins a line, as roff likes it; between wide letters a line may end. */
static void text_write(const char *text, struct buf *page)
{
    size_t column = 0;
    for (const char *at = text; *at != '\0';) {
        wchar_t letter = 0;
        size_t bytes = screen_character(at, &letter);
        bool ended = at > text && strchr(".:;", at[-1]) != NULL;
        size_t word = strcspn(at + 1, " ");
        if (*at == ' ' && ((ended && at[-1] == '.') || column + word > TEXT_COLUMNS)) {
            buf_append_text(page, "\n");
            column = 0;
        } else if (column == 0 && (*at == '.' || *at == '\'')) {
            buf_append_format(page, "\\&%c", *at);
            column = 1;
        } else if (*at == '-' || *at == '\\') {
            buf_append_text(page, *at == '-' ? "\\-" : "\\e");
            column++;
        } else {
            buf_append(page, span_make(at, bytes));
            column += bytes;
            bool wide = letter >= 0x2e80 && wcschr(L"（「『《【", letter) == NULL;
            bool held = strncmp(at + bytes, "，", 3) == 0 || strncmp(at + bytes, "。", 3) == 0;
            buf_append_text(page, wide && !held && (uint8_t)at[bytes] >= 0xe2 ? "\\:" : "");
        }
        at += bytes;
    }
    buf_append_text(page, "\n");
}
