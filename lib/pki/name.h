#pragma once
/* Distinguished names (RFC 5280 §4.1.2.4, BR 7.1.4). Built in the one order and with the one string
 * type that BR 7.1.4.2 gives each attribute; compared as bytes and never otherwise. */
#include "lib/base/buf.h"
#include "lib/der/oid.h"

enum { NAME_ATTRIBUTES_MAX = 32 };

struct name_attribute {
    struct span oid;
    uint8_t tag; /* DER_UTF8_STRING, DER_PRINTABLE_STRING, …; others (T61, BMP) as they came */
    struct span value;
    unsigned rdn; /* which RelativeDistinguishedName it stands in, from 0 */
};

/* A parsed name; the spans point into what was parsed. */
struct name {
    struct name_attribute attributes[NAME_ATTRIBUTES_MAX];
    size_t count;
};

/* One attribute to be written; `value` is UTF-8. */
struct name_entry {
    struct span oid;
    struct span value;
};

/* Appends a Name, DER. Empty values are left out; the entries may come in any order and leave in
 * the mandated one (several of one type, allowed for street, OU and DC only, keep theirs).
 * ERR_INPUT with code "name.value" (field: the attribute's short name) for a value that is no
 * UTF-8, too long, made of punctuation only, or outside its string type; "name.attribute" for a
 * type the table doesn't have or twice the same. `count` 0 gives the empty name. */
enum err name_write(const struct name_entry *entries, size_t count, struct reason *ret_reason,
    struct buf *buf) MUST_USE;
/* `der` is the whole SEQUENCE. Strict in structure, tolerant of foreign attribute and string types.
 * */
enum err name_parse(struct span der, struct name *ret_name) MUST_USE;
/* The first value of that type as UTF-8 text; ERR_NOT_FOUND; ERR_LIMIT if it doesn't fit; ERR_INPUT
 * if it holds what isn't text. BMPString and T61String (read as Latin-1) are converted. */
enum err name_text(const struct name *name, struct span oid, char *ret_text, size_t size) MUST_USE;
/* "CN=www.shop.example.com, O=Shop Limited, L=Hong Kong, C=HK": last first, as RFC 4514 orders and
 * escapes, for people only. `der` is a whole Name. */
enum err name_format(struct span der, struct buf *buf) MUST_USE;
/* "CN", "O", "organizationIdentifier", …; NULL for a type without a short name. */
const char *name_attribute_label(struct span oid);
