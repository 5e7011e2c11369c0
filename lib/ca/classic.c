/* Organizational units, and the hierarchies that may write them. */
#include "lib/ca/classic.h"
#include "lib/der/oid.h"
#include "lib/pki/certificate.h"
#include "lib/pki/name.h"

#include <ctype.h>
#include <stdio.h>

/* 12345678-000-01-26-A without its hyphens has 16; the number of an incorporation 8 at most. */
enum { BRN_WIDTH = 16, CI_CR_WIDTH = 8, OTHER_MAX = 30 };

static enum err type_format(const struct roster *roster, const struct issuer *issuer,
    char ret_text[CLASSIC_UNIT_BYTES], struct reason *ret_reason);
static enum err documents_format(
    const struct subject *subject, char ret_text[CLASSIC_UNIT_BYTES], struct reason *ret_reason);

enum err classic_units(const struct roster *roster, const struct application *application,
    bool chinese, struct classic_units *ret_units, struct reason *ret_reason)
{
    const struct subject *subject = &application->subject;
    const struct issuer *issuer =
        roster_issuer(roster, edition_rules(application->edition)->issuer);
    struct classic_units units = { .count = 3 };
    if (roster->policy_set != POLICY_CLASSIC) {
        *ret_units = (struct classic_units){ .count = 0 };
        return OK;
    }
    if (issuer == NULL) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.issuer", NULL, NULL, NULL);
    }
    snprintf(units.text[0], CLASSIC_UNIT_BYTES, "%s", subject->srn);
    TRY(documents_format(subject, units.text[1], ret_reason));
    TRY(type_format(roster, issuer, units.text[2], ret_reason));
    const char *branch =
        chinese && subject->branch_zh[0] != '\0' ? subject->branch_zh : subject->branch;
    if (branch[0] != '\0') {
        snprintf(units.text[units.count++], CLASSIC_UNIT_BYTES, "%s", branch);
    }
    *ret_units = units;
    return OK;
}

/* Letters and digits alone, behind as many zeros as make `width`. */
static enum err number_append(
    const char *field, const char *number, size_t width, struct buf *buf, struct reason *ret_reason)
{
    size_t len = 0;
    for (const char *c = number; *c != '\0'; c++) {
        len += isalnum((unsigned char)*c) != 0;
    }
    if (len > width) {
        char expected[40];
        snprintf(expected, sizeof expected, "at most %zu letters and digits", width);
        return reason_set(ret_reason, ERR_INPUT, "application.unit", field, number, expected);
    }
    for (size_t i = len; i < width; i++) {
        buf_append_byte(buf, '0');
    }
    for (const char *c = number; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) != 0) {
            buf_append_byte(buf, (uint8_t)*c);
        }
    }
    return OK;
}

static enum err documents_format(
    const struct subject *subject, char ret_text[CLASSIC_UNIT_BYTES], struct reason *ret_reason)
{
    struct span other = span_from_text(subject->other_document);
    AUTO(buf) text = buf_make(CLASSIC_UNIT_BYTES);
    TRY(number_append("brn", subject->brn, BRN_WIDTH, &text, ret_reason));
    TRY(number_append("ci_cr", subject->ci_cr, CI_CR_WIDTH, &text, ret_reason));
    if (utf8_length(other) > OTHER_MAX) {
        return reason_set(ret_reason, ERR_INPUT, "application.unit", "other_document",
            subject->other_document, "at most 30 characters");
    }
    buf_append(&text, other);
    TRY(buf_check(&text));
    return span_to_text(buf_span(&text), ret_text, CLASSIC_UNIT_BYTES) ? OK : ERR_INPUT;
}

/* "Hongkong Post Trial e-Cert (Server)": whose it is stands in the issuing CA's own name. */
static enum err type_format(const struct roster *roster, const struct issuer *issuer,
    char ret_text[CLASSIC_UNIT_BYTES], struct reason *ret_reason)
{
    struct certificate certificate;
    struct name subject;
    char organisation[CLASSIC_UNIT_BYTES];
    enum err err = certificate_parse(issuer->certificate, &certificate);
    err = err == OK ? name_parse(certificate.subject, &subject) : err;
    err =
        err == OK ? name_text(&subject, oid_organisation, organisation, sizeof organisation) : err;
    int len = err != OK ? -1
                        : snprintf(ret_text, CLASSIC_UNIT_BYTES, "%s %se-Cert (Server)",
                              organisation, roster->trial ? "Trial " : "");
    if (len < 0 || len >= CLASSIC_UNIT_BYTES ||
        utf8_length(span_from_text(ret_text)) > CLASSIC_UNIT_MAX) {
        return reason_set(ret_reason, ERR_DENIED, "roster.classic", issuer->id,
            err == OK ? organisation : NULL, "an organisation of at most 42 characters");
    }
    return OK;
}

/* 2.23.140.1: what the CA/Browser Forum reserves for certificates by its rules. */
static bool policy_public(struct span oid)
{
    static const uint8_t arc[] = { 0x67, 0x81, 0x0c, 0x01 };
    return oid.len > sizeof arc && memcmp(oid.data, arc, sizeof arc) == 0;
}

static enum err issuer_check(
    const struct roster *roster, const struct issuer *issuer, struct reason *ret_reason)
{
    struct certificate certificate;
    char type[CLASSIC_UNIT_BYTES], dotted[OID_TEXT_MAX];
    TRY(type_format(roster, issuer, type, ret_reason));
    TRY(certificate_parse(issuer->certificate, &certificate));
    for (size_t i = 0; i < certificate.policy_count; i++) {
        if (policy_public(certificate.policies[i])) {
            TRY(oid_format(certificate.policies[i], dotted));
            return reason_set(ret_reason, ERR_DENIED, "roster.classic", issuer->id, dotted,
                "a certificate authority without a public policy");
        }
    }
    return OK;
}

enum err classic_roster_check(const struct roster *roster, struct reason *ret_reason)
{
    if (roster->policy_set != POLICY_CLASSIC) {
        return OK;
    }
    if (roster->log_count > 0) {
        return reason_set(
            ret_reason, ERR_DENIED, "roster.classic", "ct_log", roster->logs[0].name, "none");
    }
    for (size_t i = 0; i < roster->issuer_count; i++) {
        TRY(issuer_check(roster, &roster->issuers[i], ret_reason));
    }
    return OK;
}
