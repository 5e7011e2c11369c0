#pragma once
/* The portal's walk for one approved application, as a state table. Only enrolment_next says which
 * state follows; everything else reads. */
#include "lib/base/err.h"

enum enrolment_state {
    ENROLMENT_OPEN,      /* credentials exist; details not confirmed yet */
    ENROLMENT_REJECTED,  /* the AR found the details wrong: back at the RA */
    ENROLMENT_CONFIRMED, /* details confirmed; domain control still to be proved */
    ENROLMENT_VALIDATED, /* evidence for every name; waiting for a CSR */
    ENROLMENT_ISSUING,   /* CSR taken; the registrar is at work */
    ENROLMENT_ISSUED,    /* certificate made; waiting for the AR's acceptance */
    ENROLMENT_ACCEPTED,  /* published */
    ENROLMENT_DECLINED,  /* not accepted for its details: revoked, back at the RA */
    ENROLMENT_STATE_COUNT,
};

enum enrolment_event {
    ENROLMENT_CONFIRM,
    ENROLMENT_REJECT,
    ENROLMENT_EVIDENCE,        /* every name has its quorum */
    ENROLMENT_EVIDENCE_LAPSED, /* too old before it was used, or for another key: prove again */
    ENROLMENT_SUBMIT_CSR,
    ENROLMENT_CERTIFICATE, /* the signer delivered */
    ENROLMENT_REFUSE_CSR,  /* the signer refused for the CSR's sake: another CSR, please */
    ENROLMENT_ACCEPT,
    ENROLMENT_DECLINE_KEY, /* not accepted, the key is wrong: revoked, back to the CSR page */
    ENROLMENT_DECLINE_DETAILS,
    ENROLMENT_NEXT,    /* another certificate within the subscription */
    ENROLMENT_ABANDON, /* a serial is given up: the same request under the next ordinal */
    ENROLMENT_EVENT_COUNT,
};

/* Stable ids for store, API and pages: "open", "confirmed", … */
const char *enrolment_state_id(enum enrolment_state state);
enum err enrolment_state_from_id(const char *id, enum enrolment_state *ret_state) MUST_USE;
/* ERR_CONFLICT if the event is not possible in that state. */
enum err enrolment_next(
    enum enrolment_state from, enum enrolment_event event, enum enrolment_state *ret_to) MUST_USE;
