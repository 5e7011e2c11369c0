/* ecert cert export ID: a certificate as PEM (with its chain), DER (alone), P7B (with its chain) or
 * PFX (with its key, under a new password). No file is ever written over. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/der/pem.h"

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

static enum err format_pem(const struct certstore_item *item, struct buf *ret_file);
static enum err format_der(const struct certstore_item *item, struct buf *ret_file);
static enum err format_p7b(const struct certstore_item *item, struct buf *ret_file);

static const struct format {
    const char *name;
    enum err (*write)(const struct certstore_item *item, struct buf *ret_file); /* NULL: PFX */
} formats[] = {
    { "pem", format_pem },
    { "der", format_der },
    { "p7b", format_p7b },
    { "pfx", NULL },
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static enum err format_choose(struct tool *tool, const struct arguments *arguments,
    const struct format **ret_format, struct reason *ret_reason);
static enum err export_plain(const struct format *format, const struct certstore_item *item,
    const char *out, struct reason *ret_reason);

enum exit_code command_cert_export(struct tool *tool, const struct arguments *arguments)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    const struct format *format = NULL;
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
              ? export_plain(format, &item, out, &reason)
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
    const struct format **ret_format, struct reason *ret_reason)
{
    const struct format *chosen = NULL;
    for (size_t i = 0; i < FORMATS; i++) {
        if (arguments_has(arguments, formats[i].name) && chosen != NULL) {
            return reason_set(ret_reason, ERR_INPUT, "usage.one_of", formats[i].name,
                /* seen= */ NULL, "--pem, --der, --p7b, --pfx");
        }
        chosen = arguments_has(arguments, formats[i].name) ? &formats[i] : chosen;
    }
    const char *names[FORMATS];
    size_t choice = 0;
    for (size_t i = 0; i < FORMATS; i++) {
        names[i] = formats[i].name;
    }
    if (chosen == NULL && ask_choice(tool, "tool.ask_format", names, FORMATS, 0, &choice) == OK) {
        chosen = &formats[choice];
    }
    if (chosen == NULL) {
        return reason_set(
            ret_reason, ERR_INPUT, "usage.one_of", "--pem", NULL, "--pem, --der, --p7b, --pfx");
    }
    *ret_format = chosen;
    return OK;
}

static enum err export_plain(const struct format *format, const struct certstore_item *item,
    const char *out, struct reason *ret_reason)
{
    AUTO(buf) file = buf_make(2 * CERTSTORE_CHAIN_MAX);
    enum err err = format->write(item, &file);
    err = err == OK ? buf_check(&file) : err;
    err = err == OK ? file_create(out, buf_span(&file), 0644) : err;
    const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
    return err == OK ? OK : reason_set(ret_reason, err, code, out, err_name(err), NULL);
}

static enum err format_pem(const struct certstore_item *item, struct buf *ret_file)
{
    TRY(pem_write("CERTIFICATE", buf_span(&item->certificate), ret_file));
    buf_append(ret_file, buf_span(&item->chain));
    return OK;
}

static enum err format_der(const struct certstore_item *item, struct buf *ret_file)
{
    buf_append(ret_file, buf_span(&item->certificate));
    return OK;
}

static enum err format_p7b(const struct certstore_item *item, struct buf *ret_file)
{
    AUTO(bundle) chain = { 0 };
    struct span all[P7B_CERTIFICATES_MAX] = { buf_span(&item->certificate) };
    size_t count = 1;
    TRY(bundle_cut(buf_span(&item->chain), &chain));
    for (size_t i = 0; i < chain.count && count < P7B_CERTIFICATES_MAX; i++) {
        all[count++] = chain.spans[i];
    }
    return p7b_write(all, count, ret_file);
}
