/* Reads the profile of a trial's ceremony. Names become file names and parts of URLs, so they are
 * plain. */
#include "lib/config/ceremony.h"
#include "lib/base/clock.h"
#include "lib/config/internal.h"

#include <confuse.h>

#include <stdio.h>

static cfg_opt_t subject_options[] = {
    CONFIG_TEXT("country"),
    CONFIG_TEXT("state_or_province"),
    CONFIG_TEXT("locality"),
    CONFIG_TEXT("organisation"),
    CFG_END(),
};

static cfg_opt_t authority_options[] = {
    CONFIG_TEXT("common_name"),
    CONFIG_TEXT("organisation"),
    CONFIG_TEXT("name"),
    CONFIG_TEXT("crl_name"),
    CONFIG_TEXT("key"),
    CONFIG_TEXT("token_key"),
    CFG_INT("years", 0, CFGF_NONE),
    CFG_STR("policy", "ov", CFGF_NONE),
    CONFIG_TEXT("old_name"),
    CONFIG_TEXT("cross_name"),
    CFG_END(),
};

static cfg_opt_t officer_options[] = {
    CONFIG_TEXT("name"),
    CFG_END(),
};

static cfg_opt_t perspective_options[] = {
    CONFIG_TEXT("region"),
    CONFIG_TEXT("address"),
    CFG_END(),
};

static cfg_opt_t log_options[] = {
    CONFIG_LOG_OPTIONS,
    CONFIG_TEXT("spki"),
    CFG_END(),
};

static cfg_opt_t file_options[] = {
    CONFIG_TEXT("policy_set"),
    CONFIG_TEXT("url"),
    CONFIG_TEXT("caa_identity"),
    CONFIG_MODULE_OPTIONS,
    CFG_SEC("subject", subject_options, CFGF_NONE),
    CFG_SEC("root", authority_options, CONFIG_TITLED),
    CFG_SEC("partner", authority_options, CONFIG_TITLED),
    CFG_SEC("issuer", authority_options, CONFIG_TITLED),
    CFG_SEC("officer", officer_options, CONFIG_TITLED),
    CFG_SEC("perspective", perspective_options, CONFIG_TITLED),
    CFG_SEC("ct_log", log_options, CONFIG_TITLED),
    CFG_END(),
};

const char *const ceremony_policy_sets[] = { "public", "private", "classic", NULL };
const char *const ceremony_key_types[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", NULL };
static const char *const policies[] = { "any", "ov", "ev", NULL };
static const char *const log_kinds[] = { "rfc6962", "static", NULL };
static const char *const log_states[] = { "pending", "qualified", "usable", "read-only", "retired",
    "rejected", NULL };
const char *const ceremony_regions[] = { "afrinic", "apnic", "arin", "lacnic", "ripe", NULL };

/* Where in `profile` a text goes, and what it may be: one of `words`, or, without, not empty. */
static enum err text_take(cfg_t *section, const char *key, const char *const *words,
    const char **ret_text, struct reason *ret_reason)
{
    const char *text = cfg_getstr(section, key);
    bool fits = words == NULL ? *text != '\0' : config_word_among(text, words);
    if (!fits) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", key, text, NULL);
    }
    *ret_text = text;
    return OK;
}

enum err ceremony_name_check(const char *name, struct reason *ret_reason)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (*name == '\0' || name[strspn(name, plain)] != '\0' || strlen(name) > 30) {
        return reason_set(
            ret_reason, ERR_INPUT, "config.value", "name", name, "letters, digits, - and _");
    }
    return OK;
}

static enum err optional_name_check(const char *name, struct reason *ret_reason)
{
    return *name == '\0' ? OK : ceremony_name_check(name, ret_reason);
}

static enum err authority_take(cfg_t *section, const char *organisation,
    struct ceremony_authority *ret_authority, struct reason *ret_reason)
{
    struct ceremony_authority authority = { .id = cfg_title(section),
        .organisation = cfg_getstr(section, "organisation"),
        .token_key = cfg_getstr(section, "token_key"),
        .old_name = cfg_getstr(section, "old_name"),
        .cross_name = cfg_getstr(section, "cross_name") };
    if (*authority.organisation == '\0') {
        authority.organisation = organisation;
    }
    TRY(text_take(section, "common_name", NULL, &authority.common_name, ret_reason));
    TRY(text_take(section, "name", NULL, &authority.name, ret_reason));
    TRY(text_take(section, "crl_name", NULL, &authority.crl_name, ret_reason));
    TRY(text_take(section, "key", ceremony_key_types, &authority.key, ret_reason));
    TRY(ceremony_name_check(authority.id, ret_reason));
    TRY(ceremony_name_check(authority.name, ret_reason));
    TRY(ceremony_name_check(authority.crl_name, ret_reason));
    TRY(text_take(section, "policy", policies, &authority.policy, ret_reason));
    TRY(optional_name_check(authority.old_name, ret_reason));
    TRY(optional_name_check(authority.cross_name, ret_reason));
    long years = cfg_getint(section, "years");
    if (years < 1 || years > 25) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "years", NULL, "1 to 25");
    }
    authority.years = (unsigned)years;
    *ret_authority = authority;
    return OK;
}

static enum err token_key_check(const struct ceremony_profile *profile,
    const struct ceremony_authority *authority, struct reason *ret_reason)
{
    const char *uri = authority->token_key;
    return config_module_reaches(&profile->module, uri)
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "config.value", "token_key", uri,
                     CONFIG_TOKEN_KEY_EXPECTED);
}

static enum err token_keys_check(const struct ceremony_profile *profile, struct reason *ret_reason)
{
    TRY(token_key_check(profile, &profile->root, ret_reason));
    if (profile->has_partner) {
        TRY(token_key_check(profile, &profile->partner, ret_reason));
    }
    for (size_t i = 0; i < profile->issuer_count; i++) {
        TRY(token_key_check(profile, &profile->issuers[i], ret_reason));
    }
    return OK;
}

/* One root, at most one partner, one issuing CA or several. */
static enum err authorities_take(
    cfg_t *cfg, struct ceremony_profile *profile, struct reason *ret_reason)
{
    unsigned issuers = cfg_size(cfg, "issuer");
    if (cfg_size(cfg, "root") != 1) {
        return reason_set(ret_reason, ERR_INPUT, "config.section_missing", "root", NULL, "one");
    }
    if (cfg_size(cfg, "partner") > 1) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "partner", NULL, "none or one");
    }
    if (issuers == 0 || issuers > CEREMONY_ISSUERS_MAX) {
        return reason_set(
            ret_reason, ERR_INPUT, "config.section_missing", "issuer", NULL, "1 to 8");
    }
    TRY(authority_take(
        cfg_getnsec(cfg, "root", 0), profile->organisation, &profile->root, ret_reason));
    for (unsigned i = 0; i < issuers; i++) {
        TRY(authority_take(cfg_getnsec(cfg, "issuer", i), profile->organisation,
            &profile->issuers[profile->issuer_count++], ret_reason));
    }
    profile->has_partner = cfg_size(cfg, "partner") == 1;
    if (!profile->has_partner) {
        return OK;
    }
    TRY(authority_take(
        cfg_getnsec(cfg, "partner", 0), profile->organisation, &profile->partner, ret_reason));
    return ceremony_name_check(profile->partner.cross_name, ret_reason);
}

static enum err officers_take(
    cfg_t *cfg, struct ceremony_profile *profile, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "officer");
    if (count < 2 || count > OFFICERS_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "officer", NULL, "2 to 64");
    }
    for (unsigned i = 0; i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "officer", i);
        profile->officers[i].id = cfg_title(section);
        TRY(ceremony_name_check(profile->officers[i].id, ret_reason));
        TRY(text_take(section, "name", NULL, &profile->officers[i].name, ret_reason));
    }
    profile->officer_count = count;
    return OK;
}

static enum err perspectives_take(
    cfg_t *cfg, struct ceremony_profile *profile, struct reason *ret_reason)
{
    unsigned count = cfg_size(cfg, "perspective");
    unsigned primaries = 0;
    if (count < 1 || count > PERSPECTIVES_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "perspective", NULL, "1 to 16");
    }
    for (unsigned i = 0; i < count; i++) {
        cfg_t *section = cfg_getnsec(cfg, "perspective", i);
        struct ceremony_perspective *perspective = &profile->perspectives[i];
        perspective->id = cfg_title(section);
        perspective->address = cfg_getstr(section, "address");
        TRY(ceremony_name_check(perspective->id, ret_reason));
        TRY(text_take(section, "region", ceremony_regions, &perspective->region, ret_reason));
        if (!config_text_fits(KIND_OPTIONAL_ADDRESS, perspective->address)) {
            return reason_set(ret_reason, ERR_INPUT, "config.value", "address",
                perspective->address, config_kind_expected(KIND_OPTIONAL_ADDRESS));
        }
        for (unsigned j = 0; j < i; j++) {
            const char *other = profile->perspectives[j].address;
            if (*other != '\0' && config_host_equal(other, perspective->address)) {
                return reason_set(ret_reason, ERR_INPUT, "config.value", "address",
                    perspective->address, "an address that no other perspective has");
            }
        }
        primaries += *perspective->address == '\0';
    }
    profile->perspective_count = count;
    if (primaries != 1) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "perspective", NULL,
            "exactly one without address: the primary");
    }
    return OK;
}

/* A moment, RFC 3339; empty: 0. */
static enum err time_take(
    cfg_t *section, const char *key, int64_t *ret_time, struct reason *ret_reason)
{
    const char *text = cfg_getstr(section, key);
    *ret_time = 0;
    if (*text == '\0') {
        return OK;
    }
    return time_parse_rfc3339(span_from_text(text), ret_time) == OK
               ? OK
               : reason_set(
                     ret_reason, ERR_INPUT, "config.value", key, text, "2027-01-01T00:00:00Z");
}

enum err ceremony_log_take(
    cfg_t *section, bool public, struct ceremony_log *ret_log, struct reason *ret_reason)
{
    struct ceremony_log log = { .name = cfg_title(section) };
    TRY(ceremony_name_check(log.name, ret_reason));
    TRY(text_take(section, "operator", NULL, &log.operator_name, ret_reason));
    TRY(text_take(section, "url", NULL, &log.url, ret_reason));
    TRY(text_take(section, "spki", NULL, &log.spki, ret_reason));
    TRY(text_take(section, "kind", log_kinds, &log.kind, ret_reason));
    TRY(text_take(section, "state", log_states, &log.state, ret_reason));
    TRY(time_take(section, "since", &log.state_since, ret_reason));
    TRY(time_take(section, "from", &log.from, ret_reason));
    TRY(time_take(section, "until", &log.until, ret_reason));
    if (!config_text_fits(KIND_URL, log.url) || (public && strncmp(log.url, "https://", 8) != 0)) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "url", log.url,
            public ? "https://, without a slash at the end" : config_kind_expected(KIND_URL));
    }
    if (log.until <= log.from && (log.until != 0 || log.from != 0)) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "until",
            cfg_getstr(section, "until"), "later than from");
    }
    if (log.state_since == 0) {
        return reason_set(
            ret_reason, ERR_INPUT, "config.value", "since", NULL, "since when it is in this state");
    }
    *ret_log = log;
    return OK;
}

/* Classic certificates claim no policy, and their CAs none of the public ones (BR 7.1.6.1). */
static enum err issuer_policies_check(
    const struct ceremony_profile *profile, struct reason *ret_reason)
{
    bool classic = strcmp(profile->policy_set, "classic") == 0;
    for (size_t i = 0; classic && i < profile->issuer_count; i++) {
        const char *policy = profile->issuers[i].policy;
        if (strcmp(policy, "any") != 0) {
            return reason_set(ret_reason, ERR_INPUT, "config.value", "policy", policy,
                "any, in the classic policy set");
        }
    }
    return OK;
}

static enum err logs_take(cfg_t *cfg, struct ceremony_profile *profile, struct reason *ret_reason)
{
    bool public = strcmp(profile->policy_set, "public") == 0;
    bool classic = strcmp(profile->policy_set, "classic") == 0;
    unsigned count = cfg_size(cfg, "ct_log");
    if (classic && count > 0) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "ct_log",
            cfg_title(cfg_getnsec(cfg, "ct_log", 0)), "none: no log takes a classic certificate");
    }
    if (count > CEREMONY_LOGS_MAX || (public && count == 0)) {
        return reason_set(ret_reason, ERR_INPUT,
            count == 0 ? "config.section_missing" : "config.value", "ct_log", NULL,
            public ? "1 to 16" : "16 at most");
    }
    for (unsigned i = 0; i < count; i++) {
        TRY(ceremony_log_take(
            cfg_getnsec(cfg, "ct_log", i), public, &profile->logs[i], ret_reason));
    }
    profile->log_count = count;
    return OK;
}

static enum err profile_fill(
    cfg_t *cfg, struct ceremony_profile *profile, struct reason *ret_reason)
{
    cfg_t *subject = cfg_getsec(cfg, "subject");
    TRY(text_take(cfg, "policy_set", ceremony_policy_sets, &profile->policy_set, ret_reason));
    TRY(text_take(cfg, "url", NULL, &profile->url, ret_reason));
    if (!config_text_fits(KIND_URL, profile->url)) {
        return reason_set(ret_reason, ERR_INPUT, "config.value", "url", profile->url,
            config_kind_expected(KIND_URL));
    }
    TRY(text_take(cfg, "caa_identity", NULL, &profile->caa_identity, ret_reason));
    TRY(text_take(subject, "country", NULL, &profile->country, ret_reason));
    TRY(text_take(subject, "state_or_province", NULL, &profile->state_or_province, ret_reason));
    TRY(text_take(subject, "locality", NULL, &profile->locality, ret_reason));
    TRY(text_take(subject, "organisation", NULL, &profile->organisation, ret_reason));
    TRY(config_module_take(cfg, "ceremony", &profile->module, ret_reason));
    TRY(authorities_take(cfg, profile, ret_reason));
    TRY(issuer_policies_check(profile, ret_reason));
    TRY(token_keys_check(profile, ret_reason));
    TRY(officers_take(cfg, profile, ret_reason));
    TRY(perspectives_take(cfg, profile, ret_reason));
    return logs_take(cfg, profile, ret_reason);
}

enum err ceremony_profile_load(
    const char *path, struct ceremony_profile *ret_profile, struct reason *ret_reason)
{
    AUTO(ceremony_profile) profile = { 0 };
    cfg_t *cfg = NULL;
    TRY(config_file_parse(path, file_options, &cfg, ret_reason));
    profile.parsed = cfg;
    TRY(profile_fill(cfg, &profile, ret_reason));
    *ret_profile = profile;
    profile.parsed = NULL;
    return OK;
}

void ceremony_profile_release(struct ceremony_profile *profile)
{
    if (profile->parsed != NULL) {
        cfg_free(profile->parsed);
        profile->parsed = NULL;
    }
}
