#pragma once
/* What two officers do with an application, and what comes of it. */
#include "lib/store/application.h"
#include "lib/store/enrolment.h"
#include "proc/registrar/registrar.h"

struct approving_outcome {
    enum application_state state;
    char reference[REFERENCE_DIGITS + 1]; /* "" until both have signed */
    uint8_t enrolment[ENROLMENT_ID_BYTES];
};

/* Verifies one officer's signature against roster and application and commits it; with the second
 * the enrolment is made in the same transaction. Reasons are "approval.<what>". */
enum err approval_take(struct registrar *registrar, const uint8_t id[APPLICATION_ID_BYTES],
    struct span approval_der, struct approving_outcome *ret_outcome,
    struct reason *ret_reason) MUST_USE;
/* A new enrolment of this application: its id and reference number, which may be taken already. */
enum err enrolment_draw(const struct registrar *registrar,
    const uint8_t application[APPLICATION_ID_BYTES], struct enrolment_row *ret_enrolment) MUST_USE;
