/* BR 3.2.2.4.4 (constructed e-mail to domain contact): the code that we mailed came back. The
 * primary judges it; a remote perspective has no mail of its own to see, and says so beside its
 * word on CAA. */
#include "proc/validator/method.h"

#include "lib/dns/mailbox.h"

static enum err zone_look(const struct attempt *attempt, enum dnssec_state *ret_state);
static const char *code_judge(
    const struct attempt *attempt, const char **ret_domain, enum dcv_result *ret_result);

enum err method_email_look(const struct attempt *attempt, struct sighting *ret_sighting)
{
    struct sighting sighting = { DCV_NOT_ASKED, DNSSEC_UNKNOWN, NULL, 0 };
    const struct mail_proof *proof = &attempt->proof;
    if (attempt->checker->mailer == NULL) {
        report_add(attempt->report, "dcv.mail_not_asked", attempt->challenge->name, NULL, NULL);
        *ret_sighting = sighting;
        return OK;
    }
    sighting.result = DCV_FAILED;
    TRY(zone_look(attempt, &sighting.dnssec));
    const char *code = sighting.dnssec == DNSSEC_BOGUS
                           ? "dcv.bogus"
                           : code_judge(attempt, &sighting.adn, &sighting.result);
    report_add(attempt->report, code, proof->address, NULL, NULL);
    *ret_sighting = sighting;
    return OK;
}

/* A name whose zone is forged gets no certificate, whoever reads its mail. */
static enum err zone_look(const struct attempt *attempt, enum dnssec_state *ret_state)
{
    static const enum dnssec_state states[] = {
        [DNS_SECURITY_SECURE] = DNSSEC_SECURE,
        [DNS_SECURITY_INSECURE] = DNSSEC_INSECURE,
        [DNS_SECURITY_BOGUS] = DNSSEC_BOGUS,
    };
    AUTO(dns_answer) answer = { 0 };
    enum err err =
        resolver_lookup(attempt->resolver, attempt->adn, DNS_SOA, attempt->deadline_ms, &answer);
    if (err == ERR_TIMEOUT || err == ERR_LIMIT) {
        return OK;
    }
    TRY(err);
    bool answered = answer.rcode == DNS_RCODE_OK || answer.rcode == DNS_RCODE_NXDOMAIN;
    if (answered || answer.security == DNS_SECURITY_BOGUS) {
        *ret_state = states[answer.security];
    }
    return OK;
}

static const char *code_judge(
    const struct attempt *attempt, const char **ret_domain, enum dcv_result *ret_result)
{
    const struct checker *checker = attempt->checker;
    struct dns_name name;
    bool right = false;
    if (attempt->proof.code[0] == '\0') {
        return "dcv.mail_no_code";
    }
    if (dns_name_parse(span_from_text(attempt->adn), DNS_NAME_HOST, &name, NULL) != OK ||
        !mailbox_is_constructed(checker->suffixes, &name, attempt->proof.address, ret_domain)) {
        return "dcv.mail_address";
    }
    /* Kept as the tail of the attempt's own name, which outlives this function. */
    *ret_domain = attempt->adn + (strlen(attempt->adn) - strlen(*ret_domain));
    if (mail_code_check(checker->mailer, &attempt->proof, attempt->challenge, &right) != OK ||
        !right) {
        return "dcv.mail_wrong";
    }
    *ret_result = DCV_PASSED;
    return "dcv.mail_right";
}
