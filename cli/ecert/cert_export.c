/* ecert cert export ID: a certificate as PEM (with its chain), DER (alone), P7B (with its chain) or
 * PFX (with its key, under a new password). No file is ever written over. */
#include "cli/ecert/export_file.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"

const struct option options_cert_export[] = {
    { "pem", OPTION_FLAG, NULL },
    { "der", OPTION_FLAG, NULL },
    { "p7b", OPTION_FLAG, NULL },
    { "pfx", OPTION_FLAG, NULL },
    { "out", OPTION_VALUE, "FILE" },
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "for", OPTION_VALUE, PFX_TARGET_WORDS },
    { .name = NULL },
};

static enum err format_choose(struct tool *tool, const struct arguments *arguments,
    const struct export_format **ret_format, struct reason *ret_reason);

enum exit_code command_cert_export(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    const struct export_format *format = NULL;
    const char *out = NULL;
    enum err err = format_choose(tool, arguments, &format, &reason);
    err = err == OK ? ask_option(tool, arguments, "out", "tool.ask_out", &out, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = certstore_find(store, arguments->operands[0], &reason, &item);
    if (err == OK && item.kind == CERTSTORE_REQUEST) {
        err = reason_set(&reason, ERR_NOT_FOUND, "tool.no_certificate_yet", item.id, NULL, NULL);
    }
    err = err != OK ? err
          : format->write != NULL
              ? export_write(format, &item, out, &reason)
              : pfx_file_write(tool, arguments, "modern", store, &item, out, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder values[] = { { "file", out }, { NULL, NULL } };
    screen_step(tool, format->write == NULL ? "tool.backup_done" : "tool.exported", values);
    pfx_file_warn(tool, arguments);
    value_put_text(&tool->tree, tool->result, "file", out);
    value_put_text(&tool->tree, tool->result, "format", format->name);
    value_put_text(&tool->tree, tool->result, "id", item.id);
    return EXIT_DONE;
}

static enum err format_choose(struct tool *tool, const struct arguments *arguments,
    const struct export_format **ret_format, struct reason *ret_reason)
{
    const struct export_format *chosen = NULL;
    const struct export_format *format;
    const char *names[EXPORT_FORMATS];
    size_t choice = 0;
    for (size_t i = 0; (format = export_format_at(i)) != NULL; i++) {
        names[i] = format->name;
        if (arguments_has(arguments, format->name) && chosen != NULL) {
            return reason_set(ret_reason, ERR_INPUT, "usage.one_of", format->name,
                /* seen= */ NULL, "--pem, --der, --p7b, --pfx");
        }
        chosen = arguments_has(arguments, format->name) ? format : chosen;
    }
    if (chosen == NULL &&
        ask_choice(tool, "tool.ask_format", names, EXPORT_FORMATS, 0, &choice) == OK) {
        chosen = export_format_at(choice);
    }
    if (chosen == NULL) {
        return reason_set(
            ret_reason, ERR_INPUT, "usage.one_of", "--pem", NULL, "--pem, --der, --p7b, --pfx");
    }
    *ret_format = chosen;
    return OK;
}
