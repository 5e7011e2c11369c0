/* ecert cert remove ID: takes a certificate, or a request, with its key out of the store for good.
 * Asks first, and refuses what a server program uses or an enrolment waits for, unless told. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/item_use.h"
#include "cli/ecert/screen.h"

const struct option options_cert_remove[] = {
    { "yes", OPTION_FLAG, NULL },
    { "in-use", OPTION_FLAG, NULL },
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};

static enum err consent(
    const struct tool *tool, const struct arguments *arguments, struct reason *ret_reason);

enum exit_code command_cert_remove(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_find(store, arguments->operands[0], &reason, &item);
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    err = err == OK && !arguments_has(arguments, "in-use")
              ? item_use_check(tool, store, &item, &reason)
              : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    item_show(tool, &view);
    if (arguments_has(arguments, "dry-run")) {
        screen_message(tool, "tool.chain_dry", NULL);
        item_put(tool, &view, tool->result);
        return EXIT_DONE;
    }
    err = consent(tool, arguments, &reason);
    err = err == OK ? certstore_remove(store, &item, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    screen_step(tool, "tool.removed", NULL);
    item_put(tool, &view, tool->result);
    return EXIT_DONE;
}

static enum err consent(
    const struct tool *tool, const struct arguments *arguments, struct reason *ret_reason)
{
    bool yes = arguments_has(arguments, "yes");
    if (!yes && ask_yes(tool, "tool.ask_remove", &yes) != OK) {
        return reason_set(ret_reason, ERR_DENIED, "tool.needs_yes", "--yes", NULL, NULL);
    }
    return yes ? OK : reason_set(ret_reason, ERR_DENIED, "tool.kept", NULL, NULL, NULL);
}
