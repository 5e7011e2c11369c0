#pragma once
/* One mail as bytes (RFC 5322, RFC 2045 to 2047): a plain text and its HTML twin, UTF-8. Addresses
 * are a type of their own, so that nothing a subscriber typed can become a second recipient or a
 * header (doc/threats.md D16). */
#include "lib/base/buf.h"

enum { MAIL_ADDRESS_SIZE = 255, MAIL_MAX_BYTES = 256 * 1024 };

/* Only mail_address_parse makes one. */
struct mail_address {
    char text[MAIL_ADDRESS_SIZE];
};

/* The plain dot-atom form of RFC 5321 §4.1.2 in ASCII, '%' excluded (an old routing mark): no
 * quotes, comments, brackets, literals, spaces or control characters. ERR_INPUT otherwise. */
enum err mail_address_parse(struct span text, struct mail_address *ret_address) MUST_USE;

/* The mailbox of a "mailto:" URL (RFC 6068) that a stranger wrote. What stands behind its "?" would
 * be headers of the sender's and is dropped; ERR_INPUT for more than one address, for an escaped
 * one, and for a domain without a dot, which is none of the public DNS: the mail server's own
 * machine, or one beside it. */
enum err mail_address_from_url(struct span url, struct mail_address *ret_address) MUST_USE;

struct mail {
    const struct mail_address *from, *to;
    const char *from_name; /* shown beside the address; NULL: none */
    const char *subject;   /* UTF-8 */
    const char *text;      /* UTF-8, lines ended by LF or CR LF */
    const char *html;      /* the same as a document; NULL: text alone */
    int64_t date;
    const char *message_id; /* letters, digits, '.' and '-'; the sender's domain is put behind it */
};

/* Appends the message with CR LF line ends; every line has at most 78 characters. ERR_INPUT for a
 * control character in subject or name, text that is no UTF-8, or a foreign message id. */
enum err mail_format(const struct mail *mail, struct buf *buf) MUST_USE;
