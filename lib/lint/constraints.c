/* Lints of what binds the paths below a CA: name constraints, policy constraints and mappings (RFC
 * 5280 §4.2.1.5, §4.2.1.10, §4.2.1.11, §4.2.1.14; BR 7.1.2.10.8). */
#include "lib/lint/view.h"

/* GeneralSubtree: a base; minimum 0 is the default, so in DER neither bound stands there. */
static bool subtrees_look(struct view *view, struct der *trees)
{
    struct der tree;
    struct der_element base;
    if (der_empty(trees)) {
        return false;
    }
    while (!der_empty(trees)) {
        if (der_enter(trees, DER_SEQUENCE, &tree) != OK || der_read_any(&tree, &base) != OK) {
            return false;
        }
        if (!der_empty(&tree)) {
            view_fault(view, FAULT_CONSTRAINTS_DISTANCE, tree.rest);
        }
    }
    return true;
}

static void name_constraints_look(struct view *view)
{
    struct span value = view->known[EXT_NAME_CONSTRAINTS]->value;
    struct der outer = der_reader(value), inner, trees;
    if (der_enter(&outer, DER_SEQUENCE, &inner) != OK || !der_empty(&outer)) {
        view_fault(view, FAULT_CONSTRAINTS_FORM, value);
        return;
    }
    if (der_empty(&inner)) {
        view_fault(view, FAULT_CONSTRAINTS_EMPTY, value);
    }
    for (unsigned tag = 0; tag <= 1; tag++) {
        if (der_peek(&inner, DER_CONTEXT(tag)) &&
            (der_enter(&inner, DER_CONTEXT(tag), &trees) != OK || !subtrees_look(view, &trees))) {
            view_fault(view, FAULT_CONSTRAINTS_FORM, value);
        }
    }
    if (!der_empty(&inner)) {
        view_fault(view, FAULT_CONSTRAINTS_FORM, value);
    }
}

static void mappings_look(struct view *view)
{
    struct der outer = der_reader(view->known[EXT_POLICY_MAPPINGS]->value), list, pair;
    struct span policy;
    if (der_enter(&outer, DER_SEQUENCE, &list) != OK) {
        return;
    }
    while (der_enter(&list, DER_SEQUENCE, &pair) == OK) {
        while (der_read(&pair, DER_OID, &policy) == OK) {
            if (span_equal(policy, oid_any_policy)) {
                view_fault(view, FAULT_MAPPING_ANY, policy);
            }
        }
    }
}

static void constraints_observe(struct view *view)
{
    if (view->known[EXT_NAME_CONSTRAINTS] != NULL) {
        name_constraints_look(view);
    }
    if (view->known[EXT_POLICY_MAPPINGS] != NULL) {
        mappings_look(view);
    }
}

static bool absent(const struct view *view)
{
    return view->known[EXT_NAME_CONSTRAINTS] == NULL;
}

static bool critical(const struct view *view, enum extension extension)
{
    return view->known[extension] == NULL || view->known[extension]->critical;
}

static bool names_critical(const struct view *view)
{
    return critical(view, EXT_NAME_CONSTRAINTS);
}

static bool policies_critical(const struct view *view)
{
    return critical(view, EXT_POLICY_CONSTRAINTS);
}

static bool mappings_critical(const struct view *view)
{
    return critical(view, EXT_POLICY_MAPPINGS);
}

static bool inhibit_critical(const struct view *view)
{
    return critical(view, EXT_INHIBIT_ANY);
}

static bool policies_some(const struct view *view)
{
    return view->known[EXT_POLICY_CONSTRAINTS] == NULL ||
           !span_equal(view->known[EXT_POLICY_CONSTRAINTS]->value, SPAN_LITERAL("\x30\x00"));
}

static bool of_cas_only(const struct view *view)
{
    return view->known[EXT_POLICY_CONSTRAINTS] == NULL &&
           view->known[EXT_POLICY_MAPPINGS] == NULL && view->known[EXT_INHIBIT_ANY] == NULL;
}

static const struct lint rows[] = {
    { "nc.absent", "RFC 5280 4.2.1.10", "no name constraints", FOR_SERVER | FOR_RESPONDER,
        SINCE_RFC5280, .holds = absent },
    { "nc.root_absent", "BR 7.1.2.1.2", "no name constraints", FOR_ROOT, SINCE_BR_2, LINT_SHOULD,
        .holds = absent },
    { "nc.critical", "BR 7.1.2.10.8", "critical name constraints", FOR_CA, SINCE_BR_1, LINT_SHOULD,
        .holds = names_critical },
    { "nc.empty", "RFC 5280 4.2.1.10", "name constraints that constrain", FOR_CA, SINCE_RFC5280,
        .fault = FAULT_CONSTRAINTS_EMPTY },
    { "nc.form", "RFC 5280 4.2.1.10", "permitted or excluded subtrees, at least one", FOR_CA,
        SINCE_RFC5280, .fault = FAULT_CONSTRAINTS_FORM },
    { "nc.distance", "RFC 5280 4.2.1.10", "subtrees without minimum and maximum", FOR_CA,
        SINCE_RFC5280, .fault = FAULT_CONSTRAINTS_DISTANCE },
    { "pc.critical", "RFC 5280 4.2.1.11", "critical policy constraints", FOR_CA, SINCE_RFC5280,
        .holds = policies_critical },
    { "pc.empty", "RFC 5280 4.2.1.11", "policy constraints that constrain", FOR_CA, SINCE_RFC5280,
        .holds = policies_some },
    { "pm.critical", "RFC 5280 4.2.1.5", "critical policy mappings", FOR_CA, SINCE_RFC5280,
        LINT_SHOULD, .holds = mappings_critical },
    { "pm.any", "RFC 5280 4.2.1.5", "no mapping to or from anyPolicy", FOR_CA, SINCE_RFC5280,
        .fault = FAULT_MAPPING_ANY },
    { "iap.critical", "RFC 5280 4.2.1.14", "a critical inhibitAnyPolicy", FOR_CA, SINCE_RFC5280,
        .holds = inhibit_critical },
    { "constraints.ca_only", "RFC 5280 4.2.1.5", "no constraint or mapping of policies",
        FOR_SERVER | FOR_RESPONDER, SINCE_RFC5280, .holds = of_cas_only },
};

const struct lint_table lint_constraints = { constraints_observe, FOR_CERTIFICATE, rows,
    sizeof rows / sizeof rows[0] };
