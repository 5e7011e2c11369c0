#pragma once
/* Proof of domain control: what must stand where, and who saw it standing there.
 *
 * A challenge's expected value is derived, never chosen: base32(SHA-256(
 * "ecert validation v1" ‖ 00 ‖ DER SEQUENCE { application hash, domain, method, created, nonce,
 * [0] SPKI hash OPTIONAL })), the domain being the one that was chosen for the proof, else the
 * name. So nobody can "validate" a name by expecting what already stands there; age and binding to
 * application and key come with it, and names that are proved at one domain with one nonce share
 * one value. For DCV_PERSISTENT it is the subscriber's account, which follows from the application.
 * An observation is one perspective's signed word about one name in one attempt. */
#include "lib/base/buf.h"
#include "lib/ca/application.h"
#include "lib/ca/method.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum {
    NONCE_BYTES = 16,
    ATTEMPT_BYTES = 16,
    /* An account is the longest: "acct:", a number, "@" and a host name; 52 digits of base32 are
     * the rest. */
    EXPECTED_TEXT_MAX = 5 + SRN_DIGITS + 1 + HOST_NAME_MAX_LENGTH + 1,
    PERSPECTIVE_ID_MAX = 32,
};

/* Where DCV_WEBSITE looks, on port 80 of the name. */
#define CHALLENGE_WEBSITE_PATH "/.well-known/pki-validation/fileauth.txt"

struct challenge {
    uint8_t application_hash[HASH_BYTES];
    char name[HOST_NAME_MAX_LENGTH + 1]; /* as it will stand in the certificate, "*." included */
    enum dcv_method method;
    int64_t created;
    uint8_t nonce[NONCE_BYTES];
    bool has_spki; /* bound to a key that was made first */
    uint8_t spki_hash[HASH_BYTES];
    char
        domain[HOST_NAME_MAX_LENGTH + 1]; /* chosen authorization domain name; "": the name's own */
    char srn[SRN_DIGITS + 1]; /* the subscriber, whose account CAA may ask for; "": none is told */
};

/* A remote perspective has nothing to look at where the proof is a mail to the primary. */
enum dcv_result { DCV_PASSED, DCV_FAILED, DCV_NOT_ASKED };
enum caa_result { CAA_PERMITS, CAA_PROHIBITS };
enum dnssec_state { DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS, DNSSEC_UNKNOWN };

struct observation {
    char perspective[PERSPECTIVE_ID_MAX]; /* id in the roster */
    uint8_t attempt[ATTEMPT_BYTES];       /* the same for all perspectives of one attempt */
    struct challenge challenge;
    char adn[HOST_NAME_MAX_LENGTH + 1];   /* authorization domain name: where it was looked for */
    char alias[HOST_NAME_MAX_LENGTH + 1]; /* where CNAMEs led, of which adn is itself or a parent;
                                             "": adn is the name or its parent */
    char expected[EXPECTED_TEXT_MAX];
    enum dcv_result dcv;
    enum caa_result caa;      /* of a wildcard: for the bare name as well */
    enum dnssec_state dnssec; /* of the record that decided */
    int64_t time;
    int64_t until;           /* what was found ends then by its own word (persistUntil); 0: never */
    struct span signed_part; /* the DER that was signed; borrowed from the input */
    struct span signature;   /* RSA-2048, PKCS#1 v1.5, SHA-256 */
};

void challenge_write(struct der_writer *writer, const struct challenge *challenge);
enum err challenge_read(struct der *reader, struct challenge *ret_challenge) MUST_USE;
/* What has to be found: the derived value, or for DCV_PERSISTENT the account at `identity`, our
 * issuer domain name. ERR_INPUT where that is to be an account and the challenge has no SRN. */
enum err challenge_expected(const struct challenge *challenge, const char *identity,
    char ret_expected[EXPECTED_TEXT_MAX]) MUST_USE;
/* The account of a subscriber, an acct: URI (RFC 7565): "acct:0002142877@ecert.example.net". It is
 * what RFC 8657's accounturi is compared with, and what a persistent TXT record names. ERR_LIMIT.
 */
enum err account_uri(
    const char *srn, const char *identity, char ret_uri[EXPECTED_TEXT_MAX]) MUST_USE;
/* The name without "*."; borrowed from the challenge. */
const char *challenge_base_name(const struct challenge *challenge);
/* The authorization domain name: the domain that was chosen, else the name without "*."; borrowed.
 */
const char *challenge_domain(const struct challenge *challenge);
/* Host name of the TXT record for DCV_DNS ("_ecert-validation." and the domain) and for
 * DCV_PERSISTENT ("_validation-persist.", BR 3.2.2.4.22). ERR_LIMIT if that is no host name. */
enum err challenge_dns_host(
    const struct challenge *challenge, char *ret_host, size_t size) MUST_USE;

/* Writes the part that is signed; then observation_write the whole, once signature is set. */
void observation_write_signed_part(
    struct der_writer *writer, const struct observation *observation);
void observation_write(struct der_writer *writer, const struct observation *observation);
/* Parses; signed_part and signature borrow from the input. Verifies nothing. */
enum err observation_read(struct der *reader, struct observation *ret_observation) MUST_USE;
