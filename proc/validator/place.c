/* Following CNAMEs here, and not in the resolver, gives each step its own verdict: at most
 * DNS_ALIASES_MAX of them, each with one target that is a host name, none twice (doc/threats.md
 * D12). Every answer is validated (BR 4.2.2.2). */
#include "proc/validator/place.h"

#include "lib/dns/alias.h"
#include "proc/validator/ask.h"

#include <stdio.h>

enum { QUESTION_MAX = HOST_NAME_MAX_LENGTH + 16 };

/* A chain of CNAMEs as far as it has been followed. */
struct chain {
    struct attempt *attempt;
    char names[DNS_ALIASES_MAX + 1][HOST_NAME_MAX_LENGTH + 1];
    size_t count;
    const char *failure; /* message id; NULL: none yet */
};

static bool domain_fits(const struct attempt *attempt, const char *domain, const char *from);
static enum err alias_follow(struct chain *chain, bool *ret_ended);
static bool seen_before(const struct chain *chain, const char *name);

enum err place_find(struct attempt *attempt, bool *ret_found)
{
    const char *name = attempt->name, *domain = attempt->adn;
    struct chain chain = { .attempt = attempt, .count = 1 };
    bool ended = false;
    if (domain_fits(attempt, domain, name)) {
        *ret_found = true;
        return OK;
    }
    snprintf(chain.names[0], sizeof chain.names[0], "%s", name);
    bool may_follow = dcv_rules(attempt->challenge->method)->alias &&
                      !domain_covers(domain, name) && attempt->challenge->name[0] != '*';
    while (may_follow && !ended) {
        TRY(alias_follow(&chain, &ended));
        const char *target = chain.names[chain.count - 1];
        if (!ended && domain_fits(attempt, domain, target)) {
            snprintf(attempt->alias, sizeof attempt->alias, "%s", target);
            *ret_found = true;
            return OK;
        }
    }
    if (chain.failure == NULL) {
        report_add(
            attempt->report, "dcv.domain_refused", name, chain.names[chain.count - 1], domain);
    }
    *ret_found = false;
    return OK;
}

/* Itself, or a parent that is no shorter than the registrable domain. */
static bool domain_fits(const struct attempt *attempt, const char *domain, const char *from)
{
    struct dns_name name;
    const char *registrable = NULL;
    const struct suffix_list *suffixes = attempt->checker->suffixes;
    if (!domain_covers(domain, from) ||
        dns_name_parse(span_from_text(from), DNS_NAME_HOST, &name, NULL) != OK ||
        suffix_list_holds(suffixes, &name)) {
        return false;
    }
    if (strcmp(domain, from) == 0) {
        return true;
    }
    return dcv_rules(attempt->challenge->method)->prune &&
           suffix_list_registrable(suffixes, &name, &registrable) == OK &&
           strlen(domain) >= strlen(registrable);
}

/* One step; `ret_ended` where there is no further one, be it for a failure that is reported. */
static enum err alias_follow(struct chain *chain, bool *ret_ended)
{
    AUTO(dns_answer) answer = { 0 };
    struct dns_name target = { 0 };
    char asked[QUESTION_MAX];
    const char *name = chain->names[chain->count - 1];
    struct report *report = chain->attempt->report;
    snprintf(asked, sizeof asked, "CNAME %s", name);
    *ret_ended = true;
    TRY(ask(chain->attempt, name, DNS_CNAME, &answer, &chain->failure));
    enum dnssec_state state = ask_dnssec(&answer, chain->failure);
    chain->attempt->dnssec = state > chain->attempt->dnssec ? state : chain->attempt->dnssec;
    if (chain->failure == NULL && answer.record_count == 0) {
        return OK;
    }
    if (chain->failure == NULL &&
        (answer.record_count > 1 || dns_alias_parse(answer.records[0], &target) != OK)) {
        chain->failure = "dcv.alias_refused";
    } else if (chain->failure == NULL &&
               (chain->count > DNS_ALIASES_MAX || seen_before(chain, target.text))) {
        chain->failure = "dcv.alias_loop";
    }
    if (chain->failure != NULL) {
        report_add(report, chain->failure, asked,
            answer.detail[0] != '\0' ? answer.detail : target.text, chain->attempt->adn);
        return OK;
    }
    report_add(report, "dcv.alias", asked, target.text, NULL);
    snprintf(chain->names[chain->count++], sizeof chain->names[0], "%s", target.text);
    *ret_ended = false;
    return OK;
}

static bool seen_before(const struct chain *chain, const char *name)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (strcmp(chain->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}
