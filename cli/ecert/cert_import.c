/* ecert cert import FILE: a PFX; or a certificate (PEM, DER, P7B) with its key in a file of its
 * own, or for a key that waits here. Windows' import wizard would put a CA's certificate wherever
 * it is told to; here it is refused and its place named. */
#include "cli/ecert/bundle.h"
#include "cli/ecert/item.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/pfx_file.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/certstore/authority.h"
#include "lib/der/pem.h"

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
static enum err leaf_find(const struct bundle *bundle, size_t *ret_leaf, struct reason *ret_reason);
static enum err import_pair(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct span certificate, struct span chain,
    struct certstore_item *ret_item, struct reason *ret_reason);
static enum err key_take(struct tool *tool, const struct arguments *arguments, struct key **ret_key,
    struct reason *ret_reason);

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
    screen_step(
        tool, item.kind == CERTSTORE_REQUEST ? "tool.restored_pending" : "tool.imported", NULL);
    item_show(tool, &view);
    item_put(tool, &view, tool->result);
    return EXIT_DONE;
}

/* What is neither PEM nor P7B nor a certificate is taken for a PFX, which says itself what is
 * wrong. */
static enum err holds_certificates(
    const char *path, bool *ret_certificates, struct reason *ret_reason)
{
    AUTO(buf) file = { 0 };
    AUTO(buf) text = buf_make(BUNDLE_FILE_MAX);
    AUTO(bundle) bundle = { 0 };
    struct certificate parsed;
    struct pem pem;
    enum err err = file_read(path, BUNDLE_FILE_MAX, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    bool narrow = pem_narrow(buf_span(&file), &text) == OK;
    struct span rest = narrow ? buf_span(&text) : buf_span(&file);
    *ret_certificates = pem_next(&rest, &pem) == OK ||
                        (bundle_cut(buf_span(&file), &bundle) == OK && bundle.count > 0 &&
                            certificate_parse(bundle.spans[0], &parsed) == OK);
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
    AUTO(bundle) bundle = { 0 };
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    size_t leaf = 0;
    TRY(bundle_read(arguments->operands[0], &bundle, ret_reason));
    enum err err = leaf_find(&bundle, &leaf, ret_reason);
    if (err != OK) {
        snprintf(ret_reason->field, sizeof ret_reason->field, "%s", arguments->operands[0]);
        return err;
    }
    TRY(bundle_chain(&bundle, leaf, &chain));
    if (arguments_has(arguments, "key")) {
        return import_pair(
            tool, arguments, store, bundle.spans[leaf], buf_span(&chain), ret_item, ret_reason);
    }
    return key_complete(tool, store, bundle.spans[leaf], buf_span(&chain), ret_reason, ret_item);
}

/* The first server's certificate; where there is none, what is wrong with the first. */
static enum err leaf_find(const struct bundle *bundle, size_t *ret_leaf, struct reason *ret_reason)
{
    for (size_t i = 0; i < bundle->count; i++) {
        if (certstore_is_server(bundle->spans[i], /* ret_reason= */ NULL) == OK) {
            *ret_leaf = i;
            return OK;
        }
    }
    return certstore_is_server(bundle->spans[0], ret_reason);
}

/* A key that waits here already gets its certificate; another comes in with it. */
static enum err import_pair(struct tool *tool, const struct arguments *arguments,
    struct certstore *store, struct span certificate, struct span chain,
    struct certstore_item *ret_item, struct reason *ret_reason)
{
    AUTO_PTR(key) key = NULL;
    AUTO(certstore_item) here = { 0 };
    struct certificate parsed;
    TRY(key_take(tool, arguments, &key, ret_reason));
    if (certificate_parse(certificate, &parsed) != OK || !span_equal(parsed.spki, key_spki(key))) {
        return reason_set(ret_reason, ERR_DENIED, "install.mismatch", NULL, NULL, NULL);
    }
    if (certstore_find_key(store, key_spki_sha256(key).data, &here) == OK &&
        here.kind == CERTSTORE_REQUEST) {
        return certstore_complete(store, certificate, chain, key, ret_reason, ret_item);
    }
    const struct secret *passphrase = NULL;
    TRY(key_guard_new(tool, ret_reason, &passphrase));
    struct certstore_request request = {
        .key = key,
        .passphrase = passphrase,
        .friendly_name = arguments_value(arguments, "friendly"),
        .created = clock_now(&tool->clock),
    };
    return certstore_add_personal(store, &request, certificate, chain, ret_reason, ret_item);
}

static enum err key_take(struct tool *tool, const struct arguments *arguments, struct key **ret_key,
    struct reason *ret_reason)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_password", .twice = false, .max = PASSWORD_MAX };
    const char *path = arguments_value(arguments, "key");
    AUTO(secret) pem = { 0 }, password = { 0 };
    enum err err = file_read_secret(path, KEY_PRIVATE_MAX_BYTES, &pem);
    if (err != OK) {
        const char *code = err == ERR_DENIED ? "tool.secret_readable" : "tool.file_read";
        return reason_set(ret_reason, err, code, path, err_name(err), NULL);
    }
    struct reason reason = { 0 };
    err = key_from_pem(secret_span(&pem), /* passphrase= */ NULL, &reason, ret_key);
    if (err != OK && strcmp(reason.code, "key.passphrase_needed") == 0) {
        TRY(ask_secret_from(tool, arguments, &source, ret_reason, &password));
        return key_from_pem(secret_span(&pem), &password, ret_reason, ret_key);
    }
    if (err != OK) {
        *ret_reason = reason;
    }
    return err;
}
