/* Opening keys. What was typed or read is kept until the program ends: a descriptor can be read
 * once only, and nobody types a passphrase twice for one command. */
#include "cli/ecert/key_open.h"

#include "cli/ecert/ask.h"
#include "cli/ecert/screen.h"
#include "lib/crypto/pkcs11.h"
#include "lib/pki/certificate.h"

enum { PASSPHRASE_MIN = 8, ATTEMPTS = 3 };

static const char module_of_the_system[] = "p11-kit-proxy.so";

const struct option options_key[] = {
    { "key-passphrase-file", OPTION_VALUE, "FILE" },
    { "key-passphrase-fd", OPTION_VALUE, "N" },
    { "token-pin-file", OPTION_VALUE, "FILE" },
    { "token-pin-fd", OPTION_VALUE, "N" },
    { .name = NULL },
};

static bool given(const struct tool *tool, const char *file, const char *fd);
static enum err passphrase_have(
    struct tool *tool, const struct certstore_item *item, struct reason *ret_reason);
static enum err token_have(struct tool *tool, const struct pkcs11_uri *uri, const char *module,
    bool makes_keys, struct reason *ret_reason);

enum err key_open(struct tool *tool, const struct certstore *store,
    const struct certstore_item *item, struct reason *ret_reason, struct key **ret_key)
{
    if (item->guard == CERTSTORE_KEY_PLAIN) {
        return certstore_load_key(store, item, /* passphrase= */ NULL, ret_reason, ret_key);
    }
    if (item->guard == CERTSTORE_KEY_TOKEN) {
        AUTO_PTR(key) key = NULL;
        TRY(key_from_token(
            tool, item->token_uri, item->token_module, /* make= */ NULL, ret_reason, &key));
        if (!span_equal(key_spki_sha256(key), SPAN_OF(item->spki_sha256))) {
            return reason_set(
                ret_reason, ERR_DENIED, "certstore.key_damaged", NULL, item->id, NULL);
        }
        *ret_key = key;
        key = NULL;
        return OK;
    }
    bool typed = !given(tool, "key-passphrase-file", "key-passphrase-fd");
    enum err err = OK;
    for (unsigned attempt = 0; attempt == 0 || (err == ERR_DENIED && attempt < ATTEMPTS && typed);
         attempt++) {
        struct reason reason = { 0 };
        if (attempt > 0) {
            screen_message(tool, "key.passphrase", NULL);
            secret_release(&tool->access->passphrase);
        }
        TRY(passphrase_have(tool, item, ret_reason));
        err = certstore_load_key(store, item, &tool->access->passphrase, &reason, ret_key);
        if (err != OK && ret_reason != NULL) {
            *ret_reason = reason;
        }
    }
    return err;
}

static bool given(const struct tool *tool, const char *file, const char *fd)
{
    return arguments_has(tool->arguments, file) || arguments_has(tool->arguments, fd);
}

/* One that was typed serves the key that it was typed for; one that was given serves all. */
static enum err passphrase_have(
    struct tool *tool, const struct certstore_item *item, struct reason *ret_reason)
{
    static const struct secret_source source = { "key-passphrase-file", "key-passphrase-fd",
        "tool.ask_key_passphrase", .twice = false, .max = PASSWORD_MAX };
    struct key_access *access = tool->access;
    bool serves = given(tool, source.file_option, source.fd_option) ||
                  memcmp(access->key_sha256, item->spki_sha256, SHA256_BYTES) == 0;
    if (access->passphrase.data != NULL && serves) {
        return OK;
    }
    secret_release(&access->passphrase);
    memcpy(access->key_sha256, item->spki_sha256, SHA256_BYTES);
    return ask_secret_from(tool, tool->arguments, &source, ret_reason, &access->passphrase);
}

bool key_guard_given(const struct tool *tool)
{
    return arguments_has(tool->arguments, "encrypt-key");
}

enum err key_guard_new(
    struct tool *tool, bool wanted, struct reason *ret_reason, const struct secret **ret_passphrase)
{
    static const struct secret_source source = { "key-passphrase-file", "key-passphrase-fd",
        "tool.ask_new_passphrase", .twice = true, .max = PASSWORD_MAX };
    struct secret *passphrase = &tool->access->passphrase;
    if (!wanted) {
        *ret_passphrase = NULL;
        return OK;
    }
    TRY(ask_secret_from(tool, tool->arguments, &source, ret_reason, passphrase));
    if (passphrase->len < PASSPHRASE_MIN) {
        return reason_set(ret_reason, ERR_INPUT, "tool.passphrase_short", NULL, NULL, "8");
    }
    *ret_passphrase = passphrase;
    return OK;
}

enum err key_complete(struct tool *tool, struct certstore *store, struct span certificate,
    struct span chain, struct reason *ret_reason, struct certstore_item *ret_item)
{
    AUTO(certstore_item) request = { 0 };
    AUTO_PTR(key) key = NULL;
    struct certificate parsed;
    uint8_t hash[SHA256_BYTES];
    bool guarded = certificate_parse(certificate, &parsed) == OK &&
                   sha256(parsed.spki, hash) == OK &&
                   certstore_find_key(store, hash, &request) == OK &&
                   request.kind == CERTSTORE_REQUEST && request.guard != CERTSTORE_KEY_PLAIN;
    if (guarded) {
        TRY(key_open(tool, store, &request, ret_reason, &key));
    }
    return certstore_complete(store, certificate, chain, key, ret_reason, ret_item);
}

const char *key_module_or_default(const char *module)
{
    return module != NULL ? module : module_of_the_system;
}

enum err key_from_token(struct tool *tool, const char *uri, const char *module,
    const enum key_type *make, struct reason *ret_reason, struct key **ret_key)
{
    struct pkcs11_uri parsed;
    TRY(pkcs11_uri_parse(span_from_text(uri), &parsed, ret_reason));
    TRY(token_have(tool, &parsed, key_module_or_default(module), make != NULL, ret_reason));
    return make == NULL
               ? token_key_find(tool->access->token, &parsed, ret_key, ret_reason)
               : token_key_generate(tool->access->token, &parsed, *make, ret_key, ret_reason);
}

/* A PIN file that the token refused is not tried again before it is written anew: who runs this by
 * a timer would lock the token. */
static enum err token_have(struct tool *tool, const struct pkcs11_uri *uri, const char *module,
    bool makes_keys, struct reason *ret_reason)
{
    static const struct secret_source source = { "token-pin-file", "token-pin-fd",
        "tool.ask_token_pin", .twice = false, .max = PASSWORD_MAX };
    struct key_access *access = tool->access;
    const char *pin_file = arguments_value(tool->arguments, source.file_option);
    if (access->token != NULL && strcmp(token_label(access->token), uri->token) == 0) {
        return OK;
    }
    token_free(access->token);
    access->token = NULL;
    secret_release(&access->pin);
    if (pin_file == NULL) {
        TRY(ask_secret_from(tool, tool->arguments, &source, ret_reason, &access->pin));
    }
    const struct token_setup setup = {
        .module = module,
        .label = uri->token,
        .pin_file = pin_file,
        .pin = pin_file == NULL ? &access->pin : NULL,
        .refusal_file = pin_file == NULL || tool->store_path == NULL
                            ? NULL
                            : arena_format(&tool->arena, "%s/token-pin-refused", tool->store_path),
        .makes_keys = makes_keys,
        .deadline_ms = 30000,
    };
    return token_open(&setup, &access->token, ret_reason);
}

enum err key_may_leave(const struct certstore_item *item, struct reason *ret_reason)
{
    if (item->guard == CERTSTORE_KEY_TOKEN) {
        return reason_set(
            ret_reason, ERR_UNSUPPORTED, "deploy.key_in_token", item->id, item->token_uri, NULL);
    }
    return OK;
}

void key_goes_plain_tell(const struct tool *tool, const struct certstore_item *item)
{
    if (item->guard == CERTSTORE_KEY_PASSPHRASE) {
        screen_message(tool, "tool.key_goes_plain", NULL);
    }
}

void key_access_release(struct key_access *access)
{
    token_free(access->token);
    access->token = NULL;
    secret_release(&access->passphrase);
    secret_release(&access->pin);
}
