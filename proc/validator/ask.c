/* Two tries; a proof that fails is no accident of the network, and an answer too large stays so. */
#include "proc/validator/ask.h"

/* Leaves time for the second try and for CAA. */
enum { LOOKUP_MS = 2500, TRIES = 2 };

static const char *failure_code(enum err err, const struct dns_answer *answer);

enum err ask(const struct attempt *attempt, const char *name, enum dns_type type,
    struct dns_answer *ret_answer, const char **ret_failure)
{
    for (unsigned try = 0; try < TRIES; try++) {
        int64_t limit = clock_monotonic_ms() + LOOKUP_MS;
        limit = limit < attempt->deadline_ms ? limit : attempt->deadline_ms;
        dns_answer_release(ret_answer);
        enum err err = resolver_lookup(attempt->resolver, name, type, limit, ret_answer);
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

enum dnssec_state ask_dnssec(const struct dns_answer *answer, const char *failure)
{
    static const enum dnssec_state states[] = {
        [DNS_SECURITY_SECURE] = DNSSEC_SECURE,
        [DNS_SECURITY_INSECURE] = DNSSEC_INSECURE,
        [DNS_SECURITY_BOGUS] = DNSSEC_BOGUS,
    };
    bool bogus = answer->security == DNS_SECURITY_BOGUS;
    return failure != NULL && !bogus ? DNSSEC_UNKNOWN : states[answer->security];
}
