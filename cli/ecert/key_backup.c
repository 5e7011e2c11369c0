/* ecert key backup ID: a PFX with the key and, once there is one, its certificate and chain. A key
 * that still waits for its certificate is worth a backup too: without it the certificate will be of
 * no use. The file is written new, 0600, and read back before success is said. */
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"

const struct option options_key_backup[] = {
    { "out", OPTION_VALUE, "FILE.pfx" },
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "for", OPTION_VALUE, PFX_TARGET_WORDS },
    { .name = NULL },
};

enum exit_code command_key_backup(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    const char *out = NULL;
    enum err err = ask_option(tool, arguments, "out", "tool.ask_out", &out, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = certstore_find(store, arguments->operands[0], &reason, &item);
    err = err == OK ? pfx_file_write(tool, arguments, "modern", store, &item, out, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder file[] = { { "file", out }, { NULL, NULL } };
    bool pending = item.kind == CERTSTORE_REQUEST;
    screen_step(tool, pending ? "tool.backup_pending" : "tool.backup_done", file);
    pfx_file_warn(tool, arguments);
    value_put_text(&tool->tree, tool->result, "file", out);
    value_put_text(&tool->tree, tool->result, "id", item.id);
    value_put_bool(&tool->tree, tool->result, "certificate", !pending);
    return EXIT_DONE;
}
