/* Completion, out of the tables and the store. */
#include "cli/ecert/complete.h"

#include "cli/ecert/help.h"
#include "cli/ecert/operand.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <unistd.h>

/* A command line as far as it is typed. */
struct line {
    struct tool *tool;
    int count; /* finished words */
    char *const *words;
    const char *typed;             /* the unfinished one */
    const struct command *command; /* NULL: not known yet */
    const struct option *value_of; /* the option whose value is being typed */
    int operands;                  /* typed before */
    const char *noun;              /* typed, its verb not yet */
};

static void line_read(struct line *line);
static void word_read(struct line *line, const char *word);
static const struct option *option_of(const struct line *line, const char *word);
static const struct option *option_in(const struct option *option, const char *name, size_t len);
static bool is_given(const struct line *line, const struct option *option);
static void commands_offer(const struct line *line);
static void options_offer(const struct line *line, const struct option *options);
static void values_offer(
    const struct line *line, const char *placeholder, const char *typed, const char *before);
static void store_open_if_there(struct tool *tool, struct certstore **ret_store);
static void offer(const char *before, const char *word, const char *about);

enum exit_code complete_words(struct tool *tool, int argc, char *const *argv)
{
    struct line line = { .tool = tool, .count = argc > 0 ? argc - 1 : 0, .words = argv };
    line.typed = argc > 0 ? argv[argc - 1] : "";
    line_read(&line);
    const char *equals = strchr(line.typed, '=');
    if (line.value_of != NULL) {
        values_offer(&line, line.value_of->value, line.typed, /* before= */ "");
    } else if (strncmp(line.typed, "--", 2) == 0 && equals != NULL) {
        const struct option *option = option_of(&line, line.typed);
        const char *before =
            arena_format(&tool->arena, "%.*s", (int)(equals + 1 - line.typed), line.typed);
        if (option != NULL && option->value != NULL && before != NULL) {
            values_offer(&line, option->value, equals + 1, before);
        }
    } else if (line.typed[0] == '-') {
        for (size_t i = 0; line.command != NULL && command_options(line.command, i) != NULL; i++) {
            options_offer(&line, command_options(line.command, i));
        }
        options_offer(&line, options_all);
    } else if (line.command == NULL) {
        commands_offer(&line);
    } else if (line.command->operands != NULL && line.operands < (int)line.command->operands_max) {
        values_offer(&line, line.command->operands, line.typed, /* before= */ "");
    }
    return EXIT_DONE;
}

static void line_read(struct line *line)
{
    for (int i = 0; i < line->count; i++) {
        word_read(line, line->words[i]);
    }
}

static void word_read(struct line *line, const char *word)
{
    if (line->value_of != NULL) {
        bool store = strcmp(line->value_of->name, "store") == 0;
        line->tool->store_path = store ? word : line->tool->store_path;
        bool goes_on = line->value_of->kind == OPTION_PROGRAM && strcmp(word, ";") != 0;
        line->value_of = goes_on ? line->value_of : NULL;
        return;
    }
    if (strncmp(word, "--", 2) == 0) {
        const struct option *option = option_of(line, word);
        const char *equals = strchr(word, '=');
        bool value = option != NULL && option->kind != OPTION_FLAG && equals == NULL;
        line->value_of = value ? option : NULL;
        if (option != NULL && equals != NULL && strcmp(option->name, "store") == 0) {
            line->tool->store_path = equals + 1;
        }
        return;
    }
    if (line->command != NULL) {
        line->operands++;
        return;
    }
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        bool alone = line->noun == NULL && command->verb == NULL;
        bool both =
            line->noun != NULL && command->verb != NULL && strcmp(command->noun, line->noun) == 0;
        if ((alone && strcmp(command->noun, word) == 0) ||
            (both && strcmp(command->verb, word) == 0)) {
            line->command = command;
            return;
        }
    }
    line->noun = word;
}

static const struct option *option_of(const struct line *line, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    const struct option *found = NULL, *table;
    for (size_t i = 0; line->command != NULL && (table = command_options(line->command, i)); i++) {
        found = found != NULL ? found : option_in(table, word + 2, len);
    }
    return found != NULL ? found : option_in(options_all, word + 2, len);
}

static const struct option *option_in(const struct option *option, const char *name, size_t len)
{
    for (; option->name != NULL; option++) {
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool is_given(const struct line *line, const struct option *option)
{
    for (int i = 0; i < line->count; i++) {
        const char *word = line->words[i];
        if (strncmp(word, "--", 2) == 0 && option_of(line, word) == option) {
            return true;
        }
    }
    return false;
}

/* Nouns first, each once; then the verbs of the one that is there. */
static void commands_offer(const struct line *line)
{
    const struct command *command, *before = NULL;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        const char *word = line->noun == NULL ? command->noun : command->verb;
        bool ours = command->summary != NULL &&
                    (line->noun == NULL ? before == NULL || strcmp(before->noun, word) != 0
                                        : word != NULL && strcmp(command->noun, line->noun) == 0);
        if (ours && strncmp(word, line->typed, strlen(line->typed)) == 0) {
            bool several = line->noun == NULL && command->verb != NULL;
            offer("", word, several ? "" : language_text(line->tool->language, command->summary));
        }
        before = command;
    }
}

static void options_offer(const struct line *line, const struct option *options)
{
    const struct command *command = line->command == NULL ? &command_alone : line->command;
    for (; options->name != NULL; options++) {
        char word[HELP_LINE_MAX];
        snprintf(word, sizeof word, "--%s", options->name);
        bool again = options->kind == OPTION_MANY || !is_given(line, options);
        if (again && strncmp(word, line->typed, strlen(line->typed)) == 0) {
            offer("", word, help_option(line->tool, command, options));
        }
    }
}

/* Found by the word itself or, where people know it better by another name, by that. */
static void values_offer(
    const struct line *line, const char *placeholder, const char *typed, const char *before)
{
    static struct candidates found;
    AUTO_PTR(certstore) store = NULL;
    enum operand_source source = operand_source(placeholder);
    if (source == OPERAND_FILE || source == OPERAND_DIRECTORY) {
        offer("", source == OPERAND_FILE ? ":files" : ":directories", "");
        return;
    }
    store_open_if_there(line->tool, &store);
    operand_candidates(line->tool, placeholder, store, &found);
    size_t len = strlen(typed), offered = 0;
    for (size_t i = 0; i < found.count; i++) {
        const struct candidate *candidate = &found.list[i];
        bool named = len > 0 && strncasecmp(candidate->about, typed, len) == 0;
        if (strncmp(candidate->word, typed, len) == 0 || named) {
            offer(before, candidate->word, candidate->about);
            offered++;
        }
    }
    if (offered == 0 && strstr(placeholder, "FILE") != NULL) {
        offer("", ":files", "");
    }
}

/* A store is never made by looking for what it might hold. */
static void store_open_if_there(struct tool *tool, struct certstore **ret_store)
{
    char lock[PATH_MAX];
    const char *path = tool_store_path(tool);
    bool there = path != NULL && path_join(lock, sizeof lock, path, "lock") == OK &&
                 access(lock, R_OK | W_OK) == 0;
    if (there) {
        (void)!certstore_open(path, /* ret_reason= */ NULL, ret_store);
    }
}

/* A line is a line: what stands in the store may hold anything. */
static void offer(const char *before, const char *word, const char *about)
{
    AUTO(buf) text = buf_make(CANDIDATE_TEXT_MAX * 4);
    buf_append_format(&text, "%s%s%s%s", before, word, about[0] == '\0' ? "" : "\t", about);
    char *line = text.len == 0 ? NULL : (char *)(uintptr_t)buf_text(&text);
    char *tab = line == NULL ? NULL : strchr(line, '\t');
    for (char *byte = line; byte != NULL && *byte != '\0'; byte++) {
        *byte = (uint8_t)*byte < ' ' && byte != tab ? '?' : *byte;
    }
    if (line != NULL) {
        puts(line);
    }
}
