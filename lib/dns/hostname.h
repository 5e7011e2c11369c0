#pragma once
/* A server name that is fit for a certificate. `struct dns_name` can only hold a valid, lower-case
 * name of A-labels and non-reserved LDH labels (RFC 5890 §2.3.1, BR 7.1.4.2.1), optionally behind
 * one "*."; whatever was typed becomes one here or nowhere. Never an IP address in any disguise. */
#include "lib/base/bytes.h"
#include "lib/base/limits.h"

/* The longest Unicode form of a name, terminator included: an A-label's punycode digits each stand
 * for at most one character of four bytes. */
enum { HOST_NAME_UNICODE_MAX = 4 * HOST_NAME_MAX_LENGTH + 1 };

enum dns_name_kind { DNS_NAME_HOST, DNS_NAME_HOST_OR_WILDCARD };

struct dns_name {
    char text[HOST_NAME_MAX_LENGTH + 1]; /* "*." included */
    bool wildcard;
};

/* Takes U-labels (mapped as UTS 46 non-transitional does: case, width, full stops; then held
 * against IDNA2008 by a round trip) or A-labels (round trip U-label and back). All failures are
 * ERR_INPUT, or ERR_MEMORY; the reason's code is one of name.empty name.too_long name.label_empty
 * name.label_too_long name.character name.underscore name.hyphen name.reserved_label name.idn
 * name.trailing_dot name.ip name.wildcard name.wildcard_position name.single_label
 * name.reverse_zone with the name as typed in `field` and the offending label or character in
 * `seen`. */
enum err dns_name_parse(struct span typed, enum dns_name_kind kind, struct dns_name *ret_name,
    struct reason *ret_reason) MUST_USE;
/* The name without "*."; borrowed. */
const char *dns_name_base(const struct dns_name *name);
bool dns_name_equal(const struct dns_name *left, const struct dns_name *right);
/* For people: U-labels instead of A-labels. A label that can't be shown stays as it is. */
void dns_name_to_unicode(const struct dns_name *name, char ret_text[HOST_NAME_UNICODE_MAX]);
/* True if a label of the name mixes scripts in a way that people of no language write (UTS 39
 * "highly restrictive" is the border: Latin may stand beside Chinese, Japanese or Korean script).
 */
bool dns_name_mixes_scripts(const struct dns_name *name);
