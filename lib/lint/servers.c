/* Lints of server names: the subject alternative names and the common name (BR 7.1.2.7.12,
 * 7.1.4.3). */
#include "lib/lint/view.h"

#include <ctype.h>

enum { NAME_DNS = DER_CONTEXT_PRIMITIVE(2), NAME_IP = DER_CONTEXT_PRIMITIVE(7) };

/* Runs `holds` over every dNSName. */
static bool each_dns_name(const struct view *view, bool (*holds)(struct span name))
{
    struct der names;
    struct der_element name;
    if (!view_alt_names(view, &names)) {
        return true;
    }
    while (view_alt_name(&names, &name)) {
        if (name.tag == NAME_DNS && !holds(name.content)) {
            return false;
        }
    }
    return true;
}

static bool names_there(const struct view *view)
{
    struct der names;
    return view_alt_names(view, &names) && !der_empty(&names);
}

static bool names_well_formed(const struct view *view)
{
    struct der names;
    struct der_element name;
    if (!view_alt_names(view, &names)) {
        return true;
    }
    while (view_alt_name(&names, &name)) {
    }
    return der_empty(&names);
}

static bool name_types(const struct view *view)
{
    struct der names;
    struct der_element name;
    if (!view_alt_names(view, &names)) {
        return true;
    }
    while (view_alt_name(&names, &name)) {
        if (name.tag != NAME_DNS && name.tag != NAME_IP) {
            return false;
        }
    }
    return true;
}

/* RFC 5280 §4.2.1.6: critical exactly where it is the only name. */
static bool names_criticality(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_subject_alt_name);
    return extension == NULL || extension->critical == (view->subject.count == 0);
}

static struct span without_wildcard(struct span name)
{
    bool wildcard = name.len > 2 && name.data[0] == '*' && name.data[1] == '.';
    return wildcard ? span_make(name.data + 2, name.len - 2) : name;
}

/* One label of letters, digits and inner hyphens; "--" at the third place only behind "xn". */
static bool label_good(const uint8_t *label, size_t len)
{
    if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (label[i] != '-' && !(label[i] < 0x80 && isalnum(label[i]))) {
            return false;
        }
    }
    bool reserved = len >= 4 && label[2] == '-' && label[3] == '-';
    return !reserved || (len > 4 && (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n');
}

static bool name_syntax(struct span name)
{
    struct span rest = without_wildcard(name);
    if (name.len > 253 || rest.len == 0) {
        return false;
    }
    for (;;) {
        const uint8_t *dot = memchr(rest.data, '.', rest.len);
        size_t len = dot == NULL ? rest.len : (size_t)(dot - rest.data);
        if (!label_good(rest.data, len)) {
            return false;
        }
        if (dot == NULL) {
            return true;
        }
        rest = span_make(dot + 1, rest.len - len - 1);
        if (rest.len == 0) {
            return false;
        }
    }
}

static bool names_syntax(const struct view *view)
{
    return each_dns_name(view, name_syntax);
}

static bool name_lower(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (isupper(name.data[i])) {
            return false;
        }
    }
    return true;
}

static bool names_lower(const struct view *view)
{
    return each_dns_name(view, name_lower);
}

/* A name of one label, or an address written as a name, is no public name. */
static bool name_public(struct span name)
{
    struct span rest = without_wildcard(name);
    const uint8_t *last = rest.len == 0 ? NULL : memrchr(rest.data, '.', rest.len);
    return last != NULL && last + 1 < rest.data + rest.len && !isdigit(last[1]);
}

static bool names_public(const struct view *view)
{
    return each_dns_name(view, name_public);
}

static bool ends_with(struct span name, const char *suffix)
{
    size_t len = strlen(suffix);
    return name.len >= len &&
           strncasecmp((const char *)name.data + name.len - len, suffix, len) == 0;
}

/* SC-086, and RFC 6762 and 8375's names that no registry hands out. */
static bool name_not_special(struct span name)
{
    static const char *const suffixes[] = { ".in-addr.arpa", ".ip6.arpa", ".local", ".localhost",
        ".internal", ".home.arpa", ".invalid", ".test" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (ends_with(name, suffixes[i])) {
            return false;
        }
    }
    return true;
}

static bool names_not_special(const struct view *view)
{
    return each_dns_name(view, name_not_special);
}

static bool wildcard_placed(struct span name)
{
    struct span rest = without_wildcard(name);
    return memchr(rest.data, '*', rest.len) == NULL;
}

static bool wildcards_placed(const struct view *view)
{
    return each_dns_name(view, wildcard_placed);
}

/* "*.com" would speak for a whole registry. */
static bool wildcard_narrow(struct span name)
{
    struct span rest = without_wildcard(name);
    return rest.len == name.len || memchr(rest.data, '.', rest.len) != NULL;
}

static bool wildcards_narrow(const struct view *view)
{
    return each_dns_name(view, wildcard_narrow);
}

static bool no_wildcard(struct span name)
{
    return name.len == 0 || name.data[0] != '*';
}

static bool wildcards_absent(const struct view *view)
{
    return each_dns_name(view, no_wildcard);
}

static bool names_differ(const struct view *view)
{
    struct der names, others;
    struct der_element name, other;
    if (!view_alt_names(view, &names)) {
        return true;
    }
    while (view_alt_name(&names, &name)) {
        others = names;
        while (view_alt_name(&others, &other)) {
            if (span_equal(name.whole, other.whole)) {
                return false;
            }
        }
    }
    return true;
}

/* BR 7.1.4.3: a character copy of one of the names. */
static bool common_name_copied(const struct view *view)
{
    const struct view_attribute *common_name = view_attribute(&view->subject, oid_common_name);
    struct der names;
    struct der_element name;
    if (common_name == NULL) {
        return true;
    }
    if (!view_alt_names(view, &names)) {
        return false;
    }
    while (view_alt_name(&names, &name)) {
        if (name.tag == NAME_DNS && span_equal(name.content, common_name->value)) {
            return true;
        }
    }
    return false;
}

static bool ca_names_absent(const struct view *view)
{
    return view_find(view, oid_subject_alt_name) == NULL;
}

static const struct lint rows[] = {
    { "san.present", "BR 7.1.2.7.12", FOR_SERVER, 0, names_there },
    { "san.form", "RFC 5280 4.2.1.6", FOR_SERVER, 0, names_well_formed },
    { "san.types", "BR 7.1.2.7.12", FOR_SERVER, 0, name_types },
    { "san.critical", "RFC 5280 4.2.1.6", FOR_SERVER, 0, names_criticality },
    { "san.syntax", "BR 7.1.2.7.12", FOR_SERVER, 0, names_syntax },
    { "san.lower_case", "BR 7.1.2.7.12", FOR_SERVER, 0, names_lower },
    { "san.public", "BR 4.2.2", FOR_SERVER, 0, names_public },
    { "san.special", "BR 7.1.2.7.12", FOR_SERVER, 0, names_not_special },
    { "san.wildcard_placed", "BR 1.6.1", FOR_SERVER, 0, wildcards_placed },
    { "san.wildcard_narrow", "BR 3.2.2.6", FOR_SERVER, 0, wildcards_narrow },
    { "san.ev_wildcard", "EVG 7.1.4.2.1", LINT_FOR(LINT_SERVER_EV), 0, wildcards_absent },
    { "san.twice", "RFC 5280 4.2.1.6", FOR_SERVER, 0, names_differ },
    { "san.common_name", "BR 7.1.4.3", FOR_SERVER, 0, common_name_copied },
    { "san.ca_absent", "BR 7.1.2.10.3", FOR_CA, 0, ca_names_absent },
};

const struct lint_table lint_servers = { rows, sizeof rows / sizeof rows[0] };
