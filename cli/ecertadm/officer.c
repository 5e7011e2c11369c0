/* `officer new`: an officer's key pair. The public half goes to the ceremony that enters it into
 * the roster; the private one never leaves the officer. */
#include "cli/ecertadm/command.h"
#include "lib/base/file.h"
#include "lib/crypto/key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static enum err public_path(struct call *call, const char *out, char ret_path[PATH_MAX]);
static enum err pair_write(
    struct call *call, const struct key *key, const char *out, const char *public_out);

enum err officer_new_run(struct call *call)
{
    const char *out = NULL;
    const char *name = NULL;
    struct option_value options[] = { { "--out", &out, 1, 0 } };
    char spki_path[PATH_MAX];
    char key_id[2 * SHA256_BYTES + 1];
    AUTO_PTR(key) key = NULL;
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 1, &name, 1));
    if (out == NULL) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--out", NULL, NULL);
    }
    TRY(public_path(call, out, spki_path));
    TRY(key_generate(KEY_TYPE_ED25519, &key));
    TRY(pair_write(call, key, out, spki_path));
    hex_format(key_spki_sha256(key), key_id);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "name", name);
    value_put_text(&tree, object, "key_id", key_id);
    value_put_text(&tree, object, "key", out);
    value_put_text(&tree, object, "public", spki_path);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

/* FILE.key has its public half in FILE.spki. */
static enum err public_path(struct call *call, const char *out, char ret_path[PATH_MAX])
{
    size_t length = strlen(out);
    if (length < 5 || length >= PATH_MAX - 2 || strcmp(out + length - 4, ".key") != 0) {
        return reason_set(&call->reason, ERR_INPUT, "output.file", "--out", out, "FILE.key");
    }
    snprintf(ret_path, PATH_MAX, "%.*s.spki", (int)(length - 4), out);
    return OK;
}

static enum err pair_write(
    struct call *call, const struct key *key, const char *out, const char *public_out)
{
    AUTO(secret) pem = { 0 };
    TRY(key_to_pem(key, &pem));
    enum err err = file_create(out, secret_span(&pem), 0600);
    if (err != OK) {
        return reason_set(&call->reason, err, "output.file", out,
            err == ERR_CONFLICT ? "it exists already" : err_name(err), "a new file");
    }
    err = file_create(public_out, key_spki(key), 0644);
    if (err != OK) {
        return reason_set(
            &call->reason, err, "output.file", public_out, err_name(err), "a new file");
    }
    return OK;
}

enum err call_officer_key(struct call *call, const char *path, struct key **ret_key)
{
    AUTO(secret) pem = { 0 };
    AUTO_PTR(key) key = NULL;
    enum err err = file_read_secret(path, KEY_PRIVATE_MAX_BYTES, &pem);
    if (err != OK) {
        return reason_set(&call->reason, err, "key.file", path, err_name(err), "mode 0600");
    }
    TRY(key_from_pem(secret_span(&pem), /* passphrase= */ NULL, &call->reason, &key));
    if (key_kind(key) != KEY_ED25519) {
        return reason_set(&call->reason, ERR_INPUT, "key.not_officer", path,
            key_kind_name(key_kind(key)), key_kind_name(KEY_ED25519));
    }
    *ret_key = key;
    key = NULL;
    return OK;
}
