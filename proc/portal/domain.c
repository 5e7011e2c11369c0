/* Where names may be proved: what a person can choose from, and what the table permits of what was
 * typed. The suffix list is held against it once more by each perspective, and the DNS asked where
 * aliases lead. */
#include "proc/portal/domain.h"

#include "lib/dns/suffix.h"

enum { CHOICES_MAX = 16 };

static bool offered(const struct value *list, const char *domain);

enum err domain_check(
    struct visit *visit, enum dcv_method method, const char *typed, struct dns_name *ret_domain)
{
    const struct application *application = &visit->application;
    struct reason *reason = &visit->request->reason;
    struct dns_name domain;
    TRY(dns_name_parse(span_from_text(typed), DNS_NAME_HOST, &domain, reason));
    bool chosen = method != DCV_EMAIL; /* a mail's domain is its address's */
    for (size_t i = 0; chosen && i < application->name_count; i++) {
        const char *name = application->names[i];
        if (dcv_adn_permitted(method, name, domain.text, /* alias= */ "") ||
            dcv_adn_permitted(method, name, domain.text, domain.text)) {
            *ret_domain = domain;
            return OK;
        }
    }
    return reason_set(reason, ERR_INPUT, "dcv.domain_refused", "domain", typed, domain.text);
}

void domain_choices_put(struct visit *visit, struct value *object)
{
    const struct application *application = &visit->application;
    struct value_tree *tree = &visit->tree;
    struct value *list = value_put_list(tree, object, "domain_choices");
    for (size_t i = 0; i < application->name_count; i++) {
        struct dns_name name;
        const char *registrable = NULL;
        if (dns_name_parse(span_from_text(application->names[i]), DNS_NAME_HOST_OR_WILDCARD, &name,
                NULL) != OK ||
            suffix_list_registrable(visit->portal->suffixes, &name, &registrable) != OK) {
            continue;
        }
        const char *above = dns_name_base(&name);
        while (above != registrable && value_count(list) < CHOICES_MAX) {
            above = strchr(above, '.') + 1;
            if (!offered(list, above)) {
                value_put_text(tree, value_add_object(tree, list), "domain", above);
            }
        }
    }
}

static bool offered(const struct value *list, const char *domain)
{
    for (const struct value *one = value_first(list); one != NULL; one = value_next(one)) {
        if (strcmp(value_text(value_get(one, "domain")), domain) == 0) {
            return true;
        }
    }
    return false;
}
