/* Running the lints: take the bytes apart once, let every subject look at them once, then ask the
 * rows that are in force. */
#include "lib/lint/lint.h"
#include "lib/lint/view.h"

#include <assert.h>

static const struct lint shape = { "der.shape", "RFC 5280 4.1", "the structure of its kind",
    FOR_ALL, SINCE_DER };
static const struct lint_table lint_shape = { NULL, 0, &shape, 1 };

/* Of the subjects with observers, later ones use what earlier ones have read. */
static const struct lint_table *const tables[] = { &lint_shape, &lint_form, &lint_fields,
    &lint_extensions, &lint_usages, &lint_policies, &lint_keys, &lint_names, &lint_subjects,
    &lint_addresses, &lint_servers, &lint_classic, &lint_transparency, &lint_constraints,
    &lint_responders, &lint_crls, &lint_entries, &lint_answers };

enum { TABLES = sizeof tables / sizeof tables[0] };

static void finding_add(
    struct lint_result *result, const struct view *view, const struct lint *lint)
{
    if (result->count < LINT_FINDINGS_MAX) {
        struct lint_finding *finding = &result->findings[result->count++];
        finding->lint = lint;
        view_show(view, lint, finding->seen);
    }
    if (lint->severity == LINT_MUST) {
        result->errors++;
    } else {
        result->warnings++;
    }
}

static void table_ask(
    const struct lint_table *table, const struct view *view, struct lint_result *result)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct lint *lint = &table->lints[i];
        if ((lint->kinds & view->applies) == 0 || view->rules_at < lint->since) {
            continue;
        }
        result->checked++;
        bool holds = lint->fault != FAULT_NONE ? view->faults[lint->fault].data == NULL
                     : lint->holds != NULL     ? lint->holds(view)
                                               : true;
        if (!holds) {
            finding_add(result, view, lint);
        }
    }
}

/* Bytes without the shape of their kind: if not their encoding says why, that is all there is. */
static void shapeless(struct view *view, struct lint_result *result)
{
    view->rules_at = view->rules_at == 0 ? INT64_MAX : view->rules_at;
    lint_form.observe(view);
    table_ask(&lint_form, view, result);
    if (result->errors == 0) {
        finding_add(result, view, &shape);
    }
}

/* A precertificate is the server certificate that its policy says, and by its subject where it has
 * none. */
static enum lint_kind server_kind(const struct view *view)
{
    static const struct span individual = BYTES("\x67\x81\x0c\x01\x02\x03");
    const struct {
        struct span policy;
        enum lint_kind kind;
    } rows[] = { { oid_policy_ev, LINT_SERVER_EV }, { oid_policy_ov, LINT_SERVER_OV },
        { individual, LINT_SERVER_IV }, { oid_policy_dv, LINT_SERVER_DV } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (span_equal(rows[i].policy, view->policies.reserved_oid)) {
            return rows[i].kind;
        }
    }
    if (view_classic(view)) {
        return LINT_SERVER_CLASSIC;
    }
    bool organisation = view_attribute(&view->subject, oid_organisation) != NULL;
    return organisation ? LINT_SERVER_OV : LINT_SERVER_DV;
}

static void view_look(struct view *view)
{
    bool precertificate = view->kind == LINT_PRECERTIFICATE;
    if (precertificate) {
        view->applies |= FOR_SERVER;
    }
    for (size_t i = 0; i < TABLES; i++) {
        if ((tables[i]->observes & view->applies) != 0) {
            tables[i]->observe(view);
        }
    }
    if (precertificate) {
        view->kind = server_kind(view);
        view->applies = LINT_FOR(view->kind) | FOR_PRECERTIFICATE;
    }
}

static enum err run(struct span der, enum lint_kind kind, int64_t signed_at, int64_t rules_at,
    struct lint_result *ret_result)
{
    struct view view = { .signed_at = signed_at, .rules_at = rules_at };
    assert(kind < LINT_KIND_COUNT);
    ret_result->count = ret_result->errors = ret_result->warnings = ret_result->checked = 0;
    if (view_make(der, kind, &view) != OK) {
        shapeless(&view, ret_result);
        return ERR_INPUT;
    }
    view.rules_at = rules_at == 0 ? view.not_before : rules_at;
    view_look(&view);
    for (size_t i = 0; i < TABLES; i++) {
        table_ask(tables[i], &view, ret_result);
    }
    return ret_result->errors == 0 ? OK : ERR_INPUT;
}

enum err lint_check(
    struct span der, enum lint_kind kind, int64_t now, struct lint_result *ret_result)
{
    return run(der, kind, now, now, ret_result);
}

enum err lint_judge(
    struct span der, enum lint_kind kind, int64_t rules_at, struct lint_result *ret_result)
{
    return run(der, kind, /* signed_at= */ 0, rules_at, ret_result);
}

size_t lint_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        count += tables[i]->count;
    }
    return count;
}

const struct lint *lint_at(size_t index)
{
    size_t table = 0;
    while (index >= tables[table]->count) {
        index -= tables[table++]->count;
        assert(table < TABLES);
    }
    return &tables[table]->lints[index];
}

static enum lint_kind certificate_kind(const struct view *view)
{
    bool signs = view->usages.is_ca || (view->usages.key_usage & 1 << 5) != 0;
    if (signs) {
        return span_equal(view->issuer.whole, view->subject.whole) ? LINT_ROOT : LINT_ISSUING_CA;
    }
    if (view->usages.ocsp_signing && !view->usages.server_auth) {
        return LINT_RESPONDER;
    }
    return view->known[EXT_POISON] != NULL ? LINT_PRECERTIFICATE : server_kind(view);
}

enum err lint_guess(struct span der, enum lint_kind *ret_kind)
{
    static const enum lint_kind tried[] = { LINT_SERVER_OV, LINT_CRL, LINT_OCSP };
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct view view = { .signed_at = 0 };
        if (view_make(der, tried[i], &view) != OK) {
            continue;
        }
        enum lint_kind kind = tried[i];
        if (kind == LINT_SERVER_OV) {
            view_look(&view);
            kind = certificate_kind(&view);
        } else if (kind == LINT_CRL) {
            bool long_lived =
                view.has_not_after && view.not_after - view.not_before > 10 * INT64_C(86400);
            kind = long_lived ? LINT_ARL : LINT_CRL;
        }
        *ret_kind = kind;
        return OK;
    }
    return ERR_INPUT;
}

static const char *const kind_names[LINT_KIND_COUNT] = {
    [LINT_ROOT] = "root",
    [LINT_ISSUING_CA] = "issuing-ca",
    [LINT_ISSUING_CA_OLD] = "issuing-ca-old",
    [LINT_CROSS_CA] = "cross-ca",
    [LINT_SERVER_DV] = "dv",
    [LINT_SERVER_IV] = "iv",
    [LINT_SERVER_OV] = "ov",
    [LINT_SERVER_EV] = "ev",
    [LINT_SERVER_CLASSIC] = "classic",
    [LINT_PRECERTIFICATE] = "precertificate",
    [LINT_RESPONDER] = "responder",
    [LINT_CRL] = "crl",
    [LINT_ARL] = "arl",
    [LINT_OCSP] = "ocsp",
};

const char *lint_kind_name(enum lint_kind kind)
{
    assert(kind < LINT_KIND_COUNT);
    return kind_names[kind];
}

enum err lint_kind_parse(const char *text, enum lint_kind *ret_kind)
{
    for (unsigned kind = 0; kind < LINT_KIND_COUNT; kind++) {
        if (strcmp(text, kind_names[kind]) == 0) {
            *ret_kind = (enum lint_kind)kind;
            return OK;
        }
    }
    return ERR_INPUT;
}
