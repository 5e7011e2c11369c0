/* BR 3.2.2.4.22 (DNS TXT record with persistent value): one of the TXT records at
 * "_validation-persist." and the domain names us and the subscriber's account, and has not ended.
 * The account follows from the challenge and from our own name, never from what stands there. */
#include "proc/validator/method.h"

#include "lib/dns/persistent.h"
#include "lib/dns/txt.h"
#include "proc/validator/ask.h"

#include <stdio.h>

enum { QUESTION_MAX = HOST_NAME_MAX_LENGTH + 16 };

/* What the records said: the most hopeful of them is the one worth telling. */
struct word {
    enum persistent_finding finding;
    int64_t until;
    char seen[REPORT_TEXT_MAX];
};

static enum err records_judge(
    const struct attempt *attempt, const struct dns_answer *answer, struct word *ret_word);

enum err method_persistent_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    AUTO(dns_answer) answer = { 0 };
    struct sighting sighting = { DCV_FAILED, DNSSEC_UNKNOWN, NULL, 0 };
    char host[HOST_NAME_MAX_LENGTH + 1], asked[QUESTION_MAX], expected[REPORT_TEXT_MAX];
    const char *code = NULL;
    TRY(challenge_dns_host(attempt->challenge, host, sizeof host));
    snprintf(asked, sizeof asked, "TXT %s", host);
    snprintf(expected, sizeof expected, "%.150s; accounturi=%.150s", attempt->checker->caa_identity,
        attempt->expected);
    TRY(ask(attempt, host, DNS_TXT, &answer, &code));
    sighting.dnssec = ask_dnssec(&answer, code);
    if (code != NULL) {
        report_add(attempt->report, code, asked, answer.detail, expected);
        *ret_sighting = sighting;
        return OK;
    }
    if (answer.canonical[0] != '\0') {
        report_add(attempt->report, "dcv.alias", asked, answer.canonical, NULL);
    }
    if (answer.record_count == 0) {
        report_add(attempt->report, "dcv.txt_missing", asked, NULL, expected);
    } else {
        struct word word;
        TRY(records_judge(attempt, &answer, &word));
        sighting.result = word.finding == PERSISTENT_AUTHORISES ? DCV_PASSED : DCV_FAILED;
        sighting.until = word.until;
        report_add(attempt->report, persistent_code(word.finding), asked, word.seen, expected);
    }
    *ret_sighting = sighting;
    return OK;
}

static enum err records_judge(
    const struct attempt *attempt, const struct dns_answer *answer, struct word *ret_word)
{
    const struct persistent_request request = {
        .identity = attempt->checker->caa_identity,
        .account_uri = attempt->expected,
        .now = clock_now(&attempt->checker->clock),
    };
    struct word best = { .finding = PERSISTENT_FINDING_COUNT };
    for (size_t i = 0; i < answer->record_count; i++) {
        AUTO(buf) text = buf_make(DNS_ANSWER_MAX_BYTES);
        enum persistent_finding finding = PERSISTENT_MALFORMED;
        int64_t until = 0;
        enum err err = txt_join(answer->records[i], &text);
        if (err == ERR_MEMORY) {
            return err;
        }
        if (err == OK) {
            finding = persistent_evaluate(buf_span(&text), &request, &until);
        }
        /* Of several that authorise, the one that lasts longest. */
        bool longer = finding == PERSISTENT_AUTHORISES && best.until != 0 &&
                      (until == 0 || until > best.until);
        if (finding < best.finding || (finding == best.finding && longer)) {
            best.finding = finding;
            best.until = until;
            txt_excerpt(buf_span(&text), best.seen, sizeof best.seen);
        }
    }
    *ret_word = best;
    return OK;
}
