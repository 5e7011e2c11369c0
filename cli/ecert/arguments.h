#pragma once
/* The command line, held against a table of what a command takes: `--name VALUE`, `--name=VALUE`,
 * `--flag`, operands. Never the way in for a secret. */
#include "lib/base/err.h"

enum option_kind {
    OPTION_FLAG,
    OPTION_VALUE,
    OPTION_MANY,    /* may be given again */
    OPTION_PROGRAM, /* takes all that follows, up to an argument ";" */
};

struct option {
    const char *name; /* without "--"; NULL ends a table */
    enum option_kind kind;
    const char *value; /* what stands for the value in usage; NULL for a flag */
};

enum { ARGUMENTS_MAX = 128 };

struct arguments {
    struct {
        const struct option *option;
        const char *value;
    } given[ARGUMENTS_MAX];
    size_t given_count;
    const char *operands[ARGUMENTS_MAX];
    size_t operand_count;
};

/* Reads `count` words, adding to what is there. `tables` are tried one behind the other and end
 * with NULL. ERR_INPUT with "usage.option" (an unknown one), "usage.value" (none given, or one too
 * many), "usage.twice"; the option in `field`. Borrows the words. */
enum err arguments_parse(int count, char *const *words, const struct option *const *tables,
    struct arguments *arguments, struct reason *ret_reason) MUST_USE;
bool arguments_has(const struct arguments *arguments, const char *name);
/* The value, or NULL. */
const char *arguments_value(const struct arguments *arguments, const char *name);
/* The `index`th value of an option given more than once, or NULL past the last. */
const char *arguments_nth(const struct arguments *arguments, const char *name, size_t index);
