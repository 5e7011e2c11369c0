/* Extensions, written. Each body is a few lines over the writer; the frame is one pair of
 * functions. */
#include "lib/pki/extension.h"
#include "lib/der/reader.h"

enum { GENERAL_NAME_DNS = 2, GENERAL_NAME_URI = 6 };

static void extension_open(struct der_writer *writer, struct span oid, bool critical)
{
    der_open(writer, DER_SEQUENCE);
    der_write_oid(writer, oid);
    if (critical) {
        der_write_boolean(writer, true);
    }
    der_open(writer, DER_OCTET_STRING);
}

static void extension_close(struct der_writer *writer)
{
    der_close(writer);
    der_close(writer);
}

void extension_write_authority_key(struct der_writer *writer, struct span key_identifier)
{
    extension_open(writer, oid_authority_key_identifier, /* critical= */ false);
    der_open(writer, DER_SEQUENCE);
    der_write(writer, DER_CONTEXT_PRIMITIVE(0), key_identifier);
    der_close(writer);
    extension_close(writer);
}

void extension_write_subject_key(struct der_writer *writer, struct span key_identifier)
{
    extension_open(writer, oid_subject_key_identifier, /* critical= */ false);
    der_write_octets(writer, key_identifier);
    extension_close(writer);
}

void extension_write_key_usage(struct der_writer *writer, uint32_t bits)
{
    extension_open(writer, oid_key_usage, /* critical= */ true);
    der_write_named_bits(writer, bits);
    extension_close(writer);
}

void extension_write_ext_key_usage(
    struct der_writer *writer, const struct span *usages, size_t count)
{
    extension_open(writer, oid_ext_key_usage, /* critical= */ false);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        der_write_oid(writer, usages[i]);
    }
    der_close(writer);
    extension_close(writer);
}

void extension_write_basic_constraints(struct der_writer *writer, bool is_ca, int path_length)
{
    extension_open(writer, oid_basic_constraints, /* critical= */ true);
    der_open(writer, DER_SEQUENCE);
    if (is_ca) {
        der_write_boolean(writer, true);
    }
    if (is_ca && path_length >= 0) {
        der_write_int64(writer, path_length);
    }
    der_close(writer);
    extension_close(writer);
}

void extension_write_alt_names(
    struct der_writer *writer, const struct span *dns_names, size_t count, bool critical)
{
    extension_open(writer, oid_subject_alt_name, critical);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        der_write(writer, DER_CONTEXT_PRIMITIVE(GENERAL_NAME_DNS), dns_names[i]);
    }
    der_close(writer);
    extension_close(writer);
}

void extension_write_crl_point(struct der_writer *writer, struct span uri)
{
    extension_open(writer, oid_crl_distribution_points, /* critical= */ false);
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_SEQUENCE);
    der_open(writer, DER_CONTEXT(0)); /* distributionPoint */
    der_open(writer, DER_CONTEXT(0)); /* fullName */
    der_write(writer, DER_CONTEXT_PRIMITIVE(GENERAL_NAME_URI), uri);
    der_close(writer);
    der_close(writer);
    der_close(writer);
    der_close(writer);
    extension_close(writer);
}

static void access_write(struct der_writer *writer, struct span method, struct span uri)
{
    if (uri.len > 0) {
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, method);
        der_write(writer, DER_CONTEXT_PRIMITIVE(GENERAL_NAME_URI), uri);
        der_close(writer);
    }
}

void extension_write_authority_info(
    struct der_writer *writer, struct span ocsp_uri, struct span ca_issuers_uri)
{
    extension_open(writer, oid_authority_info_access, /* critical= */ false);
    der_open(writer, DER_SEQUENCE);
    access_write(writer, oid_ocsp, ocsp_uri);
    access_write(writer, oid_ca_issuers, ca_issuers_uri);
    der_close(writer);
    extension_close(writer);
}

void extension_write_policies(struct der_writer *writer, const struct span *policies, size_t count)
{
    extension_open(writer, oid_certificate_policies, /* critical= */ false);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        der_open(writer, DER_SEQUENCE);
        der_write_oid(writer, policies[i]);
        der_close(writer);
    }
    der_close(writer);
    extension_close(writer);
}

void extension_write(struct der_writer *writer, struct span oid, bool critical, struct span value)
{
    extension_open(writer, oid, critical);
    der_write_raw(writer, value);
    extension_close(writer);
}
