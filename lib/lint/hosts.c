/* One server name, or one address: what may stand in a dNSName (RFC 5280 §4.2.1.6, RFC 5890, BR
 * 7.1.2.7.12) and in an iPAddress (BR 4.2.2). */
#include "lib/lint/view.h"

#include <ctype.h>

enum { NAME_MAX_LENGTH = 253, LABEL_MAX_LENGTH = 63, ONION_LABEL = 56 };

static bool ends_with(struct span name, const char *suffix)
{
    size_t len = strlen(suffix);
    return name.len >= len &&
           strncasecmp((const char *)name.data + name.len - len, suffix, len) == 0;
}

static bool ends_with_any(struct span name, const char *const *suffixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ends_with(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

bool host_special(struct span name)
{
    static const char *const suffixes[] = { ".local", ".localhost", ".internal", ".home.arpa",
        ".invalid", ".test", ".lan", ".corp", ".home", ".localdomain" };
    return ends_with_any(name, suffixes, sizeof suffixes / sizeof suffixes[0]);
}

static struct span without_wildcard(struct span name)
{
    bool wildcard = name.len > 2 && name.data[0] == '*' && name.data[1] == '.';
    return wildcard ? span_make(name.data + 2, name.len - 2) : name;
}

/* RFC 3492 §6.1. */
static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > ((36 - 1) * 26) / 2; k += 36) {
        delta /= 36 - 1;
    }
    return k + (36 * delta) / (delta + 38);
}

static int digit_of(uint8_t letter)
{
    return isdigit(letter) ? letter - '0' + 26 : isalpha(letter) ? (letter | 0x20) - 'a' : -1;
}

/* One generalised variable-length integer; false where it is cut off or too large. */
static bool number_read(struct span text, size_t *at, uint32_t bias, uint32_t *number)
{
    uint64_t weight = 1, sum = *number;
    for (uint32_t k = 36;; k += 36) {
        int digit = *at < text.len ? digit_of(text.data[*at]) : -1;
        uint32_t threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        (*at)++;
        if (digit < 0 || (sum += (uint64_t)digit * weight) > 0x7fffffff) {
            return false;
        }
        if ((uint32_t)digit < threshold) {
            *number = (uint32_t)sum;
            return true;
        }
        weight *= 36 - threshold;
        if (weight > 0x7fffffff) {
            return false;
        }
    }
}

/* RFC 3492 §6.2, as far as it can fail: each point beyond ASCII, no surrogate, none beyond Unicode.
 */
static bool punycode_valid(struct span text)
{
    const uint8_t *hyphen = text.len == 0 ? NULL : memrchr(text.data, '-', text.len);
    size_t at = hyphen == NULL ? 0 : (size_t)(hyphen - text.data) + 1;
    uint32_t points = hyphen == NULL ? 0 : (uint32_t)(hyphen - text.data);
    uint32_t point = 128, index = 0, bias = 72;
    bool first = true;
    while (at < text.len) {
        uint32_t before = index;
        if (!number_read(text, &at, bias, &index)) {
            return false;
        }
        points++;
        bias = adapt(index - before, points, first);
        point += index / points;
        index = index % points + 1;
        first = false;
        if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
            return false;
        }
    }
    return !first;
}

static void reserved_look(struct view *view, struct span label, struct span name)
{
    if (label.len < 4 || label.data[2] != '-' || label.data[3] != '-') {
        return;
    }
    if (strncasecmp((const char *)label.data, "xn--", 4) != 0) {
        view_fault(view, FAULT_SAN_RESERVED, name);
    } else if (!punycode_valid(span_make(label.data + 4, label.len - 4))) {
        view_fault(view, FAULT_SAN_PUNYCODE, name);
    }
}

static void label_look(struct view *view, struct span label, struct span name)
{
    if (label.len == 0) {
        view_fault(view, FAULT_SAN_LABEL_EMPTY, name);
        return;
    }
    if (label.len > LABEL_MAX_LENGTH) {
        view_fault(view, FAULT_SAN_LABEL_LENGTH, name);
    }
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') {
        view_fault(view, FAULT_SAN_HYPHEN, name);
    }
    for (size_t i = 0; i < label.len; i++) {
        uint8_t byte = label.data[i];
        if (byte == '_') {
            view_fault(view, FAULT_SAN_UNDERSCORE, name);
        } else if (byte >= 'A' && byte <= 'Z') {
            view_fault(view, FAULT_SAN_CASE, name);
        } else if (byte == '*') {
            view_fault(view, FAULT_SAN_WILDCARD_PLACE, name);
        } else if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-')) {
            view_fault(view, FAULT_SAN_CHARACTER, name);
        }
    }
    reserved_look(view, label, name);
}

/* The onion label of version 3 is the base32 of key, checksum and version. */
static bool onion_valid(struct span name)
{
    struct span rest = span_make(name.data, name.len - strlen(".onion"));
    const uint8_t *dot = rest.len == 0 ? NULL : memrchr(rest.data, '.', rest.len);
    struct span label =
        dot == NULL ? rest : span_make(dot + 1, (size_t)(rest.data + rest.len - dot - 1));
    for (size_t i = 0; i < label.len; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz234567", tolower(label.data[i])) == NULL) {
            return false;
        }
    }
    return label.len == ONION_LABEL;
}

/* What its end says about the whole. */
static void end_look(struct view *view, struct span name, struct span rest)
{
    static const char *const reverse[] = { ".in-addr.arpa", ".ip6.arpa" };
    const uint8_t *last = memrchr(rest.data, '.', rest.len);
    if (last == NULL) {
        view_fault(view, FAULT_SAN_SINGLE, name);
    } else if (last + 1 < rest.data + rest.len && isdigit(last[1])) {
        view_fault(view, FAULT_SAN_NUMERIC, name);
    }
    if (rest.data != name.data && last == NULL) {
        view_fault(view, FAULT_SAN_WILDCARD_NARROW, name);
    }
    if (ends_with_any(rest, reverse, 2)) {
        view_fault(view, FAULT_SAN_REVERSE, name);
    }
    if (host_special(rest)) {
        view_fault(view, FAULT_SAN_INTERNAL, name);
    }
    if (ends_with(rest, ".onion") && !onion_valid(rest)) {
        view_fault(view, FAULT_SAN_ONION, name);
    }
}

void host_look(struct view *view, struct span name)
{
    struct span rest = without_wildcard(name), left = rest;
    if (name.len == 0 || name.data[0] == ' ') {
        view_fault(view, FAULT_SAN_EMPTY, name);
        return;
    }
    if (name.len > NAME_MAX_LENGTH) {
        view_fault(view, FAULT_SAN_LENGTH, name);
    }
    if (rest.data != name.data) {
        view_fault(view, FAULT_SAN_WILDCARD, name);
    }
    if (name.len > 1 && name.data[name.len - 1] == '.') {
        view_fault(view, FAULT_SAN_FINAL_DOT, name);
        left.len--;
    }
    end_look(view, name, rest);
    for (;;) {
        const uint8_t *dot = left.len == 0 ? NULL : memchr(left.data, '.', left.len);
        size_t len = dot == NULL ? left.len : (size_t)(dot - left.data);
        label_look(view, span_make(left.data, len), name);
        if (dot == NULL) {
            return;
        }
        left = span_make(dot + 1, left.len - len - 1);
    }
}

/* IANA's registries of special-purpose addresses, as far as none of a block is for the public. */
static const struct {
    uint8_t length, bits;
    uint8_t address[16];
} reserved[] = {
    { 4, 8, { 0 } },
    { 4, 8, { 10 } },
    { 4, 10, { 100, 64 } },
    { 4, 8, { 127 } },
    { 4, 16, { 169, 254 } },
    { 4, 12, { 172, 16 } },
    { 4, 24, { 192, 0, 0 } },
    { 4, 24, { 192, 0, 2 } },
    { 4, 24, { 192, 88, 99 } },
    { 4, 16, { 192, 168 } },
    { 4, 15, { 198, 18 } },
    { 4, 24, { 198, 51, 100 } },
    { 4, 24, { 203, 0, 113 } },
    { 4, 4, { 224 } },
    { 4, 4, { 240 } },
    { 16, 127, { 0 } },
    { 16, 96, { [10] = 0xff, [11] = 0xff } },
    { 16, 48, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 } },
    { 16, 64, { 0x01, 0x00 } },
    { 16, 23, { 0x20, 0x01, 0x00 } },
    { 16, 32, { 0x20, 0x01, 0x0d, 0xb8 } },
    { 16, 20, { 0x3f, 0xff } },
    { 16, 7, { 0xfc } },
    { 16, 10, { 0xfe, 0x80 } },
    { 16, 8, { 0xff } },
};

static bool within(struct span address, const uint8_t *block, unsigned bits)
{
    unsigned whole = bits / 8, more = bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> more);
    return memcmp(address.data, block, whole) == 0 &&
           (more == 0 || ((address.data[whole] ^ block[whole]) & mask) == 0);
}

void address_bytes_look(struct view *view, struct span address)
{
    view_fault(view, FAULT_SAN_IP, address);
    if (address.len != 4 && address.len != 16) {
        view_fault(view, FAULT_SAN_IP_LENGTH, address);
        return;
    }
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (reserved[i].length == address.len &&
            within(address, reserved[i].address, reserved[i].bits)) {
            view_fault(view, FAULT_SAN_IP_RESERVED, address);
        }
    }
}
