#pragma once
/* Whether the holder of a domain lets us issue for it: CAA (RFC 8659) with accounturi and
 * validationmethods (RFC 8657), and what a failed lookup means (BR 4.2.2.1). When in doubt: no. */
#include "lib/dns/resolver.h"

enum { CAA_TEXT_MAX = 200 };

/* One record. The spans point into its RDATA. */
struct caa_record {
    bool critical;
    struct span tag;
    struct span value;
};

/* An issue or issuewild property's value (RFC 8659 §4.2), with RFC 8657's two parameters. */
struct caa_issue {
    struct span issuer; /* empty: nobody */
    struct span account_uri;
    bool has_account_uri;
    struct span methods; /* comma-separated labels */
    bool has_methods;
    bool repeated; /* one of the two parameters stands there twice: never satisfied */
};

/* ERR_INPUT for what isn't a CAA record or not of the value's grammar. */
enum err caa_record_parse(struct span rdata, struct caa_record *ret_record) MUST_USE;
enum err caa_issue_parse(struct span value, struct caa_issue *ret_issue) MUST_USE;

/* The pieces of such a value, for whoever has other parameters in the same form: the issuer, and
 * what stands behind its ";", to be read by caa_parameter_next until it is empty. ERR_INPUT. */
struct caa_parameter {
    struct span tag, value;
};
enum err caa_value_begin(
    struct span value, struct span *ret_issuer, struct span *ret_rest) MUST_USE;
enum err caa_parameter_next(struct span *rest, struct caa_parameter *ret_parameter) MUST_USE;

/* On whose behalf the question is asked. */
struct caa_request {
    const char *name; /* without "*." */
    bool wildcard;
    const char *identity;    /* our issuer domain name, lower case */
    const char *account_uri; /* of the subscriber; NULL: no accounturi can be met */
    const char *method;      /* "ca-tbr-7": the label of the method that validates */
    /* Whether a mail would reach the mailbox of this "mailto:" URL; NULL: any is taken for good. */
    bool (*mailable)(struct span url);
};

enum caa_finding {
    CAA_ABSENT,              /* no CAA record from the name up: permitted */
    CAA_AUTHORISES,          /* a property names us: permitted */
    CAA_UNRESTRICTED,        /* records, but none that restricts issuing: permitted */
    CAA_ABSENT_BUT_FAILURES, /* none seen, and lookups failed only in proven insecure zones:
                                permitted */
    CAA_FORBIDS,
    CAA_CRITICAL_UNKNOWN,
    CAA_OTHER_ACCOUNT,
    CAA_OTHER_METHOD,
    CAA_MALFORMED,
    CAA_SERVFAIL,
    CAA_BOGUS,
    CAA_TIMEOUT,
    CAA_TOO_LARGE,
    CAA_FINDING_COUNT,
};

struct caa_verdict {
    enum caa_finding finding;
    enum dns_security security;          /* of the answer that decided */
    char node[HOST_NAME_MAX_LENGTH + 1]; /* whose records or failure decided; or empty */
    char seen[CAA_TEXT_MAX];             /* the deciding property, printable */
    char contact[CAA_TEXT_MAX]; /* who wants to hear of refusals (iodef): the first "mailto:" URL
                                   that is mailable, else the first of them, else the first by
                                   HTTP; printable; or empty */
};

bool caa_permits(enum caa_finding finding);
/* "caa.absent", "caa.forbids", …: the message id. */
const char *caa_code(enum caa_finding finding);

/* Climbs from the name to its top-level domain; the first node with records decides. Each lookup
 * that fails, other than by a broken proof, is tried once more. Only ERR_MEMORY and ERR_INPUT are
 * errors of this function: all that the DNS can do is a finding. */
enum err caa_check(const struct resolver *resolver, const struct caa_request *request,
    int64_t deadline_ms, struct caa_verdict *ret_verdict) MUST_USE;
/* What one node's records mean for the request, without any lookup. */
void caa_evaluate(const struct caa_request *request, const struct span *records, size_t count,
    struct caa_verdict *ret_verdict);
