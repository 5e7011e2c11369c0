/* Challenges and observations: derivation, and both directions of their DER. */
#include "lib/ca/observation.h"
#include "lib/ca/internal.h"

#include <stdio.h>

#define SIGNED_PART_TAG "ecert observation v1"

static void tagged_text_write(struct der_writer *writer, uint8_t tag, const char *text);
static enum err tagged_text_read(struct der *reader, uint8_t tag, char *ret_text, size_t size);

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
    tagged_text_write(writer, DER_CONTEXT_PRIMITIVE(1), challenge->domain);
    tagged_text_write(writer, DER_CONTEXT_PRIMITIVE(2), challenge->srn);
    der_close(writer);
}

/* A text that is not there is not written. */
static void tagged_text_write(struct der_writer *writer, uint8_t tag, const char *text)
{
    if (text[0] != '\0') {
        der_write(writer, tag, span_from_text(text));
    }
}

/* Printable ASCII, or nothing where another tag follows. */
static enum err tagged_text_read(struct der *reader, uint8_t tag, char *ret_text, size_t size)
{
    struct span text;
    if (!der_peek(reader, tag)) {
        return OK;
    }
    TRY(der_read(reader, tag, &text));
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return ERR_INPUT;
        }
    }
    return text.len > 0 && span_to_text(text, ret_text, size) ? OK : ERR_INPUT;
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
    if (der_peek(&inner, DER_CONTEXT_PRIMITIVE(0))) {
        struct span spki_hash;
        TRY(der_read(&inner, DER_CONTEXT_PRIMITIVE(0), &spki_hash));
        if (spki_hash.len != HASH_BYTES) {
            return ERR_INPUT;
        }
        memcpy(challenge.spki_hash, spki_hash.data, HASH_BYTES);
        challenge.has_spki = true;
    }
    TRY(tagged_text_read(
        &inner, DER_CONTEXT_PRIMITIVE(1), challenge.domain, sizeof challenge.domain));
    TRY(tagged_text_read(&inner, DER_CONTEXT_PRIMITIVE(2), challenge.srn, sizeof challenge.srn));
    TRY(der_finish(&inner));
    *ret_challenge = challenge;
    return OK;
}

enum err challenge_expected(
    const struct challenge *challenge, const char *identity, char ret_expected[EXPECTED_TEXT_MAX])
{
    if (!dcv_rules(challenge->method)->coded) {
        return account_uri(challenge->srn, identity, ret_expected);
    }
    /* Two hashes, a nonce, a time and a name of at most 253 characters. */
    uint8_t der[512], hash[HASH_BYTES];
    size_t len;
    struct der_writer writer = der_writer_make(der, sizeof der);
    struct challenge derived = *challenge;
    if (challenge->domain[0] != '\0') {
        memcpy(derived.name, challenge->domain, sizeof derived.name);
    }
    derived.domain[0] = '\0';
    derived.srn[0] = '\0';
    challenge_write(&writer, &derived);
    TRY(der_writer_finish(&writer, &len));
    TRY(tagged_hash("ecert validation v1", span_make(der, len), hash));
    base32_format(SPAN_OF(hash), ret_expected, EXPECTED_TEXT_MAX);
    return OK;
}

enum err account_uri(const char *srn, const char *identity, char ret_uri[EXPECTED_TEXT_MAX])
{
    if (srn[0] == '\0' || identity[0] == '\0') {
        return ERR_INPUT;
    }
    int len = snprintf(ret_uri, EXPECTED_TEXT_MAX, "acct:%s@%s", srn, identity);
    return len < 0 || len >= EXPECTED_TEXT_MAX ? ERR_LIMIT : OK;
}

const char *challenge_base_name(const struct challenge *challenge)
{
    bool wildcard = challenge->name[0] == '*' && challenge->name[1] == '.';
    return wildcard ? challenge->name + 2 : challenge->name;
}

const char *challenge_domain(const struct challenge *challenge)
{
    return challenge->domain[0] != '\0' ? challenge->domain : challenge_base_name(challenge);
}

enum err challenge_dns_host(const struct challenge *challenge, char *ret_host, size_t size)
{
    const char *label =
        challenge->method == DCV_PERSISTENT ? "_validation-persist" : "_ecert-validation";
    int len = snprintf(ret_host, size, "%s.%s", label, challenge_domain(challenge));
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
    tagged_text_write(writer, DER_CONTEXT_PRIMITIVE(0), observation->alias);
    if (observation->until != 0) {
        der_open(writer, DER_CONTEXT(1));
        der_write_generalized_time(writer, observation->until);
        der_close(writer);
    }
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
    TRY(tagged_text_read(
        inner, DER_CONTEXT_PRIMITIVE(0), observation->alias, sizeof observation->alias));
    if (der_peek(inner, DER_CONTEXT(1))) {
        struct der until;
        TRY(der_enter(inner, DER_CONTEXT(1), &until));
        TRY(der_read_generalized_time(&until, &observation->until));
        TRY(der_finish(&until));
        if (observation->until == 0) {
            return ERR_INPUT;
        }
    }
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
