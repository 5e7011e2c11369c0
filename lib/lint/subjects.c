/* Lints of subjects: what each profile wants in them and what not (BR 7.1.2.7.2 to 7.1.2.7.5,
 * 7.1.2.10.2; EVG 7.1.4.2). */
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

static bool has(const struct view *view, struct span oid)
{
    return view_attribute(&view->subject, oid) != NULL;
}

static bool closed(const struct view *view, const struct span *const *list, size_t count)
{
    for (size_t i = 0; i < view->subject.count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            found = found || span_equal(view->subject.attributes[i].oid, *list[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool root_self_issued(const struct view *view)
{
    return span_equal(view->issuer.whole, view->subject.whole);
}

static bool not_self_issued(const struct view *view)
{
    return !span_equal(view->issuer.whole, view->subject.whole);
}

static bool subject_there(const struct view *view)
{
    return view->subject.count > 0;
}

static bool no_unit(const struct view *view)
{
    return !has(view, oid_organisational_unit);
}

static bool country(const struct view *view)
{
    return has(view, oid_country);
}

static bool organisation(const struct view *view)
{
    return has(view, oid_organisation);
}

static bool common_name(const struct view *view)
{
    return has(view, oid_common_name);
}

static bool no_common_name(const struct view *view)
{
    return !has(view, oid_common_name);
}

static bool place(const struct view *view)
{
    return has(view, oid_locality) || has(view, oid_state_or_province);
}

static bool no_address(const struct view *view)
{
    return !has(view, oid_street) && !has(view, oid_postal_code);
}

static bool no_person(const struct view *view)
{
    return !has(view, oid_surname) && !has(view, oid_given_name);
}

static bool person(const struct view *view)
{
    return has(view, oid_surname) && has(view, oid_given_name);
}

static bool ca_closed(const struct view *view)
{
    static const struct span *const listed[] = { &oid_country, &oid_state_or_province,
        &oid_locality, &oid_postal_code, &oid_street, &oid_organisation, &oid_common_name,
        &oid_domain_component, &oid_organisational_unit };
    return closed(view, listed, sizeof listed / sizeof listed[0]);
}

static bool dv_closed(const struct view *view)
{
    static const struct span *const listed[] = { &oid_country, &oid_common_name };
    return closed(view, listed, sizeof listed / sizeof listed[0]);
}

/* EVG 7.1.4.2.9: nothing but what the guidelines list. */
static bool ev_closed(const struct view *view)
{
    static const struct span *const listed[] = { &oid_business_category, &oid_jurisdiction_locality,
        &oid_jurisdiction_state, &oid_jurisdiction_country, &oid_serial_number, &oid_country,
        &oid_state_or_province, &oid_locality, &oid_postal_code, &oid_street, &oid_organisation,
        &oid_organization_identifier, &oid_common_name };
    return closed(view, listed, sizeof listed / sizeof listed[0]);
}

/* The registration attributes are EV's. */
static bool without_ev(const struct view *view)
{
    return !has(view, oid_business_category) && !has(view, oid_jurisdiction_country) &&
           !has(view, oid_jurisdiction_state) && !has(view, oid_jurisdiction_locality) &&
           !has(view, oid_serial_number);
}

static bool ev_category(const struct view *view)
{
    return has(view, oid_business_category);
}

static bool ev_category_listed(const struct view *view)
{
    static const char *const categories[] = { "Private Organization", "Government Entity",
        "Business Entity", "Non-Commercial Entity" };
    const struct view_attribute *category = view_attribute(&view->subject, oid_business_category);
    for (size_t i = 0; category != NULL && i < sizeof categories / sizeof categories[0]; i++) {
        if (span_equal_text(category->value, categories[i])) {
            return true;
        }
    }
    return category == NULL;
}

static bool ev_jurisdiction(const struct view *view)
{
    return has(view, oid_jurisdiction_country);
}

/* A town's register has its state's and its country's name with it. */
static bool ev_jurisdiction_levels(const struct view *view)
{
    return !has(view, oid_jurisdiction_locality) || has(view, oid_jurisdiction_state);
}

static bool ev_registration(const struct view *view)
{
    return has(view, oid_serial_number);
}

/* Three letters of a scheme, two of a country, perhaps "+" and a subdivision, "-", a reference. */
static bool ev_identifier_form(const struct view *view)
{
    static const char *const schemes[] = { "NTR", "VAT", "PSD" };
    const struct view_attribute *attribute =
        view_attribute(&view->subject, oid_organization_identifier);
    if (attribute == NULL) {
        return true;
    }
    struct span value = attribute->value;
    bool scheme = false;
    for (size_t i = 0; value.len > 6 && i < sizeof schemes / sizeof schemes[0]; i++) {
        scheme = scheme || memcmp(value.data, schemes[i], 3) == 0;
    }
    if (!scheme || !isupper(value.data[3]) || !isupper(value.data[4])) {
        return false;
    }
    const uint8_t *dash = memchr(value.data + 5, '-', value.len - 5);
    bool subdivided = value.data[5] == '+' && memcmp(value.data, "NTR", 3) == 0 && dash != NULL &&
                      dash > value.data + 6 && dash <= value.data + 9;
    return dash != NULL && dash + 1 < value.data + value.len &&
           (dash == value.data + 5 || subdivided);
}

/* EVG 7.1.2.2: who names an organisation's identifier says it in the extension as well. */
static bool ev_identifier_extension(const struct view *view)
{
    return !has(view, oid_organization_identifier) || view->known[EXT_ORGANISATION_ID] != NULL;
}

/* CABFOrganizationIdentifier: scheme and country are those of the attribute. */
static bool ev_identifier_same(const struct view *view)
{
    const struct view_attribute *attribute =
        view_attribute(&view->subject, oid_organization_identifier);
    const struct view_extension *extension = view->known[EXT_ORGANISATION_ID];
    if (extension == NULL) {
        return true;
    }
    struct der value = der_reader(extension->value), inner;
    struct span scheme, nation;
    return attribute != NULL && attribute->value.len > 5 &&
           der_enter(&value, DER_SEQUENCE, &inner) == OK &&
           der_read_text(&inner, DER_PRINTABLE_STRING, &scheme) == OK && scheme.len == 3 &&
           der_read_text(&inner, DER_PRINTABLE_STRING, &nation) == OK && nation.len == 2 &&
           memcmp(attribute->value.data, scheme.data, 3) == 0 &&
           memcmp(attribute->value.data + 3, nation.data, 2) == 0;
}

enum { FOR_NAMED = FOR_CA | FOR_RESPONDER, FOR_NAMED_SERVER = FOR_IV | FOR_OV | FOR_CLASSIC };

static const struct lint rows[] = {
    { "issuer.root_is_subject", "BR 7.1.2.1", "a root's issuer is its subject, byte for byte",
        FOR_ROOT, SINCE_BR_1, .holds = root_self_issued },
    { "issuer.is_another", "BR 6.1.7", "another's signature, not its own",
        FOR_SERVER | FOR_RESPONDER | FOR_SUBORDINATE, SINCE_BR_1, .holds = not_self_issued },
    { "subject.present", "RFC 5280 4.1.2.6", "a subject", FOR_CA, SINCE_RFC5280,
        .holds = subject_there },
    { "subject.unit", "BR 7.1.2.7.4", "no organizational unit", FOR_PUBLIC, SINCE_2022_09_01,
        .holds = no_unit },
    { "subject.ca_unit", "BR 7.1.2.10.2", "no organizational unit", FOR_NAMED, SINCE_BR_2,
        .holds = no_unit },
    { "subject.ca_country", "BR 7.1.2.10.2", "a country", FOR_NAMED, SINCE_BR_1, .holds = country },
    { "subject.ca_organisation", "BR 7.1.2.10.2", "an organisation", FOR_NAMED, SINCE_BR_1,
        .holds = organisation },
    { "subject.ca_common_name", "BR 7.1.2.10.2", "a common name", FOR_NAMED, SINCE_BR_1,
        .holds = common_name },
    { "subject.ca_closed", "BR 7.1.2.10.2", "no attribute beside those of a CA's subject",
        FOR_NAMED, SINCE_BR_2, LINT_SHOULD, .holds = ca_closed },
    { "subject.common_name", "BR 7.1.2.7", "no common name", FOR_PUBLIC, SINCE_BR_2, LINT_SHOULD,
        .holds = no_common_name },
    { "subject.dv_closed", "BR 7.1.2.7.2", "nothing but a country and a common name", FOR_DV,
        SINCE_BR_2, .holds = dv_closed },
    { "subject.country", "BR 7.1.2.7.4", "a country", FOR_NAMED_SERVER, SINCE_BR_1,
        .holds = country },
    { "subject.place", "BR 7.1.2.7.4", "a locality, or a state or province", FOR_NAMED_SERVER,
        SINCE_BR_1, .holds = place },
    { "subject.address", "BR 7.1.2.7.4", "neither street nor postal code", FOR_IV | FOR_OV,
        SINCE_BR_2, LINT_SHOULD, .holds = no_address },
    { "subject.organisation", "BR 7.1.2.7.4", "an organisation", FOR_OV | FOR_CLASSIC, SINCE_BR_1,
        .holds = organisation },
    { "subject.person", "BR 7.1.2.7.3", "a person's surname and given name", FOR_IV, SINCE_BR_2,
        .holds = person },
    { "subject.no_person", "BR 7.1.2.7.4", "no person's name", FOR_OV | FOR_EV, SINCE_BR_2,
        .holds = no_person },
    { "subject.without_ev", "BR 7.1.2.7.4", "no registration attributes of EV", FOR_IV | FOR_OV,
        SINCE_BR_2, LINT_SHOULD, .holds = without_ev },
    { "ev.organisation", "EVG 7.1.4.2.1", "an organisation", FOR_EV, SINCE_EVG,
        .holds = organisation },
    { "ev.country", "EVG 7.1.4.2.6", "a country", FOR_EV, SINCE_EVG, .holds = country },
    { "ev.place", "EVG 7.1.4.2.6", "a locality, or a state or province", FOR_EV, SINCE_EVG,
        .holds = place },
    { "ev.category", "EVG 7.1.4.2.3", "a business category", FOR_EV, SINCE_EVG,
        .holds = ev_category },
    { "ev.category_listed", "EVG 7.1.4.2.3", "one of the four business categories, to the letter",
        FOR_EV, SINCE_EVG, .holds = ev_category_listed },
    { "ev.jurisdiction", "EVG 7.1.4.2.4", "the country of the registration", FOR_EV, SINCE_EVG,
        .holds = ev_jurisdiction },
    { "ev.jurisdiction_levels", "EVG 7.1.4.2.4", "a register's town not without its state", FOR_EV,
        SINCE_EVG, .holds = ev_jurisdiction_levels },
    { "ev.registration", "EVG 7.1.4.2.5", "a registration number", FOR_EV, SINCE_EVG,
        .holds = ev_registration },
    { "ev.closed", "EVG 7.1.4.2.9", "no attribute beside those of the guidelines", FOR_EV,
        SINCE_EVG, .holds = ev_closed },
    { "ev.identifier_form", "EVG 7.1.4.2.8", "scheme, country, hyphen, reference", FOR_EV,
        SINCE_2020_01_31, .holds = ev_identifier_form },
    { "ev.identifier_extension", "EVG 7.1.2.2", "the identifier in its extension as well", FOR_EV,
        SINCE_2020_01_31, .holds = ev_identifier_extension },
    { "ev.identifier_same", "EVG 7.1.2.2", "the same scheme and country in both", FOR_EV,
        SINCE_2020_01_31, .holds = ev_identifier_same },
};

const struct lint_table lint_subjects = { NULL, 0, rows, sizeof rows / sizeof rows[0] };
