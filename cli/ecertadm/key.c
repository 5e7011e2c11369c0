/* `key block` and `key list`: keys nobody gets a certificate for. A private key that is reported as
 * compromised is read for its public half and goes nowhere. */
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/crypto/key.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "lib/wire/keys.h"

#include <stdio.h>

static enum err key_named(struct call *call, const char *word, uint8_t ret_hash[HASH_BYTES]);
static enum err key_in_file(struct call *call, const char *path, uint8_t ret_hash[HASH_BYTES]);
static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count);

enum err key_block_run(struct call *call)
{
    const char *reason = NULL;
    const char *word = NULL;
    char hex[2 * HASH_BYTES + 1];
    struct option_value options[] = { { "--reason", &reason, 1, 0 } };
    struct control_key key = { 0 };
    struct control_number number = { 0 };
    struct request request = request_make(CONTROL_KEY_BLOCK, control_key_write, &key);
    AUTO(answer) answer = answer_none();
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    TRY(call_arguments(call, options, 1, &word, 1));
    if (reason == NULL || *reason == '\0') {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--reason", NULL, NULL);
    }
    if (!span_to_text(span_from_text(reason), key.reason, sizeof key.reason) ||
        !utf8_plain(span_from_text(reason))) {
        return reason_set(&call->reason, ERR_INPUT, "usage", "--reason", reason,
            "a text of fewer than 128 bytes");
    }
    TRY(key_named(call, word, key.spki_hash));
    TRY(call_registrar(call, &request, &answer));
    TRY(control_number_read(&answer.body, &number));
    hex_format(SPAN_OF(key.spki_hash), hex);
    struct value *object = value_object(&tree);
    value_put_text(&tree, object, "key_sha256", hex);
    value_put_integer(&tree, object, "certificates", number.number);
    TRY(value_tree_check(&tree));
    return call_print(call, object);
}

/* The SHA-256 of a SubjectPublicKeyInfo, as 64 hexadecimal digits, or out of a file. */
static enum err key_named(struct call *call, const char *word, uint8_t ret_hash[HASH_BYTES])
{
    size_t len = 0;
    if (hex_parse(span_from_text(word), ret_hash, HASH_BYTES, &len) == OK && len == HASH_BYTES) {
        return OK;
    }
    return key_in_file(call, word, ret_hash);
}

static enum err key_in_file(struct call *call, const char *path, uint8_t ret_hash[HASH_BYTES])
{
    struct certificate certificate;
    struct csr csr;
    AUTO(buf) content = { 0 };
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(csr_reading) reading = { 0 };
    AUTO_PTR(key) key = NULL;
    enum err err = file_read(path, CSR_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(&call->reason, err, "key.unreadable", "FILE|HASH", path,
            "a file, or 64 hexadecimal digits");
    }
    if (certificate_read_any(buf_span(&content), &der) == OK &&
        certificate_parse(buf_span(&der), &certificate) == OK) {
        err = sha256(certificate.spki, ret_hash);
    } else if (key_from_public_pem(buf_span(&content), &key) == OK) {
        memcpy(ret_hash, key_spki_sha256(key).data, HASH_BYTES);
    } else if (csr_read_any(buf_span(&content), /* ret_reason= */ NULL, &reading) == OK &&
               csr_parse(buf_span(&reading.der), /* ret_reason= */ NULL, &csr) == OK) {
        err = sha256(csr.spki, ret_hash);
    } else if (reading.private_key_known) {
        memcpy(ret_hash, reading.spki_sha256, HASH_BYTES);
    } else {
        err = reason_set(&call->reason, ERR_INPUT, "key.none", "FILE|HASH", path,
            "a certificate, a CSR, a public key, or a private key without passphrase");
    }
    explicit_bzero(content.data, content.len);
    return err;
}

enum err key_list_run(struct call *call)
{
    return call_list(call, CONTROL_KEY_LIST, rows_add);
}

static enum err rows_add(
    struct der *body, struct value_tree *tree, struct value *list, size_t *ret_count)
{
    struct control_keys keys = { 0 };
    TRY(control_keys_read(body, tree->arena, &keys));
    for (size_t i = 0; i < keys.count; i++) {
        char hex[2 * HASH_BYTES + 1], time[TIME_TEXT_MAX];
        hex_format(SPAN_OF(keys.rows[i].spki_hash), hex);
        time_format_rfc3339(keys.rows[i].time, time);
        struct value *object = value_add_object(tree, list);
        value_put_text(tree, object, "key_sha256", hex);
        value_put_text(tree, object, "since", time);
        value_put_text(tree, object, "state", keys.rows[i].settled == 1 ? "settled" : "due");
        value_put_text(tree, object, "reason", keys.rows[i].reason);
    }
    *ret_count = keys.count;
    return OK;
}
