/* ecert key backup ID: a PFX with the key and, once there is one, its certificate and chain. A key
 * that still waits for its certificate is worth a backup too: without it the certificate will be of
 * no use. The file is written new, 0600, and read back before success is said. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/crypto/pfx.h"
#include "lib/der/pem.h"

const struct option options_key_backup[] = {
    { "out", OPTION_VALUE, "FILE.pfx" },
    { "password-file", OPTION_VALUE, "FILE" },
    { "password-fd", OPTION_VALUE, "N" },
    { "legacy", OPTION_FLAG, NULL },
    { .name = NULL },
};

struct backup {
    struct buf chain_der;
    struct span chain[PFX_CERTIFICATES_MAX];
    size_t chain_count;
    struct buf pfx;
};
static void backup_release(struct backup *backup)
{
    buf_release(&backup->chain_der);
    buf_release(&backup->pfx);
}
AUTO_DEFINE(backup, backup_release)

static enum err backup_make(const struct certstore_item *item, const struct key *key,
    const struct secret *password, enum pfx_style style, struct backup *backup);
static enum err chain_cut(struct span pem_text, struct backup *backup);
static enum err backup_check(
    struct span file, const struct secret *password, const struct key *key);
static enum err backup_write(const char *path, const struct secret *password,
    const struct key *key, const struct backup *backup, struct reason *ret_reason);

enum exit_code command_key_backup(struct tool *tool, const struct arguments *arguments)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_new_password", .twice = true, .max = PASSWORD_MAX };
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    AUTO_PTR(key) key = NULL;
    AUTO(secret) password = { 0 };
    AUTO(backup) backup = { 0 };
    struct reason reason = { 0 };
    const char *out = arguments_value(arguments, "out");
    if (out == NULL) {
        reason_set(&reason, ERR_INPUT, "usage.needed", "--out", NULL, NULL);
        screen_failure(tool, ERR_INPUT, &reason);
        return EXIT_USAGE;
    }
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    bool legacy = arguments_has(arguments, "legacy");
    enum err err = certstore_find(store, arguments->operands[0], &reason, &item);
    err = err == OK ? certstore_load_key(store, &item, &key) : err;
    err = err == OK ? ask_secret_from(tool, arguments, &source, &reason, &password) : err;
    err = err == OK ? backup_make(&item, key, &password, legacy ? PFX_LEGACY : PFX_MODERN, &backup)
                    : err;
    err = err == OK ? backup_write(out, &password, key, &backup, &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    const struct placeholder file[] = { { "file", out }, { NULL, NULL } };
    bool pending = item.kind == CERTSTORE_REQUEST;
    screen_step(tool, pending ? "tool.backup_pending" : "tool.backup_done", file);
    if (legacy) {
        screen_message(tool, "tool.backup_legacy", NULL);
    }
    value_put_text(&tool->tree, tool->result, "file", out);
    value_put_text(&tool->tree, tool->result, "id", item.id);
    value_put_bool(&tool->tree, tool->result, "certificate", !pending);
    return EXIT_DONE;
}

static enum err backup_make(const struct certstore_item *item, const struct key *key,
    const struct secret *password, enum pfx_style style, struct backup *backup)
{
    backup->pfx = buf_make(PFX_MAX_BYTES);
    TRY(chain_cut(buf_span(&item->chain), backup));
    struct pfx_content content = {
        .key = key,
        .certificate = buf_span(&item->certificate),
        .chain = backup->chain,
        .chain_count = backup->chain_count,
        .friendly_name = item->friendly_name,
    };
    return pfx_write(&content, password, style, &backup->pfx);
}

static enum err chain_cut(struct span pem_text, struct backup *backup)
{
    struct pem pem;
    size_t ends[PFX_CERTIFICATES_MAX - 1];
    backup->chain_der = buf_make(CERTSTORE_CHAIN_MAX);
    while (backup->chain_count < PFX_CERTIFICATES_MAX - 1 && pem_next(&pem_text, &pem) == OK) {
        TRY(pem_decode(&pem, &backup->chain_der));
        ends[backup->chain_count++] = backup->chain_der.len;
    }
    for (size_t i = 0; i < backup->chain_count; i++) {
        size_t start = i == 0 ? 0 : ends[i - 1];
        backup->chain[i] = span_make(backup->chain_der.data + start, ends[i] - start);
    }
    return OK;
}

static enum err backup_write(const char *path, const struct secret *password,
    const struct key *key, const struct backup *backup, struct reason *ret_reason)
{
    AUTO(buf) again = { 0 };
    enum err err = file_create(path, buf_span(&backup->pfx), 0600);
    if (err != OK) {
        const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
        return reason_set(ret_reason, err, code, path, err_name(err), NULL);
    }
    err = file_read(path, PFX_MAX_BYTES, &again);
    err = err == OK ? backup_check(buf_span(&again), password, key) : err;
    return err == OK ? OK : reason_set(ret_reason, err, "tool.backup_check", path, NULL, NULL);
}

/* What a restore would find. */
static enum err backup_check(
    struct span file, const struct secret *password, const struct key *key)
{
    AUTO(pfx) pfx = { 0 };
    TRY(pfx_read(file, password, /* ret_reason= */ NULL, &pfx));
    return pfx.key != NULL && key_same_public(pfx.key, key) ? OK : ERR_IO;
}
