#pragma once
/* The constructed e-mail addresses of BR 3.2.2.4.4: five local parts, at a name or any of its
 * parents down to its registrable domain, and nothing else (doc/threats.md D15). */
#include "lib/dns/suffix.h"

enum { MAILBOX_LOCAL_PARTS = 5 };

/* "admin", "administrator", "webmaster", "hostmaster", "postmaster". */
const char *mailbox_local_part(size_t index);
/* The `index`th domain, the name itself first; borrowed from `name` (without "*."); NULL past the
 * registrable domain, and always for a name that has none. */
const char *mailbox_domain(
    const struct suffix_list *suffixes, const struct dns_name *name, size_t index);
/* Whether `address` is one of them, byte for byte, and then at which domain (borrowed from `name`).
 */
bool mailbox_is_constructed(const struct suffix_list *suffixes, const struct dns_name *name,
    const char *address, const char **ret_domain);
