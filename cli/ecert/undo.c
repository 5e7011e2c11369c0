/* ecert undo [CHANGE]: takes a change of the store back. One form for all commands that change it;
 * each can be taken back once, the last one first where later ones build on it. */
#include "cli/ecert/undo.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/key_there.h"
#include "cli/ecert/screen.h"

#include <stdio.h>

enum { STEP_INDENT = 4, STEP_COLUMN = 18 };

const struct option options_undo[] = {
    { "list", OPTION_FLAG, NULL },
    { "dry-run", OPTION_FLAG, NULL },
    { "forget", OPTION_FLAG, NULL },
    { "yes", OPTION_FLAG, NULL },
    { .name = NULL },
};

static enum err number_read(
    const struct arguments *arguments, unsigned *ret_number, struct reason *ret_reason);
static enum err usage_check(const struct arguments *arguments, struct reason *ret_reason);
static enum exit_code list_show(struct tool *tool, const struct certstore *store, bool forget);
static enum exit_code all_forget(
    struct tool *tool, const struct arguments *arguments, struct certstore *store);
static enum exit_code change_undo(
    struct tool *tool, const struct arguments *arguments, struct certstore *store, unsigned number);
static void past_show(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, enum undo_words words, struct value *object);
static void heading_show(
    const struct tool *tool, const char *id, const struct certstore_past *past);
static enum err consent(const struct tool *tool, const struct arguments *arguments,
    const char *question, struct reason *ret_reason);

enum exit_code command_undo(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    struct reason reason = { 0 };
    unsigned number = 0;
    enum err err = usage_check(arguments, &reason);
    err = err == OK ? number_read(arguments, &number, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    return arguments_has(arguments, "list")     ? list_show(tool, store, /* forget= */ false)
           : arguments_has(arguments, "forget") ? all_forget(tool, arguments, store)
                                                : change_undo(tool, arguments, store, number);
}

/* One thing at a time. */
static enum err usage_check(const struct arguments *arguments, struct reason *ret_reason)
{
    bool list = arguments_has(arguments, "list"), forget = arguments_has(arguments, "forget");
    bool one = arguments->operand_count > 0;
    return list + forget + one > 1
               ? reason_set(ret_reason, ERR_INPUT, "usage.one_of", list ? "--list" : "--forget",
                     NULL, "CHANGE, --list, --forget")
               : OK;
}

static enum err number_read(
    const struct arguments *arguments, unsigned *ret_number, struct reason *ret_reason)
{
    const char *text = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    if (text == NULL) {
        return OK;
    }
    size_t digits = strspn(text, "0123456789");
    bool whole = digits > 0 && digits < 7 && text[digits] == '\0';
    *ret_number = whole ? (unsigned)strtoul(text, NULL, 10) : 0;
    return *ret_number != 0
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "usage.number", "CHANGE", text, "1 … 999999");
}

/* All that can be taken back, or that forgetting would take away. */
static enum exit_code list_show(struct tool *tool, const struct certstore *store, bool forget)
{
    struct certstore_past *past = arena_alloc(&tool->arena, CERTSTORE_PAST_MAX, sizeof *past);
    size_t count = 0;
    enum err err = past == NULL ? ERR_MEMORY : certstore_list_past(store, past, &count);
    if (err != OK) {
        return screen_failure(tool, err, &(struct reason){ 0 });
    }
    struct value *list = value_put_list(&tool->tree, tool->result, "changes");
    for (size_t i = 0; i < count; i++) {
        heading_show(tool, forget ? "tool.undo_would_forget" : "tool.undo_change", &past[i]);
        past_show(tool, store, &past[i], UNDO_DID, value_add_object(&tool->tree, list));
    }
    screen_message(tool,
        count == 0 ? "certstore.nothing_to_undo"
        : forget   ? "tool.chain_dry"
                   : "tool.undo_how",
        NULL);
    return forget && count == 0 ? EXIT_NOTHING : EXIT_DONE;
}

static enum exit_code all_forget(
    struct tool *tool, const struct arguments *arguments, struct certstore *store)
{
    struct reason reason = { 0 };
    size_t count = 0;
    char number[24];
    if (arguments_has(arguments, "dry-run")) {
        return list_show(tool, store, /* forget= */ true);
    }
    enum err err = consent(tool, arguments, "tool.ask_forget", &reason);
    err = err == OK ? certstore_forget_past(store, &reason, &count) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    snprintf(number, sizeof number, "%zu", count);
    const struct placeholder values[] = { { "n", number }, { NULL, NULL } };
    value_put_integer(&tool->tree, tool->result, "forgotten", (int64_t)count);
    if (count == 0) {
        screen_message(tool, "certstore.nothing_to_undo", NULL);
        return EXIT_NOTHING;
    }
    screen_step(tool, "tool.undo_forgotten", values);
    return EXIT_DONE;
}

static enum exit_code change_undo(
    struct tool *tool, const struct arguments *arguments, struct certstore *store, unsigned number)
{
    struct certstore_past *past = arena_alloc(&tool->arena, 1, sizeof *past);
    struct reason reason = { 0 };
    bool dry = arguments_has(arguments, "dry-run");
    if (past == NULL) {
        return screen_failure(tool, ERR_MEMORY, &reason);
    }
    enum err err = certstore_undo_check(store, number, &reason, past);
    bool idle = strcmp(reason.code, "certstore.undo_idle") == 0;
    if (err == OK) {
        heading_show(tool, dry ? "tool.undo_would" : "tool.undo_change", past);
        past_show(
            tool, store, past, UNDO_BACK, value_put_object(&tool->tree, tool->result, "change"));
        value_put_bool(&tool->tree, tool->result, "dry_run", dry);
    }
    if (err == OK && !dry && certstore_undo_loses_key(store, past)) {
        err = consent(tool, arguments, "tool.ask_undo_key", &reason);
    }
    if (!dry && (err == OK || idle)) {
        err = undo_do(tool, store, past, &reason);
    }
    if (err != OK) {
        bool nothing = idle || strcmp(reason.code, "certstore.nothing_to_undo") == 0;
        enum exit_code code = screen_failure(tool, err, &reason);
        return nothing ? EXIT_NOTHING : code;
    }
    if (dry) {
        screen_message(tool, "tool.chain_dry", NULL);
    } else {
        screen_step(tool, "tool.undone", NULL);
    }
    return EXIT_DONE;
}

/* What lies outside is as before already when the store comes to it. */
enum err undo_do(struct tool *tool, struct certstore *store, struct certstore_past *past,
    struct reason *ret_reason)
{
    struct reason idle = { 0 };
    bool mirror = chain_mirror_made(past), there = key_there_made(past);
    bool outside =
        (mirror || there) && certstore_undo_check(store, past->number, &idle, past) == OK;
    if (!outside) {
        return certstore_undo(store, past->number, ret_reason, past);
    }
    TRY(mirror ? chain_mirror_back(tool, store, past, ret_reason)
               : key_there_back(tool, store, past, ret_reason));
    enum err err = certstore_undo(store, past->number, &idle, past);
    *ret_reason = err == OK || err == ERR_NOT_FOUND ? *ret_reason : idle;
    return err == ERR_NOT_FOUND ? OK : err;
}

static enum err consent(const struct tool *tool, const struct arguments *arguments,
    const char *question, struct reason *ret_reason)
{
    bool yes = arguments_has(arguments, "yes");
    if (!yes && ask_yes(tool, question, &yes) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "tool.needs_yes", "--yes", NULL, NULL);
    }
    return yes ? OK : reason_set(ret_reason, ERR_DENIED, "tool.kept", NULL, NULL, NULL);
}

static void heading_show(const struct tool *tool, const char *id, const struct certstore_past *past)
{
    char number[16], when[SCREEN_MOMENT_MAX];
    snprintf(number, sizeof number, "%u", past->number);
    screen_moment(tool, past->time, when);
    const struct placeholder values[] = { { "n", number }, { "command", past->command },
        { "when", when }, { NULL, NULL } };
    screen_message(tool, id, values);
}

static void past_show(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, enum undo_words words, struct value *object)
{
    struct value_tree *tree = &tool->tree;
    char time[TIME_TEXT_MAX];
    time_format_rfc3339(past->time, time);
    value_put_integer(tree, object, "number", (int64_t)past->number);
    value_put_text(tree, object, "command", past->command);
    value_put_text(tree, object, "time", time);
    value_put_bool(tree, object, "loses_key", certstore_undo_loses_key(store, past));
    struct value *steps = value_put_list(tree, object, "steps");
    for (size_t i = 0; i < past->count; i++) {
        struct undo_line line;
        undo_line(tool, store, past, i, words, &line);
        const char *text = undo_line_text(tool, &line);
        screen_pair(tool, STEP_INDENT, line.word, STEP_COLUMN, text == NULL ? "" : text);
        struct value *step = value_add_object(tree, steps);
        value_put_text(tree, step, "did", line.did);
        value_put_text(tree, step, "store", line.place);
        value_put_text(tree, step, "name", line.name);
        value_put_text(tree, step, "id", line.id);
    }
}
