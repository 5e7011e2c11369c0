/* ecert cert remove ID: takes a certificate, or a request, with its key out of the store. Both lie
 * in the memory of changes until `ecert undo` puts them back or they are forgotten. Asks first, and
 * refuses what a server program uses or an enrolment waits for, unless told. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/item_use.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"

const struct option options_cert_remove[] = {
    { "yes", OPTION_FLAG, NULL },
    { "in-use", OPTION_FLAG, NULL },
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
    err = change_is_dry(tool) ? OK : consent(tool, arguments, &reason);
    err = err == OK ? certstore_remove(store, &item, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    item_step(tool, "tool.removed", "tool.would_remove");
    item_put(tool, &view, tool->result);
    change_show(tool, store);
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
