/* Counting, and the rule that the count is held against. */
#include "lib/ca/quorum.h"

#include <stdio.h>

static enum err denied(struct reason *ret_reason, const char *code, const char *name)
{
    return reason_set(ret_reason, ERR_DENIED, code, name, NULL, NULL);
}

enum err quorum_primary(const struct sight *sight, const struct asked_for *asked, const char *name,
    struct reason *ret_reason)
{
    if (sight->dcv != (asked->proof ? DCV_PASSED : DCV_NOT_ASKED)) {
        return denied(ret_reason, "warrant.primary_dcv", name);
    }
    if (asked->caa && sight->caa != CAA_PERMITS) {
        return denied(ret_reason, "warrant.primary_caa", name);
    }
    if (sight->dnssec != DNSSEC_SECURE && sight->dnssec != DNSSEC_INSECURE) {
        return denied(ret_reason, "warrant.primary_dnssec", name);
    }
    return OK;
}

bool quorum_remote(const struct sight *sight, const struct asked_for *asked)
{
    bool sees_proof = asked->proof && dcv_rules(asked->method)->remote;
    return sight->dcv == (sees_proof ? DCV_PASSED : DCV_NOT_ASKED) &&
           (!asked->caa || sight->caa == CAA_PERMITS) && sight->dnssec != DNSSEC_BOGUS;
}

void quorum_count(struct tally *tally, const struct perspective *perspective)
{
    if (perspective->primary) {
        tally->primary = true;
        return;
    }
    tally->corroborating++;
    for (unsigned i = 0; i < tally->region_count; i++) {
        if (strcmp(tally->regions[i], perspective->region) == 0) {
            return;
        }
    }
    tally->regions[tally->region_count++] = perspective->region;
}

enum err quorum_check(const struct tally *tally, const char *name, const struct roster *roster,
    const struct policy *policy, struct reason *ret_reason)
{
    unsigned remotes = (unsigned)roster->perspective_count - 1;
    unsigned needed = remotes - policy_quorum_failures(remotes);
    if (!tally->primary) {
        return denied(ret_reason, "warrant.primary_missing", name);
    }
    if (remotes < policy->remotes_min || tally->corroborating < needed) {
        char seen[32], expected[32];
        snprintf(seen, sizeof seen, "%u/%u", tally->corroborating, remotes);
        snprintf(expected, sizeof expected, "%u/%u", needed, remotes);
        return reason_set(ret_reason, ERR_DENIED, "warrant.quorum", name, seen, expected);
    }
    if (tally->region_count < policy->regions_min) {
        return denied(ret_reason, "warrant.regions", name);
    }
    return OK;
}
