#pragma once
/* One precertificate to several logs at once (RFC 6962 §4.1, §4.2), until enough of them have
 * promised. A log that answers late is not waited for. */
#include "lib/store/submission.h"
#include "proc/registrar/registrar.h"

struct submitting {
    const struct registrar *registrar;
    struct span precertificate; /* DER */
    struct span issuer;         /* its issuing CA's certificate, DER */
    const struct ct_subject *subject;
    int64_t lifetime;
    bool wanted[CT_LOGS_MAX]; /* which logs of the roster are asked */
    /* What is known already, and what comes: the roster's places with the promises of these. */
    struct ct_promise promises[CT_LOGS_MAX];
    size_t promise_count;
};

/* `ret_rows` has one row for each log that answered or could not: a promise that was checked, or
 * the reason why there is none ("ct.silent" for who did not answer in time). SCTs live in the
 * arena. */
enum err submitting_run(struct submitting *submitting, struct arena *arena,
    struct submission_row ret_rows[CT_LOGS_MAX], size_t *ret_count) MUST_USE;
