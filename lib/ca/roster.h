#pragma once
/* Who may do what: officers, perspectives, issuing CAs and the logs of Certificate Transparency,
 * signed at a ceremony. The signer knows them from here and from nowhere else. */
#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/ca/application.h"
#include "lib/ca/approval.h"
#include "lib/ca/observation.h"
#include "lib/ca/policy.h"
#include "lib/ca/transparency.h"

enum { OFFICER_ID_MAX = 32, ISSUER_ID_MAX = 32, ISSUERS_MAX = 8, REGION_MAX = 16 };
enum officer_role {
    OFFICER_ROLE_OFFICER = 1,
    OFFICER_ROLE_ADMINISTRATOR = 2,
    OFFICER_ROLE_AUDITOR = 4
};

struct officer {
    char id[OFFICER_ID_MAX];
    const char *name;
    unsigned roles; /* bit set of enum officer_role */
    enum officer_key_type key_type;
    struct span spki;
    uint8_t key_id[HASH_BYTES]; /* SHA-256 of spki; derived when read, never stored */
};

struct perspective {
    char id[PERSPECTIVE_ID_MAX];
    char region[REGION_MAX]; /* RIR service region: "afrinic", "apnic", "arin", "lacnic", "ripe" */
    bool primary;
    struct span spki;
};

/* An issuing CA as the service uses it. `name` is the file name without suffix that its URLs use.
 */
struct issuer {
    char id[ISSUER_ID_MAX];  /* "ssl-ca-3-17" */
    const char *name;        /* "ecert_ssl_ca_3-17": /root/NAME.crt */
    const char *crl_name;    /* "eCertSCA3-17CRL1": /crl/NAME.crl */
    struct span certificate; /* DER */
};

struct roster {
    int64_t epoch; /* grows with every ceremony; warrants name it */
    enum policy_set policy_set;
    const char *repository_url; /* base of CDP and AIA URLs, without a final slash */
    const char *caa_identity;   /* the issuer domain name in CAA records */
    bool trial;                 /* "Trial" in every name, band on every page */
    int64_t created;
    struct officer officers[OFFICERS_MAX];
    size_t officer_count;
    struct perspective perspectives[PERSPECTIVES_MAX];
    size_t perspective_count;
    struct issuer issuers[ISSUERS_MAX];
    size_t issuer_count;
    struct ct_log logs[CT_LOGS_MAX]; /* none: Certificate Transparency is off */
    size_t log_count;
};

/* The content that is sealed. Parsing refuses an officer, perspective, issuer or log that is there
 * twice, by id or by key, a perspective in a region that there isn't, and anything but one primary
 * perspective; keys and certificates live in the arena. */
enum err roster_format(const struct roster *roster, struct buf *content) MUST_USE;
enum err roster_parse(struct span content, struct arena *arena, struct roster *ret_roster) MUST_USE;
/* What the ceremony key signs by Ed25519: "ecert roster v1" ‖ 00 ‖ content; appended. */
enum err roster_message(struct span content, struct buf *message) MUST_USE;
/* SEQUENCE { OCTET STRING content, OCTET STRING signature }: the file roster.der. */
enum err roster_seal(struct span content, struct span signature, struct buf *sealed) MUST_USE;
/* Checks the signature by the ceremony's public key (SPKI, DER) and parses. */
enum err roster_open(struct span sealed, struct span ceremony_spki, struct arena *arena,
    struct roster *ret_roster, struct reason *ret_reason) MUST_USE;

/* NULL if there is none. */
const struct officer *roster_officer(const struct roster *roster, const uint8_t key_id[HASH_BYTES]);
const struct perspective *roster_perspective(const struct roster *roster, const char *id);
const struct issuer *roster_issuer(const struct roster *roster, const char *id);
const struct ct_log *roster_log(const struct roster *roster, const char *name);
