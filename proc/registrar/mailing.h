#pragma once
/* Codes by mail: the primary is told to send those that subscribers asked for. */
#include "proc/registrar/perspective.h"

/* One mail, if one is due. A mailbox that refuses ends it; a server that is away is tried again. */
enum err mailing_step(
    struct registrar *registrar, struct perspective_link *primary, bool *ret_worked) MUST_USE;
/* What was typed for this name, for the primary's check; empty where there is nothing. */
enum err mailing_proof(const struct registrar *registrar,
    const uint8_t enrolment[ENROLMENT_ID_BYTES], const char *name,
    struct mail_proof *ret_proof) MUST_USE;
