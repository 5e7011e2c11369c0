/* Key files that hold a key, and those that name one. */
#include "proc/signer/keyring.h"
#include "lib/base/file.h"
#include "proc/signer/keyfile.h"

#include <stdio.h>
#include <stdlib.h>

static enum err token_get(struct keyring *keyring, const char *label, struct token **ret_token,
    struct reason *ret_reason);

enum err keyring_init(struct keyring *keyring, const struct config_module *module,
    const char *directory, bool makes_keys, const struct token_report *report)
{
    *keyring = (struct keyring){ .module = module };
    if (*module->path == '\0') {
        return OK;
    }
    for (size_t i = 0; i < module->environment_count; i++) {
        /* putenv keeps the text itself: it is the configuration's, which outlives us. */
        if (putenv((char *)(uintptr_t)module->environment[i]) != 0) {
            return ERR_MEMORY;
        }
    }
    keyring->setup = (struct token_setup){ .module = module->path,
        .pin_file = module->pin_file,
        .makes_keys = makes_keys,
        .deadline_ms = module->seconds * 1000,
        .report = *report };
    if (directory != NULL) {
        TRY(path_join(
            keyring->refusal_file, sizeof keyring->refusal_file, directory, "pkcs11.pin-refused"));
        keyring->setup.refusal_file = keyring->refusal_file;
    }
    return OK;
}

void keyring_release(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->token_count; i++) {
        token_free(keyring->tokens[i]);
    }
    keyring->token_count = 0;
    secret_release(&keyring->passphrase);
}

static enum err token_get(
    struct keyring *keyring, const char *label, struct token **ret_token, struct reason *ret_reason)
{
    for (size_t i = 0; i < keyring->token_count; i++) {
        if (strcmp(token_label(keyring->tokens[i]), label) == 0) {
            *ret_token = keyring->tokens[i];
            return OK;
        }
    }
    if (keyring->setup.module == NULL) {
        return reason_set(
            ret_reason, ERR_NOT_FOUND, "token.no_module", label, NULL, "pkcs11_module");
    }
    if (keyring->token_count == KEYRING_TOKENS_MAX) {
        return reason_set(ret_reason, ERR_LIMIT, "token.too_many", label, NULL, "4 tokens at most");
    }
    keyring->setup.label = label;
    TRY(token_open(&keyring->setup, &keyring->tokens[keyring->token_count], ret_reason));
    *ret_token = keyring->tokens[keyring->token_count++];
    return OK;
}

enum err keyring_read(struct keyring *keyring, const char *path, struct span spki,
    struct key **ret_key, struct reason *ret_reason)
{
    struct pkcs11_uri uri;
    struct token *token = NULL;
    AUTO(secret) content = { 0 };
    enum err err = file_read_secret(path, KEY_PRIVATE_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(ret_reason, err, "key.file", path, err_name(err), NULL);
    }
    struct span text = secret_span(&content);
    if (!pkcs11_uri_begins(text)) {
        if (keyring->passphrase.len == 0) {
            return reason_set(ret_reason, ERR_NOT_FOUND, "signer.passphrase", path, NULL, NULL);
        }
        return keyfile_read(path, &keyring->passphrase, ret_key, ret_reason);
    }
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r')) {
        text.len--;
    }
    TRY(pkcs11_uri_parse(text, &uri, ret_reason));
    TRY(token_get(keyring, uri.token, &token, ret_reason));
    return token_key(token, &uri, spki, ret_key);
}

enum err keyring_create(struct keyring *keyring, const char *path, const char *text,
    enum key_type type, struct key **ret_key, struct reason *ret_reason)
{
    struct pkcs11_uri uri;
    struct token *token = NULL;
    AUTO(buf) line = buf_make(1024);
    AUTO_PTR(key) key = NULL;
    TRY(pkcs11_uri_parse(span_from_text(text), &uri, ret_reason));
    TRY(token_get(keyring, uri.token, &token, ret_reason));
    TRY(token_key_generate(token, &uri, type, &key, ret_reason));
    buf_append_format(&line, "%s\n", text);
    TRY(buf_check(&line));
    TRY(file_create(path, buf_span(&line), 0600));
    *ret_key = key;
    key = NULL;
    return OK;
}
