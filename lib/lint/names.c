/* Lints of distinguished names: BR 7.1.2, 7.1.4, EVG 7.1.4. */
#include "lib/lint/view.h"

#include <ctype.h>

static const struct span oid_domain_component = BYTES("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19");
static const struct span oid_surname = BYTES("\x55\x04\x04");
static const struct span oid_given_name = BYTES("\x55\x04\x2a");
static const struct span oid_organization_identifier = BYTES("\x55\x04\x61");
static const struct span oid_jurisdiction_locality =
    BYTES("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01");
static const struct span oid_jurisdiction_state =
    BYTES("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02");

struct rule {
    const struct span *oid;
    uint8_t order; /* 0: may stand anywhere */
    uint8_t max;   /* characters */
    uint8_t tag;   /* 0: UTF8String or PrintableString */
    bool repeats;
};

/* BR 7.1.4.2, table; the EV attributes have encodings but no place in its order. */
static const struct rule rules[] = {
    { &oid_domain_component, 1, 63, DER_IA5_STRING, true },
    { &oid_country, 2, 2, DER_PRINTABLE_STRING, false },
    { &oid_state_or_province, 3, 128, 0, false },
    { &oid_locality, 4, 128, 0, false },
    { &oid_postal_code, 5, 40, 0, false },
    { &oid_street, 6, 128, 0, true },
    { &oid_organisation, 7, 64, 0, false },
    { &oid_surname, 8, 64, 0, false },
    { &oid_given_name, 9, 64, 0, false },
    { &oid_organisational_unit, 10, 64, 0, false },
    { &oid_common_name, 11, 64, 0, false },
    { &oid_business_category, 0, 128, 0, false },
    { &oid_jurisdiction_locality, 0, 128, 0, false },
    { &oid_jurisdiction_state, 0, 128, 0, false },
    { &oid_jurisdiction_country, 0, 2, DER_PRINTABLE_STRING, false },
    { &oid_serial_number, 0, 64, DER_PRINTABLE_STRING, false },
    { &oid_organization_identifier, 0, 255, 0, false },
};

static const struct rule *rule_of(struct span oid)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (span_equal(*rules[i].oid, oid)) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool issuer_there(const struct view *view)
{
    return view->issuer.count > 0;
}

static bool root_self_issued(const struct view *view)
{
    return span_equal(view->issuer.whole, view->subject.whole);
}

static bool single_valued(const struct view *view)
{
    return !view->subject.multi_valued && !view->issuer.multi_valued;
}

static bool known_attributes(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        if (rule_of(view->subject.attributes[i].oid) == NULL) {
            return false;
        }
    }
    return true;
}

static bool in_order(const struct view *view)
{
    unsigned last = 0;
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct rule *rule = rule_of(view->subject.attributes[i].oid);
        if (rule != NULL && rule->order != 0) {
            if (rule->order < last) {
                return false;
            }
            last = rule->order;
        }
    }
    return true;
}

static bool no_attribute_twice(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct rule *rule = rule_of(view->subject.attributes[i].oid);
        for (size_t k = 0; k < i; k++) {
            bool same =
                span_equal(view->subject.attributes[i].oid, view->subject.attributes[k].oid);
            if (same && (rule == NULL || !rule->repeats)) {
                return false;
            }
        }
    }
    return true;
}

static bool string_types(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct view_attribute *attribute = &view->subject.attributes[i];
        const struct rule *rule = rule_of(attribute->oid);
        bool any = attribute->tag == DER_UTF8_STRING || attribute->tag == DER_PRINTABLE_STRING;
        bool fits = rule == NULL || rule->tag == 0 ? any : attribute->tag == rule->tag;
        if (!fits) {
            return false;
        }
    }
    return true;
}

static bool well_encoded(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct view_attribute *attribute = &view->subject.attributes[i];
        bool good = attribute->tag == DER_PRINTABLE_STRING ? der_printable(attribute->value)
                                                           : utf8_valid(attribute->value);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool lengths(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        const struct view_attribute *attribute = &view->subject.attributes[i];
        const struct rule *rule = rule_of(attribute->oid);
        size_t length =
            utf8_valid(attribute->value) ? utf8_length(attribute->value) : attribute->value.len;
        if (length == 0 || (rule != NULL && length > rule->max)) {
            return false;
        }
    }
    return true;
}

/* BR 7.1.4.2 and EVG: "-", ".", " " or "N/A" stand for nothing. */
static bool meaningful(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        struct span value = view->subject.attributes[i].value;
        bool letters = false;
        for (size_t k = 0; k < value.len; k++) {
            letters = letters || value.data[k] >= 0x80 || isalnum(value.data[k]);
        }
        bool not_applicable =
            value.len == 3 && strncasecmp((const char *)value.data, "n/a", 3) == 0;
        if (!letters || not_applicable) {
            return false;
        }
    }
    return true;
}

static bool no_edge_space(const struct view *view)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        struct span value = view->subject.attributes[i].value;
        if (value.len > 0 && (value.data[0] == ' ' || value.data[value.len - 1] == ' ')) {
            return false;
        }
    }
    return true;
}

static bool country_upper(const struct view_name *name, struct span oid)
{
    const struct view_attribute *country = view_attribute(name, oid);
    return country == NULL || (country->value.len == 2 && isupper(country->value.data[0]) &&
                                  isupper(country->value.data[1]));
}

static bool country_form(const struct view *view)
{
    return country_upper(&view->subject, oid_country) &&
           country_upper(&view->subject, oid_jurisdiction_country);
}

static bool no_unit(const struct view *view)
{
    return view_attribute(&view->subject, oid_organisational_unit) == NULL;
}

static bool has_country(const struct view *view)
{
    return view_attribute(&view->subject, oid_country) != NULL;
}

static bool has_organisation(const struct view *view)
{
    return view_attribute(&view->subject, oid_organisation) != NULL;
}

static bool has_common_name(const struct view *view)
{
    return view_attribute(&view->subject, oid_common_name) != NULL;
}

static bool has_place(const struct view *view)
{
    return view_attribute(&view->subject, oid_locality) != NULL ||
           view_attribute(&view->subject, oid_state_or_province) != NULL;
}

static bool no_person(const struct view *view)
{
    return view_attribute(&view->subject, oid_surname) == NULL &&
           view_attribute(&view->subject, oid_given_name) == NULL;
}

static bool ev_category(const struct view *view)
{
    static const char *const categories[] = { "Private Organization", "Government Entity",
        "Business Entity", "Non-Commercial Entity" };
    const struct view_attribute *category = view_attribute(&view->subject, oid_business_category);
    for (size_t i = 0; category != NULL && i < sizeof categories / sizeof categories[0]; i++) {
        if (span_equal_text(category->value, categories[i])) {
            return true;
        }
    }
    return false;
}

static bool ev_jurisdiction(const struct view *view)
{
    return view_attribute(&view->subject, oid_jurisdiction_country) != NULL;
}

static bool ev_registration(const struct view *view)
{
    return view_attribute(&view->subject, oid_serial_number) != NULL;
}

/* EVG 7.1.4.2.9: nothing but what the guidelines list. Of that, organizationIdentifier is left out:
 * it needs an extension that no profile of ours has. */
static bool ev_closed(const struct view *view)
{
    const struct span *const listed[] = { &oid_business_category, &oid_jurisdiction_locality,
        &oid_jurisdiction_state, &oid_jurisdiction_country, &oid_serial_number, &oid_country,
        &oid_state_or_province, &oid_locality, &oid_postal_code, &oid_street, &oid_organisation,
        &oid_common_name };
    for (size_t i = 0; i < view->subject.count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof listed / sizeof listed[0]; k++) {
            found = found || span_equal(view->subject.attributes[i].oid, *listed[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* EVG 7.1.4.2.4: a town's register has its state's and its country's name with it. */
static bool ev_jurisdiction_levels(const struct view *view)
{
    return view_attribute(&view->subject, oid_jurisdiction_locality) == NULL ||
           view_attribute(&view->subject, oid_jurisdiction_state) != NULL;
}

/* OV has no registration attributes. */
static bool ov_without_ev(const struct view *view)
{
    return view_attribute(&view->subject, oid_business_category) == NULL &&
           view_attribute(&view->subject, oid_jurisdiction_country) == NULL;
}

enum { FOR_EV = LINT_FOR(LINT_SERVER_EV), FOR_OV = LINT_FOR(LINT_SERVER) };

static const struct lint rows[] = {
    { "issuer.present", "RFC 5280 4.1.2.4", FOR_CERTIFICATE | FOR_CRL, 0, issuer_there },
    { "issuer.root_is_subject", "BR 7.1.2.1", FOR_ROOT, 0, root_self_issued },
    { "name.single_valued", "BR 7.1.4.1", FOR_CERTIFICATE, 0, single_valued },
    { "name.known_attributes", "BR 7.1.2.7.4", FOR_CERTIFICATE, 0, known_attributes },
    { "name.order", "BR 7.1.4.2", FOR_CERTIFICATE, 0, in_order },
    { "name.attribute_twice", "BR 7.1.4.1", FOR_CERTIFICATE, 0, no_attribute_twice },
    { "name.string_type", "BR 7.1.4.2", FOR_CERTIFICATE, 0, string_types },
    { "name.encoding", "X.680 41", FOR_CERTIFICATE, 0, well_encoded },
    { "name.length", "BR 7.1.4.2", FOR_CERTIFICATE, 0, lengths },
    { "name.meaningful", "BR 7.1.2.7", FOR_CERTIFICATE, 0, meaningful },
    { "name.edge_space", "X.520", FOR_CERTIFICATE, 0, no_edge_space },
    { "name.country_form", "BR 7.1.4.2", FOR_CERTIFICATE, 0, country_form },
    { "name.unit_absent", "BR 7.1.2.7.4", FOR_CERTIFICATE, 0, no_unit },
    { "name.country", "BR 7.1.2.7.4", FOR_CERTIFICATE, 0, has_country },
    { "name.organisation", "BR 7.1.2.7.4", FOR_CERTIFICATE, 0, has_organisation },
    { "name.place", "BR 7.1.2.7.4", FOR_SERVER, 0, has_place },
    { "name.person_absent", "BR 7.1.2.7.4", FOR_SERVER, 0, no_person },
    { "name.ca_common_name", "BR 7.1.2.10.2", FOR_CA, 0, has_common_name },
    { "name.ev_category", "EVG 7.1.4.2.3", FOR_EV, 0, ev_category },
    { "name.ev_jurisdiction", "EVG 7.1.4.2.4", FOR_EV, 0, ev_jurisdiction },
    { "name.ev_registration", "EVG 7.1.4.2.5", FOR_EV, 0, ev_registration },
    { "name.ev_closed", "EVG 7.1.4.2.9", FOR_EV, 0, ev_closed },
    { "name.ev_jurisdiction_levels", "EVG 7.1.4.2.4", FOR_EV, 0, ev_jurisdiction_levels },
    { "name.ov_without_ev", "BR 7.1.2.7.4", FOR_OV, 0, ov_without_ev },
};

const struct lint_table lint_names = { rows, sizeof rows / sizeof rows[0] };
