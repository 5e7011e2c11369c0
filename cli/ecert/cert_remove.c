/* ecert cert remove ID: takes a certificate, or a request, with its key out of the store for good.
 * Asks first, and refuses what a server program uses or an enrolment waits for, unless told. */
#include "cli/ecert/ask.h"
#include "cli/ecert/bundle.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/text/json.h"

const struct option options_cert_remove[] = {
    { "yes", OPTION_FLAG, NULL },
    { "in-use", OPTION_FLAG, NULL },
    { "dry-run", OPTION_FLAG, NULL },
    { .name = NULL },
};

static enum err use_check(struct tool *tool, const struct certstore *store,
    const struct item_view *view, struct reason *ret_reason);
static bool is_installed(const struct certstore_item *item, const char *path);
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
    err = err == OK && !arguments_has(arguments, "in-use") ? use_check(tool, store, &view, &reason)
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

static enum err use_check(struct tool *tool, const struct certstore *store,
    const struct item_view *view, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    const struct value *kept;
    enum err err = certstore_read_progress(store, view->item, &text);
    if (err == ERR_NOT_FOUND) {
        return OK;
    }
    TRY(err);
    TRY(json_parse(buf_span(&text), CERTSTORE_PROGRESS_MAX, &tool->tree, &kept, ret_reason));
    const char *path = value_text(value_get(kept, "install_certificate"));
    bool finished = value_truth(value_get(kept, "finished"));
    if (view->item->kind == CERTSTORE_REQUEST && !finished) {
        return reason_set(ret_reason, ERR_DENIED, "tool.enrolment_waits", view->item->id,
            value_text(value_get(kept, "portal")), NULL);
    }
    if (path != NULL && is_installed(view->item, path)) {
        return reason_set(ret_reason, ERR_DENIED, "tool.in_use", view->item->id, path, NULL);
    }
    return OK;
}

static bool is_installed(const struct certstore_item *item, const char *path)
{
    AUTO(bundle) bundle = { 0 };
    bool found = false;
    bool read = item->kind == CERTSTORE_PERSONAL &&
                bundle_read(path, &bundle, /* ret_reason= */ NULL) == OK;
    for (size_t i = 0; read && i < bundle.count; i++) {
        found |= span_equal(bundle.spans[i], buf_span(&item->certificate));
    }
    return found;
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
