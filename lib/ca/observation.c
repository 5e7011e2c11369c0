/* Challenges and observations: derivation, and both directions of their DER. */
#include "lib/ca/observation.h"
#include "lib/ca/internal.h"

#include <stdio.h>

#define SIGNED_PART_TAG "ecert observation v1"

void challenge_write(struct der_writer *writer, const struct challenge *challenge)
{
    der_open(writer, DER_SEQUENCE);
    der_write_octets(writer, SPAN_OF(challenge->application_hash));
    der_write_text(writer, DER_IA5_STRING, challenge->name);
    der_write_int64(writer, challenge->method);
    der_write_generalized_time(writer, challenge->created);
    der_write_octets(writer, SPAN_OF(challenge->nonce));
    if (challenge->has_spki) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(0), SPAN_OF(challenge->spki_hash));
    }
    der_close(writer);
}

enum err challenge_read(struct der *reader, struct challenge *ret_challenge)
{
    struct der inner;
    struct challenge challenge = { 0 };
    unsigned method;
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    TRY(der_read_fixed(&inner, challenge.application_hash, HASH_BYTES));
    TRY(der_read_cstring(&inner, DER_IA5_STRING, challenge.name, sizeof challenge.name));
    TRY(der_read_uint(&inner, DCV_PERSISTENT, &method));
    TRY(dcv_method_from_number(method, &challenge.method));
    TRY(der_read_generalized_time(&inner, &challenge.created));
    TRY(der_read_fixed(&inner, challenge.nonce, NONCE_BYTES));
    if (!der_empty(&inner)) {
        struct span spki_hash;
        TRY(der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &spki_hash));
        if (spki_hash.len != HASH_BYTES) {
            return ERR_INPUT;
        }
        memcpy(challenge.spki_hash, spki_hash.data, HASH_BYTES);
        challenge.has_spki = true;
    }
    TRY(der_finish(&inner));
    *ret_challenge = challenge;
    return OK;
}

enum err challenge_expected(const struct challenge *challenge, char ret_expected[EXPECTED_TEXT_MAX])
{
    /* Two hashes, a nonce, a time and a name of at most 253 characters. */
    uint8_t der[512], hash[HASH_BYTES];
    size_t len;
    struct der_writer writer = der_writer_make(der, sizeof der);
    challenge_write(&writer, challenge);
    TRY(der_writer_finish(&writer, &len));
    TRY(tagged_hash("ecert validation v1", span_make(der, len), hash));
    base32_format(SPAN_OF(hash), ret_expected, EXPECTED_TEXT_MAX);
    return OK;
}

const char *challenge_base_name(const struct challenge *challenge)
{
    bool wildcard = challenge->name[0] == '*' && challenge->name[1] == '.';
    return wildcard ? challenge->name + 2 : challenge->name;
}

enum err challenge_dns_host(const struct challenge *challenge, char *ret_host, size_t size)
{
    int len = snprintf(ret_host, size, "_ecert-validation.%s", challenge_base_name(challenge));
    return len < 0 || (size_t)len >= size || len > HOST_NAME_MAX_LENGTH ? ERR_LIMIT : OK;
}

void observation_write_signed_part(struct der_writer *writer, const struct observation *observation)
{
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, SIGNED_PART_TAG);
    der_write_text(writer, DER_UTF8_STRING, observation->perspective);
    der_write_octets(writer, SPAN_OF(observation->attempt));
    challenge_write(writer, &observation->challenge);
    der_write_text(writer, DER_IA5_STRING, observation->adn);
    der_write_text(writer, DER_IA5_STRING, observation->expected);
    der_write_int64(writer, observation->dcv);
    der_write_int64(writer, observation->caa);
    der_write_int64(writer, observation->dnssec);
    der_write_generalized_time(writer, observation->time);
    der_close(writer);
}

void observation_write(struct der_writer *writer, const struct observation *observation)
{
    der_open(writer, DER_SEQUENCE);
    observation_write_signed_part(writer, observation);
    der_write_octets(writer, observation->signature);
    der_close(writer);
}

static enum err signed_part_read(struct der *inner, struct observation *observation)
{
    struct span tag;
    unsigned dcv, caa, dnssec;
    TRY(der_read_text(inner, DER_UTF8_STRING, &tag));
    if (!span_equal_text(tag, SIGNED_PART_TAG)) {
        return ERR_INPUT;
    }
    TRY(der_read_cstring(
        inner, DER_UTF8_STRING, observation->perspective, sizeof observation->perspective));
    TRY(der_read_fixed(inner, observation->attempt, ATTEMPT_BYTES));
    TRY(challenge_read(inner, &observation->challenge));
    TRY(der_read_cstring(inner, DER_IA5_STRING, observation->adn, sizeof observation->adn));
    TRY(der_read_cstring(
        inner, DER_IA5_STRING, observation->expected, sizeof observation->expected));
    TRY(der_read_uint(inner, DCV_NOT_ASKED, &dcv));
    TRY(der_read_uint(inner, CAA_PROHIBITS, &caa));
    TRY(der_read_uint(inner, DNSSEC_UNKNOWN, &dnssec));
    TRY(der_read_generalized_time(inner, &observation->time));
    observation->dcv = (enum dcv_result)dcv;
    observation->caa = (enum caa_result)caa;
    observation->dnssec = (enum dnssec_state)dnssec;
    return der_finish(inner);
}

enum err observation_read(struct der *reader, struct observation *ret_observation)
{
    struct der inner, part;
    struct observation observation = { 0 };
    TRY(der_enter(reader, DER_SEQUENCE, &inner));
    struct der ahead = inner;
    TRY(der_read_whole(&ahead, DER_SEQUENCE, &observation.signed_part));
    TRY(der_enter(&inner, DER_SEQUENCE, &part));
    TRY(signed_part_read(&part, &observation));
    TRY(der_read(&inner, DER_OCTET_STRING, &observation.signature));
    TRY(der_finish(&inner));
    *ret_observation = observation;
    return OK;
}
