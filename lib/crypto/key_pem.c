/* Keys as PEM text (RFC 7468 §10, 11, 13), and the two traditional forms people still have. */
#include "lib/crypto/internal.h"
#include "lib/der/pem.h"

static enum err block_load(const struct pem *pem, const struct secret *passphrase,
    struct reason *ret_reason, struct key **ret_key);
static enum err load_failed(enum err err, const struct pem *pem, struct reason *ret_reason);
static enum err secret_pem(const char *label, struct span der, struct secret *ret_pem);

struct label_row {
    const char *label;
    enum err (*load)(struct span der, struct key **ret_key);
};

static enum err ec_private_load(struct span der, struct key **ret_key);

static const struct label_row labels[] = {
    { "PRIVATE KEY", key_from_pkcs8 },
    { "RSA PRIVATE KEY", key_from_rsa_private },
    { "EC PRIVATE KEY", ec_private_load },
    { "ENCRYPTED PRIVATE KEY", NULL },
};

enum err key_from_pem(struct span pem, const struct secret *passphrase, struct reason *ret_reason,
    struct key **ret_key)
{
    struct pem block;
    while (pem_next(&pem, &block) == OK) {
        static const char suffix[] = "PRIVATE KEY";
        size_t len = sizeof suffix - 1;
        if (block.label.len >= len &&
            memcmp(block.label.data + block.label.len - len, suffix, len) == 0) {
            return block_load(&block, passphrase, ret_reason, ret_key);
        }
    }
    return reason_set(ret_reason, ERR_INPUT, "key.not_pem", "", "", "PRIVATE KEY");
}

static enum err block_load(const struct pem *pem, const struct secret *passphrase,
    struct reason *ret_reason, struct key **ret_key)
{
    AUTO(secret) der = { 0 };
    size_t len = 0;
    TRY(secret_new(pem->body.len / 4 * 3 + 3, &der));
    if (base64_parse(pem->body, der.data, der.len, &len) != OK) {
        /* Traditional encryption stands in header lines before the base64. */
        bool encrypted = memmem(pem->body.data, pem->body.len, "ENCRYPTED", 9) != NULL;
        return load_failed(encrypted ? ERR_UNSUPPORTED : ERR_INPUT, pem, ret_reason);
    }
    const struct label_row *row = NULL;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        row = span_equal_text(pem->label, labels[i].label) ? &labels[i] : row;
    }
    if (row == NULL) {
        return load_failed(ERR_UNSUPPORTED, pem, ret_reason);
    }
    if (row->load == NULL && passphrase == NULL) {
        return reason_set(ret_reason, ERR_DENIED, "key.passphrase_needed", "", "", "");
    }
    struct span bytes = span_make(der.data, len);
    enum err err = row->load == NULL ? key_from_encrypted_pkcs8(bytes, passphrase, ret_key)
                                     : row->load(bytes, ret_key);
    return err == OK ? OK : load_failed(err, pem, ret_reason);
}

static enum err ec_private_load(struct span der, struct key **ret_key)
{
    return key_from_ec_private(der, /* curve= */ (struct span){ 0 }, ret_key);
}

static enum err load_failed(enum err err, const struct pem *pem, struct reason *ret_reason)
{
    char label[PEM_LABEL_MAX] = "";
    (void)span_to_text(pem->label, label, sizeof label);
    const char *code = err == ERR_DENIED        ? "key.passphrase"
                       : err == ERR_UNSUPPORTED ? "key.unsupported"
                                                : "key.malformed";
    return reason_set(ret_reason, err, code, "", label, "");
}

/* As pem_write, but never outside locked memory. */
static enum err secret_pem(const char *label, struct span der, struct secret *ret_pem)
{
    enum { LINE_BYTES = 48, LINE_CHARACTERS = 64 };
    AUTO(secret) room = { 0 };
    size_t frame = 2 * (strlen(label) + 32);
    TRY(secret_new(frame + (der.len / LINE_BYTES + 1) * (LINE_CHARACTERS + 2), &room));
    char *text = (char *)room.data;
    size_t len = (size_t)snprintf(text, room.len, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < der.len; at += LINE_BYTES) {
        size_t count = der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES;
        base64_format(span_make(der.data + at, count), text + len, room.len - len);
        len += base64_length(count);
        text[len++] = '\n';
    }
    len += (size_t)snprintf(text + len, room.len - len, "-----END %s-----\n", label);
    return secret_copy(span_make(text, len), ret_pem);
}

enum err key_to_pem(const struct key *key, struct secret *ret_pem)
{
    AUTO(secret) der = { 0 };
    TRY(key_to_pkcs8(key, &der));
    return secret_pem("PRIVATE KEY", secret_span(&der), ret_pem);
}

enum err key_to_encrypted_pem(const struct key *key, const struct secret *passphrase,
    enum key_stretch stretch, struct buf *buf)
{
    AUTO(buf) der = buf_make(KEY_PRIVATE_MAX_BYTES + 1024);
    TRY(key_to_encrypted_pkcs8(key, passphrase, stretch, &der));
    return pem_write("ENCRYPTED PRIVATE KEY", buf_span(&der), buf);
}

enum err key_from_public_pem(struct span pem, struct key **ret_key)
{
    AUTO(buf) der = buf_make(KEY_SPKI_MAX_BYTES * 2);
    struct pem block;
    TRY(pem_find(pem, "PUBLIC KEY", &block));
    TRY(pem_decode(&block, &der));
    return key_from_spki(buf_span(&der), ret_key);
}
