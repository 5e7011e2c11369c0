/* Host names, from what people type to what a certificate may hold: RFC 5890 to 5892 (IDNA2008),
 * RFC 1123 §2.1 (LDH), BR 7.1.4.2.1. The order of the checks is the order in which a person would
 * like to be told. */
#include "lib/dns/hostname.h"

#include "lib/dns/script.h"

#include <idn2.h>

/* What may be typed at all: the longest name in UTF-8. */
enum { TYPED_MAX = HOST_NAME_UNICODE_MAX };

static enum err typed_check(const char *typed, struct reason *ret_reason);
static enum err name_to_ascii(
    const char *typed, char ret_ascii[HOST_NAME_MAX_LENGTH + 1], struct reason *ret_reason);
static enum err name_check(const char *typed, const char *name, struct reason *ret_reason);
static enum err label_check(const char *typed, struct span label, struct reason *ret_reason);
static enum err label_check_idn(const char *typed, struct span label, struct reason *ret_reason);
static bool looks_like_address(const char *name);
static bool number_like(const char *label);
static bool has_suffix(const char *name, const char *suffix);
static enum err refuse(
    const char *typed, const char *code, struct span seen, struct reason *ret_reason);

enum err dns_name_parse(struct span typed, enum dns_name_kind kind, struct dns_name *ret_name,
    struct reason *ret_reason)
{
    char text[TYPED_MAX];
    if (typed.len == 0) {
        return reason_set(ret_reason, ERR_INPUT, "name.empty", NULL, NULL, NULL);
    }
    if (!span_to_text(typed, text, sizeof text) || !utf8_valid(typed)) {
        bool long_text = typed.len >= sizeof text;
        return reason_set(ret_reason, ERR_INPUT, long_text ? "name.too_long" : "name.character",
            NULL, NULL, NULL);
    }
    TRY(typed_check(text, ret_reason));
    struct dns_name name = { .wildcard = strncmp(text, "*.", 2) == 0 };
    if (name.wildcard && kind == DNS_NAME_HOST) {
        return refuse(text, "name.wildcard", SPAN_LITERAL("*."), ret_reason);
    }
    size_t star = name.wildcard ? 2 : 0;
    char ascii[HOST_NAME_MAX_LENGTH + 1];
    TRY(name_to_ascii(text + star, ascii, ret_reason));
    TRY(name_check(text, ascii, ret_reason));
    if (strlen(ascii) + star > HOST_NAME_MAX_LENGTH) {
        return refuse(text, "name.too_long", (struct span){ 0 }, ret_reason);
    }
    memcpy(name.text, "*.", star);
    memcpy(name.text + star, ascii, strlen(ascii) + 1);
    *ret_name = name;
    return OK;
}

const char *dns_name_base(const struct dns_name *name)
{
    return name->wildcard ? name->text + 2 : name->text;
}

bool dns_name_equal(const struct dns_name *left, const struct dns_name *right)
{
    return strcmp(left->text, right->text) == 0;
}

void dns_name_to_unicode(const struct dns_name *name, char ret_text[HOST_NAME_UNICODE_MAX])
{
    char *shown = NULL;
    bool fits = idn2_to_unicode_8z8z(name->text, &shown, 0) == IDN2_OK &&
                span_to_text(span_from_text(shown), ret_text, HOST_NAME_UNICODE_MAX);
    if (!fits) {
        memcpy(ret_text, name->text, strlen(name->text) + 1);
    }
    idn2_free(shown);
}

bool dns_name_mixes_scripts(const struct dns_name *name)
{
    char text[HOST_NAME_UNICODE_MAX];
    dns_name_to_unicode(name, text);
    for (const char *label = text; label != NULL;) {
        const char *dot = strchr(label, '.');
        size_t length = dot == NULL ? strlen(label) : (size_t)(dot - label);
        if (script_mixed(span_make(label, length))) {
            return true;
        }
        label = dot == NULL ? NULL : dot + 1;
    }
    return false;
}

/* What can be said best of the text as it was typed. */
static enum err typed_check(const char *typed, struct reason *ret_reason)
{
    struct span none = { 0 };
    const char *colon = strchr(typed, ':');
    bool address =
        strpbrk(typed, "[]") != NULL || (colon != NULL && strchr(colon + 1, ':') != NULL);
    if (address && strchr(typed, '/') == NULL) {
        return refuse(typed, "name.ip", span_from_text(typed), ret_reason);
    }
    const char *star = strchr(typed, '*');
    if (star != NULL && (star != typed || typed[1] != '.' || strchr(star + 1, '*') != NULL)) {
        return refuse(typed, "name.wildcard_position", none, ret_reason);
    }
    if (typed[strlen(typed) - 1] == '.') {
        return refuse(typed, "name.trailing_dot", none, ret_reason);
    }
    return OK;
}

/* Lower-case ASCII. Names with characters beyond ASCII go through the UTS 46 mapping; what it makes
 * of them is then checked like any other name. */
static enum err name_to_ascii(
    const char *typed, char ret_ascii[HOST_NAME_MAX_LENGTH + 1], struct reason *ret_reason)
{
    bool ascii = true;
    for (const char *byte = typed; *byte != '\0'; byte++) {
        ascii = ascii && (unsigned char)*byte < 0x80;
    }
    uint8_t *mapped = NULL;
    if (!ascii) {
        int result =
            idn2_lookup_u8((const uint8_t *)typed, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
        if (result != IDN2_OK) {
            return result == IDN2_MALLOC
                       ? ERR_MEMORY
                       : refuse(typed, "name.idn", span_from_text(typed), ret_reason);
        }
    }
    struct span name = span_from_text(ascii ? typed : (const char *)mapped);
    bool fits = span_to_text(name, ret_ascii, HOST_NAME_MAX_LENGTH + 1);
    idn2_free(mapped);
    if (!fits) {
        const char *code = name.len == 0 ? "name.label_empty" : "name.too_long";
        return refuse(typed, code, (struct span){ 0 }, ret_reason);
    }
    for (char *byte = ret_ascii; *byte != '\0'; byte++) {
        *byte = *byte >= 'A' && *byte <= 'Z' ? (char)(*byte | 0x20) : *byte;
    }
    return OK;
}

static enum err name_check(const char *typed, const char *name, struct reason *ret_reason)
{
    unsigned labels = 0;
    for (const char *label = name; label != NULL; labels++) {
        const char *dot = strchr(label, '.');
        size_t length = dot == NULL ? strlen(label) : (size_t)(dot - label);
        TRY(label_check(typed, span_make(label, length), ret_reason));
        label = dot == NULL ? NULL : dot + 1;
    }
    if (looks_like_address(name)) {
        return refuse(typed, "name.ip", span_from_text(name), ret_reason);
    }
    if (labels < 2) {
        return refuse(typed, "name.single_label", span_from_text(name), ret_reason);
    }
    if (has_suffix(name, ".in-addr.arpa") || has_suffix(name, ".ip6.arpa")) {
        return refuse(typed, "name.reverse_zone", span_from_text(name), ret_reason);
    }
    return OK;
}

/* RFC 5890 §2.3.1: a non-reserved LDH label, or an A-label. */
static enum err label_check(const char *typed, struct span label, struct reason *ret_reason)
{
    if (label.len == 0) {
        return refuse(typed, "name.label_empty", label, ret_reason);
    }
    if (label.len > HOST_LABEL_MAX_LENGTH) {
        return refuse(typed, "name.label_too_long", label, ret_reason);
    }
    for (size_t i = 0; i < label.len; i++) {
        uint8_t byte = label.data[i];
        bool ldh = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
        if (!ldh) {
            const char *code = byte == '_' ? "name.underscore" : "name.character";
            return refuse(typed, code, span_make(label.data + i, 1), ret_reason);
        }
    }
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') {
        return refuse(typed, "name.hyphen", label, ret_reason);
    }
    if (label.len < 4 || label.data[2] != '-' || label.data[3] != '-') {
        return OK;
    }
    if (memcmp(label.data, "xn", 2) != 0) {
        return refuse(typed, "name.reserved_label", label, ret_reason);
    }
    return label_check_idn(typed, label, ret_reason);
}

/* RFC 5891 §4.2 and §5.4: the A-label's U-label must be allowed, and lead back to it. */
static enum err label_check_idn(const char *typed, struct span label, struct reason *ret_reason)
{
    char text[HOST_LABEL_MAX_LENGTH + 1];
    if (!span_to_text(label, text, sizeof text)) {
        return refuse(typed, "name.idn", label, ret_reason);
    }
    char *unicode = NULL;
    uint8_t *again = NULL;
    int result = idn2_to_unicode_8z8z(text, &unicode, 0);
    if (result == IDN2_OK) {
        result =
            idn2_register_u8((const uint8_t *)unicode, (const uint8_t *)text, &again, IDN2_NO_TR46);
    }
    bool same =
        result == IDN2_OK && strcmp((const char *)again, text) == 0 && strcmp(unicode, text) != 0;
    idn2_free(unicode);
    idn2_free(again);
    if (result == IDN2_MALLOC) {
        return ERR_MEMORY;
    }
    return same ? OK : refuse(typed, "name.idn", label, ret_reason);
}

/* Whatever some resolver or browser would read as an IPv4 address ends in a number: decimal, octal
 * or hexadecimal, in one to four parts. No top-level domain is one (RFC 3696 §2). */
static bool looks_like_address(const char *name)
{
    const char *dot = strrchr(name, '.');
    return number_like(dot == NULL ? name : dot + 1);
}

static bool number_like(const char *label)
{
    bool hexadecimal = strncmp(label, "0x", 2) == 0;
    const char *digits = hexadecimal ? "0123456789abcdef" : "0123456789";
    label += hexadecimal ? 2 : 0;
    return label[strspn(label, digits)] == '\0';
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t length = strlen(name), suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static enum err refuse(
    const char *typed, const char *code, struct span seen, struct reason *ret_reason)
{
    char text[HOST_NAME_MAX_LENGTH + 1];
    bool shown = span_to_text(seen, text, sizeof text);
    return reason_set(ret_reason, ERR_INPUT, code, typed, shown ? text : NULL, NULL);
}
