/* The walk's states and the one table that moves between them. */
#include "lib/ca/enrolment.h"

#include <string.h>

static const char *const state_ids[ENROLMENT_STATE_COUNT] = {
    [ENROLMENT_OPEN] = "open",
    [ENROLMENT_REJECTED] = "rejected",
    [ENROLMENT_CONFIRMED] = "confirmed",
    [ENROLMENT_VALIDATED] = "validated",
    [ENROLMENT_ISSUING] = "issuing",
    [ENROLMENT_ISSUED] = "issued",
    [ENROLMENT_ACCEPTED] = "accepted",
    [ENROLMENT_DECLINED] = "declined",
};

static const struct transition {
    enum enrolment_state from;
    enum enrolment_event event;
    enum enrolment_state to;
} transitions[] = {
    { ENROLMENT_OPEN, ENROLMENT_CONFIRM, ENROLMENT_CONFIRMED },
    { ENROLMENT_OPEN, ENROLMENT_REJECT, ENROLMENT_REJECTED },
    { ENROLMENT_CONFIRMED, ENROLMENT_EVIDENCE, ENROLMENT_VALIDATED },
    { ENROLMENT_VALIDATED, ENROLMENT_EVIDENCE_LAPSED, ENROLMENT_CONFIRMED },
    { ENROLMENT_VALIDATED, ENROLMENT_SUBMIT_CSR, ENROLMENT_ISSUING },
    { ENROLMENT_ISSUING, ENROLMENT_EVIDENCE_LAPSED, ENROLMENT_CONFIRMED },
    { ENROLMENT_ISSUING, ENROLMENT_REFUSE_CSR, ENROLMENT_VALIDATED },
    { ENROLMENT_ISSUING, ENROLMENT_ABANDON, ENROLMENT_ISSUING },
    { ENROLMENT_ISSUING, ENROLMENT_CERTIFICATE, ENROLMENT_ISSUED },
    { ENROLMENT_ISSUED, ENROLMENT_ACCEPT, ENROLMENT_ACCEPTED },
    { ENROLMENT_ISSUED, ENROLMENT_DECLINE_KEY, ENROLMENT_VALIDATED },
    { ENROLMENT_ISSUED, ENROLMENT_DECLINE_DETAILS, ENROLMENT_DECLINED },
    { ENROLMENT_ACCEPTED, ENROLMENT_NEXT, ENROLMENT_VALIDATED },
};

const char *enrolment_state_id(enum enrolment_state state)
{
    return state_ids[state];
}

enum err enrolment_state_from_id(const char *id, enum enrolment_state *ret_state)
{
    for (unsigned i = 0; i < ENROLMENT_STATE_COUNT; i++) {
        if (strcmp(id, state_ids[i]) == 0) {
            *ret_state = (enum enrolment_state)i;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err enrolment_next(
    enum enrolment_state from, enum enrolment_event event, enum enrolment_state *ret_to)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].from == from && transitions[i].event == event) {
            *ret_to = transitions[i].to;
            return OK;
        }
    }
    return ERR_CONFLICT;
}
