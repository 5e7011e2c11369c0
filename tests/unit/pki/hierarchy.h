#pragma once
/* A small hierarchy made by the library itself, for its tests and those above it: a root, an
 * issuing CA and a server certificate, all P-256, valid around 2026-11-23. */
#include "lib/pki/certificate.h"
#include "lib/pki/crl.h"
#include "lib/pki/extension.h"
#include "lib/pki/name.h"
#include "tests/unit/vectors.h"

enum { HIERARCHY_MAX_BYTES = 8192 };
#define HIERARCHY_NOW   INT64_C(1795392000) /* 2026-11-23T00:00:00Z */
#define HIERARCHY_BEGIN (HIERARCHY_NOW - 3600)

struct authority {
    struct key *key;
    struct buf name, certificate;
    uint8_t key_id[KEY_IDENTIFIER_BYTES];
};

static inline void authority_release(struct authority *authority)
{
    key_free(authority->key);
    buf_release(&authority->name);
    buf_release(&authority->certificate);
}
AUTO_DEFINE(authority, authority_release)

static inline struct buf hierarchy_name(const char *common_name)
{
    struct buf name = buf_make(HIERARCHY_MAX_BYTES);
    const struct name_entry entries[] = {
        { oid_common_name, span_from_text(common_name) },
        { oid_organisation, SPAN_LITERAL("Trial") },
        { oid_country, SPAN_LITERAL("HK") },
    };
    assert_int_equal(name_write(entries, 3, NULL, &name), OK);
    return name;
}

/* Signs `fields`, whose algorithm and extensions are complete. */
static inline struct buf hierarchy_sign(
    const struct certificate_fields *fields, const struct key *key)
{
    AUTO(buf) tbs = buf_make(HIERARCHY_MAX_BYTES);
    struct buf der = buf_make(HIERARCHY_MAX_BYTES);
    assert_int_equal(certificate_write_tbs(fields, &tbs), OK);
    assert_int_equal(certificate_sign(buf_span(&tbs), fields->algorithm, key, &der), OK);
    return der;
}

/* A CA under `issuer`, or a root where that is NULL. */
static inline struct authority hierarchy_authority(
    const char *common_name, const struct authority *issuer, int path_length)
{
    struct authority made = { .name = hierarchy_name(common_name) };
    uint8_t extensions[1024];
    size_t len = 0;
    assert_int_equal(key_generate(KEY_TYPE_P256, &made.key), OK);
    assert_int_equal(key_identifier(key_spki(made.key), made.key_id), OK);
    struct der_writer writer = der_writer_make(extensions, sizeof extensions);
    extension_write_basic_constraints(&writer, /* is_ca= */ true, path_length);
    extension_write_key_usage(&writer, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    extension_write_subject_key(&writer, SPAN_OF(made.key_id));
    if (issuer != NULL) {
        extension_write_authority_key(&writer, SPAN_OF(issuer->key_id));
        extension_write_ext_key_usage(&writer, &oid_server_auth, 1);
        extension_write_policies(&writer, &oid_policy_ov, 1);
        extension_write_crl_point(&writer, SPAN_LITERAL("http://ca.example/crl/RootARL.crl"));
        extension_write_authority_info(
            &writer, (struct span){ 0 }, SPAN_LITERAL("http://ca.example/root/root.crt"));
    }
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    const struct certificate_fields fields = {
        .serial = SPAN_LITERAL("\x7f\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"),
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buf_span(issuer == NULL ? &made.name : &issuer->name),
        .not_before = HIERARCHY_BEGIN,
        .not_after = HIERARCHY_BEGIN + 3652 * DAY_SECONDS - 1,
        .subject = buf_span(&made.name),
        .spki = key_spki(made.key),
        .extensions = span_make(extensions, len),
    };
    made.certificate = hierarchy_sign(&fields, issuer == NULL ? made.key : issuer->key);
    return made;
}

/* A server certificate's fields for "www.shop.example.com" and "shop.example.com"; `room` holds the
 * extensions and 1 KiB suffices. */
static inline struct certificate_fields hierarchy_server_fields(const struct authority *issuer,
    const struct key *key, struct span subject, uint8_t *room, size_t size)
{
    static const struct span names[] = { { (const uint8_t *)"www.shop.example.com", 20 },
        { (const uint8_t *)"shop.example.com", 16 } };
    size_t len = 0;
    struct der_writer writer = der_writer_make(room, size);
    extension_write_authority_key(&writer, SPAN_OF(issuer->key_id));
    extension_write_policies(&writer, &oid_policy_ov, 1);
    extension_write_key_usage(&writer, KEY_USAGE_DIGITAL_SIGNATURE);
    extension_write_ext_key_usage(&writer, &oid_server_auth, 1);
    extension_write_basic_constraints(&writer, /* is_ca= */ false, -1);
    extension_write_alt_names(&writer, names, 2, /* critical= */ false);
    extension_write_crl_point(&writer, SPAN_LITERAL("http://ca.example/crl/CA.crl"));
    extension_write_authority_info(
        &writer, (struct span){ 0 }, SPAN_LITERAL("http://ca.example/root/ca.crt"));
    assert_int_equal(der_writer_finish(&writer, &len), OK);
    return (struct certificate_fields){
        .serial = SPAN_LITERAL("\x40\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buf_span(&issuer->name),
        .not_before = HIERARCHY_BEGIN,
        .not_after = HIERARCHY_BEGIN + 199 * DAY_SECONDS - 1,
        .subject = subject,
        .spki = key_spki(key),
        .extensions = span_make(room, len),
    };
}

/* A CRL of `issuer` with the entry `revoked`, or none where that is NULL. */
struct hierarchy_entries {
    const struct crl_entry *entries;
    size_t count, at;
};

static inline enum err hierarchy_entry_next(void *ctx, struct crl_entry *ret_entry)
{
    struct hierarchy_entries *list = ctx;
    if (list->at == list->count) {
        return ERR_NOT_FOUND;
    }
    *ret_entry = list->entries[list->at++];
    return OK;
}

static inline struct buf hierarchy_crl(
    const struct authority *issuer, const struct crl_entry *revoked, int64_t this_update)
{
    struct buf der = buf_make(HIERARCHY_MAX_BYTES * 8);
    struct hierarchy_entries list = { revoked, revoked == NULL ? 0 : 1, 0 };
    const struct crl_source source = { hierarchy_entry_next, &list, list.count };
    const struct crl_fields fields = {
        .algorithm = SIGNATURE_ECDSA_SHA256,
        .issuer = buf_span(&issuer->name),
        .this_update = this_update,
        .next_update = this_update + 4 * DAY_SECONDS,
        .number = SPAN_LITERAL("\x01\x02"),
        .authority_key_id = SPAN_OF(issuer->key_id),
    };
    assert_int_equal(crl_write(&fields, &source, issuer->key, &der), OK);
    return der;
}
