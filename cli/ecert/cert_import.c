/* ecert cert import FILE: a PFX; or a certificate (PEM, DER, P7B) with its key in a file of its
 * own, or for a key that waits here. */
#include "cli/ecert/intake.h"
#include "cli/ecert/item.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/file.h"

#include <stdio.h>

const struct option options_cert_import[] = {
    { "key", OPTION_VALUE, "FILE" },
    { "friendly", OPTION_VALUE, "NAME" },
    { "encrypt-key", OPTION_FLAG, NULL },
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { .name = NULL },
};

static enum err holds_certificates(
    const char *path, bool *ret_certificates, struct reason *ret_reason);
static enum err import_pfx(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct certstore_item *ret_item, struct reason *ret_reason);
static enum err import_certificates(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct certstore_item *ret_item, struct reason *ret_reason);
static enum err key_file_read(
    const struct arguments *arguments, struct secret *ret_pem, struct reason *ret_reason);

enum exit_code command_cert_import(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    struct item_view view;
    bool certificates = false;
    enum err err = holds_certificates(arguments->operands[0], &certificates, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    err = certificates ? import_certificates(tool, arguments, store, &item, &reason)
                       : import_pfx(tool, arguments, store, &item, &reason);
    if (err == ERR_CONFLICT) {
        screen_failure(tool, err, &reason);
        return EXIT_NOTHING;
    }
    err = err == OK ? item_view(tool, store, &item, &view) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    bool pending = item.kind == CERTSTORE_REQUEST;
    item_step(tool, pending ? "tool.restored_pending" : "tool.imported",
        pending ? "tool.would_restore_pending" : "tool.would_import");
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    change_show(tool, store);
    return EXIT_DONE;
}

static enum err holds_certificates(
    const char *path, bool *ret_certificates, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    enum err err = file_read(path, BUNDLE_FILE_MAX, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    *ret_certificates = intake_holds_certificates(buf_span(&file));
    return OK;
}

static enum err import_pfx(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct certstore_item *ret_item, struct reason *ret_reason)
{
    AUTO(pfx) pfx = { 0 };
    if (arguments_has(arguments, "key")) {
        return reason_set(ret_reason, ERR_INPUT, "usage.one_of", "--key", NULL, "PFX, --key FILE");
    }
    TRY(pfx_file_read(tool, arguments, arguments->operands[0], &pfx, ret_reason));
    return pfx_keep(tool, store, &pfx, ret_item, ret_reason);
}

static enum err import_certificates(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct certstore_item *ret_item, struct reason *ret_reason)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_password", .twice = false, .max = PASSWORD_MAX };
    AUTO(bundle) bundle = { 0 };
    AUTO(secret) pem = { 0 }, password = { 0 };
    TRY(bundle_read(arguments->operands[0], &bundle, ret_reason));
    TRY(key_file_read(arguments, &pem, ret_reason));
    struct intake_pair pair = {
        .key_pem = secret_span(&pem),
        .friendly_name = arguments_value(arguments, "friendly"),
        .now = clock_now(&tool->clock),
    };
    enum err err = intake_certificates(tool, store, &bundle, &pair, ret_reason, ret_item);
    if (err != OK && strcmp(ret_reason->code, "key.passphrase_needed") == 0) {
        TRY(ask_secret_from(tool, arguments, &source, ret_reason, &password));
        pair.password = &password;
        err = intake_certificates(tool, store, &bundle, &pair, ret_reason, ret_item);
    }
    if (strcmp(ret_reason->code, "certstore.is_ca") == 0 ||
        strcmp(ret_reason->code, "certificate.malformed") == 0) {
        snprintf(ret_reason->field, sizeof ret_reason->field, "%s", arguments->operands[0]);
    }
    return err;
}

/* Nothing where no key was named. */
static enum err key_file_read(
    const struct arguments *arguments, struct secret *ret_pem, struct reason *ret_reason)
{
    const char *path = arguments_value(arguments, "key");
    if (path == NULL) {
        return OK;
    }
    enum err err = file_read_secret(path, KEY_PRIVATE_MAX_BYTES, ret_pem);
    const char *code = err == ERR_DENIED ? "tool.secret_readable" : "tool.file_read";
    return err == OK ? OK : reason_set(ret_reason, err, code, path, err_name(err), NULL);
}
