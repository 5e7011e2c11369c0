#pragma once
/* Mails from the outbox: worded in the representative's language and English, sent by SMTP, marked
 * sent; tried again by a table of delays for as long as it takes. A mail may go out twice after a
 * sudden end, under the same Message-ID, and is never lost. */
#include "lib/base/clock.h"
#include "lib/http/smtp.h"
#include "lib/store/outbox.h"
#include "lib/text/language.h"

struct post {
    struct store *store;
    const struct language_set *languages;
    const struct clock *clock;
    struct smtp_config smtp;
    struct mail_address from;
    bool trial;
    /* Told of each attempt; for the log. */
    void (*report)(const struct outbox_row *row, enum err err, const struct reason *reason);
};

/* Appends the whole message. ERR_INPUT for an unknown kind, a recipient that is no plain address,
 * or parameters that are no object of texts. */
enum err post_compose(const struct post *post, const struct outbox_row *row,
    struct mail_address *ret_to, struct buf *message) MUST_USE;
/* When the next attempt is due after so many that failed. */
int64_t post_delay_seconds(unsigned attempts);
/* Sends what is due, one by one. Failing to send is no failure of this; failing to read or mark is.
 */
enum err post_send_due(const struct post *post) MUST_USE;
