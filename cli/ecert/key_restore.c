/* ecert key restore FILE.pfx: brings a key back, with its certificate or still waiting for it, into
 * the store here; or with --to, as files for server programs, onto other servers. A wrong password,
 * a broken file or a key that is here already change nothing. */
#include "cli/ecert/item.h"
#include "cli/ecert/key_there.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/remote.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"

const struct option options_key_restore[] = {
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "encrypt-key", OPTION_FLAG, NULL },
    { "to", OPTION_MANY, "USER@HOST:/DIRECTORY" },
    { "ssh-config", OPTION_VALUE, "FILE" },
    { .name = NULL },
};

static enum exit_code restore_here(struct tool *tool, const struct pfx *pfx);
static enum err targets_check(const struct arguments *arguments, struct reason *ret_reason);

enum exit_code command_key_restore(struct tool *tool, const struct arguments *arguments)
{
    AUTO(pfx) pfx = { 0 };
    struct reason reason = { 0 };
    enum err err = targets_check(arguments, &reason);
    err = err == OK ? pfx_file_read(tool, arguments, arguments->operands[0], &pfx, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    return arguments_has(arguments, "to") ? key_there_put(tool, arguments, &pfx)
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
