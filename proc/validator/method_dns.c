/* BR 3.2.2.4.7 (DNS change): one of the TXT records at a label of its own, or at the domain itself,
 * holds the expected value, whole and alone. From the label CNAMEs are followed, as any resolver
 * does; from the domain itself none is, for what stands behind it would be another domain's proof
 * (doc/threats.md D12). */
#include "proc/validator/method.h"

#include "lib/dns/txt.h"
#include "proc/validator/ask.h"

#include <stdio.h>

enum { QUESTION_MAX = HOST_NAME_MAX_LENGTH + 16 };

struct txt_question {
    char host[HOST_NAME_MAX_LENGTH + 1];
    char text[QUESTION_MAX]; /* "TXT host", for the report */
};

static enum err label_look(const struct attempt *attempt, struct sighting *ret_sighting);
static enum err domain_look(const struct attempt *attempt, struct sighting *sighting);
static enum err absent_code(const struct attempt *attempt, const char **ret_code);
static enum err compare(const struct attempt *attempt, const struct dns_answer *answer,
    bool *ret_found, char ret_seen[REPORT_TEXT_MAX]);

enum err method_dns_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    struct sighting sighting;
    TRY(label_look(attempt, &sighting));
    bool answered = sighting.dnssec == DNSSEC_SECURE || sighting.dnssec == DNSSEC_INSECURE;
    if (sighting.result != DCV_PASSED && answered) {
        TRY(domain_look(attempt, &sighting));
    }
    *ret_sighting = sighting;
    return OK;
}

static enum err label_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    struct txt_question question;
    TRY(challenge_dns_host(attempt->challenge, question.host, sizeof question.host));
    snprintf(question.text, sizeof question.text, "TXT %s", question.host);
    AUTO(dns_answer) answer = { 0 };
    struct sighting sighting = { DCV_FAILED, DNSSEC_UNKNOWN, NULL, 0 };
    const char *code = NULL;
    TRY(ask(attempt, question.host, DNS_TXT, &answer, &code));
    sighting.dnssec = ask_dnssec(&answer, code);
    if (code != NULL) {
        report_add(attempt->report, code, question.text, answer.detail, attempt->expected);
        *ret_sighting = sighting;
        return OK;
    }
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

/* Only where it is found is anything said: who was told of the label is helped by what is there. */
static enum err domain_look(const struct attempt *attempt, struct sighting *sighting)
{
    AUTO(dns_answer) answer = { 0 };
    const char *failure = NULL;
    bool found = false;
    char seen[REPORT_TEXT_MAX] = "", asked[QUESTION_MAX];
    snprintf(asked, sizeof asked, "TXT %s", attempt->adn);
    TRY(ask(attempt, attempt->adn, DNS_TXT, &answer, &failure));
    if (failure != NULL || answer.canonical[0] != '\0') {
        return OK;
    }
    TRY(compare(attempt, &answer, &found, seen));
    if (found) {
        sighting->result = DCV_PASSED;
        sighting->dnssec = ask_dnssec(&answer, failure);
        report_add(attempt->report, "dcv.txt_found", asked, seen, attempt->expected);
    }
    return OK;
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
