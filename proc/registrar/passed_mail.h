#pragma once
/* The mail that tells the representative of a passed validation. Whoever pressed the button and
 * still looks at the page needs none; it is for the person who has left, and for a check that came
 * by itself, which no page shows. */
#include "lib/ca/application.h"
#include "lib/store/outbox.h"
#include "proc/registrar/registrar.h"

/* The mail, with its texts in the arena. */
enum err passed_mail_write(const struct registrar *registrar, const struct application *application,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct arena *arena,
    struct outbox_row *ret_row) MUST_USE;
/* In the transaction in which the enrolment passes: adds the mail if the check came by itself or no
 * session of the enrolment was seen for SESSION_WATCHES_SECONDS. */
enum { SESSION_WATCHES_SECONDS = 90 };
enum err passed_mail_add(struct store *store, const struct act *act, const struct outbox_row *row,
    bool by_itself) MUST_USE;
