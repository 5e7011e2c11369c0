#pragma once
/* From a precertificate to its certificate, by way of the logs; or the decision to give up. */
#include "lib/store/submission.h"
#include "proc/registrar/registrar.h"

enum transparency {
    TRANSPARENCY_WAITING,   /* for the next attempt; the reason says why */
    TRANSPARENCY_COMPLETED, /* the certificate is there */
    TRANSPARENCY_GIVEN_UP,  /* its serial is to be abandoned, for this reason */
};

/* Asks the logs that have not promised yet, stores what they say, and has the signer complete the
 * certificate once they are enough. `certificate` is replaced. */
enum err transparency_step(struct registrar *registrar, struct client *signer,
    const struct certificate_row *row, const struct precertificate_row *precertificate,
    struct buf *certificate, enum transparency *ret_outcome, struct reason *ret_reason) MUST_USE;
