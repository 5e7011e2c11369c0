#pragma once
/* From an approved application to a letter in the courier's spool and a mail in the outbox. */
#include "proc/registrar/registrar.h"

/* Makes an enrolment's PIN if it has none yet. ERR_AGAIN while the courier can't be reached. */
enum err credentials_make(struct registrar *registrar, struct client *courier,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], struct reason *ret_reason) MUST_USE;
/* All that wait; `ret_worked` if there was one. */
enum err credentials_step(
    struct registrar *registrar, struct client *courier, bool *ret_worked) MUST_USE;
