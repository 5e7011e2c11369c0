#pragma once
/* The methods of domain control validation, a row a method: what each may prove, where, and for how
 * long (BR 3.2.2.4 and its algorithm for the authorization domain name, SC-101). Who offers, looks
 * or judges reads the same row. */
#include "lib/ca/policy.h"

/* BR section 3.2.2.4.<n> numbers, as they stand in messages and in CAA's "ca-tbr-<n>". */
enum dcv_method { DCV_EMAIL = 4, DCV_DNS = 7, DCV_WEBSITE = 18, DCV_PERSISTENT = 22 };

struct dcv_rules {
    enum dcv_method method;
    const char *id;        /* stable, for pages, files and APIs: "dns" */
    const char *caa_label; /* RFC 8657 validationmethods, as BR 4.2.2.1 names it: "ca-tbr-7" */
    bool wildcard;         /* may prove a wildcard name (doc/threats.md D28) */
    bool prune;            /* may be proved at a parent, down to the registrable domain */
    bool alias;            /* may be proved where the name's CNAME leads (D12) */
    bool remote;           /* remote perspectives see the proof themselves (BR 3.2.2.9) */
    bool coded;            /* what is expected is derived anew for each challenge */
    enum policy_parameter reuse; /* age of the proof at issuance; never more than BR 4.2.1's */
    enum policy_parameter duty;  /* MUST NOT: it has ended; POLICY_PARAMETER_COUNT: none known */
};

/* All rows in the order in which they are offered; NULL behind the last. */
const struct dcv_rules *dcv_rules_at(size_t index);
/* Never NULL for a method of the enum. */
const struct dcv_rules *dcv_rules(enum dcv_method method);
const char *dcv_method_id(enum dcv_method method);
enum err dcv_method_from_id(const char *id, enum dcv_method *ret_method) MUST_USE;
/* The BR number as it stands in messages; ERR_INPUT for a method this program doesn't have. */
enum err dcv_method_from_number(unsigned number, enum dcv_method *ret_method) MUST_USE;
/* BR 3.2.2.4 sunsets: false from 2028-03-15 for DCV_EMAIL. What it proved before is void too. */
bool policy_method_allowed(enum dcv_method method, int64_t time);
/* How old domain evidence by `method` may be. */
int64_t policy_reuse(const struct policy *policy, enum dcv_method method);

/* Whether the method lets `name` (with its "*.") be proved at `adn`: the name itself without "*.",
 * or a parent of it. With `alias`, where the name's CNAMEs were seen to lead, that or a parent of
 * it instead; "" for none. Never a lone label. Where the registrable domain begins is not known
 * here: each perspective holds the name against its public suffix list before it looks. */
bool dcv_adn_permitted(
    enum dcv_method method, const char *name, const char *adn, const char *alias);
/* True if `domain` is `name` or has it below itself; neither has "*.". */
bool domain_covers(const char *domain, const char *name);
