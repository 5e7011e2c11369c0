/* Lints of certificates that sign OCSP answers, beside those that they share with others:
 * BR 7.1.2.8, RFC 6960 §4.2.2.2. */
#include "lib/lint/view.h"

static bool no_check(const struct view *view)
{
    return view->known[EXT_NO_CHECK] != NULL;
}

static bool no_check_absent(const struct view *view)
{
    return !no_check(view);
}

static bool no_check_null(const struct view *view)
{
    return !no_check(view) ||
           span_equal(view->known[EXT_NO_CHECK]->value, SPAN_LITERAL("\x05\x00"));
}

static bool no_check_uncritical(const struct view *view)
{
    return !no_check(view) || !view->known[EXT_NO_CHECK]->critical;
}

static bool points_absent(const struct view *view)
{
    return view->known[EXT_CRL_POINTS] == NULL;
}

static const struct lint rows[] = {
    { "responder.no_check", "BR 4.9.9", "id-pkix-ocsp-nocheck", FOR_RESPONDER, SINCE_BR_1,
        .holds = no_check },
    { "responder.no_check_null", "RFC 6960 4.2.2.2.1", "id-pkix-ocsp-nocheck of NULL",
        FOR_RESPONDER, SINCE_RFC6960, .holds = no_check_null },
    { "responder.no_check_critical", "BR 7.1.2.8.6", "id-pkix-ocsp-nocheck that isn't critical",
        FOR_RESPONDER, SINCE_BR_2, .holds = no_check_uncritical },
    { "responder.elsewhere", "RFC 6960 4.2.2.2.1", "no id-pkix-ocsp-nocheck but for responders",
        FOR_CA | FOR_SERVER, SINCE_RFC6960, .holds = no_check_absent },
    { "responder.cdp", "BR 7.1.2.8.2", "no place of a list", FOR_RESPONDER, SINCE_BR_2,
        .holds = points_absent },
};

const struct lint_table lint_responders = { NULL, 0, rows, sizeof rows / sizeof rows[0] };
