/* Logging in without the PIN: the key that this machine registers at the portal once a certificate
 * is accepted, and uses from then on. Losing it costs nothing but one more log-in by PIN, and
 * failing to register it never fails the walk. */
#include "cli/ecert/enrol.h"
#include "cli/ecert/screen.h"
#include "lib/certstore/login.h"
#include "lib/pki/proof.h"

#include <stdio.h>
#include <unistd.h>

enum { REFERENCE_TEXT_MAX = 32 };

static enum err key_find(const struct walk *walk, const char *reference, struct reason *ret_reason,
    struct key **ret_key);
static enum err log_in_by_key(struct walk *walk, const void *ctx, struct reason *ret_reason);
static bool is_refused(enum err err, const struct reason *reason);
static enum err key_refused(struct walk *walk, const char *reference, struct reason *ret_reason);
static bool key_is_listed(const struct walk *walk, const char *reference);
static enum err registration_write(
    struct walk *walk, const char *reference, const struct key *key, struct value **ret_body);
static enum err registration_send(struct walk *walk, const void *ctx, struct reason *ret_reason);
static void registration_tell(
    struct walk *walk, const struct value *body, enum err err, const struct reason *reason);
static void reference_of(const struct walk *walk, char ret_reference[REFERENCE_TEXT_MAX]);
static void label_of_host(char ret_label[KEY_LABEL_MAX + 1]);

enum err walk_enter_by_key(struct walk *walk, bool *ret_entered, struct reason *ret_reason)
{
    char reference[REFERENCE_TEXT_MAX];
    AUTO_PTR(key) key = NULL;
    reference_of(walk, reference);
    TRY(key_find(walk, reference, ret_reason, &key));
    if (key == NULL) {
        return OK;
    }
    enum err err = walk_persist(walk, log_in_by_key, key, ret_reason);
    /* Once more with a new nonce: a broken connection is mended below us, and what was sent again
     * on the new one is a replay to the portal. */
    if (is_refused(err, ret_reason)) {
        err = walk_persist(walk, log_in_by_key, key, ret_reason);
    }
    if (is_refused(err, ret_reason)) {
        return key_refused(walk, reference, ret_reason);
    }
    TRY(err);
    *ret_entered = true;
    return OK;
}

enum err walk_find_login(const struct walk *walk, struct key **ret_key)
{
    char reference[REFERENCE_TEXT_MAX], base[API_URL_MAX];
    size_t len = strlen(walk->portal);
    while (len > 0 && walk->portal[len - 1] == '/') {
        len--;
    }
    reference_of(walk, reference);
    bool fits = span_to_text(span_make(walk->portal, len), base, sizeof base);
    return fits ? certstore_find_login(walk->store, base, reference, ret_key) : ERR_NOT_FOUND;
}

/* NULL where there is none, or none is wanted. */
static enum err key_find(
    const struct walk *walk, const char *reference, struct reason *ret_reason, struct key **ret_key)
{
    if (walk->no_key) {
        return OK;
    }
    enum err err = certstore_find_login(walk->store, walk->api.base, reference, ret_key);
    if (err == OK || err == ERR_NOT_FOUND || err == ERR_INPUT) {
        return OK; /* ERR_INPUT: no reference number; the portal says so */
    }
    return reason_set(ret_reason, err, "certstore.path", "logins", err_name(err), NULL);
}

static enum err log_in_by_key(struct walk *walk, const void *ctx, struct reason *ret_reason)
{
    char reference[REFERENCE_TEXT_MAX];
    reference_of(walk, reference);
    return api_log_in_by_key(&walk->api, walk->tool, reference, ctx, ret_reason);
}

static bool is_refused(enum err err, const struct reason *reason)
{
    return err == ERR_DENIED && strcmp(reason->code, "login.key_refused") == 0;
}

/* Who sits there can still type the PIN. */
static enum err key_refused(struct walk *walk, const char *reference, struct reason *ret_reason)
{
    const struct placeholder values[] = { { "reference", reference }, { NULL, NULL } };
    walk->api.title[0] = walk->api.next[0] = '\0'; /* ours says more */
    if (!walk->tool->asks) {
        return reason_set(
            ret_reason, ERR_DENIED, "tool.key_unknown", reference, walk->api.base, NULL);
    }
    screen_message(walk->tool, "tool.key_asks_pin", values);
    return OK;
}

void walk_register_key(struct walk *walk)
{
    char reference[REFERENCE_TEXT_MAX];
    AUTO_PTR(key) key = NULL;
    struct reason reason = { 0 };
    struct value *body = NULL;
    reference_of(walk, reference);
    if (walk->no_key || key_is_listed(walk, reference)) {
        return;
    }
    /* One that was here is unknown there: removed perhaps because others have it. */
    enum err err = certstore_make_login(walk->store, walk->api.base, reference, &key);
    err = err == OK ? registration_write(walk, reference, key, &body) : err;
    /* The same key again, should the answer get lost: that registers it once. */
    err = err == OK ? walk_persist(walk, registration_send, body, &reason) : err;
    registration_tell(walk, body, err, &reason);
}

static bool key_is_listed(const struct walk *walk, const char *reference)
{
    AUTO_PTR(key) key = NULL;
    char hash[2 * SHA256_BYTES + 1];
    bool listed = false;
    if (certstore_find_login(walk->store, walk->api.base, reference, &key) != OK) {
        return false;
    }
    hex_format(key_spki_sha256(key), hash);
    const struct value *row = value_first(value_get(walk->enrolment, "keys"));
    for (; row != NULL; row = value_next(row)) {
        listed |= strcmp(api_text(row, "sha256"), hash) == 0;
    }
    return listed;
}

static enum err registration_write(
    struct walk *walk, const char *reference, const struct key *key, struct value **ret_body)
{
    struct value_tree *tree = &walk->tool->tree;
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    char spki[2 * KEY_SPKI_MAX_BYTES], text[2 * PROOF_SIGNATURE_BYTES], label[KEY_LABEL_MAX + 1];
    struct proof proof = {
        .purpose = PROOF_REGISTRATION, .portal = walk->api.base, .reference = reference
    };
    TRY(proof_make(&proof, key, signature));
    base64_format(key_spki(key), spki, sizeof spki);
    base64_format(SPAN_OF(signature), text, sizeof text);
    label_of_host(label);
    struct value *body = value_object(tree);
    value_put_text(tree, body, "key", spki);
    value_put_text(tree, body, "label", label);
    value_put_text(tree, body, "signature", text);
    TRY(value_tree_check(tree));
    *ret_body = body;
    return OK;
}

static enum err registration_send(struct walk *walk, const void *ctx, struct reason *ret_reason)
{
    const struct value *answer;
    return api_call(&walk->api, walk->tool, HTTP_POST, "/enrolment/key", ctx, &answer, ret_reason);
}

static void registration_tell(
    struct walk *walk, const struct value *body, enum err err, const struct reason *reason)
{
    struct tool *tool = walk->tool;
    uint8_t hash[SHA256_BYTES], spki[KEY_SPKI_MAX_BYTES];
    char fingerprint[2 * SHA256_BYTES + 1];
    size_t len = 0;
    AUTO(buf) why = buf_make(4096);
    err = err == OK ? base64_parse(span_from_text(api_text(body, "key")), spki, sizeof spki, &len)
                    : err;
    err = err == OK ? sha256(span_make(spki, len), hash) : err;
    if (err == OK) {
        hex_format(SPAN_OF(hash), fingerprint);
        const struct placeholder values[] = { { "label", api_text(body, "label") },
            { "fingerprint", fingerprint }, { NULL, NULL } };
        screen_step(tool, "tool.key_registered", values);
        value_put_text(&tool->tree, tool->result, "registered_key", fingerprint);
        return;
    }
    language_format_reason(tool->language, reason, "", &why);
    const char *said = walk->api.title[0] != '\0' ? walk->api.title
                       : reason->code[0] != '\0'  ? buf_text(&why)
                                                  : err_name(err);
    const struct placeholder values[] = { { "why", said }, { NULL, NULL } };
    screen_message(tool, "tool.key_not_registered", values);
    value_put_text(&tool->tree, tool->result, "registered_key_problem", said);
}

/* As the portal knows it: without what people put between its digits. */
static void reference_of(const struct walk *walk, char ret_reference[REFERENCE_TEXT_MAX])
{
    size_t len = 0;
    for (const char *byte = walk->reference; *byte != '\0' && len + 1 < REFERENCE_TEXT_MAX;
         byte++) {
        if (*byte != ' ' && *byte != '-') {
            ret_reference[len++] = *byte;
        }
    }
    ret_reference[len] = '\0';
}

static void label_of_host(char ret_label[KEY_LABEL_MAX + 1])
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (gethostname(ret_label, KEY_LABEL_MAX) != 0 || ret_label[0] == '\0') {
        snprintf(ret_label, KEY_LABEL_MAX, "unnamed");
    }
    ret_label[KEY_LABEL_MAX] = '\0';
    for (char *byte = ret_label; *byte != '\0'; byte++) {
        *byte = strchr(letters, *byte) == NULL ? '-' : *byte;
    }
}
