/* ecert cert complete FILE: joins a certificate that came by another way (mail, download page) to
 * the request whose key it certifies. PEM, DER or P7B; what else the file holds becomes the chain.
 */
#include "cli/ecert/intake.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"

#include <stdio.h>

enum exit_code command_cert_complete(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(bundle) certificates = { 0 };
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    enum err err = bundle_read(arguments->operands[0], &certificates, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = intake_complete(tool, store, &certificates, &reason, &item);
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    if (err == ERR_CONFLICT) {
        screen_failure(tool, err, &reason);
        return EXIT_NOTHING;
    }
    if (err != OK) {
        if (strcmp(reason.code, "certificate.malformed") == 0) {
            snprintf(reason.field, sizeof reason.field, "%s", arguments->operands[0]);
        }
        return screen_failure(tool, err, &reason);
    }
    item_step(tool, "tool.completed", "tool.would_complete");
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    change_show(tool, store);
    return EXIT_DONE;
}
