/* What CAA records mean: RFC 8659 §3 (the climb) and §4.2 to §4.4, RFC 8657, BR 4.2.2.1. */
#include "lib/dns/caa.h"

#include "lib/base/clock.h"
#include "lib/dns/txt.h"

#include <stdio.h>
#include <strings.h>

/* A name server that doesn't answer must leave time for the second try and for the rest. */
enum { LOOKUP_MS = 2000 };

static const struct {
    bool permits;
    const char *code;
} findings[CAA_FINDING_COUNT] = {
    [CAA_ABSENT] = { true, "caa.absent" },
    [CAA_AUTHORISES] = { true, "caa.authorises" },
    [CAA_UNRESTRICTED] = { true, "caa.unrestricted" },
    [CAA_ABSENT_BUT_FAILURES] = { true, "caa.lookup_insecure" },
    [CAA_FORBIDS] = { false, "caa.forbids" },
    [CAA_CRITICAL_UNKNOWN] = { false, "caa.critical" },
    [CAA_OTHER_ACCOUNT] = { false, "caa.account" },
    [CAA_OTHER_METHOD] = { false, "caa.method" },
    [CAA_MALFORMED] = { false, "caa.malformed" },
    [CAA_SERVFAIL] = { false, "caa.servfail" },
    [CAA_BOGUS] = { false, "caa.bogus" },
    [CAA_TIMEOUT] = { false, "caa.timeout" },
    [CAA_TOO_LARGE] = { false, "caa.too_large" },
};

/* The property tags that mean something to us. */
enum property {
    PROPERTY_ISSUE = 1,
    PROPERTY_ISSUEWILD = 2,
    PROPERTY_IODEF = 4,
    PROPERTY_OTHER = 8
};
static const struct {
    const char *tag;
    enum property property;
} properties[] = {
    { "issue", PROPERTY_ISSUE },
    { "issuewild", PROPERTY_ISSUEWILD },
    { "iodef", PROPERTY_IODEF },
};

static enum property property_of(struct span tag);
static void find_contact(const struct caa_request *request, const struct span *records,
    size_t count, char ret_contact[CAA_TEXT_MAX]);
static bool is_contact(struct span rdata, const char *scheme, struct span *ret_url);
static bool begins(struct span text, const char *with);
static bool find_unacceptable(
    const struct span *records, size_t count, unsigned *ret_present, struct caa_verdict *verdict);
static enum caa_finding property_finding(const struct caa_request *request, struct span value);
static bool methods_hold(struct span methods, const char *label);
static bool equal_fold(struct span text, const char *other);
static void describe(struct span rdata, struct caa_verdict *verdict);
static enum err check_node(const struct resolver *resolver, const struct caa_request *request,
    const char *node, int64_t deadline_ms, bool *failed, bool *ret_decided,
    struct caa_verdict *verdict);
static enum err lookup_twice(const struct resolver *resolver, const char *node, int64_t deadline_ms,
    struct dns_answer *ret_answer, enum caa_finding *ret_failure);

bool caa_permits(enum caa_finding finding)
{
    return findings[finding].permits;
}

const char *caa_code(enum caa_finding finding)
{
    return findings[finding].code;
}

enum err caa_check(const struct resolver *resolver, const struct caa_request *request,
    int64_t deadline_ms, struct caa_verdict *ret_verdict)
{
    struct caa_verdict verdict = { .security = DNS_SECURITY_INSECURE };
    bool failed = false, decided = false;
    for (const char *node = request->name; node != NULL && *node != '\0' && !decided;) {
        TRY(check_node(resolver, request, node, deadline_ms, &failed, &decided, &verdict));
        const char *dot = strchr(node, '.');
        node = dot == NULL ? NULL : dot + 1;
    }
    if (!decided) {
        verdict.finding = failed ? CAA_ABSENT_BUT_FAILURES : CAA_ABSENT;
        verdict.node[0] = '\0';
    }
    *ret_verdict = verdict;
    return OK;
}

/* RFC 8659 §4.3: issuewild counts for wildcards alone, and then alone. */
void caa_evaluate(const struct caa_request *request, const struct span *records, size_t count,
    struct caa_verdict *ret_verdict)
{
    unsigned present = 0;
    find_contact(request, records, count, ret_verdict->contact);
    if (find_unacceptable(records, count, &present, ret_verdict)) {
        return;
    }
    bool wild = request->wildcard && (present & PROPERTY_ISSUEWILD) != 0;
    enum property relevant = wild ? PROPERTY_ISSUEWILD : PROPERTY_ISSUE;
    ret_verdict->finding = CAA_UNRESTRICTED;
    for (size_t i = 0; i < count; i++) {
        struct caa_record record;
        if (caa_record_parse(records[i], &record) != OK || property_of(record.tag) != relevant) {
            continue;
        }
        enum caa_finding finding = property_finding(request, record.value);
        /* The most hopeful refusal is the one worth telling: the account before the stranger. */
        bool first = ret_verdict->finding == CAA_UNRESTRICTED;
        if (finding == CAA_AUTHORISES || first || ret_verdict->finding == CAA_FORBIDS) {
            ret_verdict->finding = finding;
            describe(records[i], ret_verdict);
        }
        if (finding == CAA_AUTHORISES) {
            return;
        }
    }
}

/* Records that forbid whatever else stands there; and which properties there are. */
static bool find_unacceptable(
    const struct span *records, size_t count, unsigned *ret_present, struct caa_verdict *verdict)
{
    for (size_t i = 0; i < count; i++) {
        struct caa_record record;
        bool malformed = caa_record_parse(records[i], &record) != OK;
        enum property property = malformed ? PROPERTY_OTHER : property_of(record.tag);
        if (malformed || (record.critical && property == PROPERTY_OTHER)) {
            verdict->finding = malformed ? CAA_MALFORMED : CAA_CRITICAL_UNKNOWN;
            describe(records[i], verdict);
            return true;
        }
        *ret_present |= property;
    }
    return false;
}

/* RFC 8659 §4.4: each property in its turn, and a mailbox that no mail would reach hides none
 * behind it. */
static void find_contact(const struct caa_request *request, const struct span *records,
    size_t count, char ret_contact[CAA_TEXT_MAX])
{
    const struct {
        const char *scheme;
        bool (*taken)(struct span url);
    } wishes[] = {
        { "mailto:", request->mailable },
        { "mailto:", NULL },
        { "https://", NULL },
        { "http://", NULL },
    };
    ret_contact[0] = '\0';
    for (size_t w = 0; w < sizeof wishes / sizeof *wishes; w++) {
        for (size_t i = 0; i < count; i++) {
            struct span url = { 0 };
            if (is_contact(records[i], wishes[w].scheme, &url) &&
                (wishes[w].taken == NULL || wishes[w].taken(url))) {
                txt_excerpt(url, ret_contact, CAA_TEXT_MAX);
                return;
            }
        }
    }
}

/* What is no plain URL of a kind that is known is passed over. */
static bool is_contact(struct span rdata, const char *scheme, struct span *ret_url)
{
    struct caa_record record;
    bool url = caa_record_parse(rdata, &record) == OK &&
               property_of(record.tag) == PROPERTY_IODEF && begins(record.value, scheme) &&
               record.value.len < CAA_TEXT_MAX;
    for (size_t at = 0; url && at < record.value.len; at++) {
        url = record.value.data[at] > ' ' && record.value.data[at] < 0x7f;
    }
    *ret_url = url ? record.value : (struct span){ 0 };
    return url;
}

static bool begins(struct span text, const char *with)
{
    return text.len > strlen(with) && strncasecmp((const char *)text.data, with, strlen(with)) == 0;
}

static enum property property_of(struct span tag)
{
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        if (equal_fold(tag, properties[i].tag)) {
            return properties[i].property;
        }
    }
    return PROPERTY_OTHER;
}

static enum caa_finding property_finding(const struct caa_request *request, struct span value)
{
    struct caa_issue issue;
    if (caa_issue_parse(value, &issue) != OK || !equal_fold(issue.issuer, request->identity)) {
        return CAA_FORBIDS;
    }
    if (issue.has_account_uri && (issue.repeated || request->account_uri == NULL ||
                                     !span_equal_text(issue.account_uri, request->account_uri))) {
        return CAA_OTHER_ACCOUNT;
    }
    if (issue.has_methods && (issue.repeated || !methods_hold(issue.methods, request->method))) {
        return CAA_OTHER_METHOD;
    }
    return CAA_AUTHORISES;
}

/* RFC 8657 §4: labels between commas. */
static bool methods_hold(struct span methods, const char *label)
{
    while (methods.len > 0) {
        const uint8_t *comma = memchr(methods.data, ',', methods.len);
        size_t length = comma == NULL ? methods.len : (size_t)(comma - methods.data);
        if (equal_fold(span_make(methods.data, length), label)) {
            return true;
        }
        size_t used = comma == NULL ? length : length + 1;
        methods = span_make(methods.data + used, methods.len - used);
    }
    return false;
}

/* One step of the climb. Sets *failed where a failed lookup had to be forgiven. */
static enum err check_node(const struct resolver *resolver, const struct caa_request *request,
    const char *node, int64_t deadline_ms, bool *failed, bool *ret_decided,
    struct caa_verdict *verdict)
{
    AUTO(dns_answer) answer = { 0 };
    enum caa_finding failure = CAA_ABSENT;
    TRY(lookup_twice(resolver, node, deadline_ms, &answer, &failure));
    snprintf(verdict->node, sizeof verdict->node, "%s", node);
    if (failure != CAA_ABSENT) {
        bool insecure = false;
        bool forgivable = failure == CAA_SERVFAIL || failure == CAA_TIMEOUT;
        if (forgivable && resolver_proves_insecure(resolver, node, deadline_ms, &insecure) == OK &&
            insecure) {
            *failed = true;
            return OK;
        }
        verdict->finding = failure;
        verdict->security = answer.security;
        snprintf(verdict->seen, sizeof verdict->seen, "%.*s", CAA_TEXT_MAX - 1, answer.detail);
        *ret_decided = true;
        return OK;
    }
    verdict->security = answer.security;
    if (answer.record_count > 0) {
        caa_evaluate(request, answer.records, answer.record_count, verdict);
        *ret_decided = true;
    }
    return OK;
}

/* *ret_failure is CAA_ABSENT if the lookup gave an answer, be it an empty one. */
static enum err lookup_twice(const struct resolver *resolver, const char *node, int64_t deadline_ms,
    struct dns_answer *ret_answer, enum caa_finding *ret_failure)
{
    for (unsigned try = 0; try < 2; try++) {
        int64_t limit = clock_monotonic_ms() + LOOKUP_MS;
        limit = limit < deadline_ms ? limit : deadline_ms;
        dns_answer_release(ret_answer);
        enum err err = resolver_lookup(resolver, node, DNS_CAA, limit, ret_answer);
        if (err == ERR_MEMORY || err == ERR_INPUT) {
            return err;
        }
        if (err == ERR_LIMIT) {
            *ret_failure = CAA_TOO_LARGE;
            return OK;
        }
        bool answered =
            ret_answer->rcode == DNS_RCODE_OK || ret_answer->rcode == DNS_RCODE_NXDOMAIN;
        bool bogus = ret_answer->security == DNS_SECURITY_BOGUS;
        if (err == OK && answered && !bogus) {
            *ret_failure = CAA_ABSENT;
            return OK;
        }
        *ret_failure = err != OK ? CAA_TIMEOUT : bogus ? CAA_BOGUS : CAA_SERVFAIL;
        if (bogus) {
            return OK; /* a proof that fails is no accident of the network */
        }
    }
    return OK;
}

static void describe(struct span rdata, struct caa_verdict *verdict)
{
    struct caa_record record;
    if (caa_record_parse(rdata, &record) != OK) {
        verdict->seen[0] = '\0';
        return;
    }
    char tag[32], value[CAA_TEXT_MAX - 40];
    txt_excerpt(record.tag, tag, sizeof tag);
    txt_excerpt(record.value, value, sizeof value);
    snprintf(verdict->seen, sizeof verdict->seen, "%u %s \"%s\"", record.critical ? 128U : 0U, tag,
        value);
}

static bool equal_fold(struct span text, const char *other)
{
    return text.len == strlen(other) && text.len > 0 &&
           strncasecmp((const char *)text.data, other, text.len) == 0;
}
