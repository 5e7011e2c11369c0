/* What is written down of a server is JSON: where, under which ssh configuration, and the SHA-256
 * of what was put there; never a key. */
#include "cli/ecert/key_there.h"

#include "cli/ecert/remote.h"
#include "cli/ecert/screen.h"
#include "cli/ecert/undo.h"
#include "lib/base/limits.h"
#include "lib/der/pem.h"
#include "lib/text/json.h"

#include <limits.h>
#include <stdio.h>

enum { RECORD_MAX = 16 * 1024 };

/* What is needed to take one back. */
struct there {
    const char *to;
    struct remote remote;
    struct remote_hashes hashes;
    const char *ssh_config; /* NULL: the person's own */
};

static enum err pair_make(
    const struct pfx *pfx, struct secret *ret_key, struct buf *chain, struct reason *ret_reason);
static enum err target_record(struct tool *tool, struct certstore *store, const char *text,
    const struct remote_pair *pair, struct reason *ret_reason);
static void target_rehearse(struct tool *tool, const char *text, struct value *list);
static bool target_serve(
    struct tool *tool, const char *text, const struct remote_pair *pair, struct value *list);
static enum err there_read(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, struct there *ret_there);
static enum err there_back(struct tool *tool, struct certstore *store,
    const struct certstore_past *past, size_t step, struct reason *ret_reason);

enum exit_code key_there_put(
    struct tool *tool, const struct arguments *arguments, const struct pfx *pfx)
{
    AUTO_PTR(certstore) store = NULL;
    AUTO(secret) key = { 0 };
    AUTO(buf) chain = buf_make(CERTSTORE_CHAIN_MAX);
    struct reason reason = { 0 };
    if (tool_open_store(tool, &store) != OK) {
        return EXIT_FAILED;
    }
    enum err err = pair_make(pfx, &key, &chain, &reason);
    const struct remote_pair pair = {
        .key_pem = &key,
        .chain_pem = buf_span(&chain),
        .ssh_config = arguments_value(arguments, "ssh-config"),
    };
    const char *text;
    for (size_t i = 0; err == OK && (text = arguments_nth(arguments, "to", i)) != NULL; i++) {
        err = target_record(tool, store, text, &pair, &reason);
    }
    if (err != OK) {
        return screen_failure(tool, err, &reason);
    }
    struct value *list = value_put_list(&tool->tree, tool->result, "servers");
    size_t failed = 0;
    for (size_t i = 0; (text = arguments_nth(arguments, "to", i)) != NULL; i++) {
        if (change_is_dry(tool)) {
            target_rehearse(tool, text, list);
        } else {
            failed += !target_serve(tool, text, &pair, list);
        }
    }
    change_show(tool, store);
    return failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

static enum err pair_make(
    const struct pfx *pfx, struct secret *ret_key, struct buf *chain, struct reason *ret_reason)
{
    if (!pfx->first_is_own || pfx->certificate_count == 0) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "tool.pfx_no_certificate", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < pfx->certificate_count; i++) {
        TRY(pem_write("CERTIFICATE", buf_span(&pfx->certificates[i]), chain));
    }
    TRY(buf_check(chain));
    return key_to_pem(pfx->key, ret_key);
}

/* The ssh configuration by its whole path: taking back may happen in another folder. */
static enum err target_record(struct tool *tool, struct certstore *store, const char *text,
    const struct remote_pair *pair, struct reason *ret_reason)
{
    AUTO(buf) json = buf_make(RECORD_MAX);
    struct remote_hashes hashes;
    char config[PATH_MAX];
    TRY(remote_hash(pair, &hashes));
    struct value *object = value_object(&tool->tree);
    value_put_text(&tool->tree, object, "to", text);
    value_put_text(&tool->tree, object, "key_sha256", hashes.key);
    value_put_text(&tool->tree, object, "chain_sha256", hashes.chain);
    if (pair->ssh_config != NULL) {
        bool whole = realpath(pair->ssh_config, config) != NULL;
        value_put_text(&tool->tree, object, "ssh_config", whole ? config : pair->ssh_config);
    }
    json_format(&json, object);
    enum err err = buf_check(&json);
    err = err == OK ? certstore_record_there(store, text, buf_span(&json)) : err;
    return err == OK ? OK
                     : reason_set(ret_reason, err, "certstore.write", text, err_name(err), NULL);
}

/* Nobody is asked; what the directory holds is said when it is written. */
static void target_rehearse(struct tool *tool, const char *text, struct value *list)
{
    const struct placeholder values[] = { { "to", text }, { NULL, NULL } };
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "to", text);
    value_put_bool(&tool->tree, object, "done", false);
    screen_message(tool, "tool.would_restore_there", values);
}

static bool target_serve(
    struct tool *tool, const char *text, const struct remote_pair *pair, struct value *list)
{
    struct remote remote;
    struct reason reason = { 0 };
    enum err err = remote_parse(text, &remote, &reason);
    err = err == OK ? remote_install(&remote, pair, &reason) : err;
    struct value *object = value_add_object(&tool->tree, list);
    value_put_text(&tool->tree, object, "to", text);
    value_put_bool(&tool->tree, object, "done", err == OK);
    if (err == OK) {
        const struct placeholder values[] = { { "to", text }, { NULL, NULL } };
        screen_step(tool, "tool.restored_there", values);
        return true;
    }
    value_put_text(&tool->tree, object, "reason", reason.code);
    value_put_text(&tool->tree, object, "seen", reason.seen);
    if (!tool->json) {
        screen_failure(tool, err, &reason);
    }
    return false;
}

bool key_there_made(const struct certstore_past *past)
{
    return past->count > 0 && past->steps[0].kind == CERTSTORE_STEP_THERE;
}

enum err key_there_back(struct tool *tool, struct certstore *store,
    const struct certstore_past *past, struct reason *ret_reason)
{
    enum err failed = OK;
    for (size_t i = past->count; i > 0; i--) {
        struct reason reason = { 0 };
        enum err err = certstore_step_stands(store, past, i - 1)
                           ? there_back(tool, store, past, i - 1, &reason)
                           : OK;
        if (err != OK && failed != OK && !tool->json) {
            screen_failure(tool, failed, ret_reason);
        }
        if (err != OK) {
            failed = err;
            *ret_reason = reason;
        }
    }
    return failed;
}

static enum err there_back(struct tool *tool, struct certstore *store,
    const struct certstore_past *past, size_t step, struct reason *ret_reason)
{
    struct there there;
    enum err err = there_read(tool, store, past, step, &there);
    if (err != OK) {
        return reason_set(
            ret_reason, ERR_DENIED, "certstore.undo_damaged", past->steps[step].path, NULL, NULL);
    }
    err = remote_take_back(&there.remote, &there.hashes, there.ssh_config, ret_reason);
    if (err != OK && err != ERR_NOT_FOUND) {
        return err;
    }
    const struct placeholder values[] = { { "to", there.to }, { NULL, NULL } };
    screen_step(tool, err == OK ? "tool.back_there" : "tool.back_nothing_there", values);
    return certstore_undone_there(store, past, step);
}

static enum err there_read(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, struct there *ret_there)
{
    AUTO(buf) text = { 0 };
    const struct value *object = NULL;
    const char *key = NULL, *chain = NULL;
    TRY(certstore_step_content(store, past, step, /* after= */ false, &text));
    TRY(json_parse(buf_span(&text), RECORD_MAX, &tool->tree, &object, /* ret_reason= */ NULL));
    ret_there->to = value_text(value_get(object, "to"));
    ret_there->ssh_config = value_text(value_get(object, "ssh_config"));
    key = value_text(value_get(object, "key_sha256"));
    chain = value_text(value_get(object, "chain_sha256"));
    bool whole =
        ret_there->to != NULL && key != NULL && chain != NULL &&
        span_to_text(span_from_text(key), ret_there->hashes.key, sizeof ret_there->hashes.key) &&
        span_to_text(
            span_from_text(chain), ret_there->hashes.chain, sizeof ret_there->hashes.chain);
    return whole ? remote_parse(ret_there->to, &ret_there->remote, /* ret_reason= */ NULL)
                 : ERR_INPUT;
}

enum err key_there_name(struct tool *tool, const struct certstore *store,
    const struct certstore_past *past, size_t step, const char **ret_name)
{
    struct there there;
    TRY(there_read(tool, store, past, step, &there));
    *ret_name = there.to;
    return OK;
}
