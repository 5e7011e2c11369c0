/* ecert key restore FILE.pfx: brings a key back, with its certificate or still waiting for it. A wrong
 * password, a broken file or a key that is here already change nothing. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/crypto/pfx.h"
#include "lib/der/pem.h"

const struct option options_key_restore[] = {
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { .name = NULL },
};

static enum err restore_read(const struct tool *tool, const struct arguments *arguments,
    struct pfx *ret_pfx, struct reason *ret_reason);
static enum err restore_put(const struct tool *tool, struct certstore *store,
    const struct pfx *pfx, struct certstore_item *ret_item, struct reason *ret_reason);

enum exit_code command_key_restore(struct tool *tool, const struct arguments *arguments)
{
    AUTO(pfx) pfx = { 0 };
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    enum err err = restore_read(tool, arguments, &pfx, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = restore_put(tool, store, &pfx, &item, &reason);
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

static enum err restore_read(const struct tool *tool, const struct arguments *arguments,
    struct pfx *ret_pfx, struct reason *ret_reason)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_password", .twice = false, .max = PASSWORD_MAX };
    const char *path = arguments->operands[0];
    AUTO(buf) file = { 0 };
    AUTO(secret) password = { 0 };
    enum err err = file_read(path, PFX_MAX_BYTES, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    TRY(ask_secret_from(tool, arguments, &source, ret_reason, &password));
    TRY(pfx_read(buf_span(&file), &password, ret_reason, ret_pfx));
    if (ret_pfx->key == NULL) {
        return reason_set(ret_reason, ERR_INPUT, "tool.pfx_no_key", path, NULL, NULL);
    }
    return OK;
}

static enum err restore_put(const struct tool *tool, struct certstore *store,
    const struct pfx *pfx, struct certstore_item *ret_item, struct reason *ret_reason)
{
    struct certstore_request request = {
        .key = pfx->key,
        .friendly_name = pfx->friendly_name,
        .created = clock_now(&tool->clock),
    };
    if (!pfx->first_is_own || pfx->certificate_count == 0) {
        return certstore_add_request(store, &request, ret_reason, ret_item);
    }
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    for (size_t i = 1; i < pfx->certificate_count; i++) {
        TRY(pem_write("CERTIFICATE", buf_span(&pfx->certificates[i]), &chain));
    }
    return certstore_add_personal(store, &request, buf_span(&pfx->certificates[0]),
        buf_span(&chain), ret_reason, ret_item);
}
