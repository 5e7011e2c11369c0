/* Log-in keys: Ed25519, written as all keys are (doc/threats.md K1, K3). Which server name they are
 * for doesn't matter here: they certify nothing. */
#include "lib/certstore/login.h"

#include "lib/certstore/internal.h"

#include <stdio.h>

enum { PORTAL_DIGITS = 16, REFERENCE_MAX = 32 };

static enum err name_of(const char *portal, const char *reference, char ret_name[FOLDER_NAME_MAX]);
static enum err key_write(const struct certstore *store, const char *name, const struct key *key);

enum err certstore_find_login(
    const struct certstore *store, const char *portal, const char *reference, struct key **ret_key)
{
    char name[FOLDER_NAME_MAX];
    AUTO(secret) pem = { 0 };
    TRY(name_of(portal, reference, name));
    TRY(folder_read_secret(&store->logins, name, KEY_PRIVATE_MAX_BYTES, &pem));
    return key_from_pem(secret_span(&pem), /* passphrase= */ NULL, /* ret_reason= */ NULL, ret_key);
}

enum err certstore_make_login(
    struct certstore *store, const char *portal, const char *reference, struct key **ret_key)
{
    char name[FOLDER_NAME_MAX];
    AUTO_PTR(key) key = NULL;
    TRY(name_of(portal, reference, name));
    TRY(key_generate(KEY_TYPE_ED25519, &key));
    TRY(certstore_lock(store));
    enum err err = key_write(store, name, key);
    certstore_unlock(store);
    TRY(err);
    *ret_key = key;
    key = NULL;
    return OK;
}

static enum err key_write(const struct certstore *store, const char *name, const struct key *key)
{
    AUTO(secret) pem = { 0 };
    TRY(key_to_pem(key, &pem));
    return folder_write(&store->logins, name, secret_span(&pem));
}

static enum err name_of(const char *portal, const char *reference, char ret_name[FOLDER_NAME_MAX])
{
    char hash[CERTSTORE_ID_MAX];
    size_t len = strlen(reference);
    if (len == 0 || len > REFERENCE_MAX || strspn(reference, "0123456789") != len) {
        return ERR_INPUT;
    }
    TRY(certstore_thumbprint(span_from_text(portal), hash));
    snprintf(ret_name, FOLDER_NAME_MAX, "%s-%.*s.pem", reference, PORTAL_DIGITS, hash);
    return OK;
}
