/* Reads scripts. libConfuse keeps the order of sections of one name only, so every step is a `step`
 * and says what it does; which keys a kind takes and needs is one table. */
#include "lib/config/script.h"
#include "lib/base/file.h"
#include "lib/config/internal.h"

#include <confuse.h>

#include <stdio.h>
#include <stdlib.h>

static cfg_opt_t officer_options[] = {
    CFG_STR("name", "", CFGF_NONE),
    CFG_STR_LIST("roles", "{officer}", CFGF_NONE),
    CFG_STR("spki", "", CFGF_NONE),
    CFG_STR("spki_sha256", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t administrator_options[] = {
    CFG_STR("name", "", CFGF_NONE),
    CFG_STR("spki", "", CFGF_NONE),
    CFG_STR("spki_sha256", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t perspective_options[] = {
    CFG_STR("region", "", CFGF_NONE),
    CFG_BOOL("primary", cfg_false, CFGF_NONE),
    CFG_STR("spki", "", CFGF_NONE),
    CFG_STR("spki_sha256", "", CFGF_NONE),
    CFG_END(),
};

static cfg_opt_t log_options[] = {
    CFG_STR("operator", "", CFGF_NONE),
    CFG_STR("url", "", CFGF_NONE),
    CFG_STR("spki", "", CFGF_NONE),
    CFG_STR("spki_sha256", "", CFGF_NONE),
    CFG_STR("kind", "rfc6962", CFGF_NONE),
    CFG_STR("state", "", CFGF_NONE),
    CFG_STR("since", "", CFGF_NONE),
    CFG_STR("from", "", CFGF_NONE),
    CFG_STR("until", "", CFGF_NONE),
    CFG_END(),
};

enum { TITLED = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES | CFGF_NODEFAULT };

static cfg_opt_t step_options[] = {
    CFG_STR("do", "", CFGF_NONE),
    CFG_STR("id", "", CFGF_NONE),
    CFG_STR("name", "", CFGF_NONE),
    CFG_STR("crl_name", "", CFGF_NONE),
    CFG_STR("common_name", "", CFGF_NONE),
    CFG_STR("country", "", CFGF_NONE),
    CFG_STR("state_or_province", "", CFGF_NONE),
    CFG_STR("locality", "", CFGF_NONE),
    CFG_STR("organisation", "", CFGF_NONE),
    CFG_STR("key", "", CFGF_NONE),
    CFG_STR("token_key", "", CFGF_NONE),
    CFG_STR("policy", "", CFGF_NONE),
    CFG_STR("by", "", CFGF_NONE),
    CFG_STR("of", "", CFGF_NONE),
    CFG_STR("csr", "", CFGF_NONE),
    CFG_STR("csr_sha256", "", CFGF_NONE),
    CFG_STR("certificate", "", CFGF_NONE),
    CFG_STR("certificate_sha256", "", CFGF_NONE),
    CFG_STR("issuer_certificate", "", CFGF_NONE),
    CFG_STR("issuer_certificate_sha256", "", CFGF_NONE),
    CFG_STR("reason", "", CFGF_NONE),
    CFG_STR("policy_set", "", CFGF_NONE),
    CFG_STR("caa_identity", "", CFGF_NONE),
    CFG_INT("years", 0, CFGF_NONE),
    CFG_INT("quorum", 0, CFGF_NONE),
    CFG_STR_LIST("issuers", "{}", CFGF_NONE),
    CFG_SEC("officer", officer_options, TITLED),
    CFG_SEC("perspective", perspective_options, TITLED),
    CFG_SEC("ct_log", log_options, TITLED),
    CFG_SEC("administrator", administrator_options, TITLED),
    CFG_END(),
};

static cfg_opt_t file_options[] = {
    CFG_STR("title", "", CFGF_NONE),
    CFG_STR("journal", "", CFGF_NONE),
    CFG_STR("url", "", CFGF_NONE),
    CFG_BOOL("trial", cfg_false, CFGF_NONE),
    CONFIG_MODULE_OPTIONS,
    CFG_SEC("step", step_options, TITLED),
    CFG_END(),
};

static const char *const kinds[SCRIPT_KIND_COUNT + 1] = {
    [SCRIPT_NEW_ROOT] = "new_root",
    [SCRIPT_NEW_ISSUING_CA] = "new_issuing_ca",
    [SCRIPT_REISSUE] = "reissue",
    [SCRIPT_CROSS_SIGN] = "cross_sign",
    [SCRIPT_CROSS_REQUEST] = "cross_request",
    [SCRIPT_CROSS_IMPORT] = "cross_import",
    [SCRIPT_REVOKE] = "revoke",
    [SCRIPT_ARL] = "arl",
    [SCRIPT_ROSTER] = "roster",
    [SCRIPT_ADMINISTRATORS] = "administrators",
};

#define KIND(name) (1u << SCRIPT_##name)
#define MAKING     (KIND(NEW_ROOT) | KIND(NEW_ISSUING_CA))
#define SIGNING    (KIND(NEW_ISSUING_CA) | KIND(REISSUE) | KIND(CROSS_SIGN))
#define CROSSING   (KIND(CROSS_REQUEST) | KIND(CROSS_IMPORT))

/* Which kinds may have a key, and which must; `hash` goes with a file. */
static const struct {
    const char *key;
    unsigned takes, needs;
    const char *with; /* what must be there beside it, or NULL */
} keys[] = {
    { "id", MAKING, MAKING, NULL },
    { "name", MAKING | SIGNING | CROSSING, MAKING | SIGNING | CROSSING, NULL },
    { "crl_name", MAKING, MAKING, NULL },
    { "common_name", MAKING, MAKING, NULL },
    { "country", MAKING, MAKING, NULL },
    { "state_or_province", MAKING, 0, NULL },
    { "locality", MAKING, 0, NULL },
    { "organisation", MAKING, MAKING, NULL },
    { "key", MAKING, MAKING, NULL },
    { "token_key", MAKING, 0, NULL },
    { "policy", KIND(NEW_ISSUING_CA) | KIND(REISSUE), KIND(NEW_ISSUING_CA) | KIND(REISSUE), NULL },
    { "by", SIGNING | KIND(ARL), SIGNING, NULL },
    { "of", KIND(REISSUE) | KIND(CROSS_SIGN) | CROSSING | KIND(REVOKE), KIND(REISSUE) | CROSSING,
        NULL },
    { "csr", KIND(CROSS_SIGN), 0, "csr_sha256" },
    { "csr_sha256", KIND(CROSS_SIGN), 0, "certificate" },
    { "certificate", KIND(CROSS_SIGN) | KIND(CROSS_IMPORT) | KIND(REVOKE), KIND(CROSS_IMPORT),
        "certificate_sha256" },
    { "certificate_sha256", KIND(CROSS_SIGN) | KIND(CROSS_IMPORT) | KIND(REVOKE), 0,
        "certificate" },
    { "issuer_certificate", KIND(CROSS_IMPORT), KIND(CROSS_IMPORT), "issuer_certificate_sha256" },
    { "issuer_certificate_sha256", KIND(CROSS_IMPORT), 0, "issuer_certificate" },
    { "reason", KIND(REVOKE), KIND(REVOKE), NULL },
    { "policy_set", KIND(ROSTER), KIND(ROSTER), NULL },
    { "caa_identity", KIND(ROSTER), KIND(ROSTER), NULL },
};

/* The same of what can be there more than once, or is a number. */
static const struct {
    const char *key;
    unsigned kind;
    unsigned min, max;
} lists[] = {
    { "issuers", KIND(ROSTER), 1, CEREMONY_ISSUERS_MAX },
    { "officer", KIND(ROSTER), 2, OFFICERS_MAX },
    { "perspective", KIND(ROSTER), 1, PERSPECTIVES_MAX },
    { "ct_log", KIND(ROSTER), 0, CEREMONY_LOGS_MAX },
    { "administrator", KIND(ADMINISTRATORS), 2, SCRIPT_ADMINISTRATORS_MAX },
};

static const struct {
    const char *key;
    unsigned takes, needs;
    long max;
} numbers[] = {
    { "years", MAKING | SIGNING, MAKING | KIND(CROSS_SIGN), 25 },
    { "quorum", KIND(ADMINISTRATORS), KIND(ADMINISTRATORS), SCRIPT_ADMINISTRATORS_MAX },
};

static const char *const policies[] = { "any", "ov", "ev", "2017", NULL };
static const char *const roles[] = { "officer", "administrator", "auditor", NULL };

enum { KEYS = sizeof keys / sizeof *keys, LISTS = sizeof lists / sizeof *lists };
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static enum err script_fill(cfg_t *cfg, struct script *script, struct reason *ret_reason);
static enum err lists_follow(const struct script *script, struct reason *ret_reason);
static enum err step_fill(cfg_t *section, const struct script *script, struct script_step *step,
    struct reason *ret_reason);

const char *script_kind_name(enum script_kind kind)
{
    return kinds[kind];
}

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

static enum err refused(struct reason *ret_reason, const char *code, const char *field,
    const char *seen, const char *expected)
{
    return reason_set(ret_reason, ERR_INPUT, code, field, seen, expected);
}

static enum err hash_take(const char *text, uint8_t ret_hash[SCRIPT_HASH_BYTES], const char *field,
    struct reason *ret_reason)
{
    size_t length = 0;
    enum err err = hex_parse(span_from_text(text), ret_hash, SCRIPT_HASH_BYTES, &length);
    return err == OK && length == SCRIPT_HASH_BYTES
               ? OK
               : refused(ret_reason, "script.hash", field, text, "64 hexadecimal digits");
}

static enum err script_fill(cfg_t *cfg, struct script *script, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "step");
    const char *journal = cfg_getstr(cfg, "journal");
    script->title = cfg_getstr(cfg, "title");
    script->url = cfg_getstr(cfg, "url");
    script->trial = cfg_getbool(cfg, "trial") == cfg_true;
    if (!utf8_plain(span_from_text(script->title)) || *script->title == '\0') {
        return refused(ret_reason, "script.value", "title", NULL, "what the ceremony is for");
    }
    if (*script->url != '\0' && !config_text_fits(KIND_URL, script->url)) {
        return refused(
            ret_reason, "script.value", "url", script->url, config_kind_expected(KIND_URL));
    }
    if (strcmp(journal, "none") != 0 &&
        hash_take(journal, script->journal, "journal", ret_reason) != OK) {
        return refused(ret_reason, "script.journal", "journal", journal,
            "\"none\" for a first ceremony, else the journal's head, which `ceremony plan` shows");
    }
    TRY(config_module_take(cfg, "ceremony", &script->module, ret_reason));
    if (count == 0 || count > SCRIPT_STEPS_MAX) {
        return refused(ret_reason, "script.steps", "step", NULL, "1 to 32 steps");
    }
    script->steps = calloc(count, sizeof *script->steps);
    if (script->steps == NULL) {
        return ERR_MEMORY;
    }
    for (unsigned i = 0; i < count; i++) {
        TRY(step_fill(cfg_getnsec(cfg, "step", i), script, &script->steps[i], ret_reason));
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
                        : refused(ret_reason, "script.list_missing", open->title,
                              kinds[SCRIPT_REVOKE], "a later step that does arl");
}

/* "TITLE: KEY", as a person finds it in the file. */
static void field_make(cfg_t *section, const char *key, char ret_field[REASON_FIELD_MAX])
{
    snprintf(ret_field, REASON_FIELD_MAX, "%s: %s", cfg_title(section), key);
}

static enum err keys_check(cfg_t *section, enum script_kind kind, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    unsigned bit = 1u << kind;
    for (size_t i = 0; i < KEYS; i++) {
        const char *value = cfg_getstr(section, keys[i].key);
        field_make(section, keys[i].key, field);
        if (*value != '\0' && (keys[i].takes & bit) == 0) {
            return refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if (*value == '\0' && (keys[i].needs & bit) != 0) {
            return refused(ret_reason, "script.needs", field, kinds[kind], NULL);
        }
        if (*value != '\0' && keys[i].with != NULL && *cfg_getstr(section, keys[i].with) == '\0') {
            field_make(section, keys[i].with, field);
            return refused(ret_reason, "script.needs", field, kinds[kind], keys[i].key);
        }
        if (!utf8_plain(span_from_text(value)) && *value != '\0') {
            return refused(ret_reason, "script.value", field, NULL, "plain text");
        }
    }
    return OK;
}

static enum err lists_check(cfg_t *section, enum script_kind kind, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX], range[32], seen[16];
    unsigned bit = 1u << kind;
    for (size_t i = 0; i < LISTS; i++) {
        unsigned count = cfg_size(section, lists[i].key);
        field_make(section, lists[i].key, field);
        if (count > 0 && (lists[i].kind & bit) == 0) {
            return refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if ((lists[i].kind & bit) != 0 && (count < lists[i].min || count > lists[i].max)) {
            snprintf(range, sizeof range, "%u to %u", lists[i].min, lists[i].max);
            snprintf(seen, sizeof seen, "%u", count);
            return refused(ret_reason, "script.value", field, seen, range);
        }
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        long value = cfg_getint(section, numbers[i].key);
        field_make(section, numbers[i].key, field);
        if (value != 0 && (numbers[i].takes & bit) == 0) {
            return refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if (value == 0 && (numbers[i].needs & bit) != 0) {
            return refused(ret_reason, "script.needs", field, kinds[kind], NULL);
        }
        if (value < 0 || value > numbers[i].max) {
            snprintf(range, sizeof range, "1 to %ld", numbers[i].max);
            return refused(ret_reason, "script.value", field, NULL, range);
        }
    }
    return OK;
}

static enum err input_take(
    cfg_t *section, const char *key, struct script_input *ret_input, struct reason *ret_reason)
{
    char hash_key[64], field[REASON_FIELD_MAX];
    snprintf(hash_key, sizeof hash_key, "%s_sha256", key);
    field_make(section, hash_key, field);
    ret_input->path = cfg_getstr(section, key);
    return *ret_input->path == '\0'
               ? OK
               : hash_take(cfg_getstr(section, hash_key), ret_input->sha256, field, ret_reason);
}

/* A person, a perspective or a log must bring a key. */
static enum err spki_take(cfg_t *section, struct script_input *ret_input, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    field_make(section, "spki", field);
    TRY(input_take(section, "spki", ret_input, ret_reason));
    TRY(ceremony_name_check(cfg_title(section), ret_reason));
    return *ret_input->path != '\0' ? OK : refused(ret_reason, "script.needs", field, NULL, NULL);
}

static enum err person_take(
    cfg_t *section, struct script_person *ret_person, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    struct script_person person = { .id = cfg_title(section), .name = cfg_getstr(section, "name") };
    field_make(section, "name", field);
    if (*person.name == '\0' || !utf8_plain(span_from_text(person.name)) ||
        strlen(person.name) > 60) {
        return refused(
            ret_reason, "script.value", field, person.name, "a person's name, 60 bytes at most");
    }
    TRY(spki_take(section, &person.spki, ret_reason));
    *ret_person = person;
    return OK;
}

static enum err roles_take(cfg_t *section, unsigned *ret_roles, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    unsigned taken = 0;
    field_make(section, "roles", field);
    for (unsigned i = 0; i < cfg_size(section, "roles"); i++) {
        const char *word = cfg_getnstr(section, "roles", i);
        if (!config_word_among(word, roles)) {
            return refused(
                ret_reason, "script.value", field, word, "officer, administrator, auditor");
        }
        for (unsigned k = 0; roles[k] != NULL; k++) {
            taken |= strcmp(word, roles[k]) == 0 ? 1u << k : 0;
        }
    }
    if (taken == 0) {
        return refused(ret_reason, "script.value", field, NULL, "officer, administrator, auditor");
    }
    *ret_roles = taken;
    return OK;
}

static enum err perspective_take(
    cfg_t *section, struct script_perspective *ret_perspective, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    struct script_perspective perspective = { .id = cfg_title(section),
        .region = cfg_getstr(section, "region"),
        .primary = cfg_getbool(section, "primary") == cfg_true };
    field_make(section, "region", field);
    if (!config_word_among(perspective.region, ceremony_regions)) {
        return refused(ret_reason, "script.value", field, perspective.region,
            "afrinic, apnic, arin, lacnic or ripe");
    }
    TRY(spki_take(section, &perspective.spki, ret_reason));
    *ret_perspective = perspective;
    return OK;
}

static enum err roster_take(cfg_t *section, struct script_step *step, struct reason *ret_reason)
{
    bool public = strcmp(step->policy_set, "public") == 0;
    char field[REASON_FIELD_MAX];
    unsigned primaries = 0;
    step->issuer_count = cfg_size(section, "issuers");
    step->officer_count = cfg_size(section, "officer");
    step->perspective_count = cfg_size(section, "perspective");
    step->log_count = cfg_size(section, "ct_log");
    for (unsigned i = 0; i < step->issuer_count; i++) {
        step->issuers[i] = cfg_getnstr(section, "issuers", i);
    }
    for (unsigned i = 0; i < step->officer_count; i++) {
        cfg_t *officer = cfg_getnsec(section, "officer", i);
        TRY(person_take(officer, &step->officers[i], ret_reason));
        TRY(roles_take(officer, &step->officers[i].roles, ret_reason));
    }
    for (unsigned i = 0; i < step->perspective_count; i++) {
        TRY(perspective_take(
            cfg_getnsec(section, "perspective", i), &step->perspectives[i], ret_reason));
        primaries += step->perspectives[i].primary;
    }
    for (unsigned i = 0; i < step->log_count; i++) {
        cfg_t *log = cfg_getnsec(section, "ct_log", i);
        TRY(ceremony_log_take(log, public, &step->logs[i].log, ret_reason));
        TRY(spki_take(log, &step->logs[i].spki, ret_reason));
    }
    field_make(section, primaries == 1 ? "ct_log" : "perspective", field);
    return primaries != 1
               ? refused(ret_reason, "script.value", field, NULL, "exactly one with primary = true")
           : public && step->log_count == 0
               ? refused(ret_reason, "script.needs", field, "policy_set = \"public\"", NULL)
               : OK;
}

static enum err administrators_take(
    cfg_t *section, struct script_step *step, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    field_make(section, "quorum", field);
    step->quorum = (unsigned)cfg_getint(section, "quorum");
    step->administrator_count = cfg_size(section, "administrator");
    if (step->quorum < 2 || step->quorum > step->administrator_count) {
        return refused(ret_reason, "script.value", field, NULL,
            "at least 2, and no more than there are administrators");
    }
    for (unsigned i = 0; i < step->administrator_count; i++) {
        TRY(person_take(
            cfg_getnsec(section, "administrator", i), &step->administrators[i], ret_reason));
    }
    return OK;
}

/* Words of a table, names of files, one of two ways to say which certificate. */
static enum err values_check(cfg_t *section, const struct script *script,
    const struct script_step *step, struct reason *ret_reason)
{
    static const char *const names[] = { "id", "name", "crl_name" };
    static const struct {
        const char *key;
        const char *const *words;
        const char *expected;
    } words[] = {
        { "key", ceremony_key_types, "rsa2048, rsa3072, rsa4096, p256 or p384" },
        { "policy", policies, "any, ov or ev" },
        { "policy_set", ceremony_policy_sets, "public, private or classic" },
    };
    char field[REASON_FIELD_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = cfg_getstr(section, names[i]);
        TRY(*name == '\0' ? OK : ceremony_name_check(name, ret_reason));
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *word = cfg_getstr(section, words[i].key);
        field_make(section, words[i].key, field);
        if (*word != '\0' && !config_word_among(word, words[i].words)) {
            return refused(ret_reason, "script.value", field, word, words[i].expected);
        }
    }
    field_make(section, "policy", field);
    if (strcmp(step->authority.policy, "2017") == 0 && !script->trial) {
        return refused(ret_reason, "script.value", field, "2017", "in a trial only");
    }
    bool either = step->kind == SCRIPT_CROSS_SIGN || step->kind == SCRIPT_REVOKE;
    bool inside = *step->of != '\0', outside = *step->certificate.path != '\0';
    field_make(section, "of", field);
    if (either && inside == outside) {
        return refused(ret_reason, "script.needs", field, kinds[step->kind],
            "either `of`, or files and their hashes");
    }
    if (step->kind == SCRIPT_CROSS_SIGN && outside && *step->csr.path == '\0') {
        field_make(section, "csr", field);
        return refused(ret_reason, "script.needs", field, kinds[step->kind], NULL);
    }
    return OK;
}

/* Where a key names a token, there must be a module to reach it by; what names addresses, a url. */
static enum err surroundings_check(cfg_t *section, const struct script *script,
    const struct script_step *step, struct reason *ret_reason)
{
    static const unsigned addressed = SIGNING | KIND(ROSTER);
    char field[REASON_FIELD_MAX];
    const char *uri = step->authority.token_key;
    field_make(section, "token_key", field);
    if (*uri != '\0' && (strncmp(uri, "pkcs11:", 7) != 0 || *script->module.path == '\0')) {
        return refused(
            ret_reason, "script.value", field, uri, "pkcs11:token=…;object=…, and a pkcs11_module");
    }
    return (addressed & 1u << step->kind) != 0 && *script->url == '\0'
               ? refused(ret_reason, "script.needs", "url", kinds[step->kind], NULL)
               : OK;
}

static enum err step_fill(cfg_t *section, const struct script *script, struct script_step *step,
    struct reason *ret_reason)
{
    const char *word = cfg_getstr(section, "do");
    char field[REASON_FIELD_MAX];
    size_t kind = 0;
    field_make(section, "do", field);
    while (kinds[kind] != NULL && strcmp(kinds[kind], word) != 0) {
        kind++;
    }
    if (kinds[kind] == NULL || !utf8_plain(span_from_text(cfg_title(section)))) {
        return refused(ret_reason, "script.kind", field, word,
            "new_root, new_issuing_ca, reissue, cross_sign, cross_request, cross_import, revoke, "
            "arl, roster or administrators");
    }
    TRY(keys_check(section, (enum script_kind)kind, ret_reason));
    TRY(lists_check(section, (enum script_kind)kind, ret_reason));
    *step = (struct script_step){ .kind = (enum script_kind)kind,
        .title = cfg_title(section),
        .authority = { .id = cfg_getstr(section, "id"),
            .common_name = cfg_getstr(section, "common_name"),
            .organisation = cfg_getstr(section, "organisation"),
            .name = cfg_getstr(section, "name"),
            .crl_name = cfg_getstr(section, "crl_name"),
            .key = cfg_getstr(section, "key"),
            .token_key = cfg_getstr(section, "token_key"),
            .policy = cfg_getstr(section, "policy"),
            .years = (unsigned)cfg_getint(section, "years") },
        .country = cfg_getstr(section, "country"),
        .state_or_province = cfg_getstr(section, "state_or_province"),
        .locality = cfg_getstr(section, "locality"),
        .by = cfg_getstr(section, "by"),
        .of = cfg_getstr(section, "of"),
        .reason = cfg_getstr(section, "reason"),
        .policy_set = cfg_getstr(section, "policy_set"),
        .caa_identity = cfg_getstr(section, "caa_identity") };
    TRY(input_take(section, "csr", &step->csr, ret_reason));
    TRY(input_take(section, "certificate", &step->certificate, ret_reason));
    TRY(input_take(section, "issuer_certificate", &step->issuer_certificate, ret_reason));
    TRY(values_check(section, script, step, ret_reason));
    TRY(surroundings_check(section, script, step, ret_reason));
    return step->kind == SCRIPT_ROSTER           ? roster_take(section, step, ret_reason)
           : step->kind == SCRIPT_ADMINISTRATORS ? administrators_take(section, step, ret_reason)
                                                 : OK;
}
