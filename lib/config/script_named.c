/* Whom and what a roster or a change of administrators names: people, perspectives and logs, each
 * by its public key. */
#include "lib/config/script_internal.h"

#include <confuse.h>

#include <stdio.h>

static enum err spki_take(
    cfg_t *section, struct script_input *ret_input, struct reason *ret_reason);
static enum err person_take(
    cfg_t *section, struct script_person *ret_person, struct reason *ret_reason);
static enum err roles_take(cfg_t *section, unsigned *ret_roles, struct reason *ret_reason);
static enum err perspective_take(
    cfg_t *section, struct script_perspective *ret_perspective, struct reason *ret_reason);

enum err script_roster_take(cfg_t *section, struct script_step *step, struct reason *ret_reason)
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
    script_field(section, primaries == 1 ? "ct_log" : "perspective", field);
    return primaries != 1 ? script_refused(ret_reason, "script.value", field, NULL,
                                "exactly one with primary = true")
           : public && step->log_count == 0
               ? script_refused(ret_reason, "script.needs", field, "policy_set = \"public\"", NULL)
               : OK;
}

enum err script_administrators_take(
    cfg_t *section, struct script_step *step, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    script_field(section, "quorum", field);
    step->quorum = (unsigned)cfg_getint(section, "quorum");
    step->administrator_count = cfg_size(section, "administrator");
    if (step->quorum < 2 || step->quorum > step->administrator_count) {
        return script_refused(ret_reason, "script.value", field, NULL,
            "at least 2, and no more than there are administrators");
    }
    for (unsigned i = 0; i < step->administrator_count; i++) {
        TRY(person_take(
            cfg_getnsec(section, "administrator", i), &step->administrators[i], ret_reason));
    }
    return OK;
}

/* A person, a perspective or a log must bring a key. */
static enum err spki_take(cfg_t *section, struct script_input *ret_input, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    script_field(section, "spki", field);
    TRY(script_input_take(section, "spki", ret_input, ret_reason));
    TRY(ceremony_name_check(cfg_title(section), ret_reason));
    return *ret_input->path != '\0' ? OK
                                    : script_refused(ret_reason, "script.needs", field, NULL, NULL);
}

static enum err person_take(
    cfg_t *section, struct script_person *ret_person, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    struct script_person person = { .id = cfg_title(section), .name = cfg_getstr(section, "name") };
    script_field(section, "name", field);
    if (*person.name == '\0' || !utf8_plain(span_from_text(person.name)) ||
        strlen(person.name) > 60) {
        return script_refused(
            ret_reason, "script.value", field, person.name, "a person's name, 60 bytes at most");
    }
    TRY(spki_take(section, &person.spki, ret_reason));
    *ret_person = person;
    return OK;
}

#define ROLES_EXPECTED "officer, administrator, auditor"

/* 0: no role. */
static unsigned role_of(const char *word)
{
    static const struct {
        const char *word;
        enum script_role role;
    } roles[] = {
        { "officer", SCRIPT_OFFICER },
        { "administrator", SCRIPT_ADMINISTRATOR },
        { "auditor", SCRIPT_AUDITOR },
    };
    unsigned found = 0;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        found |= strcmp(word, roles[i].word) == 0 ? (unsigned)roles[i].role : 0;
    }
    return found;
}

static enum err roles_take(cfg_t *section, unsigned *ret_roles, struct reason *ret_reason)
{
    char field[REASON_FIELD_MAX];
    unsigned taken = 0;
    script_field(section, "roles", field);
    for (unsigned i = 0; i < cfg_size(section, "roles"); i++) {
        const char *word = cfg_getnstr(section, "roles", i);
        unsigned role = role_of(word);
        if (role == 0) {
            return script_refused(ret_reason, "script.value", field, word, ROLES_EXPECTED);
        }
        taken |= role;
    }
    if (taken == 0) {
        return script_refused(ret_reason, "script.value", field, NULL, ROLES_EXPECTED);
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
    script_field(section, "region", field);
    if (!config_word_among(perspective.region, ceremony_regions)) {
        return script_refused(ret_reason, "script.value", field, perspective.region,
            "afrinic, apnic, arin, lacnic or ripe");
    }
    TRY(spki_take(section, &perspective.spki, ret_reason));
    *ret_perspective = perspective;
    return OK;
}
