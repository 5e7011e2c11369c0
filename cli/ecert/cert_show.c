/* ecert cert show ID: everything about one request or certificate. */
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"

enum exit_code command_cert_show(struct tool *tool, const struct arguments *arguments)
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
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    return EXIT_DONE;
}
