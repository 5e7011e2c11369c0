#pragma once
/* How much of us anybody else has to bear: a flood of orders for one domain, or of redirects to one
 * address, must not become a flood of questions and visits there (doc/threats.md D30). The
 * registrar keeps within less; this is for the case that it doesn't. */
#include "lib/base/pace.h"
#include "lib/dns/address.h"

struct budget {
    struct pace domains, addresses;
};
/* `per_minute` checks of names below one registrable domain, and as many connections to one address
 * (of IPv6: to one /64); as many at once after a quiet minute. */
#define BUDGET_INIT(per_minute)                                                                    \
    {                                                                                              \
        .domains = PACE_INIT(per_minute, per_minute),                                              \
        .addresses = PACE_INIT(per_minute, per_minute)                                             \
    }

/* Before the first use. */
void budget_set(struct budget *budget, unsigned per_minute);
/* False if it was spent: then nothing may be asked or connected to. */
bool budget_spend_domain(struct budget *budget, const char *registrable);
bool budget_spend_address(struct budget *budget, const struct ip_address *address);
