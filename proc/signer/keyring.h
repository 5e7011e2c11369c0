#pragma once
/* How an authority's key is opened: its file holds it, encrypted, or one line that says where in a
 * security module it is, as a PKCS#11 URI. Whoever has the folder sees which. */
#include "lib/config/config.h"
#include "lib/crypto/pkcs11.h"

enum { KEYRING_TOKENS_MAX = 4 };

struct keyring {
    struct secret passphrase;
    const struct config_module *module; /* NULL, or an empty path: there is none */
    struct token_setup setup;           /* of every token, but for its label */
    char refusal_file[4096];
    struct token *tokens[KEYRING_TOKENS_MAX];
    size_t token_count;
};

/* Sets the module's environment in this process. `directory` is where a refused PIN is remembered;
 * NULL where somebody is at hand who will hear of it. */
enum err keyring_init(struct keyring *keyring, const struct config_module *module,
    const char *directory, bool makes_keys, const struct token_report *report) MUST_USE;
/* Keys opened by it must be freed before. */
void keyring_release(struct keyring *keyring);

/* The key of the certificate with this SubjectPublicKeyInfo. A token isn't asked yet. Reasons:
 * those of keyfile_read and of token_open; "token.no_module" if the file names a token and there is
 * no module. */
enum err keyring_read(struct keyring *keyring, const char *path, struct span spki,
    struct key **ret_key, struct reason *ret_reason) MUST_USE;
/* Makes the key at `uri` in its token, and the file that says so. */
enum err keyring_create(struct keyring *keyring, const char *path, const char *uri,
    enum key_type type, struct key **ret_key, struct reason *ret_reason) MUST_USE;
