#pragma once
/* The domain at which names are to be proved, where that is not each name's own. */
#include "lib/dns/hostname.h"
#include "proc/portal/page.h"

/* Whether the table lets at least one name of the application be proved there, itself or by an
 * alias. ERR_INPUT "dcv.domain_refused" or "name.<what>". */
enum err domain_check(struct visit *visit, enum dcv_method method, const char *typed,
    struct dns_name *ret_domain) MUST_USE;
/* "domain_choices": the parents of the names down to their registrable domains, each once. */
void domain_choices_put(struct visit *visit, struct value *object);
