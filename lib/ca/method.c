/* The table of methods. Columns wildcard, prune and alias are the "W", "P" and "C" of SC-101. */
#include "lib/ca/method.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const struct dcv_rules table[] = {
    /*                                           wildcard prune  alias  remote coded */
    { DCV_DNS,        "dns",        "ca-tbr-7",  true,    true,  true,  true,  true,
        POLICY_DOMAIN_REUSE,     POLICY_PARAMETER_COUNT },
    { DCV_WEBSITE,    "website",    "ca-tbr-18", false,   false, false, true,  true,
        POLICY_DOMAIN_REUSE,     POLICY_PARAMETER_COUNT },
    { DCV_PERSISTENT, "persistent", "ca-tbr-22", true,    true,  false, true,  false,
        POLICY_PERSISTENT_REUSE, POLICY_PARAMETER_COUNT },
    { DCV_EMAIL,      "email",      "ca-tbr-4",  true,    true,  true,  false, true,
        POLICY_DOMAIN_REUSE,     POLICY_METHOD_EMAIL },
};
/* clang-format on */

enum { METHODS = sizeof table / sizeof table[0] };

const struct dcv_rules *dcv_rules_at(size_t index)
{
    return index < METHODS ? &table[index] : NULL;
}

const struct dcv_rules *dcv_rules(enum dcv_method method)
{
    size_t at = 0;
    while (at < METHODS && table[at].method != method) {
        at++;
    }
    assert(at < METHODS);
    return &table[at];
}

const char *dcv_method_id(enum dcv_method method)
{
    return dcv_rules(method)->id;
}

enum err dcv_method_from_id(const char *id, enum dcv_method *ret_method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(id, table[i].id) == 0) {
            *ret_method = table[i].method;
            return OK;
        }
    }
    return ERR_INPUT;
}

enum err dcv_method_from_number(unsigned number, enum dcv_method *ret_method)
{
    for (size_t i = 0; i < METHODS; i++) {
        if ((unsigned)table[i].method == number) {
            *ret_method = table[i].method;
            return OK;
        }
    }
    return ERR_INPUT;
}

bool policy_method_allowed(enum dcv_method method, int64_t time)
{
    enum policy_parameter duty = dcv_rules(method)->duty;
    return duty == POLICY_PARAMETER_COUNT || policy_in_force(duty, time).value != POLICY_MUST_NOT;
}

int64_t policy_reuse(const struct policy *policy, enum dcv_method method)
{
    bool shorter = dcv_rules(method)->reuse == POLICY_PERSISTENT_REUSE &&
                   policy->persistent_reuse_seconds < policy->reuse_seconds;
    return shorter ? policy->persistent_reuse_seconds : policy->reuse_seconds;
}

bool dcv_adn_permitted(enum dcv_method method, const char *name, const char *adn, const char *alias)
{
    const struct dcv_rules *rules = dcv_rules(method);
    bool wildcard = strncmp(name, "*.", 2) == 0;
    const char *from = wildcard ? name + 2 : name;
    if ((wildcard && !rules->wildcard) || strchr(adn, '.') == NULL) {
        return false;
    }
    if (alias[0] != '\0') {
        if (wildcard || !rules->alias) {
            return false;
        }
        from = alias;
    }
    return strcmp(adn, from) == 0 || (rules->prune && domain_covers(adn, from));
}

bool domain_covers(const char *domain, const char *name)
{
    size_t domain_len = strlen(domain), name_len = strlen(name);
    if (strcmp(domain, name) == 0) {
        return true;
    }
    return domain_len > 0 && domain_len < name_len && name[name_len - domain_len - 1] == '.' &&
           strcmp(name + (name_len - domain_len), domain) == 0;
}
