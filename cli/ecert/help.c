/* Help on the screen and as data. */
#include "cli/ecert/help.h"

#include "cli/ecert/examples.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

/* Where what a command does is said: behind all synopses but that of check. */
enum { USAGE_COLUMN = 34, EXAMPLE_INDENT = 6 };

static void options_show(
    const struct tool *tool, const struct command *command, const struct option *options);
static void example_show(const struct tool *tool, const struct command *command);
static void command_put(struct tool *tool, const struct command *command, struct value *object);
static void options_put(struct tool *tool, const struct command *command,
    const struct option *options, struct value *list);

void help_show(struct tool *tool, const struct command *only)
{
    const struct command *command;
    screen_heading(tool, "tool.help_title", NULL);
    if (only != NULL) {
        help_command(tool, only);
        screen_line(tool, "");
        screen_line(tool, help_description(tool, only));
        screen_line(tool, "");
        for (size_t i = 0; command_options(only, i) != NULL; i++) {
            options_show(tool, only, command_options(only, i));
        }
        example_show(tool, only);
        command_put(tool, only, tool->result);
    } else {
        struct value *list = value_put_list(&tool->tree, tool->result, "commands");
        command_put(tool, &command_alone, value_add_object(&tool->tree, list));
        for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
            if (command->summary != NULL) {
                help_command(tool, command);
                command_put(tool, command, value_add_object(&tool->tree, list));
            }
        }
    }
    screen_message(tool, "tool.help_all", NULL);
    options_show(tool, &command_alone, options_all);
    options_put(
        tool, &command_alone, options_all, value_put_list(&tool->tree, tool->result, "everywhere"));
}

void help_command(struct tool *tool, const struct command *command)
{
    char line[HELP_LINE_MAX];
    help_synopsis(command, line);
    screen_pair(tool, 2, line, USAGE_COLUMN, language_text(tool->language, command->summary));
}

void help_words(const struct command *command, char ret_words[HELP_LINE_MAX])
{
    snprintf(ret_words, HELP_LINE_MAX, "%s%s%s", command->noun, command->verb == NULL ? "" : " ",
        command->verb == NULL ? "" : command->verb);
}

void help_synopsis(const struct command *command, char ret_line[HELP_LINE_MAX])
{
    char words[HELP_LINE_MAX];
    help_words(command, words);
    snprintf(ret_line, HELP_LINE_MAX, "ecert%s%.60s%s%.60s", words[0] == '\0' ? "" : " ", words,
        command->operands == NULL ? "" : " ", command->operands == NULL ? "" : command->operands);
}

const char *help_description(const struct tool *tool, const struct command *command)
{
    char id[HELP_ID_MAX];
    snprintf(id, sizeof id, "tool.manual_%s", command->summary + strlen("tool.help_"));
    return language_text(tool->language, id);
}

const char *help_option(
    const struct tool *tool, const struct command *command, const struct option *option)
{
    char id[HELP_ID_MAX];
    snprintf(id, sizeof id, "tool.option.%s.%s", command->noun, option->name);
    if (!language_has(tool->language, id)) {
        snprintf(id, sizeof id, "tool.option.%s", option->name);
    }
    return language_text(tool->language, id);
}

static void options_show(
    const struct tool *tool, const struct command *command, const struct option *options)
{
    size_t width = 0;
    for (const struct option *option = options; option->name != NULL; option++) {
        size_t value = option->value == NULL ? 0 : strlen(option->value);
        size_t taken = strlen("-- ") + strlen(option->name) + value;
        width = taken > width && taken < USAGE_COLUMN ? taken : width;
    }
    for (const struct option *option = options; option->name != NULL; option++) {
        char line[HELP_LINE_MAX];
        snprintf(
            line, sizeof line, "--%s %s", option->name, option->value == NULL ? "" : option->value);
        screen_pair(tool, 6, line, width + 6 + 2, help_option(tool, command, option));
    }
}

/* To be copied: what the terminal is too narrow for goes on as a shell reads it. */
static void example_show(const struct tool *tool, const struct command *command)
{
    AUTO(buf) text = buf_make(4096);
    const char *example = example_of(command);
    if (tool->json || example == NULL) {
        return;
    }
    example_wrap(
        span_make(example, strcspn(example, "\n")), screen_columns() - EXAMPLE_INDENT, &text);
    screen_message(tool, "tool.help_example", NULL);
    for (const char *at = buf_text(&text); at != NULL && *at != '\0';) {
        int len = (int)strcspn(at, "\n");
        printf("%*s%.*s\n", EXAMPLE_INDENT, "", len, at);
        at += len + (at[len] == '\n');
    }
}

static void command_put(struct tool *tool, const struct command *command, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    char words[HELP_LINE_MAX];
    help_words(command, words);
    value_put_text(tree, object, "command", arena_text(&tool->arena, span_from_text(words)));
    value_put_text(tree, object, "operands", command->operands);
    value_put_integer(tree, object, "operands_min", (int64_t)command->operands_min);
    value_put_integer(tree, object, "operands_max", (int64_t)command->operands_max);
    value_put_text(tree, object, "summary", language_text(tool->language, command->summary));
    value_put_text(tree, object, "description", help_description(tool, command));
    struct value *options = value_put_list(tree, object, "options");
    for (size_t i = 0; command_options(command, i) != NULL; i++) {
        options_put(tool, command, command_options(command, i), options);
    }
    struct value *examples = value_put_list(tree, object, "examples");
    for (const char *at = example_of(command); at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        value_add_text(tree, examples, arena_text(&tool->arena, span_make(at, len)));
        at += len + (at[len] == '\n');
    }
}

static void options_put(struct tool *tool, const struct command *command,
    const struct option *options, struct value *list)
{
    static const char *const kinds[] = { "flag", "value", "many", "program" };
    for (const struct option *option = options; option->name != NULL; option++) {
        struct value *object = value_add_object(&tool->tree, list);
        value_put_text(&tool->tree, object, "name", option->name);
        value_put_text(&tool->tree, object, "kind", kinds[option->kind]);
        value_put_text(&tool->tree, object, "value", option->value);
        value_put_text(&tool->tree, object, "summary", help_option(tool, command, option));
    }
}
