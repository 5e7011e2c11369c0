#pragma once
/* Lints: the rules of RFC 5280, the Baseline Requirements and their neighbours held against
 * finished bytes: a certificate, a CRL, an OCSP response, or what is to be signed of one. They
 * share no code with what builds these bytes and never ask what was meant, only what is there. */
#include "lib/base/bytes.h"

enum lint_kind {
    LINT_ROOT,           /* BR 7.1.2.1 */
    LINT_ISSUING_CA,     /* BR 7.1.2.6 */
    LINT_ISSUING_CA_OLD, /* the same as it was before an EKU was demanded; only to be revoked */
    LINT_CROSS_CA,       /* BR 7.1.2.2 */
    LINT_SERVER_DV,      /* BR 7.1.2.7.2 */
    LINT_SERVER_IV,      /* BR 7.1.2.7.3 */
    LINT_SERVER_OV,      /* BR 7.1.2.7.4 */
    LINT_SERVER_EV,      /* BR 7.1.2.7.5, EVG 7.1.4 */
    LINT_SERVER_CLASSIC, /* none of BR's: with organizational units, of a hierarchy of its own */
    LINT_PRECERTIFICATE, /* BR 7.1.2.9: one of these four, its policy tells which, with the poison
                          */
    LINT_RESPONDER,      /* BR 7.1.2.8: a certificate that signs OCSP answers */
    LINT_CRL,            /* BR 7.2, revoked subscriber certificates */
    LINT_ARL,            /* BR 7.2, revoked CA certificates */
    LINT_OCSP,           /* BR 7.3: an OCSP response */
    LINT_KIND_COUNT,
};

/* A MUST that is broken is an error: the signer refuses. A broken SHOULD is a warning. */
enum lint_severity { LINT_MUST, LINT_SHOULD };

enum { LINT_FINDINGS_MAX = 64, LINT_SEEN_MAX = 160 };

struct view;

/* One rule. All texts are static. */
struct lint {
    const char *id;      /* "validity.server_period": stable */
    const char *source;  /* "BR 6.3.2" */
    const char *expects; /* what the rule asks for, in one line */
    unsigned kinds;      /* of LINT_FOR */
    int64_t since;       /* not applied to what was made before this moment */
    enum lint_severity severity;
    unsigned fault;                         /* broken where this fault was seen; or */
    bool (*holds)(const struct view *view); /* broken where this says no */
};

#define LINT_FOR(kind) (1u << (kind))

struct lint_finding {
    const struct lint *lint;
    char seen[LINT_SEEN_MAX]; /* printable; bytes as hexadecimal */
};

struct lint_result {
    struct lint_finding findings[LINT_FINDINGS_MAX]; /* errors and warnings as they were met */
    size_t count;                                    /* at most LINT_FINDINGS_MAX */
    size_t errors, warnings; /* how many there are, those that found no room included */
    size_t checked;          /* how many lints applied */
};

/* For whoever signs: `der` is the object or its to-be-signed part, `now` the moment of signing,
 * whose rules are in force. OK if no error was found, warnings or not; else ERR_INPUT. */
enum err lint_check(
    struct span der, enum lint_kind kind, int64_t now, struct lint_result *ret_result) MUST_USE;
/* For anybody's finished object, of which nobody knows when it was signed: held to the rules of
 * `rules_at`, or where that is 0 of the day on which it begins. */
enum err lint_judge(struct span der, enum lint_kind kind, int64_t rules_at,
    struct lint_result *ret_result) MUST_USE;

/* What the bytes look like: ERR_INPUT if like none. A cross certificate can't be told from an
 * issuing CA's, nor an old one of these from a faulty one; a list whose life is longer than any
 * subscribers' list may live is an ARL. */
enum err lint_guess(struct span der, enum lint_kind *ret_kind) MUST_USE;
/* "root", "issuing-ca", …, "ocsp". */
const char *lint_kind_name(enum lint_kind kind);
enum err lint_kind_parse(const char *text, enum lint_kind *ret_kind) MUST_USE;

size_t lint_count(void);
/* `index` below lint_count. */
const struct lint *lint_at(size_t index);
