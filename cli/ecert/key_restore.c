/* ecert key restore FILE.pfx: brings a key back, with its certificate or still waiting for it. A wrong
 * password, a broken file or a key that is here already change nothing. */
#include "cli/ecert/item.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"

const struct option options_key_restore[] = {
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { .name = NULL },
};

enum exit_code command_key_restore(struct tool *tool, const struct arguments *arguments)
{
    AUTO(pfx) pfx = { 0 };
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    enum err err = pfx_file_read(tool, arguments, arguments->operands[0], &pfx, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = pfx_keep(tool, store, &pfx, &item, &reason);
    if (err == ERR_CONFLICT) {
        screen_failure(tool, err, &reason);
        return EXIT_NOTHING;
    }
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool pending = item.kind == CERTSTORE_REQUEST;
    screen_step(tool, pending ? "tool.restored_pending" : "tool.restored", NULL);
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    return EXIT_DONE;
}
