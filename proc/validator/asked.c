/* What is asked passes through here unchanged; a copy of it, cut short, goes into the report. */
#include "proc/validator/asked.h"

#include "lib/base/clock.h"
#include "lib/dns/shown.h"

#include <stdio.h>

_Static_assert((int)DNS_VIA_MAX == (int)QUESTION_TEXT_MAX, "copied whole");
enum { ZONE_CLIMB_MAX = 4, ZONE_LOOKUP_MS = 1000 };

static enum err asked_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer);
static void outcome_fill(struct question *question, enum err err, const struct dns_answer *answer);
static unsigned number_of(int64_t number);
static bool record_is_missing(const struct report *report);
static enum err zone_find(const struct resolver *resolver, const char *name, int64_t deadline_ms,
    const char **ret_zone, char ret_start[QUESTION_TEXT_MAX]);
static enum err zone_lookup(const struct resolver *resolver, const char *name, enum dns_type type,
    int64_t deadline_ms, char ret_shown[QUESTION_TEXT_MAX]);

struct resolver asked_resolver(struct asked *asked)
{
    return (struct resolver){ .lookup = asked_lookup, .ctx = asked };
}

static enum err asked_lookup(void *ctx, const char *name, enum dns_type type, int64_t deadline_ms,
    struct dns_answer *ret_answer)
{
    const struct asked *asked = ctx;
    struct questions *questions = asked->questions;
    int64_t begun = clock_monotonic_ms();
    enum err err = asked->behind->lookup(asked->behind->ctx, name, type, deadline_ms, ret_answer);
    if (questions->count == QUESTIONS_MAX) {
        return err;
    }
    struct question *question = &questions->rows[questions->count++];
    *question = (struct question){ .dnssec = DNSSEC_UNKNOWN,
        .milliseconds = number_of(clock_monotonic_ms() - begun) };
    snprintf(question->asked, sizeof question->asked, "%.4s %.253s", dns_type_name(type), name);
    outcome_fill(question, err, ret_answer);
    if (err == OK && ret_answer->security != DNS_SECURITY_BOGUS) {
        question->records = number_of((int64_t)ret_answer->record_count);
        question->ttl = ret_answer->record_count > 0 ? number_of(ret_answer->ttl) : 0;
        memcpy(question->via, ret_answer->via, sizeof question->via);
        dns_answer_show(ret_answer, type, question->seen, sizeof question->seen);
    }
    return err;
}

static void outcome_fill(struct question *question, enum err err, const struct dns_answer *answer)
{
    static const enum dnssec_state states[] = {
        [DNS_SECURITY_SECURE] = DNSSEC_SECURE,
        [DNS_SECURITY_INSECURE] = DNSSEC_INSECURE,
        [DNS_SECURITY_BOGUS] = DNSSEC_BOGUS,
    };
    static const struct {
        int rcode;
        const char *name;
    } rcodes[] = {
        { DNS_RCODE_OK, "NOERROR" },
        { DNS_RCODE_SERVFAIL, "SERVFAIL" },
        { DNS_RCODE_NXDOMAIN, "NXDOMAIN" },
    };
    const char *outcome = err == ERR_TIMEOUT ? "timeout"
                          : err == ERR_LIMIT ? "too large"
                                             : "failed";
    if (err != OK) {
        snprintf(question->outcome, sizeof question->outcome, "%s", outcome);
        return;
    }
    question->dnssec = states[answer->security];
    snprintf(
        question->outcome, sizeof question->outcome, "RCODE %u", (unsigned)answer->rcode & 0xfffU);
    for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++) {
        if (rcodes[i].rcode == answer->rcode) {
            snprintf(question->outcome, sizeof question->outcome, "%s", rcodes[i].name);
        }
    }
}

static unsigned number_of(int64_t number)
{
    return number < 0 ? 0 : number > INT32_MAX ? INT32_MAX : (unsigned)number;
}

enum err zone_tell(
    const struct resolver *resolver, const char *name, int64_t deadline_ms, struct report *report)
{
    const char *zone = NULL;
    char start[QUESTION_TEXT_MAX] = "", servers[QUESTION_TEXT_MAX] = "";
    char asked[QUESTION_ASKED_MAX], seen[REPORT_TEXT_MAX];
    if (!record_is_missing(report)) {
        return OK;
    }
    TRY(zone_find(resolver, name, deadline_ms, &zone, start));
    if (zone == NULL) {
        return OK;
    }
    TRY(zone_lookup(resolver, zone, DNS_NS, deadline_ms, servers));
    snprintf(asked, sizeof asked, "SOA %s", zone);
    snprintf(seen, sizeof seen, "%.110s; NS: %.190s", start, servers);
    report_add(report, "zone.answered", asked, seen, NULL);
    return OK;
}

static bool record_is_missing(const struct report *report)
{
    static const char *const codes[] = { "dcv.txt_missing", "dcv.txt_wrong", "dcv.nxdomain",
        "dcv.web_no_address" };
    bool missing = false;
    for (size_t i = 0; i < report->count; i++) {
        for (size_t code = 0; code < sizeof codes / sizeof *codes; code++) {
            missing |= strcmp(report->steps[i].code, codes[code]) == 0;
        }
    }
    return missing;
}

/* The nearest name upwards that has an SOA record. */
static enum err zone_find(const struct resolver *resolver, const char *name, int64_t deadline_ms,
    const char **ret_zone, char ret_start[QUESTION_TEXT_MAX])
{
    const char *node = name;
    for (unsigned i = 0; i < ZONE_CLIMB_MAX && node != NULL; i++) {
        TRY(zone_lookup(resolver, node, DNS_SOA, deadline_ms, ret_start));
        if (ret_start[0] != '\0') {
            *ret_zone = node;
            return OK;
        }
        const char *dot = strchr(node, '.');
        node = dot == NULL ? NULL : dot + 1;
    }
    return OK;
}

static enum err zone_lookup(const struct resolver *resolver, const char *name, enum dns_type type,
    int64_t deadline_ms, char ret_shown[QUESTION_TEXT_MAX])
{
    AUTO(dns_answer) answer = { 0 };
    int64_t limit = clock_monotonic_ms() + ZONE_LOOKUP_MS;
    enum err err =
        resolver_lookup(resolver, name, type, limit < deadline_ms ? limit : deadline_ms, &answer);
    if (err == OK && answer.via[0] == '\0') {
        dns_answer_show(&answer, type, ret_shown, QUESTION_TEXT_MAX);
    }
    return err == ERR_MEMORY ? err : OK;
}
