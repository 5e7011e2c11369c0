/* ecert request new: a key, then a request for it. With names given it runs through; on a terminal
 * without them it asks, one thing after the other, and shows everything before it makes anything.
 * The key is made here and never leaves the store. Names are given as U-labels or A-labels. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/request_names.h"
#include "cli/ecert/screen.h"
#include "lib/base/file.h"
#include "lib/crypto/pkcs11.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"

#include <stdio.h>
#include <unistd.h>

enum { SUBJECT_FIELDS = 5, KEY_CHOICES = 5 };

const struct option options_request_new[] = {
    { "name", OPTION_MANY, "NAME" },
    { "domain", OPTION_VALUE, "DOMAIN" },
    { "service", OPTION_MANY, "SERVICE" },
    { "friendly", OPTION_VALUE, "TEXT" },
    { "organisation", OPTION_VALUE, "TEXT" },
    { "unit", OPTION_VALUE, "TEXT" },
    { "locality", OPTION_VALUE, "TEXT" },
    { "state", OPTION_VALUE, "TEXT" },
    { "country", OPTION_VALUE, "CC" },
    { "key", OPTION_VALUE, "TYPE|pkcs11:URI" },
    { "generate", OPTION_VALUE, "TYPE" },
    { "module", OPTION_VALUE, "FILE" },
    { "encrypt-key", OPTION_FLAG, NULL },
    { "out", OPTION_VALUE, "FILE" },
    { .name = NULL },
};

/* What the request says beside the names. Every one may be empty; the certificate's subject comes
 * from the application and not from here. */
static const struct {
    const char *option, *label, *question, *value;
    const struct span *oid;
} subject_fields[SUBJECT_FIELDS] = {
    { "organisation", "tool.organisation", "tool.ask_organisation", "", &oid_organisation },
    { "unit", "tool.unit", "tool.ask_unit", "", &oid_organisational_unit },
    { "locality", "tool.locality", "tool.ask_locality", "Hong Kong", &oid_locality },
    { "state", "tool.state", "tool.ask_state", "Hong Kong", &oid_state_or_province },
    { "country", "tool.country", "tool.ask_country", "HK", &oid_country },
};

static const enum key_type key_choices[KEY_CHOICES] = { KEY_TYPE_RSA_2048, KEY_TYPE_RSA_3072,
    KEY_TYPE_RSA_4096, KEY_TYPE_P256, KEY_TYPE_P384 };

struct plan {
    char friendly[CERTSTORE_FRIENDLY_MAX];
    struct request_names names;
    char subject[SUBJECT_FIELDS][ANSWER_MAX];
    enum key_type key_type; /* of a key that is to be made */
    const char *token_uri;  /* NULL: the key is a file */
    const char *module;
    bool generate; /* in the token; else the key is there */
    const char *out;
};

static enum err plan_from_arguments(
    const struct arguments *arguments, struct plan *plan, struct reason *ret_reason);
static enum err plan_key(
    const struct arguments *arguments, struct plan *plan, struct reason *ret_reason);
static enum err plan_ask(struct tool *tool, struct plan *plan, bool *ret_go);
static void plan_show(
    const struct tool *tool, const struct plan *plan, const char *id, const char *fingerprint);
static enum err request_write(
    const struct plan *plan, const struct key *key, struct buf *csr, struct reason *ret_reason);
static enum err request_out(const char *path, struct span csr, struct reason *ret_reason);
static enum exit_code request_make(struct tool *tool, const struct plan *plan);
static enum err key_have(
    struct tool *tool, const struct plan *plan, struct reason *ret_reason, struct key **ret_key);
static void renewal_say(
    const struct tool *tool, const struct certstore *store, const struct plan *plan);
static void result_show(struct tool *tool, const struct plan *plan, const struct key *key,
    const struct certstore_item *item);

enum exit_code command_request_new(struct tool *tool, const struct arguments *arguments)
{
    struct plan plan = { .key_type = KEY_TYPE_RSA_2048 };
    struct reason reason = { 0 };
    enum err err = plan_from_arguments(arguments, &plan, &reason);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    if (plan.names.count == 0) {
        bool go = false;
        if (!tool->asks) {
            reason_set(&reason, ERR_INPUT, "tool.request_names", "--name", NULL, NULL);
            screen_failure(tool, ERR_INPUT, &reason);
            return EXIT_USAGE;
        }
        err = plan_ask(tool, &plan, &go);
        if (err != OK || !go) {
            screen_message(tool, "tool.nothing_made", NULL);
            return EXIT_NOTHING;
        }
    }
    if (plan.out != NULL && access(plan.out, F_OK) == 0) {
        reason_set(&reason, ERR_CONFLICT, "tool.file_exists", plan.out, NULL, NULL);
        return screen_failure(tool, ERR_CONFLICT, &reason);
    }
    return request_make(tool, &plan);
}

static enum err plan_from_arguments(
    const struct arguments *arguments, struct plan *plan, struct reason *ret_reason)
{
    const char *friendly = arguments_value(arguments, "friendly");
    plan->out = arguments_value(arguments, "out");
    TRY(request_names_from_arguments(arguments, &plan->names, ret_reason));
    for (size_t i = 0; i < SUBJECT_FIELDS; i++) {
        const char *given = arguments_value(arguments, subject_fields[i].option);
        snprintf(plan->subject[i], sizeof plan->subject[i], "%s",
            given != NULL ? given : subject_fields[i].value);
    }
    if (friendly != NULL &&
        !span_to_text(span_from_text(friendly), plan->friendly, sizeof plan->friendly)) {
        return reason_set(ret_reason, ERR_INPUT, "tool.friendly_long", "--friendly", NULL, NULL);
    }
    return plan_key(arguments, plan, ret_reason);
}

/* `--key p256`, `--key pkcs11:…`, `--key pkcs11:… --generate p256`. */
static enum err plan_key(
    const struct arguments *arguments, struct plan *plan, struct reason *ret_reason)
{
    const char *key = arguments_value(arguments, "key");
    const char *generate = arguments_value(arguments, "generate");
    const char *module = arguments_value(arguments, "module");
    bool in_token = key != NULL && pkcs11_uri_begins(span_from_text(key));
    const char *option = in_token ? "--generate" : "--key";
    const char *type = in_token ? generate : key;
    if (!in_token && (generate != NULL || module != NULL)) {
        return reason_set(ret_reason, ERR_INPUT, "tool.only_in_token",
            generate != NULL ? "--generate" : "--module", NULL, "--key pkcs11:…");
    }
    if (in_token && arguments_has(arguments, "encrypt-key")) {
        return reason_set(ret_reason, ERR_INPUT, "usage.one_of", "--encrypt-key", NULL,
            "--encrypt-key, pkcs11:…");
    }
    bool wrong = type != NULL && key_type_from_name(type, &plan->key_type) != OK;
    if (wrong || plan->key_type == KEY_TYPE_ED25519) {
        return reason_set(ret_reason, ERR_INPUT, "tool.key_type", option, type,
            "rsa2048, rsa3072, rsa4096, p256, p384");
    }
    struct pkcs11_uri uri;
    TRY(in_token ? pkcs11_uri_parse(span_from_text(key), &uri, ret_reason) : OK);
    plan->token_uri = in_token ? key : NULL;
    plan->module = key_module_or_default(module);
    plan->generate = in_token && generate != NULL;
    return OK;
}

static enum err plan_ask(struct tool *tool, struct plan *plan, bool *ret_go)
{
    char answer[ANSWER_MAX];
    const char *keys[KEY_CHOICES];
    size_t choice;
    screen_heading(tool, "tool.request_title", NULL);
    screen_message(tool, "tool.request_intro", NULL);
    TRY(request_names_ask(tool, &plan->names));
    char shown[HOST_NAME_UNICODE_MAX];
    dns_name_to_unicode(&plan->names.list[0], shown);
    bool fits = plan->friendly[0] == '\0' && strlen(shown) < CERTSTORE_FRIENDLY_MAX;
    const char *proposed = fits ? shown : plan->friendly;
    TRY(ask_line(tool, "tool.ask_friendly", proposed, answer));
    snprintf(plan->friendly, sizeof plan->friendly, "%.*s", CERTSTORE_FRIENDLY_MAX - 1, answer);
    for (size_t i = 0; i < SUBJECT_FIELDS; i++) {
        TRY(ask_line(tool, subject_fields[i].question, plan->subject[i], answer));
        memcpy(plan->subject[i], answer, sizeof answer);
    }
    for (size_t i = 0; i < KEY_CHOICES; i++) {
        keys[i] = key_type_name(key_choices[i]);
    }
    if (plan->token_uri == NULL) {
        TRY(ask_choice(tool, "tool.ask_key", keys, KEY_CHOICES, 0, &choice));
        plan->key_type = key_choices[choice];
    }
    plan_show(tool, plan, /* id= */ NULL, /* fingerprint= */ NULL);
    (void)request_names_warn(tool, &plan->names);
    return ask_yes(tool, "tool.ask_make_request", ret_go);
}

/* `id` and `fingerprint` once the request is made. */
static void plan_show(
    const struct tool *tool, const struct plan *plan, const char *id, const char *fingerprint)
{
    AUTO(buf) names = buf_make(APPLICATION_NAMES_MAX * HOST_NAME_UNICODE_MAX);
    request_names_text(tool, &plan->names, &names);
    struct screen_fact facts[SUBJECT_FIELDS + 7] = {
        { "tool.names", buf_text(&names) },
        { "tool.friendly_name", plan->friendly },
        { "tool.key", plan->token_uri != NULL ? plan->token_uri : key_type_name(plan->key_type) },
    };
    for (size_t i = 0; i < SUBJECT_FIELDS; i++) {
        facts[3 + i] = (struct screen_fact){ subject_fields[i].label, plan->subject[i] };
    }
    facts[3 + SUBJECT_FIELDS] = (struct screen_fact){ "tool.request_file", plan->out };
    facts[4 + SUBJECT_FIELDS] = (struct screen_fact){ "tool.id", id };
    facts[5 + SUBJECT_FIELDS] = (struct screen_fact){ "tool.key_fingerprint", fingerprint };
    screen_facts(tool, facts);
}

static enum exit_code request_make(struct tool *tool, const struct plan *plan)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) csr = buf_make(CSR_MAX_BYTES);
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    const struct secret *passphrase = NULL;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    renewal_say(tool, store, plan);
    enum err err = key_guard_new(tool, &reason, &passphrase);
    err = err == OK ? key_have(tool, plan, &reason, &key) : err;
    err = err == OK ? request_write(plan, key, &csr, &reason) : err;
    struct certstore_request request = {
        .key = key,
        .csr = buf_span(&csr),
        .passphrase = passphrase,
        .token_uri = plan->token_uri,
        .token_module = plan->module,
        .friendly_name = plan->friendly[0] != '\0' ? plan->friendly : plan->names.list[0].text,
        .created = clock_now(&tool->clock),
    };
    err = err == OK ? certstore_add_request(store, &request, &reason, &item) : err;
    err = err == OK && plan->out != NULL ? request_out(plan->out, buf_span(&csr), &reason) : err;
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    result_show(tool, plan, key, &item);
    return EXIT_DONE;
}

static enum err key_have(
    struct tool *tool, const struct plan *plan, struct reason *ret_reason, struct key **ret_key)
{
    if (plan->token_uri == NULL) {
        return key_generate(plan->key_type, ret_key);
    }
    return key_from_token(tool, plan->token_uri, plan->module,
        plan->generate ? &plan->key_type : NULL, ret_reason, ret_key);
}

/* Renewing is asking anew: the old key stays with the old certificate. */
static void renewal_say(
    const struct tool *tool, const struct certstore *store, const struct plan *plan)
{
    AUTO(certstore_items) items = { 0 };
    struct certificate parsed;
    if (certstore_list(store, &items, /* ret_unreadable= */ NULL) != OK) {
        return;
    }
    for (size_t i = 0; i < items.count; i++) {
        bool covers = items.items[i].kind == CERTSTORE_PERSONAL &&
                      certificate_parse(buf_span(&items.items[i].certificate), &parsed) == OK &&
                      certificate_covers_host(&parsed, span_from_text(plan->names.list[0].text));
        if (covers) {
            screen_message(tool, "tool.request_renewal", NULL);
            return;
        }
    }
}

static enum err request_write(
    const struct plan *plan, const struct key *key, struct buf *csr, struct reason *ret_reason)
{
    struct span names[APPLICATION_NAMES_MAX];
    struct name_entry entries[SUBJECT_FIELDS + 1] = { 0 };
    AUTO(buf) subject = buf_make(8192);
    size_t count = 0;
    for (size_t i = 0; i < plan->names.count; i++) {
        names[i] = span_from_text(plan->names.list[i].text);
    }
    /* X.520 gives the CN 64 characters; a longer name stands in the SAN alone. */
    if (names[0].len <= SUBJECT_COMMON_NAME_MAX) {
        entries[count++] = (struct name_entry){ oid_common_name, names[0] };
    }
    for (size_t i = 0; i < SUBJECT_FIELDS; i++) {
        entries[count++] =
            (struct name_entry){ *subject_fields[i].oid, span_from_text(plan->subject[i]) };
    }
    TRY(name_write(entries, count, ret_reason, &subject));
    struct csr_fields fields = {
        .subject = buf_span(&subject), .dns_names = names, .dns_name_count = plan->names.count
    };
    return csr_write(&fields, key, csr);
}

static enum err request_out(const char *path, struct span csr, struct reason *ret_reason)
{
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    TRY(pem_write("CERTIFICATE REQUEST", csr, &pem));
    enum err err = file_create(path, buf_span(&pem), 0644);
    const char *code = err == ERR_CONFLICT ? "tool.file_exists" : "tool.file_write";
    return err == OK ? OK : reason_set(ret_reason, err, code, path, err_name(err), NULL);
}

static void result_show(struct tool *tool, const struct plan *plan, const struct key *key,
    const struct certstore_item *item)
{
    char fingerprint[2 * SHA256_BYTES + 1];
    enum key_type type = plan->key_type;
    const char *key_text = key_type_of(key, &type) == OK ? key_type_name(type) : NULL;
    hex_format(key_spki_sha256(key), fingerprint);
    screen_step(tool, "tool.request_made", NULL);
    plan_show(tool, plan, item->id, fingerprint);
    value_put_bool(
        &tool->tree, tool->result, "mixed_script", request_names_warn(tool, &plan->names));
    const struct placeholder next[] = { { "id", item->id }, { "name", plan->names.list[0].text },
        { NULL, NULL } };
    screen_message(tool, "tool.request_next", next);
    struct value_tree *tree = &tool->tree;
    value_put_text(tree, tool->result, "id", item->id);
    value_put_text(tree, tool->result, "state", "PendingRequest");
    value_put_text(tree, tool->result, "friendly_name", item->friendly_name);
    value_put_text(tree, tool->result, "key_type", key_text);
    value_put_text(tree, tool->result, "key_guard", item_guard_name(item->guard));
    value_put_text(tree, tool->result, "key_sha256", fingerprint);
    struct value *names = value_put_list(tree, tool->result, "names");
    for (size_t i = 0; i < plan->names.count; i++) {
        value_add_text(tree, names, plan->names.list[i].text);
    }
    value_put_text(tree, tool->result, "file", plan->out);
}
