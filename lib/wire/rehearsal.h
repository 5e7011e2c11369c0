#pragma once
/* The conversation with a validator that proves nothing: would this challenge pass if it were
 * checked now? The same questions are asked as for a check, but no attempt is named, nothing is
 * signed, and what comes back has not the form of an observation: nobody can make evidence of it.
 */
#include "lib/wire/validator.h"

/* Of a limit on checks of one domain a minute, what is given to rehearsals beside it: half, so that
 * what anybody has to bear of both stays of the same order. */
static inline unsigned rehearsals_of(unsigned checks_per_minute)
{
    return (checks_per_minute + 1) / 2;
}

struct rehearse {
    struct challenge challenge;
    bool caa_only;        /* a check would ask for CAA alone, the proof being there already */
    unsigned patience_ms; /* all that it may take; 0: as long as the validator gives any */
};

/* What one perspective sees now. */
struct rehearsed {
    enum dcv_result dcv; /* DCV_NOT_ASKED: for CAA alone, and for the code of a mail */
    enum caa_result caa;
    enum dnssec_state dnssec;
    struct report report;
};

void rehearse_write(struct der_writer *writer, const void *rehearse);
enum err rehearse_read(struct der *reader, struct rehearse *ret_rehearse) MUST_USE;
void rehearsed_write(struct der_writer *writer, const void *rehearsed);
/* On failure what `ret_rehearsed` holds means nothing. */
enum err rehearsed_read(struct der *reader, struct rehearsed *ret_rehearsed) MUST_USE;

/* Asks the primary on its socket. A remote perspective is asked by request_format, HTTPS and
 * answer_parse. ERR_AGAIN with "dcv.target_busy": the domain has had its fill of rehearsals. */
enum err validator_call_rehearse(struct client *client, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason) MUST_USE;
