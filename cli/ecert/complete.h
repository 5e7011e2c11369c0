#pragma once
/* What a shell may complete (packaging/completion): `ecert complete WORD …`, the words of a command
 * line behind `ecert`, the last one unfinished. Answers a line each, WORD TAB ABOUT; or ":files" or
 * ":directories" where the shell knows better. Nothing is made or changed by it. */
#include "cli/ecert/tool.h"

enum exit_code complete_words(struct tool *tool, int argc, char *const *argv);
