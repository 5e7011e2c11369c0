/* The questions about the DNS that don't depend on who answers them. */
#include "lib/dns/resolver.h"

#include "lib/base/clock.h"

#include <assert.h>

/* A dead name server on the way up must not eat the time for its parent. */
enum { PROOF_LOOKUP_MS = 1500 };

void dns_answer_release(struct dns_answer *answer)
{
    buf_release(&answer->bytes);
    *answer = (struct dns_answer){ 0 };
}

enum err resolver_lookup(const struct resolver *resolver, const char *name, enum dns_type type,
    int64_t deadline_ms, struct dns_answer *ret_answer)
{
    TRY(resolver->lookup(resolver->ctx, name, type, deadline_ms, ret_answer));
    assert(ret_answer->record_count <= DNS_RECORDS_MAX);
    /* A bogus answer's records must not reach anybody. */
    if (ret_answer->security == DNS_SECURITY_BOGUS) {
        ret_answer->record_count = 0;
    }
    return OK;
}

/* A DS question is answered by the parent's servers, so it can be decided even where the name's own
 * servers are silent. What it proves about a name holds for all names below it, unless a lower
 * answer has said more. */
enum err resolver_proves_insecure(
    const struct resolver *resolver, const char *name, int64_t deadline_ms, bool *ret_insecure)
{
    for (const char *node = name; node != NULL && *node != '\0';) {
        AUTO(dns_answer) answer = { 0 };
        int64_t limit = clock_monotonic_ms() + PROOF_LOOKUP_MS;
        limit = limit < deadline_ms ? limit : deadline_ms;
        enum err err = resolver_lookup(resolver, node, DNS_DS, limit, &answer);
        if (err != OK && err != ERR_TIMEOUT) {
            return err;
        }
        bool answered =
            err == OK && (answer.rcode == DNS_RCODE_OK || answer.rcode == DNS_RCODE_NXDOMAIN);
        if (answer.security == DNS_SECURITY_BOGUS) {
            *ret_insecure = false;
            return OK;
        }
        /* What an alias leads to may be anybody's zone. The alias itself is no zone's beginning, so
         * what is above it decides. */
        bool aliased = answer.canonical[0] != '\0' || answer.via[0] != '\0';
        if (answered && !aliased) {
            *ret_insecure = answer.security == DNS_SECURITY_INSECURE || answer.unsigned_delegation;
            return OK;
        }
        const char *dot = strchr(node, '.');
        node = dot == NULL ? NULL : dot + 1;
    }
    *ret_insecure = false;
    return OK;
}
