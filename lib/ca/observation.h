#pragma once
/* Proof of domain control: what must stand where, and who saw it standing there.
 *
 * A challenge's expected value is derived, never chosen: base32(SHA-256(
 * "ecert validation v1" ‖ 00 ‖ DER SEQUENCE { application hash, name, method, created, nonce,
 * [0] SPKI hash OPTIONAL })). So nobody can "validate" a name by expecting what already stands
 * there; age and binding to application and key come with it. An observation is one perspective's
 * signed word about one name in one attempt. */
#include "lib/base/buf.h"
#include "lib/ca/application.h"
#include "lib/ca/policy.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum {
    NONCE_BYTES = 16,
    ATTEMPT_BYTES = 16,
    EXPECTED_TEXT_MAX = 53, /* 52 digits of base32 and the terminator */
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
};

/* A remote perspective has nothing to look at where the proof is a mail to the primary. */
enum dcv_result { DCV_PASSED, DCV_FAILED, DCV_NOT_ASKED };
enum caa_result { CAA_PERMITS, CAA_PROHIBITS };
enum dnssec_state { DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS, DNSSEC_UNKNOWN };

struct observation {
    char perspective[PERSPECTIVE_ID_MAX]; /* id in the roster */
    uint8_t attempt[ATTEMPT_BYTES];       /* the same for all perspectives of one attempt */
    struct challenge challenge;
    char adn[HOST_NAME_MAX_LENGTH + 1]; /* authorization domain name: where it was looked for */
    char expected[EXPECTED_TEXT_MAX];
    enum dcv_result dcv;
    enum caa_result caa;      /* of a wildcard: for the bare name as well */
    enum dnssec_state dnssec; /* of the record that decided */
    int64_t time;
    struct span signed_part; /* the DER that was signed; borrowed from the input */
    struct span signature;   /* RSA-2048, PKCS#1 v1.5, SHA-256 */
};

void challenge_write(struct der_writer *writer, const struct challenge *challenge);
enum err challenge_read(struct der *reader, struct challenge *ret_challenge) MUST_USE;
enum err challenge_expected(
    const struct challenge *challenge, char ret_expected[EXPECTED_TEXT_MAX]) MUST_USE;
/* The name without "*."; borrowed from the challenge. */
const char *challenge_base_name(const struct challenge *challenge);
/* Host name of the TXT record for DCV_DNS: "_ecert-validation." and the name without "*.". */
enum err challenge_dns_host(
    const struct challenge *challenge, char *ret_host, size_t size) MUST_USE;

/* Writes the part that is signed; then observation_write the whole, once signature is set. */
void observation_write_signed_part(
    struct der_writer *writer, const struct observation *observation);
void observation_write(struct der_writer *writer, const struct observation *observation);
/* Parses; signed_part and signature borrow from the input. Verifies nothing. */
enum err observation_read(struct der *reader, struct observation *ret_observation) MUST_USE;
