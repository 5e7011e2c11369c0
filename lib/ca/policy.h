#pragma once
/* What holds on a day, as data keyed by the UTC second of issuance. A policy set says
 * which relaxations a hierarchy made for itself at its ceremony; `public` has none. */
#include "lib/base/err.h"

#include <stdint.h>

enum policy_set { POLICY_PUBLIC, POLICY_PRIVATE, POLICY_SET_COUNT };

/* BR section 3.2.2.4.<n> numbers, as they stand in messages and in CAA's "ca-tbr-<n>". */
enum dcv_method { DCV_EMAIL = 4, DCV_DNS = 7, DCV_WEBSITE = 18, DCV_PERSISTENT = 22 };

struct policy {
    int64_t validity_max_seconds; /* BR 6.3.2, inclusive of both ends */
    int64_t validity_seconds;     /* what the default profile issues: a day less */
    int64_t reuse_seconds;        /* BR 4.2.1: age of domain evidence at issuance */
    unsigned remotes_min;         /* BR 3.2.2.9 */
    unsigned regions_min;
};

/* "public" or "private". */
const char *policy_set_id(enum policy_set set);
enum err policy_set_from_id(const char *id, enum policy_set *ret_set) MUST_USE;
/* The rules in force at `time` under `set`. The private set asks for the same number of remotes but
 * lets them share a region. */
void policy_at(int64_t time, enum policy_set set, struct policy *ret_policy);
/* How old domain evidence by `method` may be: persistent values never more than 10 days. */
int64_t policy_reuse(const struct policy *policy, enum dcv_method method);
/* How many of `remotes` may fail to corroborate (BR 3.2.2.9: one of 2 to 5, two of 6 and more). */
unsigned policy_quorum_failures(unsigned remotes);
/* BR 3.2.2.4 sunsets: false from 2028-03-15 for DCV_EMAIL. */
bool policy_method_allowed(enum dcv_method method, int64_t time);
/* Stable short name for pages, files and APIs: "email", "dns", "website", "persistent". */
const char *dcv_method_id(enum dcv_method method);
enum err dcv_method_from_id(const char *id, enum dcv_method *ret_method) MUST_USE;
/* The BR number as it stands in messages; ERR_INPUT for a method this program doesn't have. */
enum err dcv_method_from_number(unsigned number, enum dcv_method *ret_method) MUST_USE;
