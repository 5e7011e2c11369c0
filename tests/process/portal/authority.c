/* A small hierarchy for tests, written with lib/pki. */
#include "tests/process/portal/authority.h"

#include "lib/base/limits.h"
#include "lib/pki/extension.h"
#include "lib/pki/name.h"

enum { NAMES_MAX = APPLICATION_NAMES_MAX, EXTENSIONS_MAX = 16384 };

/* What the extensions of one certificate are written from. */
struct extensions {
    bool ca;
    uint8_t own_key_id[KEY_IDENTIFIER_BYTES];
    uint8_t issuer_key_id[KEY_IDENTIFIER_BYTES];
    struct span names[NAMES_MAX];
    size_t name_count;
    struct span crl_uri, issuer_uri;
};

static void write_extensions(struct der_writer *writer, const void *object)
{
    const struct extensions *it = object;
    extension_write_authority_key(writer, SPAN_OF(it->issuer_key_id));
    if (it->ca) {
        extension_write_subject_key(writer, SPAN_OF(it->own_key_id));
        extension_write_key_usage(writer, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    } else {
        extension_write_key_usage(writer, KEY_USAGE_DIGITAL_SIGNATURE);
        extension_write_alt_names(writer, it->names, it->name_count, /* critical= */ false);
    }
    extension_write_basic_constraints(writer, it->ca, -1);
    if (it->crl_uri.len > 0) {
        extension_write_crl_point(writer, it->crl_uri);
        extension_write_authority_info(writer, (struct span){ 0 }, it->issuer_uri);
    }
}

static enum err name_make(const char *organisation, const char *common_name, struct buf *name)
{
    const struct name_entry entries[] = {
        { oid_country, SPAN_LITERAL("HK") },
        { oid_organisation, span_from_text(organisation) },
        { oid_common_name, span_from_text(common_name) },
    };
    return name_write(entries, 3, NULL, name);
}

static enum err certificate_make(struct certificate_fields *fields, const struct extensions *what,
    const struct key *signer, struct buf *der)
{
    AUTO(buf) extensions = buf_make(EXTENSIONS_MAX);
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(der_encode(write_extensions, what, &extensions));
    fields->extensions = buf_span(&extensions);
    fields->algorithm = SIGNATURE_ECDSA_SHA256;
    TRY(certificate_write_tbs(fields, &tbs));
    return certificate_sign(buf_span(&tbs), fields->algorithm, signer, der);
}

static enum err cross_make(struct authority *authority, struct span root_name, int64_t now);

enum err authority_make(struct authority *authority, int64_t now)
{
    AUTO(buf) root_name = buf_make(1024);
    AUTO(buf) issuer_name = buf_make(1024);
    struct extensions what = { .ca = true };
    authority->root = buf_make(CERTIFICATE_MAX_BYTES);
    authority->issuer = buf_make(CERTIFICATE_MAX_BYTES);
    authority->old_issuer = buf_make(CERTIFICATE_MAX_BYTES);
    authority->cross = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(key_generate(KEY_TYPE_P256, &authority->root_key));
    TRY(key_generate(KEY_TYPE_P256, &authority->issuer_key));
    TRY(name_make("Hongkong Post", "Hongkong Post Trial Root CA 3", &root_name));
    TRY(name_make("Hongkong Post", "Hongkong Post Trial e-Cert SSL CA 3 - 17", &issuer_name));
    TRY(key_identifier(key_spki(authority->root_key), what.issuer_key_id));
    memcpy(what.own_key_id, what.issuer_key_id, sizeof what.own_key_id);
    struct certificate_fields fields = { .serial = SPAN_LITERAL("\x01root"),
        .issuer = buf_span(&root_name),
        .subject = buf_span(&root_name),
        .not_before = now - DAY_SECONDS,
        .not_after = now + 3650 * DAY_SECONDS,
        .spki = key_spki(authority->root_key) };
    TRY(certificate_make(&fields, &what, authority->root_key, &authority->root));
    TRY(key_identifier(key_spki(authority->issuer_key), what.own_key_id));
    what.crl_uri = SPAN_LITERAL("http://127.0.0.1:8080/crl/RootCA3ARL.crl");
    what.issuer_uri = SPAN_LITERAL("http://127.0.0.1:8080/root/root_ca_3.crt");
    fields.serial = SPAN_LITERAL("\x01issuer");
    fields.subject = buf_span(&issuer_name);
    fields.spki = key_spki(authority->issuer_key);
    TRY(certificate_make(&fields, &what, authority->root_key, &authority->issuer));
    fields.serial = SPAN_LITERAL("\x01older");
    fields.not_before -= 100 * DAY_SECONDS;
    TRY(certificate_make(&fields, &what, authority->root_key, &authority->old_issuer));
    return cross_make(authority, buf_span(&root_name), now);
}

/* The root's name and key once more, under a partner's signature. */
static enum err cross_make(struct authority *authority, struct span root_name, int64_t now)
{
    AUTO(buf) partner_name = buf_make(1024);
    AUTO_PTR(key) partner = NULL;
    struct extensions what = { .ca = true };
    TRY(key_generate(KEY_TYPE_P256, &partner));
    TRY(name_make("Trial Partner", "Trial Partner Root R1", &partner_name));
    TRY(key_identifier(key_spki(partner), what.issuer_key_id));
    TRY(key_identifier(key_spki(authority->root_key), what.own_key_id));
    struct certificate_fields fields = { .serial = SPAN_LITERAL("\x01cross"),
        .issuer = buf_span(&partner_name),
        .subject = root_name,
        .not_before = now - DAY_SECONDS,
        .not_after = now + 3650 * DAY_SECONDS,
        .spki = key_spki(authority->root_key) };
    return certificate_make(&fields, &what, partner, &authority->cross);
}

void authority_release(struct authority *authority)
{
    key_free(authority->root_key);
    key_free(authority->issuer_key);
    buf_release(&authority->root);
    buf_release(&authority->issuer);
    buf_release(&authority->old_issuer);
    buf_release(&authority->cross);
}

enum err authority_issue(
    struct authority *authority, const struct authority_request *request, struct buf *der)
{
    AUTO(buf) name = buf_make(1024);
    struct certificate issuer = { 0 };
    struct extensions what = { .name_count = request->name_count,
        .crl_uri = SPAN_LITERAL("http://127.0.0.1:8080/crl/eCertSCA3-17CRL1.crl"),
        .issuer_uri = SPAN_LITERAL("http://127.0.0.1:8080/root/ecert_ssl_ca_3-17.crt") };
    for (size_t i = 0; i < request->name_count && i < NAMES_MAX; i++) {
        what.names[i] = span_from_text(request->names[i]);
    }
    TRY(certificate_parse(buf_span(&authority->issuer), &issuer));
    TRY(key_identifier(key_spki(authority->issuer_key), what.issuer_key_id));
    TRY(name_make(request->organisation, request->names[0], &name));
    struct certificate_fields fields = { .serial = request->serial,
        .issuer = issuer.subject,
        .subject = buf_span(&name),
        .not_before = request->not_before,
        .not_after = request->not_after,
        .spki = key_spki(request->key) };
    return certificate_make(&fields, &what, authority->issuer_key, der);
}
