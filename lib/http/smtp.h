#pragma once
/* Hands one formatted mail to one SMTP server (RFC 5321) for one recipient. In the clear to
 * loopback only; elsewhere STARTTLS (RFC 3207) with a verified certificate. */
#include "lib/http/mail.h"

struct smtp_config {
    const char *server;   /* "127.0.0.25:2525" or "mail.example.net:587" */
    const char *own_name; /* for EHLO */
    bool starttls;
    struct span ca_pem; /* trust anchors for STARTTLS; empty: the system's */
    int64_t timeout_ms; /* the whole conversation; 0: 30,000 */
};

/* ERR_AGAIN (no connection, or the server said 4xx, or 5xx before it had heard of this mail),
 * ERR_TIMEOUT, ERR_DENIED ("smtp.refused": it said 5xx to this mail, its sender or its recipient;
 * else it is not the one trusted, or clear text off loopback). `ret_reason` (may be NULL):
 * "smtp.…", the server's code as seen. */
enum err smtp_send(const struct smtp_config *config, const struct mail_address *from,
    const struct mail_address *to, struct span message, struct reason *ret_reason) MUST_USE;
