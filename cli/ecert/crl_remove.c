/* ecert crl remove LIST: a list that nobody needs any more goes out of the store, as one change
 * that can be taken back. What only that list told of is then not known to be revoked. */
#include "cli/ecert/crl.h"

#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/clock.h"

#include <stdio.h>

enum exit_code command_crl_remove(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(revocation_lists) lists = { 0 };
    const struct revocation_list *list = NULL;
    struct reason reason = { 0 };
    char name[CHAIN_NAME_MAX], thumbprint[CHAIN_SHORT_THUMBPRINT + 1];
    int64_t now = clock_now(&tool->clock);
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = certstore_lists(store, now, &lists);
    err = err == OK ? revocation_lists_find(&lists, arguments->operands[0], &reason, &list) : err;
    err = err == OK ? certstore_remove_list(store, list->id, now, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool dry = change_is_dry(tool);
    chain_name(list->crl.issuer, name);
    snprintf(thumbprint, sizeof thumbprint, "%.*s", CHAIN_SHORT_THUMBPRINT, list->id);
    const struct placeholder values[] = { { "name", name },
        { "kind", list->of_authorities ? "ARL" : "CRL" }, { "thumbprint", thumbprint },
        { NULL, NULL } };
    (dry ? screen_message : screen_step)(
        tool, dry ? "tool.crl_would_remove" : "tool.crl_removed", values);
    crl_put(tool, list, value_put_object(&tool->tree, tool->result, "removed"));
    change_show(tool, store);
    return EXIT_DONE;
}
