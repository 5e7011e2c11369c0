/* ecert key restore FILE.pfx: brings a key back, with its certificate or still waiting for it, into
 * the store here; or with --to, as files for server programs, onto other servers. A wrong password,
 * a broken file or a key that is here already change nothing. */
#include "cli/ecert/item.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/remote.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/der/pem.h"

const struct option options_key_restore[] = {
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "encrypt-key", OPTION_FLAG, NULL },
    { "to", OPTION_MANY, "USER@HOST:/DIRECTORY" },
    { "ssh-config", OPTION_VALUE, "FILE" },
    { .name = NULL },
};

static enum exit_code restore_here(struct tool *tool, const struct pfx *pfx);
static enum exit_code restore_there(
    struct tool *tool, const struct arguments *arguments, const struct pfx *pfx);
static enum err targets_check(const struct arguments *arguments, struct reason *ret_reason);
static enum err pair_make(
    const struct pfx *pfx, struct secret *ret_key, struct buf *chain, struct reason *ret_reason);
static void target_rehearse(struct tool *tool, const char *text, struct value *list);
static bool target_serve(
    struct tool *tool, const char *text, const struct remote_pair *pair, struct value *list);

enum exit_code command_key_restore(struct tool *tool, const struct arguments *arguments)
{
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    enum err err = targets_check(arguments, &reason);
    err = err == OK ? pfx_file_read(tool, arguments, arguments->operands[0], &pfx, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    return arguments_has(arguments, "to") ? restore_there(tool, arguments, &pfx)
                                          : restore_here(tool, &pfx);
}

static enum exit_code restore_here(struct tool *tool, const struct pfx *pfx)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = pfx_keep(tool, store, pfx, &item, &reason);
    if (err == ERR_CONFLICT) {
        screen_failure(tool, err, &reason);
        return EXIT_NOTHING;
    }
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool pending = item.kind == CERTSTORE_REQUEST;
    item_step(tool, pending ? "tool.restored_pending" : "tool.restored",
        pending ? "tool.would_restore_pending" : "tool.would_import");
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    change_show(tool, store);
    return EXIT_DONE;
}

/* All of them before the first is touched. */
static enum err targets_check(const struct arguments *arguments, struct reason *ret_reason)
{
    struct remote remote;
    const char *text;
    for (size_t i = 0; (text = arguments_nth(arguments, "to", i)) != NULL; i++) {
        TRY(remote_parse(text, &remote, ret_reason));
    }
    return OK;
}

/* One server that fails doesn't stop the others. */
static enum exit_code restore_there(
    struct tool *tool, const struct arguments *arguments, const struct pfx *pfx)
{
    AUTO(secret) key = { 0 };
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    struct reason reason = { 0 };
    enum err err = pair_make(pfx, &key, &chain, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    struct remote_pair pair = {
        .key_pem = &key,
        .chain_pem = buf_span(&chain),
        .ssh_config = arguments_value(arguments, "ssh-config"),
    };
    struct value *list = value_put_list(&tool->tree, tool->result, "servers");
    size_t failed = 0;
    const char *text;
    for (size_t i = 0; (text = arguments_nth(arguments, "to", i)) != NULL; i++) {
        if (change_is_dry(tool)) {
            target_rehearse(tool, text, list);
        } else {
            failed += !target_serve(tool, text, &pair, list);
        }
    }
    change_show(tool, /* store= */ NULL);
    return failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

static enum err pair_make(
    const struct pfx *pfx, struct secret *ret_key, struct buf *chain, struct reason *ret_reason)
{
    if (!pfx->first_is_own || pfx->certificate_count == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "tool.pfx_no_certificate", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < pfx->certificate_count; i++) {
        TRY(pem_write("CERTIFICATE", buf_span(&pfx->certificates[i]), chain));
    }
    TRY(buf_check(chain));
    return key_to_pem(pfx->key, ret_key);
}

/* Nobody is asked; what the directory holds is said when it is written. */
static void target_rehearse(struct tool *tool, const char *text, struct value *list)
{
    const struct placeholder values[] = { { "to", text }, { NULL, NULL } };
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "to", text);
    value_put_bool(&tool->tree, object, "done", false);
    screen_message(tool, "tool.would_restore_there", values);
}

static bool target_serve(
    struct tool *tool, const char *text, const struct remote_pair *pair, struct value *list)
{
    struct remote remote;
    struct reason reason = { 0 };
    enum err err = remote_parse(text, &remote, &reason);
    err = err == OK ? remote_install(&remote, pair, &reason) : err;
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "to", text);
    value_put_bool(&tool->tree, object, "done", err == OK);
    if (err == OK) {
        const struct placeholder values[] = { { "to", text }, { NULL, NULL } };
        screen_step(tool, "tool.restored_there", values);
        return true;
    }
    value_put_text(&tool->tree, object, "reason", reason.code);
    value_put_text(&tool->tree, object, "seen", reason.seen);
    if (!tool->json) {
        screen_failure(tool, err, &reason);
    }
    return false;
}
