/* Building, and looking back at what was built. */
#include "proc/signer/build.h"
#include "lib/der/oid.h"
#include "lib/pki/name.h"
#include "lib/pki/sct.h"

enum { NAME_MAX_BYTES = 2048, EXTENSIONS_MAX_BYTES = 24 * 1024, SUBJECT_ENTRIES = 8 };

static enum err subject_write(
    const struct build_request *request, struct buf *name, struct reason *ret_reason);
static void extensions_write(struct der_writer *writer, const struct build_request *request);

/* The last second that is still valid: BR 6.3.2, doc/threats.md S7. */
static int64_t not_after(const struct build_request *request)
{
    const int64_t ends[] = { request->entitlement->subscription_end - 1,
        request->issuer->certificate.not_after };
    int64_t end = request->now + request->policy->validity_seconds - 1;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        end = ends[i] < end ? ends[i] : end;
    }
    return end;
}

enum err build_tbs(const struct build_request *request, struct buf *tbs, struct reason *ret_reason)
{
    uint8_t extensions[EXTENSIONS_MAX_BYTES];
    size_t extensions_len = 0;
    AUTO(buf) subject = buf_make(NAME_MAX_BYTES);
    struct der_writer writer = der_writer_make(extensions, sizeof extensions);
    int64_t end = not_after(request);
    if (end <= request->now) {
        return reason_set(ret_reason, ERR_DENIED, "warrant.subscription", NULL, NULL, NULL);
    }
    TRY(subject_write(request, &subject, ret_reason));
    extensions_write(&writer, request);
    TRY(der_writer_finish(&writer, &extensions_len));
    const struct certificate_fields fields = {
        .serial = request->serial,
        .algorithm = signature_algorithm_of_key(request->issuer->key),
        .issuer = request->issuer->certificate.subject,
        .not_before = request->now,
        .not_after = end,
        .subject = buf_span(&subject),
        .spki = request->entitlement->spki,
        .extensions = span_make(extensions, extensions_len),
    };
    return certificate_write_tbs(&fields, tbs);
}

/* The common name is the server name used as subject name, where it fits (X.520: 64 characters). */
static enum err subject_write(
    const struct build_request *request, struct buf *name, struct reason *ret_reason)
{
    const struct entitlement *entitlement = request->entitlement;
    const struct subject *subject = &entitlement->application->subject;
    const struct ev_identity *ev = &entitlement->application->ev;
    bool fits = strlen(entitlement->names[0]) <= SUBJECT_COMMON_NAME_MAX;
    struct name_entry entries[SUBJECT_ENTRIES + CLASSIC_UNITS_MAX] = {
        { oid_country, span_from_text(subject->country) },
        { oid_state_or_province, span_from_text(subject->state_or_province) },
        { oid_locality, span_from_text(subject->locality) },
        { oid_organisation, span_from_text(entitlement->organisation) },
        { oid_common_name, span_from_text(fits ? entitlement->names[0] : "") },
        { oid_business_category, span_from_text(ev->business_category) },
        { oid_jurisdiction_country, span_from_text(ev->jurisdiction_country) },
        { oid_serial_number, span_from_text(ev->registration_number) },
    };
    for (size_t i = 0; i < entitlement->units.count; i++) {
        entries[SUBJECT_ENTRIES + i] = (struct name_entry){ oid_organisational_unit,
            span_from_text(entitlement->units.text[i]) };
    }
    return profile_write_subject(
        request->profile, entries, SUBJECT_ENTRIES + entitlement->units.count, ret_reason, name);
}

static void extensions_write(struct der_writer *writer, const struct build_request *request)
{
    const struct entitlement *entitlement = request->entitlement;
    struct span names[APPLICATION_NAMES_MAX + 1];
    for (size_t i = 0; i < entitlement->name_count; i++) {
        names[i] = span_from_text(entitlement->names[i]);
    }
    const struct profile_values values = {
        .authority_key_id = request->issuer->certificate.subject_key_id,
        .key_kind = entitlement->key_kind,
        .names = names,
        .name_count = entitlement->name_count,
        .crl_uri = span_from_text(request->issuer->crl_url),
        .ca_issuers_uri = span_from_text(request->issuer->ca_url),
        .sct_list = request->sct_list,
    };
    profile_write_extensions(writer, request->profile, &values);
}

enum err build_compare(
    const struct build_request *request, struct span tbs, struct reason *ret_reason)
{
    const struct entitlement *entitlement = request->entitlement;
    struct certificate made;
    AUTO(buf) unsigned_yet = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) subject = buf_make(NAME_MAX_BYTES);
    TRY(subject_write(request, &subject, ret_reason));
    TRY(certificate_assemble(tbs, signature_algorithm_of_key(request->issuer->key),
        SPAN_LITERAL("no signature yet"), &unsigned_yet));
    if (certificate_parse(buf_span(&unsigned_yet), &made) != OK) {
        return reason_set(ret_reason, ERR_CRYPTO, "build.der", NULL, NULL, NULL);
    }
    bool names = made.dns_name_count == entitlement->name_count;
    for (size_t i = 0; names && i < entitlement->name_count; i++) {
        names = span_equal_text(made.dns_names[i], entitlement->names[i]);
    }
    const struct {
        const char *code;
        bool same;
    } checks[] = {
        { "build.serial", span_equal(made.serial, request->serial) },
        { "build.issuer", span_equal(made.issuer, request->issuer->certificate.subject) },
        { "build.key", span_equal(made.spki, entitlement->spki) },
        { "build.subject", span_equal(made.subject, buf_span(&subject)) },
        { "build.names", names },
        { "build.validity",
            made.not_before == request->now && made.not_after == not_after(request) },
        { "build.leaf", !made.is_ca && made.server_auth && !made.any_usage },
        { "build.policy", profile_policy_only(request->profile, made.policies, made.policy_count) },
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (!checks[i].same) {
            return reason_set(ret_reason, ERR_CRYPTO, checks[i].code, NULL, NULL, NULL);
        }
    }
    return OK;
}

enum err build_again(
    const struct build_request *request, struct span tbs, struct reason *ret_reason)
{
    AUTO(buf) built = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(build_tbs(request, &built, ret_reason));
    return span_equal(buf_span(&built), tbs)
               ? OK
               : reason_set(ret_reason, ERR_CRYPTO, "build.again", NULL, NULL, NULL);
}

enum err build_correspond(
    struct span precertificate_tbs, struct span tbs, struct reason *ret_reason)
{
    AUTO(buf) promised = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) built = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(sct_signed_tbs(precertificate_tbs, &promised));
    TRY(sct_signed_tbs(tbs, &built));
    return span_equal(buf_span(&promised), buf_span(&built))
               ? OK
               : reason_set(ret_reason, ERR_CRYPTO, "build.correspondence", NULL, NULL, NULL);
}
