#pragma once
/* How each method of domain control validation looks, as a table: a row a method. What each may
 * prove is lib/ca/method.h's. */
#include "proc/validator/check.h"

/* A check under way. */
struct attempt {
    const struct checker *checker;
    const struct challenge *challenge;
    struct budget *budget; /* what others have to bear of it; NULL: anything */
    const struct resolver *resolver;
    int64_t deadline_ms;
    char expected[EXPECTED_TEXT_MAX];
    struct mail_proof proof;
    bool caa_only;
    bool mail_left_out; /* for the reason that a rehearsal has no use for a mail's code */
    char name[HOST_NAME_MAX_LENGTH + 1];  /* without "*.": CAA is its */
    char adn[HOST_NAME_MAX_LENGTH + 1];   /* authorization domain name: the challenge's domain */
    char alias[HOST_NAME_MAX_LENGTH + 1]; /* the CNAME target that led to it; "": none */
    enum dnssec_state dnssec;             /* the worst of the CNAMEs asked */
    struct report *report;
};

/* What a method found. */
struct sighting {
    enum dcv_result result;
    enum dnssec_state dnssec; /* of the record that decided */
    const char *adn; /* a parent of the attempt's name, borrowed from it; NULL: that name */
    int64_t until;   /* when the proof ends by itself; 0: it doesn't */
};

struct method {
    enum dcv_method method;
    /* Looks and reports. An error means that nothing could be seen for a reason of our own. */
    enum err (*look)(const struct attempt *attempt, struct sighting *ret_sighting);
};

/* A moment on the clock that doesn't go back; `patience_ms` 0: as late as any. */
int64_t attempt_deadline(unsigned patience_ms);
/* Looks, and asks CAA; says what was seen, and signs nothing. Errors as check_run's. */
enum err attempt_run(
    struct attempt *attempt, struct observation *ret_seen, struct reason *ret_reason) MUST_USE;
/* NULL if it isn't in the table. */
const struct method *method_find(enum dcv_method method);

/* BR 3.2.2.4.7, by a TXT record at "_ecert-validation." and the authorization domain name. */
enum err method_dns_look(const struct attempt *attempt, struct sighting *ret_sighting) MUST_USE;
/* BR 3.2.2.4.4, by the code of a mail to a constructed address. */
enum err method_email_look(const struct attempt *attempt, struct sighting *ret_sighting) MUST_USE;
/* BR 3.2.2.4.22, by a persistent TXT record at "_validation-persist." and the domain. */
enum err method_persistent_look(
    const struct attempt *attempt, struct sighting *ret_sighting) MUST_USE;
/* BR 3.2.2.4.18, by a file at CHALLENGE_WEBSITE_PATH of the name's website. */
enum err method_website_look(const struct attempt *attempt, struct sighting *ret_sighting) MUST_USE;
