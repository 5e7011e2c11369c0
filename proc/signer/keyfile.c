/* Key files, both directions. */
#include "proc/signer/keyfile.h"
#include "lib/base/file.h"
#include "lib/base/random.h"

enum { PASSPHRASE_RANDOM_BYTES = 20, PASSPHRASE_TEXT = 33 };

enum err passphrase_create(const char *path, struct secret *ret_passphrase)
{
    AUTO(secret) bytes = { 0 };
    AUTO(secret) text = { 0 };
    struct random random = random_system();
    TRY(secret_new(PASSPHRASE_RANDOM_BYTES, &bytes));
    TRY(secret_new(PASSPHRASE_TEXT, &text));
    TRY(random_fill(&random, bytes.data, bytes.len));
    base32_format(secret_span(&bytes), (char *)text.data, text.len);
    struct span digits = span_make(text.data, PASSPHRASE_TEXT - 1);
    TRY(file_create(path, digits, 0600));
    return secret_copy(digits, ret_passphrase);
}

enum err keyfile_create(const char *path, const struct key *key, const struct secret *passphrase)
{
    if (passphrase != NULL) {
        AUTO(buf) pem = buf_make(KEY_PRIVATE_MAX_BYTES);
        TRY(key_to_encrypted_pem(key, passphrase, KEY_STRETCH_SCRYPT, &pem));
        return file_create(path, buf_span(&pem), 0600);
    }
    AUTO(secret) pem = { 0 };
    TRY(key_to_pem(key, &pem));
    return file_create(path, secret_span(&pem), 0600);
}

enum err keyfile_read(const char *path, const struct secret *passphrase, struct key **ret_key,
    struct reason *ret_reason)
{
    AUTO(secret) pem = { 0 };
    enum err err = file_read_secret(path, KEY_PRIVATE_MAX_BYTES, &pem);
    if (err != OK) {
        return reason_set(ret_reason, err, "key.file", path, err_name(err), NULL);
    }
    return key_from_pem(secret_span(&pem), passphrase, ret_reason, ret_key);
}
