/* The table of profiles. Whoever changes what a profile's objects hold gives it a new id. */
#include "lib/ca/profile.h"
#include "lib/crypto/digest.h"
#include "lib/der/oid.h"
#include "lib/der/reader.h"
#include "lib/pki/certificate.h"
#include "lib/pki/extension.h"

#define CA_NAME                                                                                    \
    {                                                                                              \
        &oid_country, &oid_state_or_province, &oid_locality, &oid_organisation, &oid_common_name   \
    }
#define OV_NAME CA_NAME
#define EV_NAME                                                                                    \
    {                                                                                              \
        &oid_business_category, &oid_jurisdiction_country, &oid_serial_number, &oid_country,       \
            &oid_state_or_province, &oid_locality, &oid_organisation, &oid_common_name             \
    }
#define CLASSIC_NAME                                                                               \
    {                                                                                              \
        &oid_country, &oid_state_or_province, &oid_locality, &oid_organisation,                    \
            &oid_organisational_unit, &oid_common_name                                             \
    }
/* The server certificates' extensions; `transparency` is PROFILE_END, the poison or the SCT list.
 */
#define SERVER_EXTENSIONS(transparency)                                                            \
    {                                                                                              \
        PROFILE_AUTHORITY_KEY, PROFILE_KEY_USAGE, PROFILE_BASIC_CONSTRAINTS, PROFILE_PURPOSE,      \
            PROFILE_POLICY, PROFILE_ALT_NAMES, PROFILE_CRL_POINT, PROFILE_AUTHORITY_INFO,          \
            (transparency)                                                                         \
    }
/* The same without a policy: it claims none. */
#define CLASSIC_EXTENSIONS                                                                         \
    {                                                                                              \
        PROFILE_AUTHORITY_KEY, PROFILE_KEY_USAGE, PROFILE_BASIC_CONSTRAINTS, PROFILE_PURPOSE,      \
            PROFILE_ALT_NAMES, PROFILE_CRL_POINT, PROFILE_AUTHORITY_INFO                           \
    }
#define SERVER_KEY_USAGE                                                                           \
    .key_usage_rsa = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,                     \
    .key_usage_ec = KEY_USAGE_DIGITAL_SIGNATURE
#define SERVER(name, purpose_oid, policy_oid, transparency)                                        \
    .attributes = name, .extensions = SERVER_EXTENSIONS(transparency), .path_length = -1,          \
    SERVER_KEY_USAGE, .purpose = (purpose_oid), .policy = (policy_oid)
#define CA(length, purpose_oid, policy_oid)                                                        \
    .attributes = CA_NAME, .is_ca = true, .path_length = (length),                                 \
    .key_usage_rsa = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN,                                     \
    .key_usage_ec = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN, .purpose = (purpose_oid),            \
    .policy = (policy_oid)
#define SUBORDINATE_EXTENSIONS                                                                     \
    {                                                                                              \
        PROFILE_BASIC_CONSTRAINTS, PROFILE_KEY_USAGE, PROFILE_PURPOSE, PROFILE_POLICY,             \
            PROFILE_SUBJECT_KEY, PROFILE_AUTHORITY_KEY, PROFILE_CRL_POINT, PROFILE_AUTHORITY_INFO  \
    }

static const struct profile table[] = {
    { "root-1", "root, signed by itself (BR 7.1.2.1)", CA(-1, NULL, NULL),
        .extensions = { PROFILE_BASIC_CONSTRAINTS, PROFILE_KEY_USAGE, PROFILE_SUBJECT_KEY,
            PROFILE_AUTHORITY_KEY } },
    { "issuing-ca-1", "issuing CA for any policy (BR 7.1.2.6)",
        CA(0, &oid_server_auth, &oid_any_policy), .extensions = SUBORDINATE_EXTENSIONS },
    { "issuing-ca-ov-1", "issuing CA for organisation validation (BR 7.1.2.6)",
        CA(0, &oid_server_auth, &oid_policy_ov), .extensions = SUBORDINATE_EXTENSIONS },
    { "issuing-ca-ev-1", "issuing CA for extended validation (BR 7.1.2.6)",
        CA(0, &oid_server_auth, &oid_policy_ev), .extensions = SUBORDINATE_EXTENSIONS },
    { "issuing-ca-2017", "issuing CA as before 2025, without a purpose: only ever to be revoked",
        CA(0, NULL, &oid_any_policy),
        .extensions = { PROFILE_BASIC_CONSTRAINTS, PROFILE_KEY_USAGE, PROFILE_POLICY,
            PROFILE_SUBJECT_KEY, PROFILE_AUTHORITY_KEY, PROFILE_CRL_POINT,
            PROFILE_AUTHORITY_INFO } },
    { "cross-1", "another CA's root, signed by ours or ours by theirs (BR 7.1.2.2)",
        CA(-1, &oid_server_auth, &oid_any_policy), .extensions = SUBORDINATE_EXTENSIONS },
    { "ocsp-responder-1", "OCSP responder (BR 7.1.2.8)",
        .attributes = { &oid_country, &oid_organisation, &oid_common_name },
        .extensions = { PROFILE_AUTHORITY_KEY, PROFILE_SUBJECT_KEY, PROFILE_KEY_USAGE,
            PROFILE_PURPOSE, PROFILE_OCSP_NOCHECK },
        .path_length = -1, .key_usage_rsa = KEY_USAGE_DIGITAL_SIGNATURE,
        .key_usage_ec = KEY_USAGE_DIGITAL_SIGNATURE, .purpose = &oid_ocsp_signing },
    { "ov-server-1", "server, organisation validated (BR 7.1.2.7)",
        SERVER(OV_NAME, &oid_server_auth, &oid_policy_ov, PROFILE_END) },
    { "ov-precertificate-1", "precertificate of ov-server-ct-1 (BR 7.1.2.9)",
        SERVER(OV_NAME, &oid_server_auth, &oid_policy_ov, PROFILE_POISON) },
    { "ov-server-ct-1", "server, organisation validated, with SCTs (BR 7.1.2.7)",
        SERVER(OV_NAME, &oid_server_auth, &oid_policy_ov, PROFILE_SCT_LIST),
        .precertificate = "ov-precertificate-1" },
    { "ev-server-1", "server, extended validation (BR 7.1.2.7, EVG 7.1.4)",
        SERVER(EV_NAME, &oid_server_auth, &oid_policy_ev, PROFILE_END) },
    { "ev-precertificate-1", "precertificate of ev-server-ct-1 (BR 7.1.2.9)",
        SERVER(EV_NAME, &oid_server_auth, &oid_policy_ev, PROFILE_POISON) },
    { "ev-server-ct-1", "server, extended validation, with SCTs (BR 7.1.2.7, EVG 7.1.4)",
        SERVER(EV_NAME, &oid_server_auth, &oid_policy_ev, PROFILE_SCT_LIST),
        .precertificate = "ev-precertificate-1" },
    { "classic-server-1",
        "server with organisational units, as until 2022: private hierarchies only",
        .attributes = CLASSIC_NAME, .extensions = CLASSIC_EXTENSIONS, .path_length = -1,
        SERVER_KEY_USAGE, .purpose = &oid_server_auth },
    { "crl-1", "revoked server certificates (BR 7.2)",
        .extensions = { PROFILE_AUTHORITY_KEY, PROFILE_CRL_NUMBER } },
    { "arl-1", "revoked CA certificates (BR 7.2)",
        .extensions = { PROFILE_AUTHORITY_KEY, PROFILE_CRL_NUMBER } },
};

typedef void extension_writer(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values);

static extension_writer authority_key_write, subject_key_write, key_usage_write,
    basic_constraints_write, purpose_write, policy_write, alt_names_write, crl_point_write,
    authority_info_write, ocsp_nocheck_write, poison_write, sct_list_write;

static const struct {
    const char *name;
    extension_writer *write; /* NULL: not a certificate's */
} extensions[PROFILE_EXTENSION_COUNT] = {
    [PROFILE_AUTHORITY_KEY] = { "authorityKeyIdentifier", authority_key_write },
    [PROFILE_SUBJECT_KEY] = { "subjectKeyIdentifier", subject_key_write },
    [PROFILE_KEY_USAGE] = { "keyUsage", key_usage_write },
    [PROFILE_BASIC_CONSTRAINTS] = { "basicConstraints", basic_constraints_write },
    [PROFILE_PURPOSE] = { "extKeyUsage", purpose_write },
    [PROFILE_POLICY] = { "certificatePolicies", policy_write },
    [PROFILE_ALT_NAMES] = { "subjectAltName", alt_names_write },
    [PROFILE_CRL_POINT] = { "cRLDistributionPoints", crl_point_write },
    [PROFILE_AUTHORITY_INFO] = { "authorityInfoAccess", authority_info_write },
    [PROFILE_OCSP_NOCHECK] = { "id-pkix-ocsp-nocheck", ocsp_nocheck_write },
    [PROFILE_POISON] = { "precertificate poison", poison_write },
    [PROFILE_SCT_LIST] = { "SignedCertificateTimestampList", sct_list_write },
    [PROFILE_CRL_NUMBER] = { "cRLNumber", NULL },
};

static void row_write(struct der_writer *writer, const void *object);

size_t profile_count(void)
{
    return sizeof table / sizeof table[0];
}

const struct profile *profile_at(size_t index)
{
    return &table[index];
}

const struct profile *profile_by_id(const char *id)
{
    for (size_t i = 0; i < profile_count(); i++) {
        if (strcmp(id, table[i].id) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const char *profile_extension_name(enum profile_extension extension)
{
    return extensions[extension].name;
}

enum err profile_hash(const struct profile *profile, uint8_t ret_hash[HASH_BYTES])
{
    AUTO(buf) buf = buf_make(1024);
    TRY(der_encode(row_write, profile, &buf));
    return sha256(buf_span(&buf), ret_hash);
}

bool profile_policy_only(const struct profile *profile, const struct span *policies, size_t count)
{
    return profile->policy == NULL ? count == 0
                                   : count == 1 && span_equal(policies[0], *profile->policy);
}

static void row_write(struct der_writer *writer, const void *object)
{
    const struct profile *profile = object;
    const struct span none = { 0 };
    der_open(writer, DER_SEQUENCE);
    der_write_text(writer, DER_UTF8_STRING, profile->id);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < PROFILE_ATTRIBUTES_MAX && profile->attributes[i] != NULL; i++) {
        der_write_oid(writer, *profile->attributes[i]);
    }
    der_close(writer);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < PROFILE_EXTENSIONS_MAX && profile->extensions[i] != PROFILE_END; i++) {
        der_write_text(writer, DER_UTF8_STRING, extensions[profile->extensions[i]].name);
    }
    der_close(writer);
    der_write_boolean(writer, profile->is_ca);
    der_write_int64(writer, profile->path_length + 1); /* none is -1 */
    der_write_named_bits(writer, profile->key_usage_rsa);
    der_write_named_bits(writer, profile->key_usage_ec);
    der_write_octets(writer, profile->purpose == NULL ? none : *profile->purpose);
    der_write_octets(writer, profile->policy == NULL ? none : *profile->policy);
    if (profile->precertificate != NULL) {
        der_write_text(writer, DER_UTF8_STRING, profile->precertificate);
    }
    der_close(writer);
}

static bool attribute_permitted(const struct profile *profile, struct span oid)
{
    for (size_t i = 0; i < PROFILE_ATTRIBUTES_MAX && profile->attributes[i] != NULL; i++) {
        if (span_equal(*profile->attributes[i], oid)) {
            return true;
        }
    }
    return false;
}

enum err profile_write_subject(const struct profile *profile, const struct name_entry *entries,
    size_t count, struct reason *ret_reason, struct buf *buf)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].value.len > 0 && !attribute_permitted(profile, entries[i].oid)) {
            return reason_set(ret_reason, ERR_INPUT, "profile.attribute", NULL,
                name_attribute_label(entries[i].oid), profile->id);
        }
    }
    return name_write(entries, count, ret_reason, buf);
}

void profile_write_extensions(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    for (size_t i = 0; i < PROFILE_EXTENSIONS_MAX && profile->extensions[i] != PROFILE_END; i++) {
        extension_writer *write = extensions[profile->extensions[i]].write;
        if (write != NULL) {
            write(writer, profile, values);
        }
    }
}

static void authority_key_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    extension_write_authority_key(writer, values->authority_key_id);
}

static void subject_key_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    extension_write_subject_key(writer, values->subject_key_id);
}

static void key_usage_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    bool rsa = values->key_kind == KEY_RSA;
    extension_write_key_usage(writer, rsa ? profile->key_usage_rsa : profile->key_usage_ec);
}

static void basic_constraints_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)values;
    extension_write_basic_constraints(writer, profile->is_ca, profile->path_length);
}

static void purpose_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)values;
    extension_write_ext_key_usage(writer, profile->purpose, 1);
}

static void policy_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)values;
    extension_write_policies(writer, profile->policy, 1);
}

static void alt_names_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    extension_write_alt_names(writer, values->names, values->name_count, /* critical= */ false);
}

static void crl_point_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    extension_write_crl_point(writer, values->crl_uri);
}

static void authority_info_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    extension_write_authority_info(
        writer, /* ocsp_uri= */ (struct span){ 0 }, values->ca_issuers_uri);
}

/* RFC 6960 §4.2.2.2.1: NULL. */
static void ocsp_nocheck_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    (void)values;
    extension_write(writer, oid_ocsp_nocheck, /* critical= */ false, SPAN_LITERAL("\x05\x00"));
}

/* RFC 6962 §3.1: critical, NULL. */
static void poison_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    (void)profile;
    (void)values;
    extension_write(writer, oid_ct_poison, /* critical= */ true, SPAN_LITERAL("\x05\x00"));
}

/* RFC 6962 §3.3: an OCTET STRING within the extension's own. */
static void sct_list_write(
    struct der_writer *writer, const struct profile *profile, const struct profile_values *values)
{
    uint8_t value[PROFILE_SCT_LIST_MAX + 8];
    size_t len = 0;
    struct der_writer inner = der_writer_make(value, sizeof value);
    (void)profile;
    der_write_octets(&inner, values->sct_list);
    if (values->sct_list.len == 0 || der_writer_finish(&inner, &len) != OK) {
        writer->failed = ERR_INPUT;
        return;
    }
    extension_write(writer, oid_sct_list, /* critical= */ false, span_make(value, len));
}
