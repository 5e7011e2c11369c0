/* ecert request new: a key, then a request for it. With names given it runs through; on a terminal
 * without them it asks, one thing after the other, and shows everything before it makes anything.
 * The key is made here and never leaves the store. Names are given as U-labels or A-labels. */
#include "cli/ecert/ask.h"
#include "cli/ecert/item.h"
#include "cli/ecert/key_open.h"
#include "cli/ecert/request_plan.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/crypto/pkcs11.h"

#include <stdio.h>
#include <unistd.h>

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

static enum err plan_from_arguments(
    const struct arguments *arguments, struct request_plan *plan, struct reason *ret_reason);
static enum err plan_key(
    const struct arguments *arguments, struct request_plan *plan, struct reason *ret_reason);
static enum err plan_ask(struct tool *tool, struct request_plan *plan, bool *ret_go);
static enum err plan_ask_key(struct tool *tool, struct request_plan *plan);
static void plan_show(const struct tool *tool, const struct request_plan *plan, const char *id,
    const char *fingerprint);
static enum exit_code request_make(struct tool *tool, const struct request_plan *plan);
static void plan_rehearse(struct tool *tool, const struct request_plan *plan);
static void plan_put(struct tool *tool, const struct request_plan *plan);
static void result_show(struct tool *tool, const struct request_plan *plan,
    const struct certstore_item *item, const char *key_text);

enum exit_code command_request_new(struct tool *tool, const struct arguments *arguments)
{
    struct request_plan plan = { .key_type = KEY_TYPE_RSA_2048 };
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
    const struct arguments *arguments, struct request_plan *plan, struct reason *ret_reason)
{
    const char *friendly = arguments_value(arguments, "friendly");
    plan->out = arguments_value(arguments, "out");
    TRY(request_names_from_arguments(arguments, &plan->names, ret_reason));
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        const char *given = arguments_value(arguments, request_subject[i].option);
        snprintf(plan->subject[i], sizeof plan->subject[i], "%s",
            given != NULL ? given : request_subject[i].proposed);
    }
    TRY(friendly == NULL ? OK : request_plan_friendly(plan, friendly, "--friendly", ret_reason));
    return plan_key(arguments, plan, ret_reason);
}

/* `--key p256`, `--key pkcs11:…`, `--key pkcs11:… --generate p256`. */
static enum err plan_key(
    const struct arguments *arguments, struct request_plan *plan, struct reason *ret_reason)
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
    TRY(type == NULL ? OK : request_plan_key(plan, type, option, ret_reason));
    struct pkcs11_uri uri;
    TRY(in_token ? pkcs11_uri_parse(span_from_text(key), &uri, ret_reason) : OK);
    plan->token_uri = in_token ? key : NULL;
    plan->module = key_module_or_default(module);
    plan->generate = in_token && generate != NULL;
    plan->encrypts = arguments_has(arguments, "encrypt-key");
    return OK;
}

static enum err plan_ask(struct tool *tool, struct request_plan *plan, bool *ret_go)
{
    char answer[ANSWER_MAX];
    screen_heading(tool, "tool.request_title", NULL);
    screen_message(tool, "tool.request_intro", NULL);
    TRY(request_names_ask(tool, &plan->names));
    char shown[HOST_NAME_UNICODE_MAX];
    dns_name_to_unicode(&plan->names.list[0], shown);
    bool fits = plan->friendly[0] == '\0' && strlen(shown) < CERTSTORE_FRIENDLY_MAX;
    const char *proposed = fits ? shown : plan->friendly;
    TRY(ask_line(tool, "tool.ask_friendly", proposed, answer));
    snprintf(plan->friendly, sizeof plan->friendly, "%.*s", CERTSTORE_FRIENDLY_MAX - 1, answer);
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        TRY(ask_line(tool, request_subject[i].question, plan->subject[i], answer));
        memcpy(plan->subject[i], answer, sizeof answer);
    }
    TRY(plan->token_uri == NULL ? plan_ask_key(tool, plan) : OK);
    plan_show(tool, plan, /* id= */ NULL, /* fingerprint= */ NULL);
    (void)request_names_warn(tool, &plan->names);
    return ask_yes(tool, "tool.ask_make_request", ret_go);
}

/* Its kind, and whether it lies encrypted: a server program needs it in the clear, so that it
 * doesn't, unless somebody wants it. */
static enum err plan_ask_key(struct tool *tool, struct request_plan *plan)
{
    const char *keys[REQUEST_KEYS];
    const char *guards[] = { language_text(tool->language, "tool.encrypt_no"),
        language_text(tool->language, "tool.encrypt_yes") };
    size_t choice;
    for (size_t i = 0; i < REQUEST_KEYS; i++) {
        keys[i] = key_type_name(request_keys[i]);
    }
    TRY(ask_choice(tool, "tool.ask_key", keys, REQUEST_KEYS, 0, &choice));
    plan->key_type = request_keys[choice];
    TRY(ask_choice(tool, "tool.ask_encrypt", guards, 2, plan->encrypts, &choice));
    plan->encrypts = choice == 1;
    return OK;
}

/* `id` and `fingerprint` once the request is made. */
static void plan_show(const struct tool *tool, const struct request_plan *plan, const char *id,
    const char *fingerprint)
{
    AUTO(buf) names = buf_make(APPLICATION_NAMES_MAX * HOST_NAME_UNICODE_MAX);
    request_names_text(tool, &plan->names, &names);
    struct screen_fact facts[REQUEST_SUBJECT_FIELDS + 8] = {
        { "tool.names", buf_text(&names) },
        { "tool.friendly_name", plan->friendly },
        { "tool.key", plan->token_uri != NULL ? plan->token_uri : key_type_name(plan->key_type) },
    };
    for (size_t i = 0; i < REQUEST_SUBJECT_FIELDS; i++) {
        facts[3 + i] = (struct screen_fact){ request_subject[i].label, plan->subject[i] };
    }
    facts[3 + REQUEST_SUBJECT_FIELDS] = (struct screen_fact){ "tool.request_file", plan->out };
    facts[4 + REQUEST_SUBJECT_FIELDS] = (struct screen_fact){ "tool.id", id };
    facts[5 + REQUEST_SUBJECT_FIELDS] = (struct screen_fact){ "tool.key_fingerprint", fingerprint };
    facts[6 + REQUEST_SUBJECT_FIELDS] = (struct screen_fact){ "tool.key_guard",
        plan->encrypts ? language_text(tool->language, "tool.key_guard_passphrase") : NULL };
    screen_facts(tool, facts);
}

static enum exit_code request_make(struct tool *tool, const struct request_plan *plan)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(certstore_item) item = { 0 };
    struct reason reason = { 0 };
    const char *key_type = NULL;
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    if (request_plan_renews(store, plan)) {
        screen_message(tool, "tool.request_renewal", NULL);
    }
    if (change_is_dry(tool)) {
        plan_rehearse(tool, plan);
        change_show(tool, store);
        return EXIT_DONE;
    }
    enum err err =
        request_plan_make(tool, store, plan, clock_now(&tool->clock), &reason, &key_type, &item);
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    result_show(tool, plan, &item, key_type);
    change_show(tool, store);
    return EXIT_DONE;
}

/* No key is made, not even in a token. */
static void plan_rehearse(struct tool *tool, const struct request_plan *plan)
{
    screen_message(tool, "tool.request_would", NULL);
    plan_show(tool, plan, /* id= */ NULL, /* fingerprint= */ NULL);
    value_put_bool(
        &tool->tree, tool->result, "mixed_script", request_names_warn(tool, &plan->names));
    value_put_text(&tool->tree, tool->result, "friendly_name", plan->friendly);
    value_put_text(&tool->tree, tool->result, "key_type",
        plan->token_uri == NULL || plan->generate ? key_type_name(plan->key_type) : NULL);
    plan_put(tool, plan);
}

static void result_show(struct tool *tool, const struct request_plan *plan,
    const struct certstore_item *item, const char *key_text)
{
    char fingerprint[2 * SHA256_BYTES + 1];
    hex_format(SPAN_OF(item->spki_sha256), fingerprint);
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
    plan_put(tool, plan);
}

static void plan_put(struct tool *tool, const struct request_plan *plan)
{
    struct value *names = value_put_list(&tool->tree, tool->result, "names");
    for (size_t i = 0; i < plan->names.count; i++) {
        value_add_text(&tool->tree, names, plan->names.list[i].text);
    }
    value_put_text(&tool->tree, tool->result, "file", plan->out);
}
