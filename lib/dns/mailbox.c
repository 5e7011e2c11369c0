/* Building and recognising them by one loop each, over the same two tables. */
#include "lib/dns/mailbox.h"

#include <string.h>

static const char *const local_parts[MAILBOX_LOCAL_PARTS] = { "admin", "administrator", "webmaster",
    "hostmaster", "postmaster" };

const char *mailbox_local_part(size_t index)
{
    return index < MAILBOX_LOCAL_PARTS ? local_parts[index] : NULL;
}

const char *mailbox_domain(
    const struct suffix_list *suffixes, const struct dns_name *name, size_t index)
{
    struct dns_name base = { 0 };
    const char *registrable = NULL;
    const char *domain = dns_name_base(name);
    memcpy(base.text, domain, strlen(domain) + 1);
    if (suffix_list_registrable(suffixes, &base, &registrable) != OK) {
        return NULL;
    }
    size_t last = strlen(registrable);
    for (; index > 0 && domain != NULL; index--) {
        const char *dot = strchr(domain, '.');
        domain = dot == NULL ? NULL : dot + 1;
    }
    return domain != NULL && strlen(domain) >= last ? domain : NULL;
}

bool mailbox_is_constructed(const struct suffix_list *suffixes, const struct dns_name *name,
    const char *address, const char **ret_domain)
{
    const char *at = strchr(address, '@');
    bool known = false;
    if (at == NULL) {
        return false;
    }
    struct span local = span_make(address, (size_t)(at - address));
    for (size_t i = 0; i < MAILBOX_LOCAL_PARTS; i++) {
        known |= span_equal_text(local, local_parts[i]);
    }
    const char *domain = NULL;
    for (size_t i = 0; known && (domain = mailbox_domain(suffixes, name, i)) != NULL; i++) {
        if (strcmp(domain, at + 1) == 0) {
            *ret_domain = domain;
            return true;
        }
    }
    return false;
}
