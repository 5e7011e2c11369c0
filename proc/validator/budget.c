/* Two paces on the clock that doesn't go back. */
#include "proc/validator/budget.h"

#include "lib/base/clock.h"

#include <string.h>

enum { V4_BYTES = 4, V6_NETWORK_BYTES = 8 };

void budget_set(struct budget *budget, unsigned per_minute)
{
    budget->domains.per_minute = budget->domains.burst = per_minute;
    budget->addresses.per_minute = budget->addresses.burst = per_minute;
}

bool budget_spend_domain(struct budget *budget, const char *registrable)
{
    uint64_t key = pace_key(registrable, strlen(registrable));
    return pace_take(&budget->domains, key, 1, clock_monotonic_ms(), /* reserve= */ false) == 0;
}

bool budget_spend_address(struct budget *budget, const struct ip_address *address)
{
    uint64_t key = pace_key(address->bytes, address->v6 ? V6_NETWORK_BYTES : V4_BYTES);
    return pace_take(&budget->addresses, key, 1, clock_monotonic_ms(), /* reserve= */ false) == 0;
}
