#pragma once
/* What `--help` says, out of the tables alone. */
#include "cli/ecert/tool.h"

enum { HELP_ID_MAX = 96, HELP_LINE_MAX = 128 };

/* All commands, or one with its description, options and first example; with --json the same as
 * data. */
void help_show(struct tool *tool, const struct command *only);
/* A line of the overview. */
void help_command(struct tool *tool, const struct command *command);
/* "ecert cert show ID". */
void help_synopsis(const struct command *command, char ret_line[HELP_LINE_MAX]);
/* "cert show", as it stands behind `ecert`; "" for `ecert` alone. */
void help_words(const struct command *command, char ret_words[HELP_LINE_MAX]);
/* What an option is for: an option that means something of its own behind a noun has a text of its
 * own. */
const char *help_option(
    const struct tool *tool, const struct command *command, const struct option *option);
/* A few sentences about the command. */
const char *help_description(const struct tool *tool, const struct command *command);
