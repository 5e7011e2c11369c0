/* From a challenge to a signed observation: derive, look, ask CAA, sign. */
#include "proc/validator/check.h"

#include "lib/dns/caa.h"
#include "lib/dns/mailbox.h"
#include "lib/http/mail.h"
#include "proc/validator/asked.h"
#include "proc/validator/place.h"

#include <stdio.h>

/* The registrar's clock and ours need not agree to the second. */
enum { CLOCK_TOLERANCE_SECONDS = 60 };
/* A GeneralizedTime has four digits for the year. */
#define TIME_YEAR_10000 INT64_C(253402300800)

static enum err target_busy(
    const struct attempt *attempt, const char *name, struct reason *ret_reason);
static enum err domain_spend(const struct attempt *attempt, struct reason *ret_reason);
static enum err challenge_accept(struct attempt *attempt, const struct challenge *challenge,
    const struct method **ret_method, struct reason *ret_reason);
static enum err domain_accept(const struct challenge *challenge, struct reason *ret_reason);
static enum err look(
    struct attempt *attempt, const struct method *method, struct observation *observation);
static bool usable(const struct attempt *attempt, int64_t now);
static enum err ask_caa(const struct attempt *attempt, struct observation *observation);
static enum err ask_caa_once(const struct attempt *attempt, bool wildcard, bool *ret_permitted,
    enum dns_security *ret_security);
static enum err sign(
    const struct checker *checker, struct observation *observation, struct buf *der);
static void write_signed_part(struct der_writer *writer, const void *observation);
static void write_whole(struct der_writer *writer, const void *observation);

enum err check_run(const struct checker *checker, const struct validator_check *check,
    struct buf *observation, struct report *ret_report, struct reason *ret_reason)
{
    struct report report = { 0 };
    struct observation seen = { 0 };
    struct attempt attempt = {
        .checker = checker,
        .challenge = &check->challenge,
        .budget = checker->budget,
        .proof = check->proof,
        .caa_only = check->caa_only,
        .deadline_ms = attempt_deadline(check->patience_ms),
        .report = &report,
    };
    TRY(attempt_run(&attempt, &seen, ret_reason));
    snprintf(seen.perspective, sizeof seen.perspective, "%s", checker->id);
    memcpy(seen.attempt, check->attempt, ATTEMPT_BYTES);
    TRY(sign(checker, &seen, observation));
    *ret_report = report;
    return OK;
}

/* Who asks may have less time than we would take, never more. */
int64_t attempt_deadline(unsigned patience_ms)
{
    bool shorter = patience_ms > 0 && patience_ms < CHECK_DEADLINE_MS;
    return clock_monotonic_ms() + (shorter ? (int64_t)patience_ms : CHECK_DEADLINE_MS);
}

enum err attempt_run(
    struct attempt *attempt, struct observation *ret_seen, struct reason *ret_reason)
{
    const struct checker *checker = attempt->checker;
    const struct challenge *challenge = attempt->challenge;
    const struct method *method = NULL;
    struct resolver resolver = { 0 };
    struct asked asked = { .behind = &resolver, .questions = &attempt->report->questions };
    const struct resolver noting = asked_resolver(&asked);
    TRY(challenge_accept(attempt, challenge, &method, ret_reason));
    if (challenge_expected(challenge, checker->caa_identity, attempt->expected) != OK) {
        /* No account, so that nobody's could be meant. */
        return reason_set(ret_reason, ERR_UNSUPPORTED, "dcv.method_unsupported", challenge->name,
            dcv_method_id(challenge->method), NULL);
    }
    TRY(domain_spend(attempt, ret_reason));
    struct observation seen = {
        .challenge = *challenge,
        .dcv = DCV_FAILED,
        .caa = CAA_PROHIBITS,
        .dnssec = DNSSEC_UNKNOWN,
        .time = clock_now(&checker->clock),
    };
    snprintf(seen.adn, sizeof seen.adn, "%s", attempt->adn);
    memcpy(seen.expected, attempt->expected, sizeof seen.expected);
    TRY(checker->resolver_open(checker->ctx, &resolver));
    attempt->resolver = &noting;
    enum err err = look(attempt, method, &seen);
    attempt->resolver = NULL;
    checker->resolver_close(checker->ctx, resolver);
    if (err == ERR_AGAIN) {
        return target_busy(attempt, challenge->name, ret_reason);
    }
    TRY(err);
    *ret_seen = seen;
    return OK;
}

static enum err target_busy(
    const struct attempt *attempt, const char *name, struct reason *ret_reason)
{
    char limit[32];
    snprintf(limit, sizeof limit, "%u/min", attempt->budget->domains.per_minute);
    return reason_set(ret_reason, ERR_AGAIN, "dcv.target_busy", name, NULL, limit);
}

static enum err domain_spend(const struct attempt *attempt, struct reason *ret_reason)
{
    struct dns_name name;
    const char *domain = attempt->adn;
    if (attempt->budget == NULL) {
        return OK;
    }
    if (dns_name_parse(span_from_text(attempt->adn), DNS_NAME_HOST, &name, NULL) == OK) {
        (void)!suffix_list_registrable(attempt->checker->suffixes, &name, &domain);
    }
    return budget_spend_domain(attempt->budget, domain)
               ? OK
               : target_busy(attempt, attempt->adn, ret_reason);
}

enum err check_mail(
    const struct checker *checker, const struct validator_mail *mail, struct reason *ret_reason)
{
    const struct method *method = NULL;
    struct report report = { 0 };
    struct dns_name name;
    const char *domain = NULL;
    struct attempt attempt = {
        .checker = checker, .challenge = &mail->challenge, .report = &report
    };
    TRY(challenge_accept(&attempt, &mail->challenge, &method, ret_reason));
    if (method->method != DCV_EMAIL || checker->mailer == NULL) {
        return reason_set(ret_reason, ERR_UNSUPPORTED, "dcv.method_unsupported",
            mail->challenge.name, dcv_method_id(method->method), NULL);
    }
    if (!usable(&attempt, clock_now(&checker->clock))) {
        const struct report_step *why = &report.steps[0];
        return reason_set(
            ret_reason, ERR_DENIED, why->code, mail->challenge.name, why->seen, why->expected);
    }
    TRY(dns_name_parse(span_from_text(attempt.adn), DNS_NAME_HOST, &name, ret_reason));
    if (!mailbox_is_constructed(checker->suffixes, &name, mail->address, &domain)) {
        return reason_set(
            ret_reason, ERR_DENIED, "dcv.mail_address", mail->challenge.name, mail->address, NULL);
    }
    return mail_code_send(checker->mailer, &mail->challenge, mail->address, ret_reason);
}

/* The sender has checked all this before; a name that we would sign without understanding it must
 * not depend on that. */
static enum err challenge_accept(struct attempt *attempt, const struct challenge *challenge,
    const struct method **ret_method, struct reason *ret_reason)
{
    struct dns_name name;
    char host[HOST_NAME_MAX_LENGTH + 1];
    const char *method = dcv_method_id(challenge->method);
    TRY(dns_name_parse(
        span_from_text(challenge->name), DNS_NAME_HOST_OR_WILDCARD, &name, ret_reason));
    if (strcmp(name.text, challenge->name) != 0) {
        return reason_set(
            ret_reason, ERR_INPUT, "name.not_canonical", challenge->name, NULL, name.text);
    }
    if (challenge->domain[0] != '\0') {
        TRY(domain_accept(challenge, ret_reason));
    }
    if (challenge_dns_host(challenge, host, sizeof host) != OK) {
        return reason_set(ret_reason, ERR_INPUT, "name.too_long", challenge->name, NULL, NULL);
    }
    *ret_method = method_find(challenge->method);
    if (*ret_method == NULL || (name.wildcard && !dcv_rules(challenge->method)->wildcard)) {
        return reason_set(
            ret_reason, ERR_UNSUPPORTED, "dcv.method_unsupported", challenge->name, method, NULL);
    }
    snprintf(attempt->name, sizeof attempt->name, "%s", dns_name_base(&name));
    snprintf(attempt->adn, sizeof attempt->adn, "%s", challenge_domain(challenge));
    return OK;
}

/* What the table can refuse without asking the DNS. */
static enum err domain_accept(const struct challenge *challenge, struct reason *ret_reason)
{
    struct dns_name domain;
    TRY(dns_name_parse(span_from_text(challenge->domain), DNS_NAME_HOST, &domain, ret_reason));
    bool canonical = strcmp(domain.text, challenge->domain) == 0;
    /* A mail's domain is its address's. */
    bool chosen = challenge->method != DCV_EMAIL;
    bool permitted =
        dcv_adn_permitted(challenge->method, challenge->name, challenge->domain, /* alias= */ "") ||
        dcv_adn_permitted(challenge->method, challenge->name, challenge->domain, challenge->domain);
    return canonical && chosen && permitted
               ? OK
               : reason_set(ret_reason, ERR_INPUT, "dcv.domain_refused", challenge->name,
                     challenge->domain, challenge_base_name(challenge));
}

/* CAA is asked in the same attempt, whatever became of the value: the report shows both. */
static enum err look(
    struct attempt *attempt, const struct method *method, struct observation *observation)
{
    bool found = false;
    if (attempt->caa_only) {
        observation->dcv = DCV_NOT_ASKED;
        report_add(attempt->report,
            attempt->mail_left_out ? "dcv.mail_left_out" : "dcv.proved_before",
            attempt->challenge->name, NULL, NULL);
        return ask_caa(attempt, observation);
    }
    if (usable(attempt, observation->time)) {
        TRY(place_find(attempt, &found));
        observation->dnssec = attempt->dnssec > DNSSEC_SECURE ? attempt->dnssec : DNSSEC_UNKNOWN;
    }
    if (found) {
        struct sighting sighting;
        TRY(method->look(attempt, &sighting));
        observation->dcv = sighting.result;
        observation->dnssec = sighting.dnssec > attempt->dnssec ? sighting.dnssec : attempt->dnssec;
        observation->until = sighting.until < TIME_YEAR_10000 ? sighting.until : 0;
        snprintf(observation->alias, sizeof observation->alias, "%s", attempt->alias);
        if (sighting.adn != NULL && sighting.result == DCV_PASSED) {
            snprintf(observation->adn, sizeof observation->adn, "%s", sighting.adn);
        }
    }
    TRY(ask_caa(attempt, observation));
    return zone_tell(attempt->resolver, attempt->adn, attempt->deadline_ms, attempt->report);
}

/* BR 1.6.1: a random value lives for 30 days. Nor may a certificate be asked for a whole suffix. */
static bool usable(const struct attempt *attempt, int64_t now)
{
    int64_t created = attempt->challenge->created;
    char text[TIME_TEXT_MAX], limit[TIME_TEXT_MAX];
    time_format_rfc3339(created, text);
    bool coded = dcv_rules(attempt->challenge->method)->coded;
    if (created > now + CLOCK_TOLERANCE_SECONDS ||
        (coded && now > created + VALIDATION_VALUE_SECONDS)) {
        bool expired = created < now;
        time_format_rfc3339(expired ? created + VALIDATION_VALUE_SECONDS : now, limit);
        report_add(attempt->report, expired ? "dcv.expired" : "dcv.not_yet_valid",
            attempt->challenge->name, text, limit);
        return false;
    }
    if (!policy_method_allowed(attempt->challenge->method, now)) {
        report_add(attempt->report, "dcv.method_ended", attempt->challenge->name,
            dcv_method_id(attempt->challenge->method), NULL);
        return false;
    }
    struct dns_name name;
    if (dns_name_parse(span_from_text(attempt->name), DNS_NAME_HOST, &name, NULL) != OK ||
        suffix_list_holds(attempt->checker->suffixes, &name)) {
        report_add(
            attempt->report, "name.public_suffix", attempt->challenge->name, attempt->name, NULL);
        return false;
    }
    return true;
}

/* A wildcard's certificate holds the bare name too, which is none: issuewild says nothing of it. */
static enum err ask_caa(const struct attempt *attempt, struct observation *observation)
{
    bool wildcard = strcmp(attempt->name, attempt->challenge->name) != 0;
    bool permitted = false;
    enum dns_security security = DNS_SECURITY_SECURE;
    TRY(ask_caa_once(attempt, wildcard, &permitted, &security));
    if (wildcard && permitted) {
        TRY(ask_caa_once(attempt, /* wildcard= */ false, &permitted, &security));
    }
    if (attempt->caa_only) {
        static const enum dnssec_state states[] = { DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS };
        observation->dnssec = states[security];
    }
    observation->caa = permitted ? CAA_PERMITS : CAA_PROHIBITS;
    return OK;
}

/* As the registrar will ask before it has a mail sent. */
static bool mailable(struct span url)
{
    struct mail_address address;
    return mail_address_from_url(url, &address) == OK;
}

static enum err ask_caa_once(const struct attempt *attempt, bool wildcard, bool *ret_permitted,
    enum dns_security *ret_security)
{
    const char *identity = attempt->checker->caa_identity;
    char account[EXPECTED_TEXT_MAX];
    bool known = account_uri(attempt->challenge->srn, identity, account) == OK;
    const struct caa_request request = {
        .name = attempt->name,
        .wildcard = wildcard,
        .identity = identity,
        .account_uri = known ? account : NULL,
        .method = dcv_rules(attempt->challenge->method)->caa_label,
        .mailable = mailable,
    };
    struct caa_verdict verdict;
    TRY(caa_check(attempt->resolver, &request, attempt->deadline_ms, &verdict));
    *ret_security = verdict.security > *ret_security ? verdict.security : *ret_security;
    *ret_permitted = caa_permits(verdict.finding);
    char asked[HOST_NAME_MAX_LENGTH + 16], expected[REPORT_TEXT_MAX];
    snprintf(asked, sizeof asked, "CAA %s", verdict.node[0] == '\0' ? attempt->name : verdict.node);
    snprintf(expected, sizeof expected, "0 %s \"%s\"", request.wildcard ? "issuewild" : "issue",
        identity);
    report_add(attempt->report, caa_code(verdict.finding), asked, verdict.seen, expected);
    if (!*ret_permitted && verdict.contact[0] != '\0') {
        report_add(attempt->report, "caa.iodef", asked, verdict.contact, NULL);
    }
    return OK;
}

static enum err sign(
    const struct checker *checker, struct observation *observation, struct buf *der)
{
    AUTO(buf) signed_part = buf_make(OBSERVATION_MAX_BYTES);
    uint8_t signature[SIGNATURE_MAX_BYTES];
    size_t len = 0;
    TRY(der_encode(write_signed_part, observation, &signed_part));
    TRY(signature_make(
        checker->key, SIGNATURE_RSA_SHA256, buf_span(&signed_part), signature, &len));
    observation->signature = span_make(signature, len);
    enum err err = der_encode(write_whole, observation, der);
    observation->signature = (struct span){ 0 };
    return err;
}

static void write_signed_part(struct der_writer *writer, const void *observation)
{
    observation_write_signed_part(writer, observation);
}

static void write_whole(struct der_writer *writer, const void *observation)
{
    observation_write(writer, observation);
}
