/* `lint`: holds anybody's certificates, lists and answers to the rules, here and now, without the
 * service. Findings go to standard output; that there are errors is the exit's and standard
 * error's. */
#include "lib/lint/lint.h"
#include "cli/ecertadm/command.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/der/pem.h"
#include "lib/pki/p7b.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINT_ARENA_BYTES = 256 * 1024 * 1024, KINDS_TEXT_MAX = 160 };

struct linting {
    struct call *call;
    bool has_kind;
    enum lint_kind kind;
    int64_t rules_at; /* 0: each object's own day */
    struct value_tree tree;
    struct value *list; /* of objects; for --json */
    size_t errors, objects;
};

static enum err list_print(struct call *call);
static enum err options_take(struct linting *linting, const char *kind, const char *at);
static enum err file_lint(struct linting *linting, const char *path);
static enum err content_lint(struct linting *linting, const char *path, struct span content);
static enum err object_lint(struct linting *linting, const char *path, struct span der);

static const char *severity_name(enum lint_severity severity)
{
    return severity == LINT_MUST ? "error" : "warning";
}

static void day_format(int64_t time, char ret_text[TIME_TEXT_MAX])
{
    time_format_rfc3339(time, ret_text);
    ret_text[strlen("2026-11-23")] = '\0';
}

/* Options by hand: any number of files, and --list, which has no value. */
enum err lint_run(struct call *call)
{
    AUTO(arena) arena = arena_make(LINT_ARENA_BYTES);
    struct linting linting = { .call = call, .tree = value_tree_make(&arena) };
    const char *kind = NULL, *at = NULL;
    bool listed = false;
    int files = 0;
    for (int i = 0; i < call->argc; i++) {
        const char *text = call->argv[i];
        const char **value = strcmp(text, "--kind") == 0 ? &kind
                             : strcmp(text, "--at") == 0 ? &at
                                                         : NULL;
        if (strcmp(text, "--json") == 0) {
            call->json = true;
        } else if (strcmp(text, "--list") == 0) {
            listed = true;
        } else if (value != NULL && *value == NULL && i + 1 < call->argc) {
            *value = call->argv[++i];
        } else if (strncmp(text, "--", 2) == 0) {
            return reason_set(&call->reason, ERR_INPUT, "usage", text, NULL, NULL);
        } else {
            call->argv[files++] = call->argv[i];
        }
    }
    if (listed ? files > 0 : files == 0) {
        return reason_set(&call->reason, ERR_INPUT, "usage", NULL, NULL, NULL);
    }
    if (listed) {
        return list_print(call);
    }
    linting.list = value_list(&linting.tree);
    TRY(options_take(&linting, kind, at));
    for (int i = 0; i < files; i++) {
        TRY(file_lint(&linting, call->argv[i]));
    }
    TRY(value_tree_check(&linting.tree));
    if (call->json) {
        TRY(call_print(call, linting.list));
    }
    if (linting.errors > 0) {
        char seen[64];
        snprintf(seen, sizeof seen, "%zu in %zu objects", linting.errors, linting.objects);
        return reason_set(&call->reason, ERR_INPUT, "lint.errors", NULL, seen, "none");
    }
    return OK;
}

static enum err options_take(struct linting *linting, const char *kind, const char *at)
{
    struct reason *reason = &linting->call->reason;
    char kinds[KINDS_TEXT_MAX] = "", day[TIME_TEXT_MAX];
    for (unsigned i = 0; i < LINT_KIND_COUNT; i++) {
        size_t len = strlen(kinds);
        snprintf(kinds + len, sizeof kinds - len, "%s%s", i == 0 ? "" : ", ",
            lint_kind_name((enum lint_kind)i));
    }
    linting->has_kind = kind != NULL;
    if (kind != NULL && lint_kind_parse(kind, &linting->kind) != OK) {
        return reason_set(reason, ERR_INPUT, "lint.kind", "--kind", kind, kinds);
    }
    if (at == NULL) {
        return OK;
    }
    int len = snprintf(day, sizeof day, "%sT00:00:00Z", at);
    if (len != (int)strlen("2026-11-23T00:00:00Z") ||
        time_parse_rfc3339(span_from_text(day), &linting->rules_at) != OK) {
        return reason_set(reason, ERR_INPUT, "lint.day", "--at", at, "a day such as 2027-03-15");
    }
    return OK;
}

static enum err file_lint(struct linting *linting, const char *path)
{
    AUTO(buf) content = { 0 };
    enum err err = file_read(path, FILE_MAX_BYTES, &content);
    if (err != OK) {
        return reason_set(
            &linting->call->reason, err, "lint.file", path, err_name(err), "a readable file");
    }
    struct span text = buf_span(&content);
    struct pem pem;
    size_t before = linting->objects;
    if (pem_next(&text, &pem) != OK) {
        TRY(content_lint(linting, path, buf_span(&content)));
    } else {
        do {
            AUTO(buf) der = buf_make(FILE_MAX_BYTES);
            if (memmem(pem.label.data, pem.label.len, "KEY", 3) == NULL &&
                memmem(pem.label.data, pem.label.len, "REQUEST", 7) == NULL) {
                TRY(pem_decode(&pem, &der));
                TRY(content_lint(linting, path, buf_span(&der)));
            }
        } while (pem_next(&text, &pem) == OK);
    }
    if (linting->objects == before) {
        return reason_set(&linting->call->reason, ERR_INPUT, "lint.file", path, "none of these",
            "certificates, a CRL or an OCSP response, in DER or PEM, or a P7B file");
    }
    return OK;
}

/* One object, or a P7B's certificates. What begins as DER does is judged even where it can't be
 * told what it is: then its shape is what is wrong. */
static enum err content_lint(struct linting *linting, const char *path, struct span content)
{
    struct span inside[P7B_CERTIFICATES_MAX];
    enum lint_kind kind;
    size_t count = 0;
    if (!linting->has_kind && lint_guess(content, &kind) != OK &&
        p7b_parse(content, inside, &count) == OK) {
        for (size_t i = 0; i < count; i++) {
            TRY(object_lint(linting, path, inside[i]));
        }
        return OK;
    }
    bool der = content.len > 1 && content.data[0] == 0x30;
    return linting->has_kind || der ? object_lint(linting, path, content) : OK;
}

static void finding_print(const struct lint_finding *finding)
{
    char since[TIME_TEXT_MAX];
    day_format(finding->lint->since, since);
    printf("  %-8s %s (%s, since %s)\n", severity_name(finding->lint->severity), finding->lint->id,
        finding->lint->source, since);
    printf("           seen:     %s\n           expected: %s\n", finding->seen,
        finding->lint->expects);
}

static void finding_put(struct value_tree *tree, struct value *list, const struct lint_finding *f)
{
    char since[TIME_TEXT_MAX];
    struct value *object = value_add_object(tree, list);
    day_format(f->lint->since, since);
    value_put_text(tree, object, "id", f->lint->id);
    value_put_text(tree, object, "severity", severity_name(f->lint->severity));
    value_put_text(tree, object, "source", f->lint->source);
    value_put_text(tree, object, "since", since);
    value_put_text(tree, object, "seen", f->seen);
    value_put_text(tree, object, "expected", f->lint->expects);
}

static void result_put(
    struct linting *linting, const char *path, const char *kind, const struct lint_result *result)
{
    struct value_tree *tree = &linting->tree;
    struct value *object = value_add_object(tree, linting->list);
    value_put_text(tree, object, "file", path);
    value_put_text(tree, object, "kind", kind);
    value_put_integer(tree, object, "checked", (int64_t)result->checked);
    value_put_integer(tree, object, "errors", (int64_t)result->errors);
    value_put_integer(tree, object, "warnings", (int64_t)result->warnings);
    struct value *findings = value_put_list(tree, object, "findings");
    for (size_t i = 0; i < result->count; i++) {
        finding_put(tree, findings, &result->findings[i]);
    }
}

static enum err object_lint(struct linting *linting, const char *path, struct span der)
{
    struct lint_result result;
    enum lint_kind kind = linting->kind;
    if (!linting->has_kind && lint_guess(der, &kind) != OK) {
        kind = LINT_SERVER_OV;
    }
    (void)(lint_judge(der, kind, linting->rules_at, &result) == OK); /* the result says it */
    linting->errors += result.errors;
    linting->objects++;
    if (linting->call->json) {
        result_put(linting, path, lint_kind_name(kind), &result);
        return OK;
    }
    printf("%s: %s, %zu rules, %zu errors, %zu warnings\n", path, lint_kind_name(kind),
        result.checked, result.errors, result.warnings);
    for (size_t i = 0; i < result.count; i++) {
        finding_print(&result.findings[i]);
    }
    return OK;
}

static void kinds_format(unsigned kinds, char ret_text[KINDS_TEXT_MAX])
{
    size_t at = 0;
    ret_text[0] = '\0';
    for (unsigned i = 0; i < LINT_KIND_COUNT; i++) {
        if ((kinds & LINT_FOR(i)) != 0) {
            int len = snprintf(ret_text + at, KINDS_TEXT_MAX - at, "%s%s", at == 0 ? "" : ",",
                lint_kind_name((enum lint_kind)i));
            at += len < 0 ? 0 : (size_t)len;
        }
    }
}

/* One lint a line: id, source, since, severity, kinds, and what the rule asks for. */
static enum err list_print(struct call *call)
{
    AUTO(arena) arena = arena_make(CALL_ARENA_BYTES);
    struct value_tree tree = value_tree_make(&arena);
    struct value *list = value_list(&tree);
    for (size_t i = 0; i < lint_count(); i++) {
        const struct lint *lint = lint_at(i);
        char since[TIME_TEXT_MAX], kinds[KINDS_TEXT_MAX];
        struct value *row = value_add_object(&tree, list);
        day_format(lint->since, since);
        kinds_format(lint->kinds, kinds);
        if (!call->json) {
            printf("%-28s %-20s %s  %-7s  %s  %s\n", lint->id, lint->source, since,
                severity_name(lint->severity), kinds, lint->expects);
        }
        value_put_text(&tree, row, "id", lint->id);
        value_put_text(&tree, row, "source", lint->source);
        value_put_text(&tree, row, "since", since);
        value_put_text(&tree, row, "severity", severity_name(lint->severity));
        value_put_text(&tree, row, "kinds", kinds);
        value_put_text(&tree, row, "expects", lint->expects);
    }
    TRY(value_tree_check(&tree));
    return call->json ? call_print(call, list) : OK;
}
