/* Reads scripts. libConfuse keeps the order of sections of one name only, so every step is a `step`
 * and says what it does. This is the form of the file and what stands above its steps; one step is
 * script_step.c, whom it names script_named.c. */
#include "lib/config/script.h"
#include "lib/base/file.h"
#include "lib/config/script_internal.h"

#include <confuse.h>

#include <stdlib.h>

#define KEY_OPTIONS CONFIG_TEXT("spki"), CONFIG_TEXT("spki_sha256")

static cfg_opt_t officer_options[] = {
    CONFIG_TEXT("name"),
    CFG_STR_LIST("roles", "{officer}", CFGF_NONE),
    KEY_OPTIONS,
    CFG_END(),
};

static cfg_opt_t administrator_options[] = {
    CONFIG_TEXT("name"),
    KEY_OPTIONS,
    CFG_END(),
};

static cfg_opt_t perspective_options[] = {
    CONFIG_TEXT("region"),
    CFG_BOOL("primary", cfg_false, CFGF_NONE),
    KEY_OPTIONS,
    CFG_END(),
};

static cfg_opt_t log_options[] = {
    CONFIG_LOG_OPTIONS,
    KEY_OPTIONS,
    CFG_END(),
};

static cfg_opt_t step_options[] = {
    CONFIG_TEXT("do"),
    CONFIG_TEXT("id"),
    CONFIG_TEXT("name"),
    CONFIG_TEXT("crl_name"),
    CONFIG_TEXT("common_name"),
    CONFIG_TEXT("country"),
    CONFIG_TEXT("state_or_province"),
    CONFIG_TEXT("locality"),
    CONFIG_TEXT("organisation"),
    CONFIG_TEXT("key"),
    CONFIG_TEXT("token_key"),
    CONFIG_TEXT("policy"),
    CONFIG_TEXT("by"),
    CONFIG_TEXT("of"),
    CONFIG_TEXT("csr"),
    CONFIG_TEXT("csr_sha256"),
    CONFIG_TEXT("certificate"),
    CONFIG_TEXT("certificate_sha256"),
    CONFIG_TEXT("issuer_certificate"),
    CONFIG_TEXT("issuer_certificate_sha256"),
    CONFIG_TEXT("reason"),
    CONFIG_TEXT("policy_set"),
    CONFIG_TEXT("caa_identity"),
    CFG_INT("years", 0, CFGF_NONE),
    CFG_INT("quorum", 0, CFGF_NONE),
    CFG_STR_LIST("issuers", "{}", CFGF_NONE),
    CFG_SEC("officer", officer_options, CONFIG_TITLED),
    CFG_SEC("perspective", perspective_options, CONFIG_TITLED),
    CFG_SEC("ct_log", log_options, CONFIG_TITLED),
    CFG_SEC("administrator", administrator_options, CONFIG_TITLED),
    CFG_END(),
};

static cfg_opt_t file_options[] = {
    CONFIG_TEXT("title"),
    CONFIG_TEXT("journal"),
    CONFIG_TEXT("url"),
    CFG_BOOL("trial", cfg_false, CFGF_NONE),
    CONFIG_MODULE_OPTIONS,
    CFG_SEC("step", step_options, CONFIG_TITLED),
    CFG_END(),
};

static enum err script_fill(cfg_t *cfg, struct script *script, struct reason *ret_reason);
static enum err lists_follow(const struct script *script, struct reason *ret_reason);

enum err script_load(const char *path, struct script *ret_script, struct reason *ret_reason)
{
    AUTO(buf) text = { 0 };
    enum err err = file_read(path, SCRIPT_FILE_MAX, &text);
    if (err != OK) {
        return reason_set(ret_reason, err, "script.file", path, err_name(err), NULL);
    }
    return script_read(buf_span(&text), path, ret_script, ret_reason);
}

/* Variables of the environment would make one text mean something else on the next machine. */
static enum err text_check(const struct buf *text, struct reason *ret_reason)
{
    struct span bytes = buf_span(text);
    if (!utf8_valid(bytes)) {
        return reason_set(ret_reason, ERR_INPUT, "script.text", NULL, NULL, "UTF-8 without NUL");
    }
    for (size_t i = 0; i + 1 < bytes.len; i++) {
        if (bytes.data[i] == '$' && bytes.data[i + 1] == '{') {
            return reason_set(ret_reason, ERR_INPUT, "script.text", NULL, "${", "no variables");
        }
    }
    return OK;
}

enum err script_read(
    struct span text, const char *path, struct script *ret_script, struct reason *ret_reason)
{
    AUTO(script) script = { .text = buf_make(SCRIPT_FILE_MAX + 1) };
    cfg_t *cfg = NULL;
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    size_t length = slash == NULL ? 1 : (size_t)(slash - path) + (slash == path);
    if (length >= sizeof script.folder) {
        return reason_set(ret_reason, ERR_LIMIT, "script.file", path, NULL, NULL);
    }
    memcpy(script.folder, slash == NULL ? "." : path, length);
    buf_append(&script.text, text);
    TRY(buf_check(&script.text));
    TRY(text_check(&script.text, ret_reason));
    const char *terminated = buf_text(&script.text);
    if (terminated == NULL) {
        return ERR_MEMORY;
    }
    TRY(config_text_parse(terminated, file_options, &cfg, ret_reason));
    script.parsed = cfg;
    TRY(script_fill(cfg, &script, ret_reason));
    *ret_script = script;
    script = (struct script){ .text = buf_make(0) };
    return OK;
}

void script_release(struct script *script)
{
    if (script->parsed != NULL) {
        cfg_free(script->parsed);
    }
    free(script->steps);
    buf_release(&script->text);
    *script = (struct script){ .parsed = NULL };
}

static enum err script_fill(cfg_t *cfg, struct script *script, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "step");
    const char *journal = cfg_getstr(cfg, "journal");
    script->title = cfg_getstr(cfg, "title");
    script->url = cfg_getstr(cfg, "url");
    script->trial = cfg_getbool(cfg, "trial") == cfg_true;
    if (!utf8_plain(span_from_text(script->title)) || *script->title == '\0') {
        return script_refused(
            ret_reason, "script.value", "title", NULL, "what the ceremony is for");
    }
    if (*script->url != '\0' && !config_text_fits(KIND_URL, script->url)) {
        return script_refused(
            ret_reason, "script.value", "url", script->url, config_kind_expected(KIND_URL));
    }
    if (strcmp(journal, "none") != 0 &&
        script_hash_take(journal, script->journal, "journal", ret_reason) != OK) {
        return script_refused(ret_reason, "script.journal", "journal", journal,
            "\"none\" for a first ceremony, else the journal's head, which `ceremony plan` shows");
    }
    TRY(config_module_take(cfg, "ceremony", &script->module, ret_reason));
    if (count == 0 || count > SCRIPT_STEPS_MAX) {
        return script_refused(ret_reason, "script.steps", "step", NULL, "1 to 32 steps");
    }
    script->steps = calloc(count, sizeof *script->steps);
    if (script->steps == NULL) {
        return ERR_MEMORY;
    }
    for (unsigned i = 0; i < count; i++) {
        TRY(script_step_fill(cfg_getnsec(cfg, "step", i), script, &script->steps[i], ret_reason));
        script->step_count++;
    }
    return lists_follow(script, ret_reason);
}

/* A revocation that no list tells is the step that was left out. */
static enum err lists_follow(const struct script *script, struct reason *ret_reason)
{
    const struct script_step *open = NULL;
    for (size_t i = 0; i < script->step_count; i++) {
        const struct script_step *step = &script->steps[i];
        open = step->kind == SCRIPT_REVOKE ? step : step->kind == SCRIPT_ARL ? NULL : open;
    }
    return open == NULL ? OK
                        : script_refused(ret_reason, "script.list_missing", open->title,
                              script_kind_name(SCRIPT_REVOKE), "a later step that does arl");
}
