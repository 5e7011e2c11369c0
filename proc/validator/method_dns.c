/* BR 3.2.2.4.7 (DNS change): one of the TXT records at a label of its own holds the expected value,
 * whole and alone. CNAMEs are followed, as any resolver does. */
#include "proc/validator/method.h"

#include "lib/dns/txt.h"

#include <stdio.h>

/* Leaves time for the second try and for CAA. */
enum { TXT_LOOKUP_MS = 2500, TRIES = 2 };
enum { QUESTION_MAX = HOST_NAME_MAX_LENGTH + 16 };

struct txt_question {
    char host[HOST_NAME_MAX_LENGTH + 1];
    char text[QUESTION_MAX]; /* "TXT host", for the report */
};

static enum err lookup(const struct attempt *attempt, const char *host,
    struct dns_answer *ret_answer, const char **ret_failure);
static const char *failure_code(enum err err, const struct dns_answer *answer);
static enum err absent_code(const struct attempt *attempt, const char **ret_code);
static enum err compare(const struct attempt *attempt, const struct dns_answer *answer,
    bool *ret_found, char ret_seen[REPORT_TEXT_MAX]);

static const enum dnssec_state states[] = {
    [DNS_SECURITY_SECURE] = DNSSEC_SECURE,
    [DNS_SECURITY_INSECURE] = DNSSEC_INSECURE,
    [DNS_SECURITY_BOGUS] = DNSSEC_BOGUS,
};

enum err method_dns_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    struct txt_question question;
    TRY(challenge_dns_host(attempt->challenge, question.host, sizeof question.host));
    snprintf(question.text, sizeof question.text, "TXT %s", question.host);
    AUTO(dns_answer) answer = { 0 };
    struct sighting sighting = { DCV_FAILED, DNSSEC_UNKNOWN, NULL };
    const char *code = NULL;
    TRY(lookup(attempt, question.host, &answer, &code));
    if (code != NULL) {
        sighting.dnssec = answer.security == DNS_SECURITY_BOGUS ? DNSSEC_BOGUS : DNSSEC_UNKNOWN;
        report_add(attempt->report, code, question.text, answer.detail, attempt->expected);
        *ret_sighting = sighting;
        return OK;
    }
    sighting.dnssec = states[answer.security];
    if (answer.canonical[0] != '\0') {
        report_add(attempt->report, "dcv.alias", question.text, answer.canonical, NULL);
    }
    bool found = false;
    char seen[REPORT_TEXT_MAX] = "";
    code = "dcv.txt_wrong";
    if (answer.record_count == 0) {
        code = "dcv.txt_missing";
        if (answer.rcode == DNS_RCODE_NXDOMAIN) {
            TRY(absent_code(attempt, &code));
        }
    } else {
        TRY(compare(attempt, &answer, &found, seen));
    }
    sighting.result = found ? DCV_PASSED : DCV_FAILED;
    report_add(
        attempt->report, found ? "dcv.txt_found" : code, question.text, seen, attempt->expected);
    *ret_sighting = sighting;
    return OK;
}

/* *ret_failure is NULL if the DNS gave an answer that can be used. */
static enum err lookup(const struct attempt *attempt, const char *host,
    struct dns_answer *ret_answer, const char **ret_failure)
{
    for (unsigned try = 0; try < TRIES; try++) {
        int64_t limit = clock_monotonic_ms() + TXT_LOOKUP_MS;
        limit = limit < attempt->deadline_ms ? limit : attempt->deadline_ms;
        dns_answer_release(ret_answer);
        enum err err = resolver_lookup(attempt->resolver, host, DNS_TXT, limit, ret_answer);
        if (err != OK && err != ERR_TIMEOUT && err != ERR_LIMIT) {
            return err;
        }
        *ret_failure = failure_code(err, ret_answer);
        bool final = err == ERR_LIMIT || ret_answer->security == DNS_SECURITY_BOGUS;
        if (*ret_failure == NULL || final) {
            return OK;
        }
    }
    return OK;
}

static const char *failure_code(enum err err, const struct dns_answer *answer)
{
    if (err != OK) {
        return err == ERR_LIMIT ? "dcv.too_large" : "dcv.timeout";
    }
    if (answer->security == DNS_SECURITY_BOGUS) {
        return "dcv.bogus";
    }
    bool answered = answer->rcode == DNS_RCODE_OK || answer->rcode == DNS_RCODE_NXDOMAIN;
    return answered ? NULL : "dcv.servfail";
}

/* A person is helped by knowing whether the record or the whole name isn't there. */
static enum err absent_code(const struct attempt *attempt, const char **ret_code)
{
    AUTO(dns_answer) answer = { 0 };
    enum err err =
        resolver_lookup(attempt->resolver, attempt->adn, DNS_SOA, attempt->deadline_ms, &answer);
    if (err != OK && err != ERR_TIMEOUT && err != ERR_LIMIT) {
        return err;
    }
    bool gone = err == OK && answer.rcode == DNS_RCODE_NXDOMAIN;
    *ret_code = gone ? "dcv.nxdomain" : "dcv.txt_missing";
    return OK;
}

/* Every record is looked at, whatever the first ones hold. `ret_seen` gets what fits of them. */
static enum err compare(const struct attempt *attempt, const struct dns_answer *answer,
    bool *ret_found, char ret_seen[REPORT_TEXT_MAX])
{
    size_t used = 0;
    bool found = false;
    for (size_t i = 0; i < answer->record_count; i++) {
        AUTO(buf) text = buf_make(DNS_ANSWER_MAX_BYTES);
        enum err err = txt_join(answer->records[i], &text);
        if (err == ERR_MEMORY) {
            return err;
        }
        found |=
            err == OK && bytes_equal_secret(buf_span(&text), span_from_text(attempt->expected));
        if (used + 4 < REPORT_TEXT_MAX) {
            memcpy(ret_seen + used, " | ", i == 0 ? 0 : 3);
            used += i == 0 ? 0 : 3;
            txt_excerpt(buf_span(&text), ret_seen + used, REPORT_TEXT_MAX - used);
            used += strlen(ret_seen + used);
        }
    }
    if (found) {
        snprintf(ret_seen, REPORT_TEXT_MAX, "%s", attempt->expected);
    }
    *ret_found = found;
    return OK;
}
