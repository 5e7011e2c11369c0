/* Registering a key for this enrolment's later log-ins, listing and removing keys. The
 * representative is told of each one by mail, in the transaction that registers it; the sessions
 * that a key opened end with it. */
#include "proc/portal/keys.h"

#include "lib/base/log.h"
#include "lib/pki/proof.h"
#include "lib/store/outbox.h"
#include "lib/store/registered_key.h"
#include "lib/store/throttle.h"
#include "proc/portal/handlers.h"

#include <stdio.h>

enum { KEY_TYPED_MAX = 2 * KEY_SPKI_MAX_BYTES, SIGNATURE_TYPED_MAX = 200, HASH_TYPED_MAX = 200 };
enum { WINDOW_SECONDS = 3600, MAILS_BUDGET = 12 /* of one enrolment (doc/threats.md D30) */ };

static const char label_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

/* One registration, or one removal. */
struct change {
    const struct visit *visit;
    struct registered_key key;
    struct outbox_row mail;
    bool fresh;
    bool often; /* too many mails already */
};

static enum err registration_read(struct visit *visit, struct change *change);
static enum err key_read(struct visit *visit, const char *text, struct key **ret_key);
static enum err proof_read(struct visit *visit, const char *text, const struct key *key);
static enum err label_check(struct visit *visit, const char *label);
static enum err mail_write(struct visit *visit, struct change *change);
static enum err registration_store(struct store *store, void *ctx);
static enum err key_remove(struct visit *visit, struct span hash);
static enum err removal_store(struct store *store, void *ctx);
static void key_put(struct visit *visit, struct value *object, const struct registered_key *row);

enum err api_key_post(struct visit *visit)
{
    char hash[2 * HASH_BYTES + 1];
    char limit[16];
    struct change change = { .visit = visit };
    TRY(registration_read(visit, &change));
    TRY(mail_write(visit, &change));
    enum err err = store_transact(visit->portal->store, registration_store, &change);
    if (change.often) {
        (void)reason_set(&visit->request->reason, ERR_LIMIT, "key.too_often", "", "", "");
        return visit_reply_problem(visit, 429, &visit->request->reason);
    }
    if (err == ERR_LIMIT) {
        snprintf(limit, sizeof limit, "%d", ENROLMENT_KEYS_MAX);
        return reason_set(
            &visit->request->reason, ERR_CONFLICT, "key.too_many", "key", limit, limit);
    }
    TRY(err);
    hex_format(SPAN_OF(change.key.spki_hash), hash);
    log_event(LOG_INFO, change.fresh ? "key.registered" : "key.known", "reference",
        visit->enrolment.reference, "key", hash, "request", visit->request->id, NULL);
    TRY(store_registered_key_get(
        visit->portal->store, visit->enrolment.id, change.key.spki_hash, &change.key));
    key_put(visit, visit->page, &change.key);
    return visit_reply_json(visit, 201, visit->page);
}

enum err api_key_delete(struct visit *visit)
{
    struct span hash = { 0 };
    (void)http_request_param(visit->request, "sha256", &hash);
    TRY(key_remove(visit, hash));
    return reply_empty(visit->response);
}

enum err keys_get(struct visit *visit)
{
    page_begin(visit, STEP_NONE, "keys.title");
    TRY(keys_put(visit, visit->page));
    value_put_text(&visit->tree, visit->page, "back", page_of_state(visit->enrolment.state));
    return page_reply(visit, 200, "keys");
}

/* A key that is gone already is what was wanted. */
enum err keys_remove_post(struct visit *visit)
{
    static const struct form_field fields[] = {
        { "key", FORM_LINE, 1, HASH_TYPED_MAX, .required = true, .offset = 0 },
    };
    static const struct form form = { fields, 1, FORM_IGNORE_UNKNOWN };
    struct span hash = { 0 };
    enum err err = visit_form(visit, &form, &hash);
    err = err == OK ? key_remove(visit, hash) : err;
    TRY(err == ERR_NOT_FOUND ? OK : err);
    bool next = visit->enrolment.state == ENROLMENT_ACCEPTED;
    return reply_redirect(visit->response, next ? "/next" : "/keys");
}

enum err keys_put(struct visit *visit, struct value *object)
{
    struct registered_key *rows = NULL;
    size_t count = 0;
    TRY(store_registered_key_list(
        visit->portal->store, visit->enrolment.id, visit->request->arena, &rows, &count));
    struct value *list = value_put_list(&visit->tree, object, "keys");
    for (size_t i = 0; i < count; i++) {
        key_put(visit, value_add_object(&visit->tree, list), &rows[i]);
    }
    return value_tree_check(&visit->tree);
}

static void key_put(struct visit *visit, struct value *object, const struct registered_key *row)
{
    char hash[2 * HASH_BYTES + 1];
    hex_format(SPAN_OF(row->spki_hash), hash);
    put_hash(visit, object, "sha256", hash);
    value_put_text(&visit->tree, object, "label", row->label);
    put_time(visit, object, "registered", row->registered);
    if (row->used != 0) {
        put_time(visit, object, "used", row->used);
    }
}

static enum err registration_read(struct visit *visit, struct change *change)
{
    static const char *const names[] = { "key", "label", "signature", NULL };
    AUTO_PTR(key) key = NULL;
    const struct value *object = NULL;
    const char *spki = NULL, *label = NULL, *signature = NULL;
    struct reason *reason = &visit->request->reason;
    TRY(visit_json(visit, names, &object));
    TRY(json_get_text(object, "key", KEY_TYPED_MAX, &spki, reason));
    TRY(json_get_text(object, "label", KEY_LABEL_MAX, &label, reason));
    TRY(json_get_text(object, "signature", SIGNATURE_TYPED_MAX, &signature, reason));
    TRY(label_check(visit, label));
    TRY(key_read(visit, spki, &key));
    TRY(proof_read(visit, signature, key));
    struct registered_key *row = &change->key;
    memcpy(row->spki_hash, key_spki_sha256(key).data, sizeof row->spki_hash);
    memcpy(row->spki, key_spki(key).data, sizeof row->spki);
    snprintf(row->label, sizeof row->label, "%s", label);
    return OK;
}

static enum err key_read(struct visit *visit, const char *text, struct key **ret_key)
{
    uint8_t spki[KEY_SPKI_MAX_BYTES];
    size_t len = 0;
    AUTO_PTR(key) key = NULL;
    struct reason *reason = &visit->request->reason;
    if (base64_parse(span_from_text(text), spki, sizeof spki, &len) != OK) {
        return reason_set(reason, ERR_INPUT, "key.encoding", "key", "", "base64");
    }
    enum err err = key_from_spki(span_make(spki, len), &key);
    if (err == ERR_MEMORY || err == ERR_CRYPTO) {
        return err;
    }
    if (err != OK || key_kind(key) != KEY_ED25519) {
        const char *kind = err == OK ? key_kind_name(key_kind(key)) : "";
        return reason_set(reason, ERR_INPUT, "key.not_ed25519", "key", kind, "Ed25519");
    }
    *ret_key = key;
    key = NULL;
    return OK;
}

/* The proof names this portal by its own URL and this enrolment, so that none can be carried here
 * from elsewhere. */
static enum err proof_read(struct visit *visit, const char *text, const struct key *key)
{
    uint8_t signature[PROOF_SIGNATURE_BYTES];
    size_t len = 0;
    const char *url = visit->portal->config.portal.url;
    struct proof proof = {
        .purpose = PROOF_REGISTRATION, .portal = url, .reference = visit->enrolment.reference
    };
    enum err err = base64_parse(span_from_text(text), signature, sizeof signature, &len);
    err = err == OK ? proof_check(&proof, key, span_make(signature, len)) : ERR_SIGNATURE;
    return err == ERR_SIGNATURE
               ? reason_set(&visit->request->reason, ERR_INPUT, "key.proof", "signature", "", url)
               : err;
}

/* It goes into a mail: the name of a host, and no sentence. */
static enum err label_check(struct visit *visit, const char *label)
{
    bool good = label[0] != '\0' && label[strspn(label, label_letters)] == '\0';
    return good ? OK
                : reason_set(&visit->request->reason, ERR_INPUT, "key.label", "label", label, "");
}

static enum err mail_write(struct visit *visit, struct change *change)
{
    char hash[2 * HASH_BYTES + 1];
    const struct application *application = &visit->application;
    AUTO(buf) text = buf_make(OUTBOX_PARAMETERS_MAX);
    struct value_tree *tree = &visit->tree;
    struct value *parameters = value_object(tree);
    hex_format(SPAN_OF(change->key.spki_hash), hash);
    value_put_text(tree, parameters, "portal_url", visit->portal->config.portal.url);
    value_put_text(tree, parameters, "server_name", application->names[0]);
    value_put_text(tree, parameters, "name", application->representative.name);
    value_put_text(tree, parameters, "fingerprint", hash);
    value_put_text(tree, parameters, "label", change->key.label);
    value_put_text(tree, parameters, "registered", time_text(visit, visit->now));
    TRY(value_tree_check(tree));
    json_format(&text, parameters);
    TRY(buf_check(&text));
    struct outbox_row *mail = &change->mail;
    snprintf(mail->kind, sizeof mail->kind, "key-registered");
    memcpy(mail->enrolment, visit->enrolment.id, sizeof mail->enrolment);
    snprintf(mail->recipient, sizeof mail->recipient, "%s", application->representative.email);
    snprintf(mail->language, sizeof mail->language, "%s", application->representative.language);
    mail->parameters = arena_text(visit->request->arena, buf_span(&text));
    return mail->parameters == NULL ? ERR_MEMORY : OK;
}

/* A registration whose answer was lost comes again and changes nothing. */
static enum err registration_store(struct store *store, void *ctx)
{
    struct change *change = ctx;
    struct act act = visit_act(change->visit);
    TRY(store_registered_key_add(
        store, &act, change->visit->enrolment.id, &change->key, &change->fresh));
    if (!change->fresh) {
        return OK;
    }
    char bucket[8 + 2 * ENROLMENT_ID_BYTES] = "key:";
    hex_format(SPAN_OF(change->visit->enrolment.id), bucket + strlen(bucket));
    const struct throttle throttle = { bucket, MAILS_BUDGET, WINDOW_SECONDS };
    enum err err = store_throttle_spend(store, &throttle, act.time);
    change->often = err == ERR_LIMIT;
    TRY(err);
    return store_outbox_add(store, &act, &change->mail);
}

static enum err key_remove(struct visit *visit, struct span hash)
{
    char text[2 * HASH_BYTES + 1];
    size_t len = 0;
    struct change change = { .visit = visit };
    enum err err = hex_parse(hash, change.key.spki_hash, sizeof change.key.spki_hash, &len) == OK &&
                           len == HASH_BYTES
                       ? store_transact(visit->portal->store, removal_store, &change)
                       : ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        return reason_set(&visit->request->reason, err, "key.unknown", "", "", "");
    }
    TRY(err);
    hex_format(SPAN_OF(change.key.spki_hash), text);
    log_event(LOG_INFO, "key.removed", "reference", visit->enrolment.reference, "key", text,
        "request", visit->request->id, NULL);
    return OK;
}

static enum err removal_store(struct store *store, void *ctx)
{
    const struct change *change = ctx;
    struct act act = visit_act(change->visit);
    return store_registered_key_remove(
        store, &act, change->visit->enrolment.id, change->key.spki_hash);
}
