#pragma once
/* From a CSR to a certificate that waits for acceptance. */
#include "lib/store/certificate.h"
#include "lib/store/enrolment.h"
#include "lib/store/evidence.h"
#include "proc/registrar/registrar.h"

/* Everything the signer needs to check, gathered from the store. ERR_DENIED with a reason as
 * warrant_check's if something is not there. */
enum err warrant_gather(struct registrar *registrar, const struct enrolment_row *enrolment,
    const struct certificate_row *certificate, struct buf *warrant,
    struct reason *ret_reason) MUST_USE;

/* One name's observations: of the attempt that proved it, and of the later one, if there is any,
 * that asked for CAA alone. Room for EVIDENCE_OBSERVATIONS_MAX, in the arena. */
enum err evidence_read(struct store *store, const struct evidence_row *row, struct arena *arena,
    struct name_evidence *ret_evidence) MUST_USE;

/* The enrolments that wait for a certificate and are of this share. */
enum err issuing_step(struct registrar *registrar, struct client *signer, const struct share *share,
    bool *ret_worked) MUST_USE;
/* Abandons the precertificates of applications that have been withdrawn meanwhile. */
enum err stranded_step(
    struct registrar *registrar, struct client *signer, bool *ret_worked) MUST_USE;
