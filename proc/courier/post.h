#pragma once
/* Mails from the outbox: worded in the representative's language and English, sent by SMTP, marked
 * sent; tried again by a table of delays for five days (RFC 5321 §4.5.4.1), then given up, as at
 * once where the server refuses this mail for good; not sent any more where what it says is over. A
 * mail may go out twice after a sudden end, under the same Message-ID, and is never lost: what was
 * given up stands on the officers' list until one of them has seen to it. */
#include "lib/base/clock.h"
#include "lib/http/smtp.h"
#include "lib/store/outbox.h"
#include "lib/text/language.h"

enum post_fate { POST_SENT, POST_LATER, POST_GIVEN_UP, POST_LAPSED };

struct post_outcome {
    enum post_fate fate;
    int64_t next_try; /* of POST_LATER */
    enum err err;
    struct reason reason;
};

struct post {
    struct store *store;
    const struct language_set *languages;
    const struct clock *clock;
    struct smtp_config smtp;
    struct mail_address from;
    bool trial;
    /* Told of each attempt; for the log. */
    void (*report)(const struct outbox_row *row, const struct post_outcome *outcome);
};

/* Appends the whole message. ERR_INPUT for an unknown kind, a recipient that is no plain address,
 * or parameters that are no object of texts. */
enum err post_compose(const struct post *post, const struct outbox_row *row,
    struct mail_address *ret_to, struct buf *message) MUST_USE;
/* Sends what is due, one by one. Failing to send is no failure of this; failing to read or mark is.
 */
enum err post_send_due(const struct post *post) MUST_USE;
