#pragma once
/* Which host names a kind of service usually has: the templates of Exchange's certificate wizard,
 * and the same for mail and web servers on Linux. Only proposals; what counts is the application.
 */
#include "lib/base/bytes.h"

enum { SERVICE_HOSTS_MAX = 2 };

struct service {
    const char *name;  /* as typed behind --service */
    const char *label; /* message id */
    /* Host labels below the domain, "" for the domain itself; unused ones are NULL. */
    const char *hosts[SERVICE_HOSTS_MAX];
};

extern const struct service services[];
extern const size_t services_count;

/* NULL if there is none of that name. */
const struct service *service_find(const char *name);
