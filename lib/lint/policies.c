/* Lints of certificate policies: RFC 5280 §4.2.1.4, BR 7.1.2.7.9, 7.1.2.10.5 and 7.1.6. */
#include "lib/lint/view.h"

static const struct span oid_individual = BYTES("\x67\x81\x0c\x01\x02\x03");

/* PolicyQualifierInfo: only a CPS's address may stand there, over HTTP. */
static void qualifiers_look(struct view *view, struct der *policy)
{
    struct der list, qualifier;
    struct span oid, uri;
    view_fault(view, FAULT_POLICY_QUALIFIED, policy->rest);
    if (der_enter(policy, DER_SEQUENCE, &list) != OK || der_empty(&list) || !der_empty(policy)) {
        view_fault(view, FAULT_POLICY_FORM, policy->rest);
        return;
    }
    while (!der_empty(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &qualifier) != OK ||
            der_read(&qualifier, DER_OID, &oid) != OK) {
            view_fault(view, FAULT_POLICY_FORM, list.rest);
            return;
        }
        if (!span_equal(oid, oid_qualifier_cps)) {
            view_fault(view, FAULT_POLICY_QUALIFIER, oid);
        } else if (der_read_text(&qualifier, DER_IA5_STRING, &uri) != OK ||
                   !((uri.len > 7 && memcmp(uri.data, "http://", 7) == 0) ||
                       (uri.len > 8 && memcmp(uri.data, "https://", 8) == 0))) {
            view_fault(view, FAULT_POLICY_CPS, qualifier.rest.len > 0 ? qualifier.rest : oid);
        }
    }
}

static void policy_note(struct view *view, struct span oid, struct span before)
{
    const struct span reserved[] = { oid_policy_dv, oid_policy_ov, oid_policy_ev, oid_individual };
    struct view_policies *policies = &view->policies;
    policies->any = policies->any || span_equal(oid, oid_any_policy);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (span_equal(oid, reserved[i])) {
            policies->first_reserved = policies->first_reserved || policies->count == 0;
            policies->reserved_oid = oid;
            policies->reserved++;
        }
    }
    struct der earlier = der_reader(before), policy;
    struct span other;
    while (earlier.rest.data < oid.data && der_enter(&earlier, DER_SEQUENCE, &policy) == OK &&
           der_read(&policy, DER_OID, &other) == OK && other.data != oid.data) {
        if (span_equal(other, oid)) {
            view_fault(view, FAULT_POLICY_TWICE, oid);
        }
    }
    policies->count++;
}

static void policies_observe(struct view *view)
{
    if (view->known[EXT_POLICIES] == NULL) {
        return;
    }
    struct span value = view->known[EXT_POLICIES]->value, oid;
    struct der outer = der_reader(value), list, policy;
    if (der_enter(&outer, DER_SEQUENCE, &list) != OK || der_empty(&list) || !der_empty(&outer)) {
        view_fault(view, FAULT_POLICY_FORM, value);
        return;
    }
    struct span all = list.rest;
    while (!der_empty(&list)) {
        if (der_enter(&list, DER_SEQUENCE, &policy) != OK ||
            der_read(&policy, DER_OID, &oid) != OK) {
            view_fault(view, FAULT_POLICY_FORM, value);
            return;
        }
        policy_note(view, oid, all);
        if (!der_empty(&policy)) {
            qualifiers_look(view, &policy);
        }
    }
}

static bool policies_there(const struct view *view)
{
    return view->known[EXT_POLICIES] != NULL;
}

static bool policies_absent(const struct view *view)
{
    return !policies_there(view);
}

static bool one_reserved(const struct view *view)
{
    return !policies_there(view) || view->policies.reserved == 1;
}

static bool no_any(const struct view *view)
{
    return !view->policies.any;
}

static bool any_alone(const struct view *view)
{
    return !view->policies.any || view->policies.count == 1;
}

static bool any_or_reserved(const struct view *view)
{
    return !policies_there(view) || view->policies.any || view->policies.reserved == 1;
}

static bool fits_kind(const struct view *view)
{
    const struct {
        enum lint_kind kind;
        struct span policy;
    } rows[] = { { LINT_SERVER_DV, oid_policy_dv }, { LINT_SERVER_IV, oid_individual },
        { LINT_SERVER_OV, oid_policy_ov }, { LINT_SERVER_EV, oid_policy_ev } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (view->kind == rows[i].kind && view->policies.reserved == 1) {
            return span_equal(view->policies.reserved_oid, rows[i].policy);
        }
    }
    return true;
}

static bool reserved_first(const struct view *view)
{
    return view->policies.reserved == 0 || view->policies.first_reserved;
}

static const struct lint rows[] = {
    { "policies.present", "BR 7.1.2.7.9", "policies", FOR_SUBORDINATE | FOR_PUBLIC, SINCE_BR_1,
        .holds = policies_there },
    { "policies.root_absent", "BR 7.1.2.1.2", "no policies", FOR_ROOT, SINCE_BR_1, LINT_SHOULD,
        .holds = policies_absent },
    { "policies.responder_absent", "BR 7.1.2.8.8", "no policies", FOR_RESPONDER, SINCE_BR_2,
        LINT_SHOULD, .holds = policies_absent },
    { "policies.form", "RFC 5280 4.2.1.4", "a SEQUENCE of at least one policy", FOR_CERTIFICATE,
        SINCE_RFC5280, .fault = FAULT_POLICY_FORM },
    { "policies.twice", "RFC 5280 4.2.1.4", "each policy once", FOR_CERTIFICATE, SINCE_RFC5280,
        .fault = FAULT_POLICY_TWICE },
    { "policies.one_reserved", "BR 7.1.2.7.9", "exactly one of the reserved policies", FOR_PUBLIC,
        SINCE_BR_2, .holds = one_reserved },
    { "policies.server_any", "BR 7.1.2.7.9", "not anyPolicy", FOR_PUBLIC, SINCE_BR_2,
        .holds = no_any },
    { "policies.any_alone", "BR 7.1.2.10.5", "anyPolicy alone, or another", FOR_SUBORDINATE,
        SINCE_BR_2, .holds = any_alone },
    { "policies.subordinate", "BR 7.1.2.10.5", "anyPolicy or exactly one of the reserved policies",
        FOR_SUBORDINATE, SINCE_BR_2, .holds = any_or_reserved },
    { "policies.fit_kind", "BR 7.1.6.1", "the reserved policy of what was validated", FOR_PUBLIC,
        SINCE_BR_1, .holds = fits_kind },
    { "policies.reserved_first", "BR 7.1.2.7.9", "the reserved policy first", FOR_PUBLIC,
        SINCE_BR_2, LINT_SHOULD, .holds = reserved_first },
    { "policies.unqualified", "BR 7.1.2.7.9", "policies without qualifiers",
        FOR_SUBORDINATE | FOR_PUBLIC, SINCE_BR_2, LINT_SHOULD, .fault = FAULT_POLICY_QUALIFIED },
    { "policies.qualifier", "BR 7.1.2.7.9", "no qualifier but a CPS's address", FOR_CERTIFICATE,
        SINCE_BR_2, .fault = FAULT_POLICY_QUALIFIER },
    { "policies.cps", "BR 7.1.2.7.9", "a CPS's address by HTTP or HTTPS", FOR_CERTIFICATE,
        SINCE_BR_2, .fault = FAULT_POLICY_CPS },
};

const struct lint_table lint_policies = { policies_observe, FOR_CERTIFICATE, rows,
    sizeof rows / sizeof rows[0] };
