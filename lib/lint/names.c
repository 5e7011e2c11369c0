/* Lints of what stands in distinguished names, whoever's they are: types, lengths, order, spelling
 * (RFC 5280 appendix A, X.520, BR 7.1.4). What a profile wants in them is subjects.c's. */
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
    enum fault length, type;
};

/* BR 7.1.4.2, table; the EV attributes have encodings but no place in its order. */
static const struct rule rules[] = {
    { &oid_domain_component, 1, 63, DER_IA5_STRING, true, FAULT_NAME_LENGTH_OTHER,
        FAULT_NAME_DC_TYPE },
    { &oid_country, 2, 2, DER_PRINTABLE_STRING, false, FAULT_NAME_COUNTRY,
        FAULT_NAME_COUNTRY_TYPE },
    { &oid_state_or_province, 3, 128, 0, false, FAULT_NAME_LENGTH_ST, FAULT_NAME_TYPE },
    { &oid_locality, 4, 128, 0, false, FAULT_NAME_LENGTH_L, FAULT_NAME_TYPE },
    { &oid_postal_code, 5, 40, 0, false, FAULT_NAME_LENGTH_POSTAL, FAULT_NAME_TYPE },
    { &oid_street, 6, 128, 0, true, FAULT_NAME_LENGTH_STREET, FAULT_NAME_TYPE },
    { &oid_organisation, 7, 64, 0, false, FAULT_NAME_LENGTH_O, FAULT_NAME_TYPE },
    { &oid_surname, 8, 64, 0, false, FAULT_NAME_LENGTH_PERSON, FAULT_NAME_TYPE },
    { &oid_given_name, 9, 64, 0, false, FAULT_NAME_LENGTH_PERSON, FAULT_NAME_TYPE },
    { &oid_organisational_unit, 10, 64, 0, false, FAULT_NAME_LENGTH_OTHER, FAULT_NAME_TYPE },
    { &oid_common_name, 11, 64, 0, false, FAULT_NAME_LENGTH_CN, FAULT_NAME_TYPE },
    { &oid_business_category, 0, 128, 0, false, FAULT_NAME_LENGTH_OTHER, FAULT_NAME_TYPE },
    { &oid_jurisdiction_locality, 0, 128, 0, false, FAULT_NAME_LENGTH_OTHER, FAULT_NAME_TYPE },
    { &oid_jurisdiction_state, 0, 128, 0, false, FAULT_NAME_LENGTH_OTHER, FAULT_NAME_TYPE },
    { &oid_jurisdiction_country, 0, 2, DER_PRINTABLE_STRING, false, FAULT_NAME_COUNTRY,
        FAULT_NAME_COUNTRY_TYPE },
    { &oid_serial_number, 0, 64, DER_PRINTABLE_STRING, false, FAULT_NAME_LENGTH_SERIAL,
        FAULT_NAME_SERIAL_TYPE },
    { &oid_organization_identifier, 0, 255, 0, false, FAULT_NAME_LENGTH_OTHER, FAULT_NAME_TYPE },
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

/* ISO 3166-1, and XX, which BR 7.1.4.2 has for what has no code. */
static const char countries[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW XX ";

static bool country_exists(struct span code)
{
    for (size_t i = 0; code.len == 2 && i + 2 < sizeof countries; i += 3) {
        if (memcmp(countries + i, code.data, 2) == 0) {
            return true;
        }
    }
    return false;
}

/* BR 7.1.2.7.4 and EVG: "-", ".", " " or "N/A" stand for nothing. */
static bool meaningful(struct span value)
{
    bool letters = false;
    for (size_t i = 0; i < value.len; i++) {
        letters = letters || value.data[i] >= 0x80 || isalnum(value.data[i]);
    }
    return letters && !(value.len == 3 && strncasecmp((const char *)value.data, "n/a", 3) == 0);
}

static bool edge_space(struct span value)
{
    return value.len > 0 && (value.data[0] == ' ' || value.data[value.len - 1] == ' ');
}

static bool controls(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool type_fits(const struct view_attribute *attribute, uint8_t tag)
{
    return tag != 0 ? attribute->tag == tag
                    : attribute->tag == DER_UTF8_STRING || attribute->tag == DER_PRINTABLE_STRING;
}

static void value_look(
    struct view *view, const struct view_attribute *attribute, const struct rule *rule)
{
    struct span value = attribute->value;
    size_t length = utf8_valid(value) ? utf8_length(value) : value.len;
    if (length == 0) {
        view_fault(view, FAULT_NAME_EMPTY, attribute->oid);
    } else if (!meaningful(value)) {
        view_fault(view, FAULT_NAME_MEANING, value);
    }
    if (edge_space(value)) {
        view_fault(view, FAULT_NAME_SPACE, value);
    }
    if (controls(value)) {
        view_fault(view, FAULT_NAME_CONTROL, value);
    }
    if (rule == NULL) {
        view_fault(view, FAULT_NAME_UNKNOWN, attribute->oid);
        return;
    }
    if (!type_fits(attribute, rule->tag)) {
        view_fault(view, rule->type, value);
    }
    if (length > rule->max || (rule->length == FAULT_NAME_COUNTRY && !country_exists(value))) {
        view_fault(view, rule->length, value);
    }
}

static void subject_look(struct view *view)
{
    const struct view_name *subject = &view->subject;
    unsigned last = 0;
    for (size_t i = 0; i < subject->count; i++) {
        const struct view_attribute *attribute = &subject->attributes[i];
        const struct rule *rule = rule_of(attribute->oid);
        value_look(view, attribute, rule);
        if (rule != NULL && rule->order != 0) {
            if (rule->order < last) {
                view_fault(view, FAULT_NAME_ORDER, attribute->value);
            }
            last = rule->order;
        }
        for (size_t k = 0; k < i && (rule == NULL || !rule->repeats); k++) {
            if (span_equal(subject->attributes[k].oid, attribute->oid)) {
                view_fault(view, FAULT_NAME_TWICE, attribute->value);
            }
        }
    }
    if (subject->crowded.data != NULL) {
        view_fault(view, FAULT_NAME_RDN, subject->crowded);
    }
}

static void names_observe(struct view *view)
{
    const struct view_name *issuer = &view->issuer;
    subject_look(view);
    for (size_t i = 0; i < issuer->count; i++) {
        const struct view_attribute *attribute = &issuer->attributes[i];
        if (edge_space(attribute->value)) {
            view_fault(view, FAULT_ISSUER_SPACE, attribute->value);
        }
        if (span_equal(attribute->oid, oid_country) && attribute->tag != DER_PRINTABLE_STRING) {
            view_fault(view, FAULT_ISSUER_COUNTRY_TYPE, attribute->value);
        }
    }
    if (issuer->crowded.data != NULL) {
        view_fault(view, FAULT_ISSUER_RDN, issuer->crowded);
    }
}

static bool issuer_there(const struct view *view)
{
    return view->issuer.count > 0;
}

static const struct lint rows[] = {
    { "issuer.present", "RFC 5280 4.1.2.4", "an issuer", FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280,
        .holds = issuer_there },
    { "issuer.single_valued", "BR 7.1.4.1", "one attribute in each of the issuer's RDNs",
        FOR_CERTIFICATE | FOR_CRL, SINCE_BR_2, LINT_SHOULD, .fault = FAULT_ISSUER_RDN },
    { "issuer.edge_space", "X.520 6.1", "an issuer's values without white space at their ends",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, LINT_SHOULD, .fault = FAULT_ISSUER_SPACE },
    { "issuer.country_type", "RFC 5280 A.1", "the issuer's country as PrintableString",
        FOR_CERTIFICATE | FOR_CRL, SINCE_RFC5280, .fault = FAULT_ISSUER_COUNTRY_TYPE },
    { "name.single_valued", "BR 7.1.4.1", "one attribute in each RDN", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_NAME_RDN },
    { "name.known", "BR 7.1.2.7.4", "no attribute beside those of the profiles", FOR_CERTIFICATE,
        SINCE_BR_2, LINT_SHOULD, .fault = FAULT_NAME_UNKNOWN },
    { "name.order", "BR 7.1.4.2", "DC, C, ST, L, postal code, street, O, surname, given name, CN",
        FOR_CERTIFICATE, SINCE_BR_2, .fault = FAULT_NAME_ORDER },
    { "name.twice", "BR 7.1.4.1", "each attribute once, but for street and DC",
        FOR_CERTIFICATE & ~FOR_CLASSIC, SINCE_BR_2, .fault = FAULT_NAME_TWICE },
    { "name.type", "BR 7.1.4.2", "UTF8String or PrintableString", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_NAME_TYPE },
    { "name.country_type", "RFC 5280 A.1", "a country as PrintableString", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_NAME_COUNTRY_TYPE },
    { "name.serial_type", "RFC 5280 A.1", "a registration number as PrintableString",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_SERIAL_TYPE },
    { "name.dc_type", "RFC 4519 2.4", "a domain component as IA5String", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_NAME_DC_TYPE },
    { "name.country", "BR 7.1.4.2", "a code of ISO 3166-1, in capitals", FOR_CERTIFICATE,
        SINCE_BR_1, .fault = FAULT_NAME_COUNTRY },
    { "name.empty", "RFC 5280 A.1", "values that are not empty", FOR_CERTIFICATE, SINCE_RFC5280,
        .fault = FAULT_NAME_EMPTY },
    { "name.meaning", "BR 7.1.2.7.4", "values that say something", FOR_CERTIFICATE, SINCE_BR_1,
        .fault = FAULT_NAME_MEANING },
    { "name.edge_space", "X.520 6.1", "values without white space at their ends", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_NAME_SPACE },
    { "name.control", "RFC 5280 A.1", "values without control characters", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_NAME_CONTROL },
    { "name.common_name_length", "RFC 5280 A.1", "a common name of at most 64 characters",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_LENGTH_CN },
    { "name.organisation_length", "RFC 5280 A.1", "an organisation of at most 64 characters",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_LENGTH_O },
    { "name.locality_length", "RFC 5280 A.1", "a locality of at most 128 characters",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_LENGTH_L },
    { "name.state_length", "RFC 5280 A.1", "a state or province of at most 128 characters",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_LENGTH_ST },
    { "name.street_length", "BR 7.1.4.2", "a street of at most 128 characters", FOR_CERTIFICATE,
        SINCE_BR_2, .fault = FAULT_NAME_LENGTH_STREET },
    { "name.postal_length", "BR 7.1.4.2", "a postal code of at most 40 characters", FOR_CERTIFICATE,
        SINCE_BR_2, .fault = FAULT_NAME_LENGTH_POSTAL },
    { "name.person_length", "BR 7.1.4.2", "a surname and given name of at most 64 characters",
        FOR_CERTIFICATE, SINCE_BR_2, .fault = FAULT_NAME_LENGTH_PERSON },
    { "name.serial_length", "RFC 5280 A.1", "a registration number of at most 64 characters",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_NAME_LENGTH_SERIAL },
    { "name.other_length", "BR 7.1.4.2", "other attributes no longer than their bound",
        FOR_CERTIFICATE, SINCE_BR_2, .fault = FAULT_NAME_LENGTH_OTHER },
};

const struct lint_table lint_names = { names_observe, FOR_CERTIFICATE | FOR_CRL, rows,
    sizeof rows / sizeof rows[0] };
