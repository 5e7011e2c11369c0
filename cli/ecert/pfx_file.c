/* A PFX is written new, never over another file, and read back before anybody says it was done. */
#include "cli/ecert/pfx_file.h"

#include "cli/ecert/key_open.h"
#include "cli/ecert/pfx_apart.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/der/pem.h"

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

static enum err target_choose(const struct arguments *arguments, const char *proposed,
    const struct pfx_target **ret_target, struct reason *ret_reason);
static enum err backup_make(const struct certstore_item *item, const struct key *key,
    const struct secret *password, const struct pfx_target *target, struct backup *backup,
    struct reason *ret_reason);
static enum err chain_cut(struct span pem_text, struct backup *backup);
static enum err backup_check(
    struct span file, const struct secret *password, const struct key *key);
static enum err backup_write(const char *path, const struct secret *password, const struct key *key,
    const struct backup *backup, struct reason *ret_reason);

enum err pfx_file_write(struct tool *tool, const struct arguments *arguments, const char *proposed,
    const struct certstore *store, const struct certstore_item *item, const char *out,
    struct reason *ret_reason)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_new_password", .twice = true, .max = PASSWORD_MAX };
    AUTO_PTR(key) key = NULL;
    AUTO(secret) password = { 0 };
    const struct pfx_target *target = NULL;
    TRY(target_choose(arguments, proposed, &target, ret_reason));
    TRY(pfx_file_possible(item, ret_reason));
    TRY(key_open(tool, store, item, ret_reason, &key));
    TRY(ask_secret_from(tool, arguments, &source, ret_reason, &password));
    return pfx_file_make(item, key, target, &password, out, ret_reason);
}

enum err pfx_file_possible(const struct certstore_item *item, struct reason *ret_reason)
{
    return item->guard != CERTSTORE_KEY_TOKEN
               ? OK
               : reason_set(ret_reason, ERR_UNSUPPORTED, "certstore.key_in_token", item->id,
                     item->token_uri, NULL);
}

enum err pfx_file_make(const struct certstore_item *item, const struct key *key,
    const struct pfx_target *target, const struct secret *password, const char *out,
    struct reason *ret_reason)
{
    AUTO(backup) backup = { 0 };
    TRY(backup_make(item, key, password, target, &backup, ret_reason));
    return backup_write(out, password, key, &backup, ret_reason);
}

static enum err target_choose(const struct arguments *arguments, const char *proposed,
    const struct pfx_target **ret_target, struct reason *ret_reason)
{
    const char *wanted = arguments_value(arguments, "for");
    *ret_target = pfx_target_find(wanted != NULL ? wanted : proposed);
    if (*ret_target == NULL) {
        AUTO(buf) all = buf_make(REASON_TEXT_MAX);
        pfx_target_names(&all);
        return reason_set(
            ret_reason, ERR_INPUT, "tool.pfx_target", "--for", wanted, buf_text(&all));
    }
    return OK;
}

static enum err backup_make(const struct certstore_item *item, const struct key *key,
    const struct secret *password, const struct pfx_target *target, struct backup *backup,
    struct reason *ret_reason)
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
    return pfx_write(&content, password, target, ret_reason, &backup->pfx);
}

void pfx_file_warn(const struct tool *tool, const struct arguments *arguments)
{
    const char *wanted = arguments_value(arguments, "for");
    const struct pfx_target *target = wanted == NULL ? NULL : pfx_target_find(wanted);
    if (target != NULL && target->cipher == PFX_3DES_SHA1) {
        screen_message(tool, "tool.backup_legacy", NULL);
    }
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

static enum err backup_write(const char *path, const struct secret *password, const struct key *key,
    const struct backup *backup, struct reason *ret_reason)
{
    AUTO(buf) again = { 0 };
    enum err err = file_create(path, buf_span(&backup->pfx), 0600);
    if (err != OK) {
        const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
        return reason_set(
            ret_reason, err, code, path, err == ERR_CONFLICT ? NULL : err_name(err), NULL);
    }
    err = file_read(path, PFX_MAX_BYTES, &again);
    err = err == OK ? backup_check(buf_span(&again), password, key) : err;
    return err == OK ? OK : reason_set(ret_reason, err, "tool.backup_check", path, NULL, NULL);
}

/* What a restore would find. */
static enum err backup_check(struct span file, const struct secret *password, const struct key *key)
{
    AUTO(pfx) pfx = { 0 };
    TRY(pfx_read_apart(file, password, /* ret_reason= */ NULL, &pfx));
    return pfx.key != NULL && key_same_public(pfx.key, key) ? OK : ERR_IO;
}

enum err pfx_file_read(const struct tool *tool, const struct arguments *arguments, const char *path,
    struct pfx *ret_pfx, struct reason *ret_reason)
{
    static const struct secret_source source = { "password-file", "password-fd",
        "tool.ask_password", .twice = false, .max = PASSWORD_MAX };
    AUTO(buf) file = { 0 };
    AUTO(secret) password = { 0 };
    enum err err = file_read(path, PFX_MAX_BYTES, &file);
    if (err != OK) {
        return reason_set(ret_reason, err, "tool.file_read", path, err_name(err), NULL);
    }
    TRY(ask_secret_from(tool, arguments, &source, ret_reason, &password));
    err = pfx_file_open(buf_span(&file), &password, ret_pfx, ret_reason);
    if (err != OK && strcmp(ret_reason->code, "tool.pfx_no_key") == 0) {
        return reason_set(ret_reason, err, "tool.pfx_no_key", path, NULL, NULL);
    }
    return err;
}

enum err pfx_file_open(
    struct span file, const struct secret *password, struct pfx *ret_pfx, struct reason *ret_reason)
{
    TRY(pfx_read_apart(file, password, ret_reason, ret_pfx));
    return ret_pfx->key != NULL
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "tool.pfx_no_key", NULL, NULL, NULL);
}

enum err pfx_keep(struct tool *tool, struct certstore *store, const struct pfx *pfx,
    struct certstore_item *ret_item, struct reason *ret_reason)
{
    const struct secret *passphrase = NULL;
    TRY(key_guard_new(tool, key_guard_given(tool), ret_reason, &passphrase));
    struct certstore_request request = {
        .key = pfx->key,
        .passphrase = passphrase,
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
    return certstore_add_personal(
        store, &request, buf_span(&pfx->certificates[0]), buf_span(&chain), ret_reason, ret_item);
}
