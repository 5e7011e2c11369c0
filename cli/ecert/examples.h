#pragma once
/* One or two command lines for every command, as a person would type them: shown by `--help` and on
 * the manual pages. Each is parsed by a test. */
#include "cli/ecert/tool.h"

/* Lines separated by line ends, the commonest first; NULL for a command of the build. */
const char *example_of(const struct command *command);
/* Appends one of those lines, gone on in the next as a shell reads it where it is longer than
 * `columns`; never broken inside quotation marks. */
void example_wrap(struct span line, size_t columns, struct buf *ret_text);
