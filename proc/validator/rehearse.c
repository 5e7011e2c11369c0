/* A check without its end: everything is looked at, nothing is signed. What is known here of the
 * key is that it isn't needed. */
#include "proc/validator/method.h"

enum err rehearse_run(const struct checker *checker, const struct rehearse *rehearse,
    struct rehearsed *ret_rehearsed, struct reason *ret_reason)
{
    struct report report = { 0 };
    struct observation seen = { 0 };
    bool mail = rehearse->challenge.method == DCV_EMAIL && !rehearse->caa_only;
    struct attempt attempt = {
        .checker = checker,
        .challenge = &rehearse->challenge,
        .budget = checker->rehearsals,
        .caa_only = rehearse->caa_only || mail,
        .mail_left_out = mail,
        .deadline_ms = attempt_deadline(rehearse->patience_ms),
        .report = &report,
    };
    TRY(attempt_run(&attempt, &seen, ret_reason));
    *ret_rehearsed = (struct rehearsed){
        .dcv = seen.dcv, .caa = seen.caa, .dnssec = seen.dnssec, .report = report
    };
    return OK;
}
