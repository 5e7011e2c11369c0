/* Writes scripts. */
#include "proc/signer/trial_script.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/crypto/digest.h"

#include <limits.h>
#include <stdio.h>

static void authority_put(struct buf *text, const struct ceremony_profile *profile,
    const struct ceremony_authority *authority);
static void issuer_put(struct buf *text, const struct ceremony_profile *profile,
    const struct ceremony_authority *issuer);
static enum err roster_put(struct buf *text, const struct ceremony_profile *profile,
    const struct trial_people *people, struct reason *ret_reason);
static enum err administrators_put(
    struct buf *text, const struct trial_people *people, struct reason *ret_reason);

void trial_administrator_id(size_t index, char ret_id[TRIAL_PERSON_ID_MAX])
{
    snprintf(ret_id, TRIAL_PERSON_ID_MAX, "administrator-%zu", index + 1);
}

static void value_put(struct buf *text, const char *value)
{
    buf_append_byte(text, '"');
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            buf_append_byte(text, '\\');
        }
        buf_append_byte(text, (uint8_t)*at);
    }
    buf_append_byte(text, '"');
}

void script_put(struct buf *text, const char *key, const char *value)
{
    if (*value != '\0') {
        buf_append_format(text, "    %s = ", key);
        value_put(text, value);
        buf_append_byte(text, '\n');
    }
}

static void list_put(struct buf *text, const char *key, const char *const *values, size_t count)
{
    buf_append_format(text, "    %s = {", key);
    for (size_t i = 0; i < count; i++) {
        buf_append_text(text, i == 0 ? "" : ", ");
        value_put(text, values[i]);
    }
    buf_append_text(text, "}\n");
}

void script_put_module(struct buf *text, const struct config_module *module)
{
    if (*module->path == '\0') {
        return;
    }
    script_put(text, "pkcs11_module", module->path);
    script_put(text, "pkcs11_pin_file", module->pin_file);
    buf_append_format(text, "    pkcs11_seconds = %u\n", module->seconds);
    list_put(text, "pkcs11_environment", module->environment, module->environment_count);
    list_put(text, "pkcs11_folders", module->folders, module->folder_count);
}

enum err script_put_input(
    struct buf *text, const char *key, const char *path, struct reason *ret_reason)
{
    uint8_t hash[SHA256_BYTES];
    char hexadecimal[2 * SHA256_BYTES + 1];
    AUTO(buf) content = { 0 };
    enum err err = file_read(path, CERTIFICATE_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(ret_reason, err, "ceremony.input", path, err_name(err), NULL);
    }
    TRY(sha256(buf_span(&content), hash));
    hex_format(SPAN_OF(hash), hexadecimal);
    script_put(text, key, path);
    buf_append_format(text, "    %s_sha256 = \"%s\"\n", key, hexadecimal);
    return OK;
}

static void step_begin(struct buf *text, const char *title, const char *name, const char *kind)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s %s", title, name);
    buf_append_text(text, "step ");
    value_put(text, whole);
    buf_append_format(text, " {\n    do = %s\n", kind);
}

/* The order is the one of the guide's story: roots, the other CA's signature on ours, the issuing
 * CAs as they were in 2017, what became of them in 2025, and the list that ends the old ones. */
enum err trial_script_write(const struct ceremony_profile *profile,
    const struct trial_people *people, struct buf *text, struct reason *ret_reason)
{
    buf_append_text(text, "title = \"A trial's hierarchy\"\njournal = none\ntrial = true\n");
    script_put(text, "url", profile->url);
    script_put_module(text, &profile->module);
    TRY(administrators_put(text, people, ret_reason));
    step_begin(text, "root", profile->root.name, "new_root");
    authority_put(text, profile, &profile->root);
    buf_append_text(text, "}\n");
    if (profile->has_partner) {
        step_begin(text, "partner", profile->partner.name, "new_root");
        authority_put(text, profile, &profile->partner);
        buf_append_text(text, "}\n");
        step_begin(text, "cross", profile->partner.cross_name, "cross_sign");
        script_put(text, "name", profile->partner.cross_name);
        script_put(text, "by", profile->partner.name);
        script_put(text, "of", profile->root.name);
        buf_append_format(text, "    years = %u\n}\n", profile->issuers[0].years);
    }
    for (size_t i = 0; i < profile->issuer_count; i++) {
        issuer_put(text, profile, &profile->issuers[i]);
    }
    TRY(roster_put(text, profile, people, ret_reason));
    buf_append_text(text, "step \"lists\" {\n    do = arl\n}\n");
    return buf_check(text);
}

static void authority_put(struct buf *text, const struct ceremony_profile *profile,
    const struct ceremony_authority *authority)
{
    script_put(text, "id", authority->id);
    script_put(text, "name", authority->name);
    script_put(text, "crl_name", authority->crl_name);
    script_put(text, "common_name", authority->common_name);
    script_put(text, "country", profile->country);
    script_put(text, "state_or_province", profile->state_or_province);
    script_put(text, "locality", profile->locality);
    script_put(text, "organisation", authority->organisation);
    script_put(text, "key", authority->key);
    script_put(text, "token_key", authority->token_key);
    buf_append_format(text, "    years = %u\n", authority->years);
}

static void issuer_put(struct buf *text, const struct ceremony_profile *profile,
    const struct ceremony_authority *issuer)
{
    bool renewed = issuer->old_name[0] != '\0';
    struct ceremony_authority first = *issuer;
    first.name = renewed ? issuer->old_name : issuer->name;
    step_begin(text, "issuing CA", first.name, "new_issuing_ca");
    authority_put(text, profile, &first);
    script_put(text, "policy", renewed ? "2017" : issuer->policy);
    script_put(text, "by", profile->root.name);
    buf_append_text(text, "}\n");
    if (!renewed) {
        return;
    }
    step_begin(text, "re-issue", issuer->name, "reissue");
    script_put(text, "name", issuer->name);
    script_put(text, "of", issuer->old_name);
    script_put(text, "by", profile->root.name);
    script_put(text, "policy", issuer->policy);
    buf_append_text(text, "}\n");
    step_begin(text, "revoke", issuer->old_name, "revoke");
    script_put(text, "of", issuer->old_name);
    script_put(text, "reason", "superseded");
    buf_append_text(text, "}\n");
}

static enum err person_put(struct buf *text, const struct trial_people *people, const char *section,
    const char *folder, const char *id, struct reason *ret_reason)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s/%s.spki", people->stage, folder, id);
    if (length < 0 || length >= PATH_MAX) {
        return ERR_LIMIT;
    }
    buf_append_format(text, "    %s \"%s\" {\n", section, id);
    return script_put_input(text, "spki", path, ret_reason);
}

static void logs_put(struct buf *text, const struct ceremony_log *log)
{
    static const char *const keys[] = { "since", "from", "until" };
    const int64_t times[] = { log->state_since, log->from, log->until };
    script_put(text, "operator", log->operator_name);
    script_put(text, "url", log->url);
    script_put(text, "kind", log->kind);
    script_put(text, "state", log->state);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char moment[TIME_TEXT_MAX] = "";
        if (times[i] != 0) {
            time_format_rfc3339(times[i], moment);
        }
        script_put(text, keys[i], moment);
    }
    buf_append_text(text, "    }\n");
}

static enum err roster_put(struct buf *text, const struct ceremony_profile *profile,
    const struct trial_people *people, struct reason *ret_reason)
{
    const char *issuers[CEREMONY_ISSUERS_MAX];
    for (size_t i = 0; i < profile->issuer_count; i++) {
        issuers[i] = profile->issuers[i].name;
    }
    buf_append_text(text, "step \"roster\" {\n    do = roster\n");
    script_put(text, "policy_set", profile->policy_set);
    script_put(text, "caa_identity", profile->caa_identity);
    list_put(text, "issuers", issuers, profile->issuer_count);
    for (size_t i = 0; i < profile->officer_count; i++) {
        const struct ceremony_officer *officer = &profile->officers[i];
        TRY(person_put(text, people, "officer", "officers", officer->id, ret_reason));
        script_put(text, "name", officer->name);
        buf_append_text(text, "    }\n");
    }
    for (size_t i = 0; i < profile->perspective_count; i++) {
        const struct ceremony_perspective *perspective = &profile->perspectives[i];
        TRY(person_put(text, people, "perspective", "validator", perspective->id, ret_reason));
        script_put(text, "region", perspective->region);
        buf_append_text(
            text, perspective->address[0] == '\0' ? "    primary = true\n    }\n" : "    }\n");
    }
    for (size_t i = 0; i < profile->log_count; i++) {
        const struct ceremony_log *log = &profile->logs[i];
        buf_append_format(text, "    ct_log \"%s\" {\n", log->name);
        TRY(script_put_input(text, "spki", log->spki, ret_reason));
        logs_put(text, log);
    }
    buf_append_text(text, "}\n");
    return buf_check(text);
}

static enum err administrators_put(
    struct buf *text, const struct trial_people *people, struct reason *ret_reason)
{
    buf_append_format(text, "step \"administrators\" {\n    do = administrators\n    quorum = %u\n",
        people->quorum);
    for (size_t i = 0; i < people->administrators; i++) {
        char id[TRIAL_PERSON_ID_MAX];
        trial_administrator_id(i, id);
        TRY(person_put(text, people, "administrator", "administrators", id, ret_reason));
        buf_append_format(text, "    name = \"Trial Administrator %zu\"\n    }\n", i + 1);
    }
    buf_append_text(text, "}\n");
    return buf_check(text);
}
