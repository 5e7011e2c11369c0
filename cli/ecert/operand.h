#pragma once
/* What may stand for a word of the command line: `ID`, `TARGET`, `FILE` … One table for the
 * questions to a person and for what a shell completes. */
#include "cli/ecert/tool.h"

enum { CANDIDATES_MAX = 1200, CANDIDATE_TEXT_MAX = 512 };

struct candidate {
    const char *word;  /* as it is typed */
    const char *about; /* for the person; "" if there is nothing to say */
};
struct candidates {
    struct candidate list[CANDIDATES_MAX];
    size_t count;
};
/* Where values come from. */
enum operand_source {
    OPERAND_TEXT, /* only the person knows */
    OPERAND_FILE,
    OPERAND_DIRECTORY,
    OPERAND_LIST, /* operand_candidates knows all */
};

/* `placeholder` is what usage shows: "[ID|FILE]", "rsa2048|p256", "FILE.pfx". */
enum operand_source operand_source(const char *placeholder);
/* Those of a list, out of the tables and of the store; the texts live in the tool's arena. What
 * can't be read is left out. `store` may be NULL: nothing of it is known. */
void operand_candidates(struct tool *tool, const char *placeholder, const struct certstore *store,
    struct candidates *ret_candidates);
/* Asks for what a command must have: from the list, where there is one. ERR_NOT_FOUND if nobody is
 * there to ask; "tool.nothing_to_choose" where the list is empty. */
enum err operand_ask(struct tool *tool, const char *placeholder, const char **ret_word,
    struct reason *ret_reason) MUST_USE;
