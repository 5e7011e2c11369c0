/* The OCSP answer that a server hands out with its certificate (RFC 6066 §8). Clients that look at
 * it refuse the server where it is bad, even where they would accept it without one; so it is
 * judged as they do: who signed it, about which certificate, as of now. */
#include "cli/ecert/check.h"
#include "lib/pki/ocsp.h"

#include <stdio.h>

static enum check_staple answer_judge(
    const struct check_trust *trust, struct check_host *host, char ret_seen[REASON_TEXT_MAX]);
static enum err time_judge(const struct ocsp_answer *answer, const struct certificate *issuer,
    int64_t now, struct reason *ret_reason);
static enum check_staple failure_name(const struct reason *reason);
static bool issuer_find(
    const struct check_trust *trust, const struct check_host *host, struct certificate *ret_issuer);
static bool issued_by(
    struct span der, const struct certificate *leaf, struct certificate *ret_issuer);

/* FAILED: some client or other refuses the server for it. */
static const struct {
    const char *name, *code;
    enum check_state severity;
} staples[] = {
    [CHECK_STAPLE_NONE] = { "none", NULL, CHECK_FINE },
    [CHECK_STAPLE_GOOD] = { "good", NULL, CHECK_FINE },
    [CHECK_STAPLE_REVOKED] = { "revoked", "check.staple_revoked", CHECK_FAILED },
    [CHECK_STAPLE_UNKNOWN] = { "unknown", "check.staple_unknown", CHECK_FAILED },
    [CHECK_STAPLE_STALE] = { "stale", "check.staple_stale", CHECK_FAILED },
    [CHECK_STAPLE_FUTURE] = { "future", "check.staple_future", CHECK_FAILED },
    [CHECK_STAPLE_ENDLESS] = { "endless", "check.staple_endless", CHECK_WARNED },
    [CHECK_STAPLE_OTHER] = { "other", "check.staple_other", CHECK_FAILED },
    [CHECK_STAPLE_FORGED] = { "forged", "check.staple_forged", CHECK_FAILED },
    [CHECK_STAPLE_MALFORMED] = { "malformed", "check.staple_malformed", CHECK_FAILED },
    [CHECK_STAPLE_REFUSED] = { "refused", "check.staple_refused", CHECK_WARNED },
    [CHECK_STAPLE_UNJUDGED] = { "unjudged", NULL, CHECK_FINE }, /* the paths tell why */
};

const char *check_staple_name(enum check_staple staple)
{
    return staples[staple].name;
}

void check_staple_judge(const struct check_trust *trust, struct check_host *host)
{
    char seen[REASON_TEXT_MAX] = "";
    bool needed = certificate_must_staple(&host->leaf);
    host->staple =
        host->handshake.ocsp.len == 0 ? CHECK_STAPLE_NONE : answer_judge(trust, host, seen);
    if (needed && host->staple == CHECK_STAPLE_NONE) {
        check_find(host, CHECK_FAILED, "check.staple_missing", host->endpoint.host, NULL, NULL);
    } else if (staples[host->staple].code != NULL) {
        check_find(host, needed ? CHECK_FAILED : staples[host->staple].severity,
            staples[host->staple].code, host->endpoint.host, seen, NULL);
    }
}

/* What was revoked stays so, however old the answer. */
static enum check_staple answer_judge(
    const struct check_trust *trust, struct check_host *host, char ret_seen[REASON_TEXT_MAX])
{
    struct reason reason = { 0 };
    struct certificate issuer;
    struct ocsp_answer answer;
    if (!issuer_find(trust, host, &issuer)) {
        return CHECK_STAPLE_UNJUDGED;
    }
    enum err err =
        ocsp_answer_parse(buf_span(&host->handshake.ocsp), &host->leaf, &issuer, &reason, &answer);
    if (err == OK) {
        err = time_judge(&answer, &issuer, trust->now, &reason);
    }
    snprintf(ret_seen, REASON_TEXT_MAX, "%s", reason.seen);
    if (err != OK && err != ERR_DENIED) {
        return failure_name(&reason);
    }
    host->staple_from = answer.this_update;
    host->staple_until = answer.next_update;
    if (answer.status == OCSP_REVOKED) {
        host->revoked_at = answer.revoked_at;
        time_format_rfc3339(answer.revoked_at, ret_seen);
        return CHECK_STAPLE_REVOKED;
    }
    if (err != OK) {
        return failure_name(&reason);
    }
    return answer.status == OCSP_GOOD ? CHECK_STAPLE_GOOD : CHECK_STAPLE_UNKNOWN;
}

/* An answer whose time is over is old, and not forged, where its responder's own certificate has
 * ended since. */
static enum err time_judge(const struct ocsp_answer *answer, const struct certificate *issuer,
    int64_t now, struct reason *ret_reason)
{
    char ended[TIME_TEXT_MAX];
    enum err err = ocsp_answer_verify(answer, issuer, now, ret_reason);
    bool over = answer->next_update != 0 && answer->next_update <= now;
    if (err != ERR_SIGNATURE || !over) {
        return err;
    }
    TRY(ocsp_answer_verify(answer, issuer, answer->this_update, ret_reason));
    time_format_rfc3339(answer->next_update, ended);
    return reason_set(ret_reason, ERR_DENIED, "ocsp.stale", NULL, ended, NULL);
}

static enum check_staple failure_name(const struct reason *reason)
{
    static const struct {
        const char *code;
        enum check_staple staple;
    } failures[] = {
        { "ocsp.stale", CHECK_STAPLE_STALE },
        { "ocsp.future", CHECK_STAPLE_FUTURE },
        { "ocsp.endless", CHECK_STAPLE_ENDLESS },
        { "ocsp.other", CHECK_STAPLE_OTHER },
        { "ocsp.signature", CHECK_STAPLE_FORGED },
        { "ocsp.refused", CHECK_STAPLE_REFUSED },
    };
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (strcmp(reason->code, failures[i].code) == 0) {
            return failures[i].staple;
        }
    }
    return CHECK_STAPLE_MALFORMED;
}

/* Among what was sent, and what the store has: clients without the chain can't look at it either,
 * but that is told by itself. */
static bool issuer_find(
    const struct check_trust *trust, const struct check_host *host, struct certificate *ret_issuer)
{
    for (size_t i = 1; i < host->handshake.count; i++) {
        if (issued_by(host->handshake.certificates[i], &host->leaf, ret_issuer)) {
            return true;
        }
    }
    for (size_t i = 0; i < trust->intermediates.count; i++) {
        if (issued_by(buf_span(&trust->intermediates.blobs[i]), &host->leaf, ret_issuer)) {
            return true;
        }
    }
    for (size_t i = 0; i < trust->known_count; i++) {
        if (issued_by(trust->known_roots[i], &host->leaf, ret_issuer)) {
            return true;
        }
    }
    return false;
}

static bool issued_by(
    struct span der, const struct certificate *leaf, struct certificate *ret_issuer)
{
    AUTO_PTR(key) key = NULL;
    return certificate_parse(der, ret_issuer) == OK &&
           span_equal(ret_issuer->subject, leaf->issuer) &&
           key_from_spki(ret_issuer->spki, &key) == OK && certificate_verify(leaf, key) == OK;
}
