#pragma once
/* What the rules have against what was issued and published, on its way from the registrar to
 * ecertadm: CONTROL_AUDIT_LINT is asked page by page, `from` counting objects, until one has none.
 */
#include "lib/wire/control.h"

enum {
    FINDING_OBJECT_MAX = 128,
    FINDING_WORD_MAX = 64,
    FINDING_TEXT_MAX = 200,
    FINDINGS_MAX = 192, /* of one page: less than a message holds */
};

struct control_finding {
    char object[FINDING_OBJECT_MAX]; /* "ssl-ca-3-17 4f:0a:…", "crl/RootCA3ARL" */
    char kind[FINDING_WORD_MAX], id[FINDING_WORD_MAX], source[FINDING_WORD_MAX];
    char seen[FINDING_TEXT_MAX], expected[FINDING_TEXT_MAX];
    int64_t since;
    bool warning;
};

struct control_findings {
    unsigned objects, rules; /* how many were looked at, and held against how many rules in all */
    struct control_finding *rows;
    size_t count;
};

void control_findings_write(struct der_writer *writer, const void *object);
/* Rows live in the arena. */
enum err control_findings_read(
    struct der *body, struct arena *arena, struct control_findings *ret_findings) MUST_USE;
