/* CA and transport certificates, field by field. */
#include "proc/signer/authority.h"
#include "lib/base/clock.h"
#include "lib/ca/profile.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/pki/certificate.h"
#include "lib/pki/extension.h"
#include "lib/pki/name.h"
#include "proc/signer/serial.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { EXTENSIONS_MAX_BYTES = 2048, NAME_MAX_BYTES = 1024, URL_MAX = 512, GENERAL_NAME_IP = 7 };

#define TRANSPORT_CA_NAME "ecert transport CA"

struct extensions {
    uint8_t bytes[EXTENSIONS_MAX_BYTES];
    struct der_writer writer;
};

static enum err authority_name(const struct profile *kind, const struct ceremony_profile *profile,
    const struct ceremony_authority *authority, struct buf *name, struct reason *ret_reason);
static enum err finish(struct certificate_fields *fields, struct extensions *extensions,
    const struct key *key, struct buf *tbs);
static enum err key_identifiers_write(
    struct der_writer *writer, const struct key *own, const struct key *issuing);
static void address_write(struct der_writer *writer, const char *address);

static void extensions_init(struct extensions *extensions)
{
    extensions->writer = der_writer_make(extensions->bytes, sizeof extensions->bytes);
}

enum err authority_root_tbs(const struct ceremony_profile *profile,
    const struct ceremony_authority *root, const struct key *key, int64_t now, struct buf *tbs,
    struct reason *ret_reason)
{
    const struct profile *kind = profile_by_id("root-1");
    struct extensions extensions;
    uint8_t key_id[KEY_IDENTIFIER_BYTES];
    AUTO(buf) name = buf_make(NAME_MAX_BYTES);
    extensions_init(&extensions);
    TRY(authority_name(kind, profile, root, &name, ret_reason));
    TRY(key_identifier(key_spki(key), key_id));
    const struct profile_values values = {
        .authority_key_id = SPAN_OF(key_id),
        .subject_key_id = SPAN_OF(key_id),
        .key_kind = key_kind(key),
    };
    profile_write_extensions(&extensions.writer, kind, &values);
    struct certificate_fields fields = {
        .issuer = buf_span(&name),
        .subject = buf_span(&name),
        .not_before = now,
        .not_after = years_after(now, root->years) - 1,
        .spki = key_spki(key),
    };
    return finish(&fields, &extensions, key, tbs);
}

/* The old issuing CAs of 2017 could still be without extended key usage, and for any policy. */
static const struct profile *profile_of(const struct authority_request *request)
{
    const char *policy = request->authority->policy;
    if (request->kind == LINT_ISSUING_CA_OLD) {
        return profile_by_id("issuing-ca-2017");
    }
    if (request->kind == LINT_CROSS_CA) {
        return profile_by_id("cross-1");
    }
    return profile_by_id(strcmp(policy, "any") == 0  ? "issuing-ca-1"
                         : strcmp(policy, "ev") == 0 ? "issuing-ca-ev-1"
                                                     : "issuing-ca-ov-1");
}

enum err authority_subordinate_tbs(
    const struct authority_request *request, struct buf *tbs, struct reason *ret_reason)
{
    struct certificate issuing;
    struct extensions extensions;
    char crl[URL_MAX], ca[URL_MAX];
    uint8_t subject_id[KEY_IDENTIFIER_BYTES], authority_id[KEY_IDENTIFIER_BYTES];
    const struct ceremony_profile *profile = request->profile;
    const struct profile *kind = profile_of(request);
    AUTO(buf) name = buf_make(NAME_MAX_BYTES);
    extensions_init(&extensions);
    TRY(certificate_parse(request->root_certificate, &issuing));
    if (request->subject.len > 0) {
        buf_append(&name, request->subject);
        TRY(buf_check(&name));
    } else {
        TRY(authority_name(kind, profile, request->authority, &name, ret_reason));
    }
    TRY(key_identifier(key_spki(request->key), subject_id));
    TRY(key_identifier(key_spki(request->root_key), authority_id));
    snprintf(crl, sizeof crl, "%s/crl/%s.crl", profile->url, request->root->crl_name);
    snprintf(ca, sizeof ca, "%s/root/%s.crt", profile->url, request->root->name);
    const struct profile_values values = {
        .authority_key_id = SPAN_OF(authority_id),
        .subject_key_id =
            request->subject_key_id.len > 0 ? request->subject_key_id : SPAN_OF(subject_id),
        .key_kind = key_kind(request->key),
        .crl_uri = span_from_text(crl),
        .ca_issuers_uri = span_from_text(ca),
    };
    profile_write_extensions(&extensions.writer, kind, &values);
    int64_t end = request->not_after;
    struct certificate_fields fields = {
        .issuer = issuing.subject,
        .subject = buf_span(&name),
        .not_before = request->not_before,
        .not_after = end < issuing.not_after ? end : issuing.not_after,
        .spki = key_spki(request->key),
    };
    return finish(&fields, &extensions, request->root_key, tbs);
}

enum err authority_transport(const struct transport_request *request, struct buf *certificate)
{
    bool is_ca = request->key == request->ca_key;
    struct extensions extensions;
    const struct name_entry subject_entry = { oid_common_name,
        span_from_text(is_ca ? TRANSPORT_CA_NAME : request->name) };
    const struct name_entry issuer_entry = { oid_common_name, SPAN_LITERAL(TRANSPORT_CA_NAME) };
    AUTO(buf) subject = buf_make(NAME_MAX_BYTES);
    AUTO(buf) issuer = buf_make(NAME_MAX_BYTES);
    extensions_init(&extensions);
    TRY(name_write(&subject_entry, 1, /* ret_reason= */ NULL, &subject));
    TRY(name_write(&issuer_entry, 1, /* ret_reason= */ NULL, &issuer));
    extension_write_basic_constraints(&extensions.writer, is_ca, is_ca ? 0 : -1);
    extension_write_key_usage(
        &extensions.writer, is_ca ? KEY_USAGE_CERT_SIGN : KEY_USAGE_DIGITAL_SIGNATURE);
    TRY(key_identifiers_write(&extensions.writer, request->key, request->ca_key));
    if (!is_ca) {
        bool server = request->address != NULL;
        extension_write_ext_key_usage(
            &extensions.writer, server ? &oid_server_auth : &oid_client_auth, 1);
        if (server) {
            address_write(&extensions.writer, request->address);
        }
    }
    struct certificate_fields fields = {
        .issuer = buf_span(&issuer),
        .subject = buf_span(&subject),
        .not_before = request->now,
        .not_after = years_after(request->now, request->years) - 1,
        .spki = key_spki(request->key),
    };
    /* The transport's certificates belong to no public hierarchy, and to none of its rules. */
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(finish(&fields, &extensions, request->ca_key, &tbs));
    return certificate_sign(buf_span(&tbs), fields.algorithm, request->ca_key, certificate);
}

static enum err authority_name(const struct profile *kind, const struct ceremony_profile *profile,
    const struct ceremony_authority *authority, struct buf *name, struct reason *ret_reason)
{
    const struct name_entry entries[] = {
        { oid_country, span_from_text(profile->country) },
        { oid_state_or_province, span_from_text(profile->state_or_province) },
        { oid_locality, span_from_text(profile->locality) },
        { oid_organisation, span_from_text(authority->organisation) },
        { oid_common_name, span_from_text(authority->common_name) },
    };
    return profile_write_subject(
        kind, entries, sizeof entries / sizeof entries[0], ret_reason, name);
}

int64_t years_after(int64_t time, unsigned years)
{
    for (unsigned i = 0; i < years; i++) {
        time = time_add_year(time);
    }
    return time;
}

/* Serial, algorithm and extensions are the same affair for all. */
static enum err finish(struct certificate_fields *fields, struct extensions *extensions,
    const struct key *key, struct buf *tbs)
{
    uint8_t serial[SERIAL_BYTES];
    size_t len = 0;
    struct random random = random_system();
    TRY(serial_draw(&random, serial));
    TRY(der_writer_finish(&extensions->writer, &len));
    fields->serial = SPAN_OF(serial);
    fields->algorithm = signature_algorithm_of_key(key);
    fields->extensions = span_make(extensions->bytes, len);
    return certificate_write_tbs(fields, tbs);
}

static enum err key_identifiers_write(
    struct der_writer *writer, const struct key *own, const struct key *issuing)
{
    uint8_t subject_id[KEY_IDENTIFIER_BYTES], authority_id[KEY_IDENTIFIER_BYTES];
    TRY(key_identifier(key_spki(own), subject_id));
    TRY(key_identifier(key_spki(issuing), authority_id));
    extension_write_subject_key(writer, SPAN_OF(subject_id));
    extension_write_authority_key(writer, SPAN_OF(authority_id));
    return OK;
}

/* A server that is reached by its address: RFC 5280 §4.2.1.6, iPAddress. */
static void address_write(struct der_writer *writer, const char *address)
{
    uint8_t bytes[16], value[32];
    size_t len = 0, octets = inet_pton(AF_INET, address, bytes) == 1    ? 4
                             : inet_pton(AF_INET6, address, bytes) == 1 ? 16
                                                                        : 0;
    struct der_writer names = der_writer_make(value, sizeof value);
    der_open(&names, DER_SEQUENCE);
    der_write(&names, DER_CONTEXT_PRIMITIVE(GENERAL_NAME_IP), span_make(bytes, octets));
    der_close(&names);
    if (octets == 0 || der_writer_finish(&names, &len) != OK) {
        writer->failed = ERR_INPUT;
        return;
    }
    extension_write(writer, oid_subject_alt_name, /* critical= */ false, span_make(value, len));
}
