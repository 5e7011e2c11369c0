/* What a finding shows a person: the place where a fault was met, or what its lint looks at, which
 * the first part of the lint's id tells. */
#include "lib/base/clock.h"
#include "lib/lint/view.h"

#include <ctype.h>
#include <stdio.h>

static void bytes_show(struct span bytes, char ret_text[LINT_SEEN_MAX])
{
    bool printable = bytes.len > 0, cut = false;
    for (size_t i = 0; i < bytes.len && i < LINT_SEEN_MAX; i++) {
        printable = printable && bytes.data[i] >= 0x20 && bytes.data[i] != 0x7f;
    }
    size_t room = printable ? LINT_SEEN_MAX - 4 : (LINT_SEEN_MAX - 4) / 2;
    cut = bytes.len > room;
    bytes.len = cut ? room : bytes.len;
    if (printable && !cut && utf8_plain(bytes)) {
        (void)span_to_text(bytes, ret_text, LINT_SEEN_MAX);
        return;
    }
    bytes.len = bytes.len > (LINT_SEEN_MAX - 4) / 2 ? (LINT_SEEN_MAX - 4) / 2 : bytes.len;
    hex_format(bytes, ret_text);
    if (cut) {
        snprintf(ret_text + 2 * bytes.len, LINT_SEEN_MAX - 2 * bytes.len, "…");
    }
}

static void serial_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    bytes_show(view->serial, ret_text);
}

static void version_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    snprintf(ret_text, LINT_SEEN_MAX, "version %u", view->version + 1);
}

static void algorithm_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    bytes_show(view->inner_algorithm, ret_text);
}

static void signature_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    bytes_show(view->signature, ret_text);
}

static void times_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    char begin[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
    time_format_rfc3339(view->not_before, begin);
    time_format_rfc3339(view->not_after, end);
    snprintf(ret_text, LINT_SEEN_MAX, "%s to %s", begin, view->has_not_after ? end : "no end");
}

static void key_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    char algorithm[LINT_SEEN_MAX];
    struct span number = view->key.rsa ? view->key.modulus : view->key.bits;
    number.len = number.len > 8 ? 8 : number.len;
    bytes_show(view->key.algorithm, algorithm);
    int len = snprintf(ret_text, LINT_SEEN_MAX, "%.90s, %zu bits ", algorithm,
        8 * (view->key.rsa ? view->key.modulus.len : view->key.bits.len));
    hex_format(number, ret_text + len);
}

/* C=HK, O=…: the values only, as far as there is room. */
static void name_show(const struct view_name *name, char ret_text[LINT_SEEN_MAX])
{
    size_t at = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < name->count && at + 1 < LINT_SEEN_MAX; i++) {
        struct span value = name->attributes[i].value;
        int len = snprintf(ret_text + at, LINT_SEEN_MAX - at, "%s%.*s", i == 0 ? "" : ", ",
            (int)(value.len > 60 ? 60 : value.len), (const char *)value.data);
        at += len < 0 ? 0 : (size_t)len;
    }
    utf8_make_plain(ret_text);
}

static void subject_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    name_show(&view->subject, ret_text);
}

static void issuer_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    name_show(&view->issuer, ret_text);
}

static void answer_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    char produced[TIME_TEXT_MAX];
    time_format_rfc3339(view->answer.produced_at, produced);
    snprintf(ret_text, LINT_SEEN_MAX, "status %u, %zu answers, %zu certificates, produced %s",
        view->answer.status, view->answer.count, view->answer.certificate_count, produced);
}

static void extensions_show(const struct view *view, char ret_text[LINT_SEEN_MAX])
{
    snprintf(ret_text, LINT_SEEN_MAX, "%zu extensions", view->extension_count);
}

static const struct {
    const char *prefix;
    void (*show)(const struct view *view, char ret_text[LINT_SEEN_MAX]);
} shown[] = {
    { "version.", version_show },
    { "crl.version", version_show },
    { "serial.", serial_show },
    { "algorithm.", algorithm_show },
    { "signature.", signature_show },
    { "validity.", times_show },
    { "key.", key_show },
    { "issuer.", issuer_show },
    { "subject.", subject_show },
    { "ev.", subject_show },
    { "san.common_name", subject_show },
    { "extension.", extensions_show },
    { "ocsp.", answer_show },
};

static const struct {
    const char *prefix;
    enum extension extension;
} looked_at[] = {
    { "aki.", EXT_AUTHORITY_KEY },
    { "ski.", EXT_SUBJECT_KEY },
    { "ku.", EXT_KEY_USAGE },
    { "bc.", EXT_BASIC_CONSTRAINTS },
    { "eku.", EXT_EXT_USAGE },
    { "policies.", EXT_POLICIES },
    { "cdp.", EXT_CRL_POINTS },
    { "aia.", EXT_AUTHORITY_INFO },
    { "san.", EXT_ALT_NAME },
    { "ct.poison", EXT_POISON },
    { "ct.", EXT_SCT_LIST },
    { "nc.", EXT_NAME_CONSTRAINTS },
    { "pc.", EXT_POLICY_CONSTRAINTS },
    { "pm.", EXT_POLICY_MAPPINGS },
    { "iap.", EXT_INHIBIT_ANY },
    { "ian.", EXT_ISSUER_ALT_NAME },
    { "freshest.", EXT_FRESHEST },
    { "sia.", EXT_SUBJECT_INFO },
    { "responder.cdp", EXT_CRL_POINTS },
    { "responder.", EXT_NO_CHECK },
    { "crl.number", EXT_CRL_NUMBER },
    { "crl.delta", EXT_DELTA },
    { "crl.point", EXT_ISSUING_POINT },
};

static bool begins(const char *id, const char *prefix)
{
    return strncmp(id, prefix, strlen(prefix)) == 0;
}

void view_show(const struct view *view, const struct lint *lint, char ret_text[LINT_SEEN_MAX])
{
    ret_text[0] = '\0';
    if (lint->fault != FAULT_NONE) {
        bytes_show(view->faults[lint->fault], ret_text);
        return;
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (begins(lint->id, shown[i].prefix)) {
            shown[i].show(view, ret_text);
            return;
        }
    }
    for (size_t i = 0; i < sizeof looked_at / sizeof looked_at[0]; i++) {
        const struct view_extension *extension = view->known[looked_at[i].extension];
        if (begins(lint->id, looked_at[i].prefix)) {
            if (extension == NULL) {
                snprintf(ret_text, LINT_SEEN_MAX, "absent");
                return;
            }
            int len = snprintf(ret_text, LINT_SEEN_MAX, extension->critical ? "critical " : "");
            struct span value = extension->value;
            value.len = value.len > 70 ? 70 : value.len;
            hex_format(value, ret_text + len);
            return;
        }
    }
    times_show(view, ret_text);
}
