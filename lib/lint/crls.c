/* Lints of CRLs outside their entries: RFC 5280 §5.1 and §5.2, BR 4.9.7 and 7.2. */
#include "lib/lint/view.h"

enum { DAY = 86400, CLOCK_TOLERANCE = 300 };

static bool version_2(const struct view *view)
{
    return view->has_version && view->version == 1;
}

static bool next_update_there(const struct view *view)
{
    return view->has_not_after;
}

static bool updates_in_order(const struct view *view)
{
    return !view->has_not_after || view->not_after > view->not_before;
}

/* BR 4.9.7: at most ten days for subscribers' lists, twelve months for CAs'. */
static bool server_period(const struct view *view)
{
    return !view->has_not_after || view->not_after - view->not_before <= 10 * DAY;
}

static bool ca_period(const struct view *view)
{
    return !view->has_not_after || view->not_after - view->not_before <= 366 * DAY;
}

static bool not_in_future(const struct view *view)
{
    return view->signed_at == 0 || view->not_before <= view->signed_at + CLOCK_TOLERANCE;
}

static bool number_there(const struct view *view)
{
    return view->known[EXT_CRL_NUMBER] != NULL;
}

static bool number_uncritical(const struct view *view)
{
    return !number_there(view) || !view->known[EXT_CRL_NUMBER]->critical;
}

static bool number_form(const struct view *view)
{
    struct span magnitude;
    if (!number_there(view)) {
        return true;
    }
    struct der value = der_reader(view->known[EXT_CRL_NUMBER]->value);
    return der_read_magnitude(&value, &magnitude) == OK && der_empty(&value) &&
           magnitude.len <= 20 && (magnitude.len < 20 || (magnitude.data[0] & 0x80) == 0);
}

static bool not_delta(const struct view *view)
{
    return view->known[EXT_DELTA] == NULL;
}

/* IssuingDistributionPoint (RFC 5280 §5.2.5), field by field; lax where `form` is false. */
struct point {
    bool there, form, written_default;
    struct span uri;
    bool users, authorities, reasons, indirect, attributes;
};

static void point_name(struct der *fields, struct point *point)
{
    struct der name, full;
    point->form = der_enter(fields, DER_CONTEXT(0), &name) == OK &&
                  der_enter(&name, DER_CONTEXT(0), &full) == OK &&
                  der_read(&full, DER_CONTEXT_PRIMITIVE(6), &point->uri) == OK && der_empty(&name);
}

static struct point point_of(const struct view *view)
{
    struct point point = { .there = view->known[EXT_ISSUING_POINT] != NULL };
    struct der fields;
    struct der_element field;
    if (!point.there) {
        return point;
    }
    struct der value = der_reader(view->known[EXT_ISSUING_POINT]->value);
    if (der_enter(&value, DER_SEQUENCE, &fields) != OK || !der_empty(&value)) {
        return point;
    }
    point.form = true;
    if (der_peek(&fields, DER_CONTEXT(0))) {
        point_name(&fields, &point);
    }
    bool *const flags[] = { &point.users, &point.authorities, &point.reasons, &point.indirect,
        &point.attributes };
    for (uint8_t tag = 1; tag <= 5; tag++) {
        if (!der_peek(&fields, DER_CONTEXT_PRIMITIVE(tag))) {
            continue;
        }
        if (der_read_any(&fields, &field) != OK) {
            break;
        }
        point.form = point.form && field.content.len > 0;
        bool set = field.content.len > 0 && field.content.data[0] != 0;
        *flags[tag - 1] = tag == 3 || set;
        point.written_default = point.written_default || (tag != 3 && !set);
    }
    point.form = point.form && der_empty(&fields);
    return point;
}

static bool point_critical(const struct view *view)
{
    return view->known[EXT_ISSUING_POINT] == NULL || view->known[EXT_ISSUING_POINT]->critical;
}

static bool point_form(const struct view *view)
{
    struct point point = point_of(view);
    return !point.there || (point.form && !point.written_default);
}

static bool point_some(const struct view *view)
{
    struct point point = point_of(view);
    return !point.there || !point.form || point.uri.len > 0 || point.users || point.authorities ||
           point.reasons || point.indirect || point.attributes;
}

static bool point_http(const struct view *view)
{
    struct span uri = point_of(view).uri;
    return uri.len == 0 || (uri.len > 7 && strncasecmp((const char *)uri.data, "http://", 7) == 0);
}

static bool point_one_scope(const struct view *view)
{
    struct point point = point_of(view);
    return !(point.users && point.authorities);
}

static bool point_direct(const struct view *view)
{
    return !point_of(view).indirect;
}

static bool point_no_attributes(const struct view *view)
{
    return !point_of(view).attributes;
}

static bool point_all_reasons(const struct view *view)
{
    return !point_of(view).reasons;
}

/* A list of CAs isn't one of subscribers only, nor the other way round. */
static bool point_fits(const struct view *view)
{
    struct point point = point_of(view);
    return view->kind == LINT_ARL ? !point.users : !point.authorities;
}

static bool list_not_empty(const struct view *view)
{
    return !view->has_entries || view->entries.content.len > 0;
}

static const struct lint rows[] = {
    { "crl.version", "RFC 5280 5.1.2.1", "version 2", FOR_CRL, SINCE_RFC5280, .holds = version_2 },
    { "crl.next_update", "RFC 5280 5.1.2.5", "nextUpdate", FOR_CRL, SINCE_RFC5280,
        .holds = next_update_there },
    { "crl.update_order", "RFC 5280 5.1.2.5", "nextUpdate behind thisUpdate", FOR_CRL,
        SINCE_RFC5280, .holds = updates_in_order },
    { "crl.server_period", "BR 4.9.7", "at most 10 days", LINT_FOR(LINT_CRL), SINCE_BR_1,
        .holds = server_period },
    { "crl.ca_period", "BR 4.9.7", "at most twelve months", FOR_ARL, SINCE_BR_1,
        .holds = ca_period },
    { "crl.future", "RFC 5280 5.1.2.4", "thisUpdate no later than the signing", FOR_CRL,
        SINCE_RFC5280, .holds = not_in_future },
    { "crl.number", "RFC 5280 5.2.3", "a CRL number", FOR_CRL, SINCE_RFC5280,
        .holds = number_there },
    { "crl.number_critical", "RFC 5280 5.2.3", "a CRL number that isn't critical", FOR_CRL,
        SINCE_RFC5280, .holds = number_uncritical },
    { "crl.number_form", "RFC 5280 5.2.3", "a CRL number from 0, of at most 20 octets", FOR_CRL,
        SINCE_RFC5280, .holds = number_form },
    { "crl.delta", "BR 7.2", "a whole list, no delta", FOR_CRL, SINCE_2023_07_15,
        .holds = not_delta },
    { "crl.point_critical", "RFC 5280 5.2.5", "a critical issuing distribution point", FOR_CRL,
        SINCE_RFC5280, .holds = point_critical },
    { "crl.point_form", "RFC 5280 5.2.5", "an issuing distribution point in DER", FOR_CRL,
        SINCE_RFC5280, .holds = point_form },
    { "crl.point_some", "RFC 5280 5.2.5", "an issuing distribution point that says something",
        FOR_CRL, SINCE_RFC5280, .holds = point_some },
    { "crl.point_http", "BR 7.2.2.1", "a list's own place by plain HTTP", FOR_CRL, SINCE_2023_07_15,
        .holds = point_http },
    { "crl.point_one_scope", "RFC 5280 5.2.5", "users or CAs, not both", FOR_CRL, SINCE_RFC5280,
        .holds = point_one_scope },
    { "crl.point_direct", "BR 7.2.2.1", "no indirect list", FOR_CRL, SINCE_2023_07_15,
        .holds = point_direct },
    { "crl.point_attributes", "BR 7.2.2.1", "no list of attribute certificates", FOR_CRL,
        SINCE_2023_07_15, .holds = point_no_attributes },
    { "crl.point_reasons", "BR 7.2.2.1", "a list of all reasons", FOR_CRL, SINCE_2023_07_15,
        LINT_SHOULD, .holds = point_all_reasons },
    { "crl.point_fits", "BR 7.2.2.1", "a scope that fits what is revoked", FOR_CRL,
        SINCE_2023_07_15, .holds = point_fits },
    { "crl.list_not_empty", "RFC 5280 5.1.2.6", "no list of entries where there are none", FOR_CRL,
        SINCE_RFC5280, .holds = list_not_empty },
};

const struct lint_table lint_crls = { NULL, 0, rows, sizeof rows / sizeof rows[0] };
