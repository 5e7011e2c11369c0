/* What an application may hold (BR 7.1.4.2 and 7.1.2.7.12, edition.h): checked by who enters one,
 * and again by the signer, which believes nobody. Names are held to the letters, lengths and places
 * that a certificate can carry; whether a name exists or may be had is other people's question. */
#include "lib/base/clock.h"
#include "lib/ca/application.h"

#include <stdio.h>

enum { RECORD_TEXT_MAX = 128, EMAIL_MAX = 254 };

#define GOVERNMENT_ORGANISATION    "Hong Kong SAR Government"
#define GOVERNMENT_ORGANISATION_ZH "香港特別行政區政府"

struct text_rule {
    const char *code;
    const char *text;
    size_t max; /* characters */
    bool required;
};

static enum err names_check(const struct application *application, struct reason *ret_reason);
static bool server_name_valid(const char *name, bool wildcard);
static bool number_like(const char *label);
static bool label_valid(const char *label, size_t len);
static enum err subject_check(const struct subject *subject, struct reason *ret_reason);
static enum err government_check(const struct application *application, struct reason *ret_reason);
static enum err ev_check(const struct application *application, struct reason *ret_reason);
static enum err ev_values_check(const struct ev_identity *ev, struct reason *ret_reason);
static enum err representative_check(
    const struct representative *representative, struct reason *ret_reason);
static enum err text_check(const struct text_rule *rule, struct reason *ret_reason);
static bool digits_only(const char *text, size_t count);
static bool printable_only(const char *text);
static bool country_code(const char *text);

enum err application_check(const struct application *application, struct reason *ret_reason)
{
    TRY(names_check(application, ret_reason));
    TRY(subject_check(&application->subject, ret_reason));
    TRY(government_check(application, ret_reason));
    TRY(ev_check(application, ret_reason));
    TRY(representative_check(&application->representative, ret_reason));
    if (application->created <= 0) {
        return reason_set(ret_reason, ERR_INPUT, "application.created", NULL, NULL, NULL);
    }
    return OK;
}

static enum err names_check(const struct application *application, struct reason *ret_reason)
{
    const struct edition_rules *rules = edition_rules(application->edition);
    if (application->name_count == 0 || application->name_count > rules->names_max) {
        char seen[24], expected[24];
        snprintf(seen, sizeof seen, "%zu", application->name_count);
        snprintf(expected, sizeof expected, "1-%u", rules->names_max);
        return reason_set(
            ret_reason, ERR_INPUT, "application.names_count", "names", seen, expected);
    }
    for (size_t i = 0; i < application->name_count; i++) {
        const char *name = application->names[i];
        if (rules->wildcard != (strncmp(name, "*.", 2) == 0)) {
            return reason_set(ret_reason, ERR_INPUT, "application.wildcard", "names", name,
                rules->wildcard ? "a name that begins with *." : "a name without *");
        }
        if (!server_name_valid(name, rules->wildcard)) {
            return reason_set(ret_reason, ERR_INPUT, "application.name", "names", name, NULL);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name, application->names[j]) == 0) {
                return reason_set(
                    ret_reason, ERR_INPUT, "application.name_twice", "names", name, NULL);
            }
        }
    }
    return OK;
}

/* BR 7.1.4.2.1 and RFC 5890 §2.3.1: lower-case A-labels and non-reserved LDH labels, at least two,
 * the last not a number, no reverse zone; "*." exactly where the edition says so. */
static bool server_name_valid(const char *name, bool wildcard)
{
    static const char *const reverse[] = { ".in-addr.arpa", ".ip6.arpa" };
    size_t whole = strlen(name), labels = 0, label = 0;
    if (whole > HOST_NAME_MAX_LENGTH) {
        return false;
    }
    name += wildcard ? 2 : 0;
    size_t len = strlen(name);
    for (size_t i = 0; i <= len; i++) {
        if (name[i] != '.' && name[i] != '\0') {
            continue;
        }
        if (!label_valid(name + label, i - label)) {
            return false;
        }
        labels++;
        label = i + 1;
    }
    for (size_t i = 0; i < sizeof reverse / sizeof reverse[0]; i++) {
        size_t tail = strlen(reverse[i]);
        if (len >= tail && strcmp(name + len - tail, reverse[i]) == 0) {
            return false;
        }
    }
    return labels >= 2 && !number_like(strrchr(name, '.') + 1);
}

/* What ends in a number, decimal or hexadecimal, is an IPv4 address to some resolver or browser. */
static bool number_like(const char *label)
{
    bool hexadecimal = strncmp(label, "0x", 2) == 0;
    label += hexadecimal ? 2 : 0;
    return label[strspn(label, hexadecimal ? "0123456789abcdef" : "0123456789")] == '\0';
}

static bool label_valid(const char *label, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (len == 0 || len > HOST_LABEL_MAX_LENGTH || strspn(label, letters) < len) {
        return false;
    }
    bool reserved = len >= 4 && label[2] == '-' && label[3] == '-';
    return label[0] != '-' && label[len - 1] != '-' &&
           (!reserved || (len > 4 && strncmp(label, "xn", 2) == 0));
}

static enum err subject_check(const struct subject *subject, struct reason *ret_reason)
{
    const struct text_rule rules[] = {
        { "application.state_or_province", subject->state_or_province, SUBJECT_PLACE_MAX, false },
        { "application.locality", subject->locality, SUBJECT_PLACE_MAX, false },
        { "application.organisation", subject->organisation, SUBJECT_ORGANISATION_MAX, true },
        { "application.organisation_zh", subject->organisation_zh, SUBJECT_ORGANISATION_MAX,
            false },
        { "application.branch", subject->branch, SUBJECT_ORGANISATION_MAX, false },
        { "application.branch_zh", subject->branch_zh, SUBJECT_ORGANISATION_MAX, false },
        { "application.brn", subject->brn, RECORD_TEXT_MAX, false },
        { "application.ci_cr", subject->ci_cr, RECORD_TEXT_MAX, false },
        { "application.other_document", subject->other_document, RECORD_TEXT_MAX, false },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        TRY(text_check(&rules[i], ret_reason));
    }
    if (!country_code(subject->country)) {
        return reason_set(
            ret_reason, ERR_INPUT, "application.country", "country", subject->country, "HK");
    }
    if (subject->state_or_province[0] == '\0' && subject->locality[0] == '\0') {
        return reason_set(ret_reason, ERR_INPUT, "application.locality", "locality", "",
            "locality or state_or_province");
    }
    if (!digits_only(subject->srn, SRN_DIGITS)) {
        return reason_set(
            ret_reason, ERR_INPUT, "application.srn", "srn", subject->srn, "10 digits");
    }
    return OK;
}

/* The government is one subscriber under one name, and says which department: nobody else passes
 * for it, and none of its departments goes another way. */
static enum err government_check(const struct application *application, struct reason *ret_reason)
{
    const struct subject *subject = &application->subject;
    bool named = strcmp(subject->organisation, GOVERNMENT_ORGANISATION) == 0 ||
                 strcmp(subject->organisation_zh, GOVERNMENT_ORGANISATION_ZH) == 0;
    if (!application->government) {
        return named ? reason_set(ret_reason, ERR_INPUT, "application.government", "government",
                           "false", "true, for this organisation")
                     : OK;
    }
    const struct {
        const char *field, *seen, *expected;
        bool right;
    } rules[] = {
        { "organisation", subject->organisation, GOVERNMENT_ORGANISATION,
            strcmp(subject->organisation, GOVERNMENT_ORGANISATION) == 0 },
        { "organisation_zh", subject->organisation_zh, GOVERNMENT_ORGANISATION_ZH " or nothing",
            subject->organisation_zh[0] == '\0' ||
                strcmp(subject->organisation_zh, GOVERNMENT_ORGANISATION_ZH) == 0 },
        { "branch", subject->branch, "the bureau or department", subject->branch[0] != '\0' },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].right) {
            return reason_set(ret_reason, ERR_INPUT, "application.government", rules[i].field,
                rules[i].seen, rules[i].expected);
        }
    }
    return OK;
}

static enum err ev_check(const struct application *application, struct reason *ret_reason)
{
    const struct ev_identity *ev = &application->ev;
    bool required = edition_rules(application->edition)->ev;
    const struct text_rule rules[] = {
        { "application.business_category", ev->business_category, RECORD_TEXT_MAX, false },
        { "application.jurisdiction_country", ev->jurisdiction_country, 2, false },
        { "application.registration_number", ev->registration_number, SUBJECT_COMMON_NAME_MAX,
            false },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!required && rules[i].text[0] != '\0') {
            return reason_set(ret_reason, ERR_INPUT, rules[i].code, strchr(rules[i].code, '.') + 1,
                rules[i].text, "nothing: only the EV editions have it");
        }
        TRY(text_check(&rules[i], ret_reason));
    }
    return required ? ev_values_check(ev, ret_reason) : OK;
}

/* EVG 7.1.4.2: one of four categories, a country, a number that a PrintableString can hold. */
static enum err ev_values_check(const struct ev_identity *ev, struct reason *ret_reason)
{
    static const char *const categories[] = { "Private Organization", "Government Entity",
        "Business Entity", "Non-Commercial Entity" };
    bool known = false;
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        known = known || strcmp(ev->business_category, categories[i]) == 0;
    }
    if (!known) {
        return reason_set(ret_reason, ERR_INPUT, "application.business_category",
            "business_category", ev->business_category,
            "Private Organization, Government Entity, Business Entity, Non-Commercial Entity");
    }
    if (!country_code(ev->jurisdiction_country)) {
        return reason_set(ret_reason, ERR_INPUT, "application.jurisdiction_country",
            "jurisdiction_country", ev->jurisdiction_country, "HK");
    }
    if (ev->registration_number[0] == '\0' || !printable_only(ev->registration_number)) {
        return reason_set(ret_reason, ERR_INPUT, "application.registration_number",
            "registration_number", ev->registration_number, "A-Z a-z 0-9 ' ( ) + , - . / : = ?");
    }
    return OK;
}

static enum err representative_check(
    const struct representative *representative, struct reason *ret_reason)
{
    static const char *const languages[] = { "zh-HK", "zh-CN", "en" };
    const struct text_rule rules[] = {
        { "application.representative_name", representative->name, SUBJECT_ORGANISATION_MAX, true },
        { "application.representative_email", representative->email, EMAIL_MAX, true },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        TRY(text_check(&rules[i], ret_reason));
    }
    const char *email = representative->email, *at = strchr(email, '@');
    if (at == NULL || at == email || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
        strpbrk(email, " <>,;\"\\") != NULL) {
        return reason_set(ret_reason, ERR_INPUT, "application.representative_email",
            "representative_email", email, "NAME@DOMAIN");
    }
    bool known = false;
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        known = known || strcmp(representative->language, languages[i]) == 0;
    }
    if (!known) {
        return reason_set(ret_reason, ERR_INPUT, "application.representative_language",
            "representative_language", representative->language, "zh-HK, zh-CN, en");
    }
    bool addressed =
        representative->address_count > 0 && representative->address_count <= ADDRESS_LINES_MAX;
    for (size_t i = 0; addressed && i < representative->address_count; i++) {
        const struct text_rule line = { "application.representative_address",
            representative->address[i], RECORD_TEXT_MAX, true };
        TRY(text_check(&line, ret_reason));
    }
    return addressed ? OK
                     : reason_set(ret_reason, ERR_INPUT, "application.representative_address",
                           "representative_address", NULL, "1 to 6 lines");
}

/* Well-formed UTF-8 within its length, with nothing that is not seen, and more than punctuation
 * where something must be said (BR 7.1.4.2: no "metadata only" values). */
static enum err text_check(const struct text_rule *rule, struct reason *ret_reason)
{
    struct span text = span_from_text(rule->text);
    bool valid = utf8_plain(text) && utf8_length(text) <= rule->max;
    bool says_something = text.len == 0;
    for (size_t i = 0; i < text.len; i++) {
        says_something = says_something || strchr(" .-_/", text.data[i]) == NULL;
    }
    bool edges = text.len > 0 && (text.data[0] == ' ' || text.data[text.len - 1] == ' ');
    if (!valid || !says_something || edges || (rule->required && text.len == 0)) {
        char expected[40];
        snprintf(expected, sizeof expected, "%s%zu characters",
            rule->required ? "1 to " : "at most ", rule->max);
        return reason_set(
            ret_reason, ERR_INPUT, rule->code, strchr(rule->code, '.') + 1, rule->text, expected);
    }
    return OK;
}

static bool digits_only(const char *text, size_t count)
{
    return strlen(text) == count && strspn(text, "0123456789") == count;
}

/* X.680 §41.4, PrintableString. */
static bool printable_only(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789 '()+,-./:=?";
    return text[strspn(text, letters)] == '\0';
}

static bool country_code(const char *text)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return strlen(text) == 2 && strspn(text, capitals) == 2;
}
