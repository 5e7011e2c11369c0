/* A key's own file: PKCS#8 as PEM, in the clear or encrypted (PBES2: AES-256 behind scrypt). A key
 * that is in a token has none; the item's description says where it is. */
#include "lib/certstore/internal.h"

enum { KEYFILE_MAX_BYTES = 2 * KEY_PRIVATE_MAX_BYTES };

enum err keyfile_read(const struct folder *folder, const struct secret *passphrase,
    struct reason *ret_reason, struct key **ret_key)
{
    AUTO(secret) pem = { 0 };
    TRY(folder_read_secret(folder, "key.pem", KEYFILE_MAX_BYTES, &pem));
    return key_from_pem(secret_span(&pem), passphrase, ret_reason, ret_key);
}

/* What was written is read back, by its passphrase too, before anything relies on it. */
enum err keyfile_write(const struct folder *folder, const struct certstore_request *request)
{
    AUTO(secret) plain = { 0 };
    AUTO(buf) encrypted = buf_make(KEYFILE_MAX_BYTES);
    AUTO_PTR(key) again = NULL;
    if (key_in_token(request->key)) {
        return request->token_uri != NULL && request->token_module != NULL ? OK : ERR_UNSUPPORTED;
    }
    if (request->passphrase != NULL) {
        TRY(key_to_encrypted_pem(
            request->key, request->passphrase, KEY_STRETCH_SCRYPT, &encrypted));
        TRY(folder_write(folder, "key.pem", buf_span(&encrypted)));
    } else {
        TRY(key_to_pem(request->key, &plain));
        TRY(folder_write(folder, "key.pem", secret_span(&plain)));
    }
    TRY(keyfile_read(folder, request->passphrase, /* ret_reason= */ NULL, &again));
    return key_same_public(again, request->key) ? OK : ERR_IO;
}

enum err certstore_load_key(const struct certstore *store, const struct certstore_item *item,
    const struct secret *passphrase, struct reason *ret_reason, struct key **ret_key)
{
    AUTO(folder) folder = { 0 };
    const struct folder *parent =
        item->kind == CERTSTORE_REQUEST ? &store->requests : &store->personal;
    if (item->guard == CERTSTORE_KEY_TOKEN) {
        return reason_set(
            ret_reason, ERR_UNSUPPORTED, "certstore.key_in_token", item->id, item->token_uri, NULL);
    }
    TRY(folder_open(parent, item->id, FOLDER_MUST_EXIST, &folder));
    return keyfile_read(&folder, passphrase, ret_reason, ret_key);
}
