/* One step: which keys its kind takes and needs is one table, what they may hold another. */
#include "lib/config/script_internal.h"

#include <confuse.h>

#include <stdio.h>

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

enum { KEYS = sizeof keys / sizeof *keys, LISTS = sizeof lists / sizeof *lists };
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static enum err keys_check(cfg_t *section, enum script_kind kind, struct reason *ret_reason);
static enum err lists_check(cfg_t *section, enum script_kind kind, struct reason *ret_reason);
static enum err values_check(cfg_t *section, const struct script *script,
    const struct script_step *step, struct reason *ret_reason);
static enum err surroundings_check(cfg_t *section, const struct script *script,
    const struct script_step *step, struct reason *ret_reason);

const char *script_kind_name(enum script_kind kind)
{
    return kinds[kind];
}

void script_field(cfg_t *section, const char *key, char ret_field[REASON_FIELD_MAX])
{
    snprintf(ret_field, REASON_FIELD_MAX, "%s: %s", cfg_title(section), key);
}

enum err script_refused(struct reason *ret_reason, const char *code, const char *field,
    const char *seen, const char *expected)
{
    return reason_set(ret_reason, ERR_INPUT, code, field, seen, expected);
}

enum err script_hash_take(const char *text, uint8_t ret_hash[SCRIPT_HASH_BYTES], const char *field,
    struct reason *ret_reason)
{
    size_t length = 0;
    enum err err = hex_parse(span_from_text(text), ret_hash, SCRIPT_HASH_BYTES, &length);
    return err == OK && length == SCRIPT_HASH_BYTES
               ? OK
               : script_refused(ret_reason, "script.hash", field, text, "64 hexadecimal digits");
}

enum err script_input_take(
    cfg_t *section, const char *key, struct script_input *ret_input, struct reason *ret_reason)
{
    char hash_key[64], field[REASON_FIELD_MAX];
    snprintf(hash_key, sizeof hash_key, "%s_sha256", key);
    script_field(section, hash_key, field);
    ret_input->path = cfg_getstr(section, key);
    return *ret_input->path == '\0' ? OK
                                    : script_hash_take(cfg_getstr(section, hash_key),
                                          ret_input->sha256, field, ret_reason);
}

enum err script_step_fill(cfg_t *section, const struct script *script, struct script_step *step,
    struct reason *ret_reason)
{
    const char *word = cfg_getstr(section, "do");
    char field[REASON_FIELD_MAX];
    size_t kind = 0;
    script_field(section, "do", field);
    while (kinds[kind] != NULL && strcmp(kinds[kind], word) != 0) {
        kind++;
    }
    if (kinds[kind] == NULL || !utf8_plain(span_from_text(cfg_title(section)))) {
        return script_refused(ret_reason, "script.kind", field, word,
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
    TRY(script_input_take(section, "csr", &step->csr, ret_reason));
    TRY(script_input_take(section, "certificate", &step->certificate, ret_reason));
    TRY(script_input_take(section, "issuer_certificate", &step->issuer_certificate, ret_reason));
    TRY(values_check(section, script, step, ret_reason));
    TRY(surroundings_check(section, script, step, ret_reason));
    return step->kind == SCRIPT_ROSTER ? script_roster_take(section, step, ret_reason)
           : step->kind == SCRIPT_ADMINISTRATORS
               ? script_administrators_take(section, step, ret_reason)
               : OK;
}

static enum err keys_check(cfg_t *section, enum script_kind kind, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    unsigned bit = 1u << kind;
    for (size_t i = 0; i < KEYS; i++) {
        const char *value = cfg_getstr(section, keys[i].key);
        script_field(section, keys[i].key, field);
        if (*value != '\0' && (keys[i].takes & bit) == 0) {
            return script_refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if (*value == '\0' && (keys[i].needs & bit) != 0) {
            return script_refused(ret_reason, "script.needs", field, kinds[kind], NULL);
        }
        if (*value != '\0' && keys[i].with != NULL && *cfg_getstr(section, keys[i].with) == '\0') {
            script_field(section, keys[i].with, field);
            return script_refused(ret_reason, "script.needs", field, kinds[kind], keys[i].key);
        }
        if (!utf8_plain(span_from_text(value)) && *value != '\0') {
            return script_refused(ret_reason, "script.value", field, NULL, "plain text");
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
        script_field(section, lists[i].key, field);
        if (count > 0 && (lists[i].kind & bit) == 0) {
            return script_refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if ((lists[i].kind & bit) != 0 && (count < lists[i].min || count > lists[i].max)) {
            snprintf(range, sizeof range, "%u to %u", lists[i].min, lists[i].max);
            snprintf(seen, sizeof seen, "%u", count);
            return script_refused(ret_reason, "script.value", field, seen, range);
        }
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        long value = cfg_getint(section, numbers[i].key);
        script_field(section, numbers[i].key, field);
        if (value != 0 && (numbers[i].takes & bit) == 0) {
            return script_refused(ret_reason, "script.takes_no", field, kinds[kind], NULL);
        }
        if (value == 0 && (numbers[i].needs & bit) != 0) {
            return script_refused(ret_reason, "script.needs", field, kinds[kind], NULL);
        }
        if (value < 0 || value > numbers[i].max) {
            snprintf(range, sizeof range, "1 to %ld", numbers[i].max);
            return script_refused(ret_reason, "script.value", field, NULL, range);
        }
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
        script_field(section, words[i].key, field);
        if (*word != '\0' && !config_word_among(word, words[i].words)) {
            return script_refused(ret_reason, "script.value", field, word, words[i].expected);
        }
    }
    script_field(section, "policy", field);
    if (strcmp(step->authority.policy, "2017") == 0 && !script->trial) {
        return script_refused(ret_reason, "script.value", field, "2017", "in a trial only");
    }
    bool either = step->kind == SCRIPT_CROSS_SIGN || step->kind == SCRIPT_REVOKE;
    bool inside = *step->of != '\0', outside = *step->certificate.path != '\0';
    script_field(section, "of", field);
    if (either && inside == outside) {
        return script_refused(ret_reason, "script.needs", field, kinds[step->kind],
            "either `of`, or files and their hashes");
    }
    if (step->kind == SCRIPT_CROSS_SIGN && outside && *step->csr.path == '\0') {
        script_field(section, "csr", field);
        return script_refused(ret_reason, "script.needs", field, kinds[step->kind], NULL);
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
    script_field(section, "token_key", field);
    if (!config_module_reaches(&script->module, uri)) {
        return script_refused(ret_reason, "script.value", field, uri, CONFIG_TOKEN_KEY_EXPECTED);
    }
    return (addressed & 1u << step->kind) != 0 && *script->url == '\0'
               ? script_refused(ret_reason, "script.needs", "url", kinds[step->kind], NULL)
               : OK;
}
