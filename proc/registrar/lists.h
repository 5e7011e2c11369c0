#pragma once
/* Revocations on their way to the signer, and the CRLs that come of them or of time. */
#include "proc/registrar/registrar.h"

/* Tells the signer what was decided, then publishes a CRL that has it. */
enum err revocation_step(
    struct registrar *registrar, struct client *signer, bool *ret_worked) MUST_USE;
/* CRLs that are due by time. */
enum err crl_step(struct registrar *registrar, struct client *signer, bool *ret_worked) MUST_USE;
/* A new CRL of this issuer, published. */
enum err crl_make(struct registrar *registrar, struct client *signer, const struct issuer *issuer,
    int64_t *ret_number, struct reason *ret_reason) MUST_USE;
