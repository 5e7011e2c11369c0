/* ecert chain install [FILE], remove THUMBPRINT: the trust folders changed, each time as one change
 * that can be looked at before and taken back after. Nothing lands in a store where it
 * doesn't belong, and no root is trusted but by its fingerprint. */
#include "cli/ecert/ask.h"
#include "cli/ecert/chain.h"
#include "cli/ecert/chain_plan.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"

#include <stdio.h>

const struct option options_chain_install[] = {
    { "as", OPTION_VALUE, "intermediate|root|untrusted" },
    { "fingerprint", OPTION_VALUE, "SHA-256" },
    { "replace-old", OPTION_FLAG, NULL },
    { "send-cross", OPTION_FLAG, NULL },
    { .name = NULL },
};

static enum err plan_from_arguments(
    const struct arguments *arguments, struct chain_plan *plan, struct reason *ret_reason);
static enum err roots_trust(struct tool *tool, const struct arguments *arguments,
    const struct chain_plan *plan, struct reason *ret_reason);
static bool root_trusted(const struct tool *tool, const struct authority *root);
static enum exit_code changes_do(struct tool *tool, struct chain_plan *plan);
static void chains_show(struct tool *tool, size_t chains);

enum exit_code command_chain_install(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(chain_plan) plan = { .folder = CERTSTORE_INTERMEDIATE };
    struct reason reason = { 0 };
    if (arguments->operand_count == 0 && !arguments_has(arguments, "replace-old") &&
        !arguments_has(arguments, "send-cross")) {
        reason_set(&reason, ERR_INPUT, "usage.needed", "FILE", NULL, NULL);
        return screen_failure(tool, ERR_INPUT, &reason);
    }
    enum err err = plan_from_arguments(arguments, &plan, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    plan.store = store;
    err = chain_plan_install(tool, &plan, &reason);
    err = err == OK ? roots_trust(tool, arguments, &plan, &reason) : err;
    return err == OK ? changes_do(tool, &plan) : screen_failure(tool, err, &reason);
}

static enum err plan_from_arguments(
    const struct arguments *arguments, struct chain_plan *plan, struct reason *ret_reason)
{
    const char *word = arguments_value(arguments, "as");
    if (word != NULL && chain_folder_from_word(word, &plan->folder) != OK) {
        return reason_set(
            ret_reason, ERR_INPUT, "form.choice", "--as", word, options_chain_install[0].value);
    }
    plan->replace_old = arguments_has(arguments, "replace-old");
    plan->send_cross = arguments_has(arguments, "send-cross");
    if (arguments->operand_count == 0) {
        return OK;
    }
    plan->source = arguments->operands[0];
    return bundle_read(plan->source, &plan->bundle, ret_reason);
}

static enum err roots_trust(struct tool *tool, const struct arguments *arguments,
    const struct chain_plan *plan, struct reason *ret_reason)
{
    /* A dry run asks nobody: it shows what would be asked. */
    const char *typed = arguments_value(arguments, "fingerprint");
    const struct authority *root;
    for (size_t i = 0; (root = chain_plan_root(plan, i)) != NULL; i++) {
        bool trusted =
            typed != NULL ? chain_fingerprint_is(typed, root->id) : root_trusted(tool, root);
        if (!trusted) {
            return reason_set(
                ret_reason, ERR_DENIED, "tool.root_not_compared", NULL, root->id, typed);
        }
    }
    return OK;
}

static bool root_trusted(const struct tool *tool, const struct authority *root)
{
    const struct placeholder values[] = { { "fingerprint", root->id }, { NULL, NULL } };
    bool trusted = false;
    screen_message(tool, "tool.root_new", values);
    return change_is_dry(tool) || (ask_yes(tool, "tool.ask_trust_root", &trusted) == OK && trusted);
}

/* Does what is planned, or only says it. */
static enum exit_code changes_do(struct tool *tool, struct chain_plan *plan)
{
    struct reason reason = { 0 };
    bool dry = change_is_dry(tool);
    struct value *added = value_put_list(&tool->tree, tool->result, "installed");
    struct value *removed = value_put_list(&tool->tree, tool->result, "removed");
    size_t chains = 0;
    enum err err = chain_plan_apply(plan, &chains, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (plan->count == 0 && chains == 0) {
        screen_message(tool, "tool.chain_nothing", NULL);
        value_put_bool(&tool->tree, tool->result, "dry_run", dry);
        return EXIT_NOTHING;
    }
    for (size_t i = 0; i < plan->count; i++) {
        bool add = plan->changes[i].add;
        chain_step(tool,
            dry && add ? "tool.chain_would_install"
            : dry      ? "tool.chain_would_remove"
            : add      ? "tool.chain_installed"
                       : "tool.chain_removed",
            plan->chosen[i], !dry);
        chain_put(tool, plan->chosen[i], value_add_object(&tool->tree, add ? added : removed));
    }
    chains_show(tool, chains);
    change_show(tool, plan->store);
    return EXIT_DONE;
}

static void chains_show(struct tool *tool, size_t chains)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", chains);
    const struct placeholder values[] = { { "n", number }, { NULL, NULL } };
    value_put_integer(&tool->tree, tool->result, "chains", (int64_t)chains);
    if (chains > 0) {
        screen_message(tool, "tool.chain_kept", values);
    }
}

enum exit_code command_chain_remove(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(chain_plan) plan = { .count = 0 };
    struct reason reason = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    plan.store = store;
    enum err err = chain_plan_remove(tool, &plan, arguments->operands[0], &reason);
    return err == OK ? changes_do(tool, &plan) : screen_failure(tool, err, &reason);
}
