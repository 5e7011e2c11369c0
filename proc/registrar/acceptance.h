#pragma once
/* A certificate waits for its subscriber's yes or no: seven days later comes a reminder, fourteen
 * days later it counts as not accepted. */
#include "lib/store/certificate.h"
#include "lib/store/outbox.h"
#include "proc/registrar/registrar.h"

#define REMINDER_SECONDS   (7 * DAY_SECONDS)
#define ACCEPTANCE_SECONDS (14 * DAY_SECONDS)

/* The mail of this kind about this certificate to its representative; texts lie in the arena.
 * `deadline` 0 leaves the day out. */
struct acceptance_mail {
    const char *kind;
    const struct application *application;
    const uint8_t *spki_hash;
    struct span serial;
    int64_t deadline;
};
enum err acceptance_mail_write(const struct registrar *registrar,
    const struct acceptance_mail *mail, const uint8_t enrolment[ENROLMENT_ID_BYTES],
    struct arena *arena, struct outbox_row *ret_row) MUST_USE;

/* All that wait too long. */
enum err acceptance_step(struct registrar *registrar, bool *ret_worked) MUST_USE;
