/* Command line words against a table. */
#include "cli/ecert/arguments.h"

#include <string.h>

static const struct option *option_find(
    const struct option *const *tables, const char *name, size_t len);
static enum err option_take(const struct option *option, const char *value,
    struct arguments *arguments, struct reason *ret_reason);
static enum err refuse(const char *code, const char *field, struct reason *ret_reason);

enum err arguments_parse(int count, char *const *words, const struct option *const *tables,
    struct arguments *arguments, struct reason *ret_reason)
{
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (strncmp(word, "--", 2) != 0) {
            if (arguments->operand_count == ARGUMENTS_MAX) {
                return refuse("usage.too_many", word, ret_reason);
            }
            arguments->operands[arguments->operand_count++] = word;
            continue;
        }
        const char *equals = strchr(word, '=');
        size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
        const struct option *option = option_find(tables, word + 2, len - 2);
        if (option == NULL) {
            return refuse("usage.option", word, ret_reason);
        }
        bool flag = option->kind == OPTION_FLAG;
        if (flag != (equals == NULL) && flag) {
            return refuse("usage.value", word, ret_reason);
        }
        if (!flag && equals == NULL && i + 1 == count) {
            return refuse("usage.value", word, ret_reason);
        }
        const char *value = flag ? NULL : equals != NULL ? equals + 1 : words[++i];
        TRY(option_take(option, value, arguments, ret_reason));
        while (option->kind == OPTION_PROGRAM && i + 1 < count) {
            if (strcmp(words[++i], ";") == 0) {
                break;
            }
            TRY(option_take(option, words[i], arguments, ret_reason));
        }
    }
    return OK;
}

static const struct option *option_find(
    const struct option *const *tables, const char *name, size_t len)
{
    for (; *tables != NULL; tables++) {
        for (const struct option *option = *tables; option->name != NULL; option++) {
            if (strlen(option->name) == len && memcmp(option->name, name, len) == 0) {
                return option;
            }
        }
    }
    return NULL;
}

static enum err option_take(const struct option *option, const char *value,
    struct arguments *arguments, struct reason *ret_reason)
{
    bool once = option->kind == OPTION_FLAG || option->kind == OPTION_VALUE;
    if (once && arguments_has(arguments, option->name)) {
        return refuse("usage.twice", option->name, ret_reason);
    }
    if (arguments->given_count == ARGUMENTS_MAX) {
        return refuse("usage.too_many", option->name, ret_reason);
    }
    arguments->given[arguments->given_count].option = option;
    arguments->given[arguments->given_count++].value = value;
    return OK;
}

bool arguments_has(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        if (strcmp(arguments->given[i].option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *arguments_value(const struct arguments *arguments, const char *name)
{
    return arguments_nth(arguments, name, 0);
}

const char *arguments_nth(const struct arguments *arguments, const char *name, size_t index)
{
    for (size_t i = 0; i < arguments->given_count; i++) {
        bool named = strcmp(arguments->given[i].option->name, name) == 0;
        if (named && index-- == 0) {
            return arguments->given[i].value;
        }
    }
    return NULL;
}

static enum err refuse(const char *code, const char *field, struct reason *ret_reason)
{
    return reason_set(ret_reason, ERR_INPUT, code, field, NULL, NULL);
}
