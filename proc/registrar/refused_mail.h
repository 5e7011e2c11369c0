#pragma once
/* The mail to whom a domain's CAA records name by iodef: that a certificate was asked for and
 * refused (BR 4.2.2.1, RFC 8659 §4.4). It says nothing of who asked. */
#include "lib/store/outbox.h"
#include "lib/wire/validator.h"
#include "proc/registrar/registrar.h"

/* What the primary's report of `name` gives for such a mail, with its texts in the arena; NULL if
 * CAA did not refuse, or names no mailbox. */
enum err refused_mail_write(const struct registrar *registrar, const char *name,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const struct report *report, struct arena *arena,
    struct outbox_row **ret_row) MUST_USE;
/* In the transaction that keeps the refusal: one mail for an enrolment, however many names and
 * checks there are, for the records are whoever's who wants us to send mails (D30). */
enum err refused_mail_add(
    struct store *store, const struct act *act, const struct outbox_row *row) MUST_USE;
