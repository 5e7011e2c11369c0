/* ecert deploy staple [TARGET …]: the OCSP answers that servers hand out with their certificates,
 * fetched where it is time, put where their programs read them, here and on other hosts, and asked
 * of the servers. */
#include "cli/ecert/screen.h"
#include "cli/ecert/staple.h"

static bool is_chosen(const struct arguments *arguments, const char *name);
static enum err one_staple(struct tool *tool, struct certstore *store, struct deploy_record *record,
    struct value *object, enum staple_end *ret_end);

enum exit_code command_deploy_staple(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    struct deploy_list list = { 0 };
    struct reason reason = { 0 };
    size_t done = 0, failed = 0, seen = 0;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = deploy_ledger(tool, store, /* server_name= */ NULL, &list, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    struct value *targets = value_put_list(&tool->tree, tool->result, "targets");
    for (size_t i = 0; i < list.count; i++) {
        struct deploy_record *record = &list.records[i];
        enum staple_end end = STAPLE_NONE;
        if (record->target.staple[0] == '\0' || !is_chosen(arguments, record->target.name)) {
            continue;
        }
        seen++;
        err = one_staple(tool, store, record, value_add_object(&tool->tree, targets), &end);
        failed += err != OK;
        done += err == OK && end == STAPLE_NEW;
    }
    if (seen == 0) {
        screen_message(tool, "tool.staple_no_target", NULL);
    }
    return failed > 0 ? EXIT_FAILED : done > 0 ? EXIT_DONE : EXIT_NOTHING;
}

static bool is_chosen(const struct arguments *arguments, const char *name)
{
    bool chosen = arguments->operand_count == 0;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        chosen |= strcmp(arguments->operands[i], name) == 0;
    }
    return chosen;
}

static enum err one_staple(struct tool *tool, struct certstore *store, struct deploy_record *record,
    struct value *object, enum staple_end *ret_end)
{
    static const char *const said[] = { "tool.staple_none", "tool.staple_kept", "tool.staple_new",
        "tool.staple_itself" };
    struct reason reason = { 0 };
    const struct placeholder values[] = { { "name", record->target.name },
        { "file", record->target.staple }, { NULL, NULL } };
    enum err err = staple_refresh(tool, store, record, ret_end, &reason);
    value_put_text(&tool->tree, object, "name", record->target.name);
    value_put_text(&tool->tree, object, "file", record->target.staple);
    value_put_text(&tool->tree, object, "staple", err == OK ? staple_end_name(*ret_end) : "failed");
    value_put_text(&tool->tree, object, "reason", err == OK ? NULL : reason.code);
    if (err == OK) {
        screen_step(tool, said[*ret_end], values);
    } else if (!tool->json) {
        screen_failure(tool, err, &reason);
    }
    return err;
}
