/* `ecertadm audit lint`: all that was issued and is published, held to the rules of the day on
 * which each was made. The registrar knows what each is; the rules know nothing of the registrar.
 */
#include "lib/lint/lint.h"
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/store/certificate.h"
#include "lib/store/publication.h"
#include "lib/wire/finding.h"
#include "proc/registrar/control.h"

#include <stdio.h>

struct audit {
    struct registrar *registrar;
    struct arena *arena;
    struct publication_row *published; /* without DER */
    size_t published_count;
    struct control_findings findings;
};

/* What a subscriber's list is to the roster; any other is of CAs. */
static enum lint_kind list_kind(const struct registrar *registrar, const char *name)
{
    for (size_t i = 0; i < registrar->roster.issuer_count; i++) {
        if (strcmp(registrar->roster.issuers[i].crl_name, name) == 0) {
            return LINT_CRL;
        }
    }
    return LINT_ARL;
}

/* True if a published list of its issuer has the CA. */
static bool ca_revoked(const struct audit *audit, const struct certificate *ca)
{
    for (size_t i = 0; i < audit->published_count; i++) {
        struct publication_row row = { 0 };
        struct crl crl;
        struct crl_entry entry;
        AUTO(arena) arena = arena_make(FILE_MAX_BYTES);
        if (audit->published[i].kind == PUBLICATION_CRL &&
            list_kind(audit->registrar, audit->published[i].name) == LINT_ARL &&
            store_publication_get(audit->registrar->store, PUBLICATION_CRL,
                audit->published[i].name, &arena, &row) == OK &&
            crl_parse(row.der, &crl) == OK && span_equal(crl.issuer, ca->issuer) &&
            crl_find(&crl, ca->serial, &entry) == OK) {
            return true;
        }
    }
    return false;
}

/* A withdrawn issuing CA may be of the time before an EKU was demanded; a root's name under another
 * root is a cross certificate. */
static enum lint_kind authority_kind(const struct audit *audit, struct span der)
{
    struct certificate ca;
    enum lint_kind kind = LINT_ISSUING_CA;
    if (lint_guess(der, &kind) != OK || kind != LINT_ISSUING_CA ||
        certificate_parse(der, &ca) != OK) {
        return kind;
    }
    if (!ca.has_ext_key_usage && ca_revoked(audit, &ca)) {
        return LINT_ISSUING_CA_OLD;
    }
    return ca.path_length < 0 ? LINT_CROSS_CA : LINT_ISSUING_CA;
}

static void object_look(
    struct audit *audit, const char *object, enum lint_kind kind, struct span der)
{
    struct lint_result result;
    struct control_findings *findings = &audit->findings;
    (void)(lint_judge(der, kind, /* rules_at= */ 0, &result) == OK); /* the result says it */
    findings->objects++;
    findings->rules += (unsigned)result.checked;
    for (size_t i = 0; i < result.count; i++) {
        const struct lint *lint = result.findings[i].lint;
        struct control_finding *row = &findings->rows[findings->count++];
        *row = (struct control_finding){ .since = lint->since,
            .warning = lint->severity == LINT_SHOULD };
        snprintf(row->object, sizeof row->object, "%s", object);
        snprintf(row->kind, sizeof row->kind, "%s", lint_kind_name(kind));
        snprintf(row->id, sizeof row->id, "%s", lint->id);
        snprintf(row->source, sizeof row->source, "%s", lint->source);
        snprintf(row->seen, sizeof row->seen, "%s", result.findings[i].seen);
        snprintf(row->expected, sizeof row->expected, "%s", lint->expects);
    }
}

static bool page_full(const struct audit *audit)
{
    return audit->findings.objects == CONTROL_PAGE_ROWS ||
           audit->findings.count + LINT_FINDINGS_MAX > FINDINGS_MAX;
}

static enum err publications_look(struct audit *audit, size_t from)
{
    for (size_t i = from; i < audit->published_count && !page_full(audit); i++) {
        const struct publication_row *listed = &audit->published[i];
        struct publication_row row = { 0 };
        char object[FINDING_OBJECT_MAX];
        AUTO(arena) arena = arena_make(FILE_MAX_BYTES);
        TRY(store_publication_get(
            audit->registrar->store, listed->kind, listed->name, &arena, &row));
        bool list = listed->kind == PUBLICATION_CRL;
        snprintf(object, sizeof object, "%s/%s", list ? "crl" : "root", listed->name);
        object_look(audit, object,
            list ? list_kind(audit->registrar, listed->name) : authority_kind(audit, row.der),
            row.der);
    }
    return OK;
}

/* A row without a certificate yet counts as an object: the page goes on behind it. */
static enum err certificates_look(struct audit *audit, size_t from)
{
    struct certificate_row *rows = NULL;
    size_t count = 0;
    TRY(store_certificate_list_all(
        audit->registrar->store, from, CONTROL_PAGE_ROWS, audit->arena, &rows, &count));
    for (size_t i = 0; i < count && !page_full(audit); i++) {
        char serial[CONTROL_SERIAL_TEXT_MAX] = "", object[FINDING_OBJECT_MAX];
        enum lint_kind kind;
        if (rows[i].der.len == 0) {
            audit->findings.objects++;
            continue;
        }
        TRY(serial_format(rows[i].serial, serial, sizeof serial));
        snprintf(object, sizeof object, "%s %s", rows[i].issuer, serial);
        object_look(audit, object, lint_guess(rows[i].der, &kind) == OK ? kind : LINT_SERVER_OV,
            rows[i].der);
    }
    return OK;
}

enum err control_audit_lint(void *ctx, struct exchange *exchange)
{
    struct registrar *registrar = ctx;
    AUTO(arena) arena = arena_make(2 * STEP_ARENA_BYTES);
    struct audit audit = { .registrar = registrar, .arena = &arena };
    struct control_page page;
    if (control_page_read(&exchange->body, &page) != OK) {
        return ERR_PEER;
    }
    audit.findings.rows = arena_alloc(&arena, FINDINGS_MAX, sizeof *audit.findings.rows);
    if (audit.findings.rows == NULL) {
        return ERR_MEMORY;
    }
    TRY(store_publication_list(registrar->store, &arena, &audit.published, &audit.published_count));
    TRY(publications_look(&audit, page.from));
    if (!page_full(&audit)) {
        size_t at = page.from + audit.findings.objects;
        TRY(certificates_look(&audit, at - audit.published_count));
    }
    return der_encode(control_findings_write, &audit.findings, &exchange->reply);
}
