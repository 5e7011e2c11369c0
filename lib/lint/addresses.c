/* Lints of where more is found: CRL distribution points and authority information access (RFC 5280
 * §4.2.1.13, §4.2.2.1; BR 7.1.2.7.7, 7.1.2.10.3, 7.1.2.11.2). */
#include "lib/lint/view.h"

#include <ctype.h>

enum { NAME_URI = DER_CONTEXT_PRIMITIVE(6) };

static bool http(struct span uri)
{
    static const char scheme[] = "http://";
    return uri.len > sizeof scheme - 1 &&
           strncasecmp((const char *)uri.data, scheme, sizeof scheme - 1) == 0;
}

/* Between "http://" and the path, the port aside. */
static struct span host_of(struct span uri)
{
    size_t begin = 7, end = begin;
    while (end < uri.len && uri.data[end] != '/' && uri.data[end] != ':') {
        end++;
    }
    return span_make(uri.data + begin, end - begin);
}

/* Printable ASCII without blanks, and a host that someone outside can find: with a dot, and no
 * special-use name. */
static void address_look(struct view *view, struct span uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.data[i] <= 0x20 || uri.data[i] >= 0x7f) {
            view_fault(view, FAULT_ADDRESS_TEXT, uri);
        }
    }
    if (!http(uri)) {
        return;
    }
    struct span host = host_of(uri);
    if (memchr(host.data, '.', host.len) == NULL || host_special(host)) {
        view_fault(view, FAULT_ADDRESS_HOST, uri);
    }
}

static void full_name_look(struct view *view, struct der *names)
{
    struct der_element name;
    if (der_empty(names)) {
        view_fault(view, FAULT_POINT_FORM, view->known[EXT_CRL_POINTS]->value);
    }
    while (!der_empty(names)) {
        if (der_read_any(names, &name) != OK) {
            view_fault(view, FAULT_POINT_FORM, names->rest);
            return;
        }
        if (name.tag != NAME_URI) {
            view_fault(view, FAULT_POINT_TYPE, name.content);
        } else if (!http(name.content)) {
            view_fault(view, FAULT_POINT_SCHEME, name.content);
        }
        if (name.tag == NAME_URI) {
            address_look(view, name.content);
        }
    }
}

/* DistributionPoint: [0] the point's name, [1] reasons, [2] another issuer. */
static void point_look(struct view *view, struct der *point)
{
    struct span all = point->rest;
    struct der_element field;
    struct der name, full;
    bool named = false;
    while (!der_empty(point)) {
        struct der at = *point;
        if (der_read_any(point, &field) != OK) {
            view_fault(view, FAULT_POINT_FORM, at.rest);
            return;
        }
        if (field.tag == DER_CONTEXT_PRIMITIVE(1)) {
            view_fault(view, FAULT_POINT_REASONS, field.whole);
        } else if (field.tag == DER_CONTEXT(2)) {
            view_fault(view, FAULT_POINT_ISSUER, field.whole);
        } else if (field.tag != DER_CONTEXT(0) || der_enter(&at, DER_CONTEXT(0), &name) != OK ||
                   der_empty(&name)) {
            view_fault(view, FAULT_POINT_FORM, field.whole);
        } else if (der_peek(&name, DER_CONTEXT(1))) {
            view_fault(view, FAULT_POINT_RELATIVE, field.whole);
            named = true;
        } else if (der_enter(&name, DER_CONTEXT(0), &full) == OK) {
            full_name_look(view, &full);
            named = true;
        }
    }
    if (!named) {
        view_fault(view, FAULT_POINT_FORM, all.len > 0 ? all : view->known[EXT_CRL_POINTS]->value);
    }
}

static void points_look(struct view *view)
{
    struct span value = view->known[EXT_CRL_POINTS]->value;
    struct der outer = der_reader(value), points, point;
    size_t count = 0;
    if (der_enter(&outer, DER_SEQUENCE, &points) != OK || der_empty(&points) ||
        !der_empty(&outer)) {
        view_fault(view, FAULT_POINT_FORM, value);
        return;
    }
    for (; !der_empty(&points); count++) {
        if (der_enter(&points, DER_SEQUENCE, &point) != OK) {
            view_fault(view, FAULT_POINT_FORM, value);
            return;
        }
        point_look(view, &point);
    }
    if (count > 1) {
        view_fault(view, FAULT_POINT_MANY, value);
    }
}

/* False where the description has no shape. */
static bool access_look(struct view *view, struct der *description, struct span *ret_whole)
{
    struct span method;
    struct der_element location;
    *ret_whole = description->rest;
    if (der_read(description, DER_OID, &method) != OK ||
        der_read_any(description, &location) != OK || !der_empty(description)) {
        return false;
    }
    bool ocsp = span_equal(method, oid_ocsp), issuers = span_equal(method, oid_ca_issuers);
    if (!ocsp && !issuers) {
        view_fault(view, FAULT_ACCESS_METHOD, method);
    }
    if (location.tag != NAME_URI) {
        view_fault(view, FAULT_ACCESS_TYPE, location.whole);
        return true;
    }
    if (!http(location.content)) {
        view_fault(view, FAULT_ACCESS_SCHEME, location.content);
    }
    address_look(view, location.content);
    view->has_ocsp_uri = view->has_ocsp_uri || ocsp;
    view->has_issuers_uri = view->has_issuers_uri || issuers;
    return true;
}

static void accesses_look(struct view *view)
{
    struct span value = view->known[EXT_AUTHORITY_INFO]->value, whole[8];
    struct der outer = der_reader(value), list, description;
    if (der_enter(&outer, DER_SEQUENCE, &list) != OK || der_empty(&list) || !der_empty(&outer)) {
        view_fault(view, FAULT_ACCESS_FORM, value);
        return;
    }
    for (size_t count = 0; !der_empty(&list); count++) {
        struct span *this = &whole[count % 8];
        if (der_enter(&list, DER_SEQUENCE, &description) != OK ||
            !access_look(view, &description, this)) {
            view_fault(view, FAULT_ACCESS_FORM, value);
            return;
        }
        for (size_t i = 0; i < count && i < 8; i++) {
            if (&whole[i] != this && span_equal(whole[i], *this)) {
                view_fault(view, FAULT_ACCESS_TWICE, *this);
            }
        }
    }
}

static void addresses_observe(struct view *view)
{
    if (view->known[EXT_CRL_POINTS] != NULL) {
        points_look(view);
    }
    if (view->known[EXT_AUTHORITY_INFO] != NULL) {
        accesses_look(view);
    }
}

static bool points_there(const struct view *view)
{
    return view->known[EXT_CRL_POINTS] != NULL;
}

/* BR 7.1.2.11.2: not needed for seven days (7.1.2.7: ten until 2026-03-15), nor beside OCSP. */
static bool points_where_needed(const struct view *view)
{
    int64_t days = view->rules_at >= SINCE_2026_03_15 ? 7 : 10;
    return points_there(view) || view->has_ocsp_uri ||
           view->not_after - view->not_before + 1 <= days * 86400;
}

static bool points_absent(const struct view *view)
{
    return !points_there(view);
}

static bool accesses_there(const struct view *view)
{
    return view->known[EXT_AUTHORITY_INFO] != NULL;
}

static bool accesses_absent(const struct view *view)
{
    return !accesses_there(view);
}

static bool issuers_there(const struct view *view)
{
    return !accesses_there(view) || view->has_issuers_uri;
}

static const struct lint rows[] = {
    { "cdp.present", "BR 7.1.2.11.2", "the place of a list, or OCSP, or a life of at most 7 days",
        FOR_SERVER, SINCE_BR_2, .holds = points_where_needed },
    { "cdp.subordinate_present", "BR 7.1.2.11.2", "the place of a list", FOR_SUBORDINATE,
        SINCE_BR_1, .holds = points_there },
    { "cdp.root_absent", "BR 7.1.2.1.2", "no place of a list", FOR_ROOT, SINCE_BR_2, LINT_SHOULD,
        .holds = points_absent },
    { "cdp.form", "RFC 5280 4.2.1.13", "distribution points, each with a name", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_POINT_FORM },
    { "cdp.one", "BR 7.1.2.11.2", "one distribution point", FOR_SERVER, SINCE_BR_2,
        .fault = FAULT_POINT_MANY },
    { "cdp.full_name", "BR 7.1.2.11.2", "a full name, none relative to the issuer's",
        FOR_CERTIFICATE, SINCE_BR_2, .fault = FAULT_POINT_RELATIVE },
    { "cdp.reasons", "BR 7.1.2.11.2", "a list of all reasons", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_POINT_REASONS },
    { "cdp.issuer", "BR 7.1.2.11.2", "the issuer's own list", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_POINT_ISSUER },
    { "cdp.uri", "BR 7.1.2.11.2", "a list's place as URI", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_POINT_TYPE },
    { "cdp.http", "BR 7.1.2.11.2", "a list's place by plain HTTP", FOR_CERTIFICATE, SINCE_BR_1,
        .fault = FAULT_POINT_SCHEME },
    { "aia.present", "BR 7.1.2.7.7", "an authority's information", FOR_SERVER, SINCE_BR_1,
        .holds = accesses_there },
    { "aia.subordinate_present", "BR 7.1.2.10.3", "an authority's information", FOR_SUBORDINATE,
        SINCE_2020_08_20, LINT_SHOULD, .holds = accesses_there },
    { "aia.responder_absent", "BR 7.1.2.8.3", "no authority's information", FOR_RESPONDER,
        SINCE_BR_2, LINT_SHOULD, .holds = accesses_absent },
    { "aia.form", "RFC 5280 4.2.2.1", "a SEQUENCE of at least one method and location",
        FOR_CERTIFICATE, SINCE_RFC5280, .fault = FAULT_ACCESS_FORM },
    { "aia.methods", "BR 7.1.2.7.7", "no method but ocsp and caIssuers", FOR_CERTIFICATE,
        SINCE_BR_2, .fault = FAULT_ACCESS_METHOD },
    { "aia.uri", "BR 7.1.2.7.7", "locations as URI", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_ACCESS_TYPE },
    { "aia.http", "BR 7.1.2.7.7", "locations by plain HTTP", FOR_CERTIFICATE, SINCE_BR_1,
        .fault = FAULT_ACCESS_SCHEME },
    { "aia.twice", "BR 7.1.2.7.7", "each location once", FOR_CERTIFICATE, SINCE_BR_2,
        .fault = FAULT_ACCESS_TWICE },
    { "aia.issuers", "BR 7.1.2.7.7", "where the issuer's certificate is",
        FOR_SERVER | FOR_SUBORDINATE, SINCE_BR_1, LINT_SHOULD, .holds = issuers_there },
    { "address.text", "RFC 3986 2", "URIs of printable ASCII", FOR_CERTIFICATE, SINCE_RFC5280,
        .fault = FAULT_ADDRESS_TEXT },
    { "address.host", "BR 7.1.2.10.3", "URIs at hosts that others can find", FOR_CERTIFICATE,
        SINCE_BR_2, LINT_SHOULD, .fault = FAULT_ADDRESS_HOST },
};

const struct lint_table lint_addresses = { addresses_observe, FOR_CERTIFICATE, rows,
    sizeof rows / sizeof rows[0] };
