#pragma once
/* The words before TLS where a protocol begins in clear: SMTP (RFC 3207), IMAP (RFC 9051 §6.2.1),
 * POP3 (RFC 2595 §4). Pure: a line that the server said goes in, what to say next comes out. */
#include "lib/base/bytes.h"

enum starttls { STARTTLS_NONE, STARTTLS_SMTP, STARTTLS_IMAP, STARTTLS_POP3, STARTTLS_COUNT };

/* By the port's number: 25, 587 and 2525 SMTP, 143 IMAP, 110 POP3; any other begins with TLS. */
enum starttls starttls_of_port(uint16_t port);
/* "none", "smtp", "imap", "pop3". */
const char *starttls_name(enum starttls protocol);
/* ERR_INPUT for anything but these. */
enum err starttls_from_name(const char *name, enum starttls *ret_protocol) MUST_USE;

struct starttls_talk {
    enum starttls protocol;
    size_t stage;
};

enum starttls_turn {
    STARTTLS_LISTEN, /* the server says more */
    STARTTLS_SAY,    /* what `ret_words` holds, then listen */
    STARTTLS_BEGIN,  /* TLS begins with the next byte */
    STARTTLS_REFUSED,
};

/* One line without its end. `ret_words` is set for STARTTLS_SAY only and is static. Not for
 * STARTTLS_NONE. */
enum starttls_turn starttls_hear(
    struct starttls_talk *talk, struct span line, const char **ret_words);
