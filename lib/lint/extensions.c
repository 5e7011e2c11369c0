/* Lints of extensions: presence, criticality, content (RFC 5280 §4.2, BR 7.1.2). */
#include "lib/lint/view.h"

enum {
    DIGITAL_SIGNATURE = 1 << 0,
    KEY_ENCIPHERMENT = 1 << 2,
    CERT_SIGN = 1 << 5,
    CRL_SIGN = 1 << 6,
};

/* Chrome 1.8 §1.3.2: no clientAuth in subordinate CAs since then, in server certificates from then.
 * */
#define SINCE_2026_06_15 INT64_C(1781481600)
#define SINCE_2027_03_15 INT64_C(1805068800)

static bool none_twice(const struct view *view)
{
    for (size_t i = 0; i < view->extension_count; i++) {
        if (view_find(view, view->extensions[i].oid) != &view->extensions[i]) {
            return false;
        }
    }
    return true;
}

static bool default_not_written(const struct view *view)
{
    for (size_t i = 0; i < view->extension_count; i++) {
        if (view->extensions[i].explicit_default) {
            return false;
        }
    }
    return true;
}

/* Present with this criticality. */
static bool there(const struct view *view, struct span oid, bool critical)
{
    const struct view_extension *extension = view_find(view, oid);
    return extension != NULL && extension->critical == critical;
}

static bool absent_or(const struct view *view, struct span oid, bool critical)
{
    return view_find(view, oid) == NULL || there(view, oid, critical);
}

static bool authority_key_there(const struct view *view)
{
    return there(view, oid_authority_key_identifier, /* critical= */ false);
}

static bool authority_key_only(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_authority_key_identifier);
    struct der inner;
    struct span identifier;
    if (extension == NULL) {
        return true;
    }
    struct der value = der_reader(extension->value);
    return der_enter(&value, DER_SEQUENCE, &inner) == OK &&
           der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &identifier) == OK && identifier.len > 0 &&
           der_empty(&inner) && der_empty(&value);
}

static bool subject_key_there(const struct view *view)
{
    return there(view, oid_subject_key_identifier, /* critical= */ false);
}

static bool subject_key_absent(const struct view *view)
{
    return view_find(view, oid_subject_key_identifier) == NULL;
}

static uint32_t usage_of(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_key_usage);
    uint32_t bits = 0;
    if (extension != NULL) {
        struct der value = der_reader(extension->value);
        bits = der_read_named_bits(&value, &bits) == OK ? bits : 0;
    }
    return bits;
}

static bool usage_there(const struct view *view)
{
    return there(view, oid_key_usage, /* critical= */ true) && usage_of(view) != 0;
}

static bool usage_of_ca(const struct view *view)
{
    return (usage_of(view) & ~(uint32_t)DIGITAL_SIGNATURE) == (CERT_SIGN | CRL_SIGN);
}

static bool usage_of_server(const struct view *view)
{
    uint32_t allowed =
        view_rsa_key(view) ? DIGITAL_SIGNATURE | KEY_ENCIPHERMENT : DIGITAL_SIGNATURE;
    uint32_t bits = usage_of(view);
    return (bits & DIGITAL_SIGNATURE) != 0 && (bits & ~allowed) == 0;
}

/* -1: absent; else whether the CA flag is set. */
static int ca_flag(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_basic_constraints);
    struct der inner;
    bool flag = false;
    if (extension == NULL) {
        return -1;
    }
    struct der value = der_reader(extension->value);
    if (der_enter(&value, DER_SEQUENCE, &inner) == OK && der_peek(&inner, DER_BOOLEAN)) {
        return der_read_boolean(&inner, &flag) == OK && flag;
    }
    return 0;
}

static bool constraints_of_ca(const struct view *view)
{
    return there(view, oid_basic_constraints, /* critical= */ true) && ca_flag(view) == 1;
}

/* Absent, or encoded 3000. */
static bool constraints_of_server(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_basic_constraints);
    return extension == NULL ||
           (extension->critical && span_equal(extension->value, SPAN_LITERAL("\x30\x00")));
}

static bool usages_enter(const struct view *view, struct der *ret_usages)
{
    const struct view_extension *extension = view_find(view, oid_ext_key_usage);
    if (extension == NULL) {
        return false;
    }
    struct der value = der_reader(extension->value);
    return der_enter(&value, DER_SEQUENCE, ret_usages) == OK;
}

static bool ext_usage_absent(const struct view *view)
{
    return view_find(view, oid_ext_key_usage) == NULL;
}

static bool ext_usage_server(const struct view *view)
{
    struct der usages;
    struct span oid;
    bool found = false;
    if (!usages_enter(view, &usages)) {
        return false;
    }
    while (der_read(&usages, DER_OID, &oid) == OK) {
        found = found || span_equal(oid, oid_server_auth);
    }
    return found && der_empty(&usages) && there(view, oid_ext_key_usage, /* critical= */ false);
}

/* Nothing but serverAuth, and clientAuth where `client` still may be. */
static bool ext_usages_only(const struct view *view, bool client)
{
    struct der usages;
    struct span oid;
    if (!usages_enter(view, &usages)) {
        return true;
    }
    while (der_read(&usages, DER_OID, &oid) == OK) {
        if (!span_equal(oid, oid_server_auth) && !(client && span_equal(oid, oid_client_auth))) {
            return false;
        }
    }
    return true;
}

static bool ext_usage_tls_only(const struct view *view)
{
    return ext_usages_only(view, /* client= */ true);
}

static bool ext_usage_server_only(const struct view *view)
{
    return ext_usages_only(view, /* client= */ false);
}

/* How many of a CA's policies are the Baseline Requirements' own, which, and whether one is "any".
 * */
struct policies {
    bool there, well_formed, any, first_reserved, qualifiers;
    unsigned reserved, count;
    struct span reserved_oid;
};

static struct policies policies_of(const struct view *view)
{
    static const struct span individual = BYTES("\x67\x81\x0c\x01\x02\x03");
    const struct span reserved[] = { oid_policy_dv, oid_policy_ov, oid_policy_ev, individual };
    const struct view_extension *extension = view_find(view, oid_certificate_policies);
    struct policies found = { .there = extension != NULL };
    struct der list, policy;
    struct span oid;
    if (extension == NULL) {
        return found;
    }
    struct der value = der_reader(extension->value);
    if (der_enter(&value, DER_SEQUENCE, &list) != OK) {
        return found;
    }
    while (
        der_enter(&list, DER_SEQUENCE, &policy) == OK && der_read(&policy, DER_OID, &oid) == OK) {
        found.any = found.any || span_equal(oid, oid_any_policy);
        found.qualifiers = found.qualifiers || !der_empty(&policy);
        for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
            if (span_equal(oid, reserved[i])) {
                found.first_reserved = found.first_reserved || found.count == 0;
                found.reserved_oid = oid;
                found.reserved++;
            }
        }
        found.count++;
    }
    found.well_formed = found.count > 0 && der_empty(&list) && der_empty(&value);
    return found;
}

static bool policies_there(const struct view *view)
{
    return policies_of(view).well_formed &&
           there(view, oid_certificate_policies, /* critical= */ false);
}

static bool policies_of_subordinate(const struct view *view)
{
    struct policies found = policies_of(view);
    return found.any ? found.count == 1 : found.reserved == 1;
}

static bool policies_one_reserved(const struct view *view)
{
    struct policies found = policies_of(view);
    return found.reserved == 1 && !found.any;
}

static bool policies_fit_kind(const struct view *view)
{
    struct policies found = policies_of(view);
    return span_equal(
        found.reserved_oid, view->kind == LINT_SERVER_EV ? oid_policy_ev : oid_policy_ov);
}

static bool policies_reserved_first(const struct view *view)
{
    struct policies found = policies_of(view);
    return found.reserved == 0 || found.first_reserved;
}

static bool policies_unqualified(const struct view *view)
{
    return !policies_of(view).qualifiers;
}

static bool http_uri(struct span uri)
{
    static const char scheme[] = "http://";
    return uri.len > sizeof scheme - 1 && memcmp(uri.data, scheme, sizeof scheme - 1) == 0;
}

static bool crl_point_there(const struct view *view)
{
    return there(view, oid_crl_distribution_points, /* critical= */ false);
}

static bool crl_point_absent(const struct view *view)
{
    return view_find(view, oid_crl_distribution_points) == NULL;
}

/* One DistributionPoint, of one fullName with one http URI, and nothing else. */
static bool crl_point_form(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_crl_distribution_points);
    struct der points, point, name, full;
    struct span uri;
    if (extension == NULL) {
        return true;
    }
    struct der value = der_reader(extension->value);
    return der_enter(&value, DER_SEQUENCE, &points) == OK &&
           der_enter(&points, DER_SEQUENCE, &point) == OK &&
           der_enter(&point, DER_CONTEXT(0), &name) == OK &&
           der_enter(&name, DER_CONTEXT(0), &full) == OK &&
           der_read(&full, DER_CONTEXT_PRIMITIVE(6), &uri) == OK && http_uri(uri) &&
           der_empty(&full) && der_empty(&name) && der_empty(&point) && der_empty(&points) &&
           der_empty(&value);
}

static bool authority_info_there(const struct view *view)
{
    return there(view, oid_authority_info_access, /* critical= */ false);
}

static bool authority_info_criticality(const struct view *view)
{
    return absent_or(view, oid_authority_info_access, /* critical= */ false);
}

static bool authority_info_form(const struct view *view)
{
    const struct view_extension *extension = view_find(view, oid_authority_info_access);
    struct der list, description;
    struct span method, uri;
    if (extension == NULL) {
        return true;
    }
    struct der value = der_reader(extension->value);
    if (der_enter(&value, DER_SEQUENCE, &list) != OK || der_empty(&list)) {
        return false;
    }
    while (!der_empty(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &description) != OK ||
            der_read(&description, DER_OID, &method) != OK ||
            der_read(&description, DER_CONTEXT_PRIMITIVE(6), &uri) != OK || !http_uri(uri) ||
            !(span_equal(method, oid_ocsp) || span_equal(method, oid_ca_issuers))) {
            return false;
        }
    }
    return true;
}

static bool name_constraints_absent(const struct view *view)
{
    return view_find(view, oid_name_constraints) == NULL;
}

/* A profile is closed: what BR 7.1.2.7.6 doesn't name isn't there. */
static bool server_extensions_known(const struct view *view)
{
    const struct span known[] = { oid_authority_info_access, oid_authority_key_identifier,
        oid_certificate_policies, oid_ext_key_usage, oid_subject_alt_name, oid_key_usage,
        oid_basic_constraints, oid_crl_distribution_points, oid_sct_list, oid_ct_poison,
        oid_subject_key_identifier };
    for (size_t i = 0; i < view->extension_count; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            found = found || span_equal(view->extensions[i].oid, known[k]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool poison_or_scts(const struct view *view)
{
    return view_find(view, oid_ct_poison) == NULL ||
           (view_find(view, oid_sct_list) == NULL &&
               there(view, oid_ct_poison, /* critical= */ true));
}

enum {
    FOR_BELOW_ROOT = FOR_SUBORDINATE | FOR_SERVER,
    FOR_OLD = LINT_FOR(LINT_ISSUING_CA_OLD),
    FOR_USAGES = FOR_BELOW_ROOT & ~FOR_OLD,
};

static const struct lint rows[] = {
    { "extension.twice", "RFC 5280 4.2", FOR_CERTIFICATE | FOR_CRL, 0, none_twice },
    { "extension.default_written", "X.690 11.5", FOR_CERTIFICATE | FOR_CRL, 0,
        default_not_written },
    { "extension.server_known", "BR 7.1.2.7.6", FOR_SERVER, 0, server_extensions_known },
    { "aki.present", "BR 7.1.2.11.1", FOR_BELOW_ROOT | FOR_CRL, 0, authority_key_there },
    { "aki.key_only", "BR 7.1.2.11.1", FOR_CERTIFICATE | FOR_CRL, 0, authority_key_only },
    { "ski.present", "BR 7.1.2.1.2", FOR_CA, 0, subject_key_there },
    { "ski.absent", "BR 7.1.2.7.6", FOR_SERVER, 0, subject_key_absent },
    { "ku.present", "BR 7.1.2.10.7", FOR_CERTIFICATE, 0, usage_there },
    { "ku.ca_bits", "BR 7.1.2.10.7", FOR_CA, 0, usage_of_ca },
    { "ku.server_bits", "BR 7.1.2.7.11", FOR_SERVER, 0, usage_of_server },
    { "bc.ca", "BR 7.1.2.10.4", FOR_CA, 0, constraints_of_ca },
    { "bc.server", "BR 7.1.2.7.8", FOR_SERVER, 0, constraints_of_server },
    { "eku.root_absent", "BR 7.1.2.1.2", FOR_ROOT | FOR_OLD, 0, ext_usage_absent },
    { "eku.server_auth", "BR 7.1.2.7.10", FOR_USAGES, 0, ext_usage_server },
    { "eku.tls_only", "BR 7.1.2.7.10", FOR_USAGES, 0, ext_usage_tls_only },
    { "eku.ca_server_only", "Chrome 1.8 1.3.2", FOR_SUBORDINATE, SINCE_2026_06_15,
        ext_usage_server_only },
    { "eku.server_only", "Chrome 1.8 1.3.2", FOR_SERVER, SINCE_2027_03_15, ext_usage_server_only },
    { "policies.present", "BR 7.1.2.7.9", FOR_BELOW_ROOT, 0, policies_there },
    { "policies.subordinate", "BR 7.1.2.10.5", FOR_SUBORDINATE, 0, policies_of_subordinate },
    { "policies.one_reserved", "BR 7.1.2.7.9", FOR_SERVER, 0, policies_one_reserved },
    { "policies.fit_kind", "BR 7.1.6.1", FOR_SERVER, 0, policies_fit_kind },
    { "policies.reserved_first", "BR 7.1.2.7.9", FOR_SERVER, 0, policies_reserved_first },
    { "policies.unqualified", "BR 7.1.2.7.9", FOR_BELOW_ROOT, 0, policies_unqualified },
    { "cdp.present", "BR 7.1.2.11.2", FOR_BELOW_ROOT, 0, crl_point_there },
    { "cdp.root_absent", "BR 7.1.2.1.2", FOR_ROOT, 0, crl_point_absent },
    { "cdp.form", "BR 7.1.2.11.2", FOR_CERTIFICATE, 0, crl_point_form },
    { "aia.present", "BR 7.1.2.7.7", FOR_SERVER, 0, authority_info_there },
    { "aia.critical", "RFC 5280 4.2.2.1", FOR_CERTIFICATE, 0, authority_info_criticality },
    { "aia.form", "BR 7.1.2.7.7", FOR_CERTIFICATE, 0, authority_info_form },
    { "nc.absent", "BR 7.1.2.7.6", FOR_SERVER, 0, name_constraints_absent },
    { "ct.poison_or_scts", "BR 7.1.2.9", FOR_SERVER, 0, poison_or_scts },
};

const struct lint_table lint_extensions = { rows, sizeof rows / sizeof rows[0] };
