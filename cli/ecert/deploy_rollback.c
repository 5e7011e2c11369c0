/* ecert deploy rollback NAME …, forget NAME …: back to the pair before, by the person's word; and a
 * target that is no more leaves the ledger. */
#include "cli/ecert/deploy.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"

enum { ANSWER_MS = 10000 };

static enum err rollback(
    struct tool *tool, struct certstore *store, const char *name, struct reason *ret_reason);

enum exit_code command_deploy_rollback(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    size_t failed = 0;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    struct value *targets = value_put_list(&tool->tree, tool->result, "targets");
    for (size_t i = 0; i < arguments->operand_count; i++) {
        struct reason reason = { 0 };
        const char *name = arguments->operands[i];
        enum err err = rollback(tool, store, name, &reason);
        struct value *object = value_add_object(&tool->tree, targets);
        value_put_text(&tool->tree, object, "name", name);
        value_put_bool(&tool->tree, object, "done", err == OK);
        value_put_text(&tool->tree, object, "reason", err == OK ? NULL : reason.code);
        if (err != OK && !tool->json) {
            screen_failure(tool, err, &reason);
        }
        failed += err != OK;
    }
    return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

static enum err rollback(
    struct tool *tool, struct certstore *store, const char *name, struct reason *ret_reason)
{
    struct deploy_record record = { .changed = 0 };
    char answer[CERTSTORE_ID_MAX];
    int64_t not_after;
    TRY(deploy_record_read(tool, store, name, &record, ret_reason));
    TRY(deploy_back(&record.target, ret_reason));
    deploy_answer(&record.target, ANSWER_MS, answer, &not_after);
    record.state = DEPLOY_ROLLED_BACK;
    record.not_after = not_after;
    record.changed = clock_now(&tool->clock);
    record.staple_from = record.staple_until = 0; /* the one there is the other certificate's */
    memcpy(record.there, record.before, sizeof record.there);
    record.before[0] = '\0';
    record.reason = (struct reason){ 0 };
    enum err err = deploy_record_write(store, &record);
    if (err != OK) {
        return reason_set(
            ret_reason, err, "certstore.write", tool->store_path, err_name(err), NULL);
    }
    if (record.target.check[0] != '\0' && answer[0] == '\0') {
        return reason_set(ret_reason, ERR_DENIED, "deploy.back_silent", name, NULL, record.there);
    }
    const struct placeholder values[] = { { "name", name }, { "check", record.target.check },
        { "file", record.target.certificate }, { NULL, NULL } };
    screen_step(tool, "tool.deploy_back", values);
    return OK;
}

enum exit_code command_deploy_forget(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < arguments->operand_count; i++) {
        struct reason reason = { 0 };
        struct deploy_record record;
        const char *name = arguments->operands[i];
        enum err err = deploy_record_read(tool, store, name, &record, &reason);
        err = err == ERR_NOT_FOUND ? err : certstore_ledger_remove(store, name);
        if (err != OK) {
            return screen_failure(tool, err, &reason);
        }
        const struct placeholder values[] = { { "name", name }, { NULL, NULL } };
        if (change_is_dry(tool)) {
            screen_message(tool, "tool.deploy_would_forget", values);
        } else {
            screen_step(tool, "tool.deploy_forgotten", values);
        }
    }
    change_show(tool, store);
    return EXIT_DONE;
}
