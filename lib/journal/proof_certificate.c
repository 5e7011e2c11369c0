/* One warrant, one certificate. */
#include "lib/journal/proof_certificate.h"
#include "lib/crypto/sign.h"
#include "lib/pki/certificate.h"
#include "lib/pki/name.h"
#include "lib/pki/sct.h"

#include <stdio.h>

static enum err certificate_check(const struct proof_case *of, struct span der, struct span tbs,
    const struct entitlement *entitlement, struct reason *ret_reason);
static enum err transparency_check(
    const struct proof_case *of, const struct entitlement *entitlement, struct reason *ret_reason);
static enum err signature_check(const struct proof_case *of, const struct certificate *made,
    const struct issuer *issuer, struct reason *ret_reason);

enum err proof_roster_init(struct span sealed, struct span ceremony_spki,
    struct proof_roster *ret_roster, struct reason *ret_reason)
{
    struct roster open;
    uint8_t hash[HASH_BYTES];
    struct arena arena = arena_make(PROOF_ROSTER_ARENA_BYTES);
    struct span kept = arena_span(&arena, sealed);
    enum err err = kept.data == NULL ? ERR_MEMORY
                                     : roster_open(kept, ceremony_spki, &arena, &open, ret_reason);
    err = err == OK ? sha256(sealed, hash) : err;
    err = err == OK ? proof_roster_take(&open, hash, ret_roster) : err;
    if (err != OK) {
        arena_release(&arena);
        return err;
    }
    ret_roster->arena = arena;
    return OK;
}

enum err proof_roster_take(
    const struct roster *open, const uint8_t hash[HASH_BYTES], struct proof_roster *ret_roster)
{
    struct proof_roster *roster = ret_roster;
    *roster = (struct proof_roster){ .roster = *open, .arena = arena_make(0) };
    memcpy(roster->hash, hash, HASH_BYTES);
    enum err err = OK;
    for (size_t i = 0; err == OK && i < open->perspective_count; i++) {
        err = key_from_spki(open->perspectives[i].spki, &roster->perspective_keys[i]);
    }
    for (size_t i = 0; err == OK && i < open->officer_count; i++) {
        err = key_from_spki(open->officers[i].spki, &roster->officer_keys[i]);
    }
    for (size_t i = 0; err == OK && i < open->issuer_count; i++) {
        struct certificate issuer;
        err = certificate_parse(open->issuers[i].certificate, &issuer);
        err = err == OK ? key_from_spki(issuer.spki, &roster->issuer_keys[i]) : err;
    }
    for (size_t i = 0; err == OK && i < open->log_count; i++) {
        err = key_from_spki(open->logs[i].spki, &roster->log_keys[i]);
    }
    if (err != OK) {
        proof_roster_release(roster);
    }
    return err;
}

void proof_roster_release(struct proof_roster *roster)
{
    for (size_t i = 0; i < PERSPECTIVES_MAX; i++) {
        key_free(roster->perspective_keys[i]);
    }
    for (size_t i = 0; i < OFFICERS_MAX; i++) {
        key_free(roster->officer_keys[i]);
    }
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        key_free(roster->issuer_keys[i]);
    }
    for (size_t i = 0; i < CT_LOGS_MAX; i++) {
        key_free(roster->log_keys[i]);
    }
    arena_release(&roster->arena);
    *roster = (struct proof_roster){ 0 };
}

static enum err perspective_verify(
    void *ctx, size_t index, struct span signed_part, struct span signature)
{
    const struct proof_roster *roster = ctx;
    return signature_verify(
        roster->perspective_keys[index], SIGNATURE_RSA_SHA256, signed_part, signature);
}

static enum err officer_verify(void *ctx, size_t index, struct span message, struct span signature)
{
    const struct proof_roster *roster = ctx;
    return signature_verify(roster->officer_keys[index], SIGNATURE_ED25519, message, signature);
}

static enum err denied(struct reason *ret_reason, const char *code)
{
    return reason_set(ret_reason, ERR_DENIED, code, NULL, NULL, NULL);
}

enum err proof_certificate(
    const struct proof_case *of, struct proof_outcome *ret_outcome, struct reason *ret_reason)
{
    AUTO(arena) arena = arena_make(WARRANT_ARENA_BYTES);
    const struct record_intent *intent = &of->intent;
    const struct observation_verifier verifier = { perspective_verify,
        (void *)(uintptr_t)of->roster, officer_verify };
    struct warrant warrant;
    struct entitlement entitlement;
    uint8_t hash[HASH_BYTES];
    TRY(warrant_hash(intent->warrant, hash));
    if (memcmp(hash, intent->warrant_hash, sizeof hash) != 0) {
        return denied(ret_reason, "proof.warrant_hash");
    }
    if (warrant_parse(intent->warrant, &arena, &warrant) != OK) {
        return denied(ret_reason, "warrant.malformed");
    }
    if (memcmp(warrant.request.enrolment, intent->request.enrolment, ENROLMENT_ID_BYTES) != 0 ||
        warrant.request.ordinal != intent->request.ordinal) {
        return denied(ret_reason, "warrant.request");
    }
    TRY(warrant_check(
        &warrant, &of->roster->roster, &verifier, of->time, &arena, &entitlement, ret_reason));
    TRY(application_hash(warrant.application_der, ret_outcome->application_hash));
    TRY(sha256(entitlement.spki, ret_outcome->spki_hash));
    ret_outcome->earlier_count = warrant.earlier_count;
    for (size_t i = 0; i < warrant.earlier_count; i++) {
        memcpy(ret_outcome->earlier[i], warrant.earlier[i].hash, HASH_BYTES);
    }
    if (strcmp(entitlement.issuer->id, intent->issuer) != 0) {
        return denied(ret_reason, "warrant.issuer");
    }
    if (of->logged != (entitlement.precertificate != NULL)) {
        return denied(ret_reason, "proof.precertificate");
    }
    if (of->precertificate.len > 0) {
        TRY(certificate_check(of, of->precertificate, intent->tbs, &entitlement, ret_reason));
    }
    if (of->certificate.len == 0) {
        return OK;
    }
    TRY(certificate_check(
        of, of->certificate, of->logged ? of->completion : intent->tbs, &entitlement, ret_reason));
    return of->logged ? transparency_check(of, &entitlement, ret_reason) : OK;
}

/* EKU is OCSPSigning alone: so it is no server's, whatever else stands in it. */
enum err proof_responder(const struct proof_roster *by, const struct record_responder *responder,
    int64_t time, struct reason *ret_reason)
{
    struct certificate made, signing;
    AUTO(buf) whole = buf_make(CERTIFICATE_MAX_BYTES);
    const struct issuer *issuer = roster_issuer(&by->roster, responder->issuer);
    if (issuer == NULL || certificate_parse(issuer->certificate, &signing) != OK ||
        certificate_assemble(responder->tbs,
            signature_algorithm_of_key(by->issuer_keys[issuer - by->roster.issuers]),
            SPAN_LITERAL("no signature"), &whole) != OK ||
        certificate_parse(buf_span(&whole), &made) != OK) {
        return denied(ret_reason, "proof.responder");
    }
    const struct certificate_extension *purpose =
        certificate_find_extension(&made, oid_ext_key_usage);
    const struct span ocsp_alone = SPAN_LITERAL("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09");
    bool holds = purpose != NULL && span_equal(purpose->value, ocsp_alone) && !made.is_ca &&
                 made.key_usage == KEY_USAGE_DIGITAL_SIGNATURE && made.dns_name_count == 0 &&
                 span_equal(made.issuer, signing.subject) && made.not_before == time &&
                 made.not_after <= signing.not_after;
    return holds ? OK : denied(ret_reason, "proof.responder");
}

/* The value of an extension's OCTET STRING within the octets; empty if there is none. */
static struct span inner_octets(const struct certificate *made, struct span oid)
{
    struct span value = { 0 };
    const struct certificate_extension *extension = certificate_find_extension(made, oid);
    struct der reader = der_reader(extension == NULL ? value : extension->value);
    return der_read(&reader, DER_OCTET_STRING, &value) == OK ? value : (struct span){ 0 };
}

/* doc/threats.md S4: the precertificate's own certificate, shown to logs that promised it. */
static enum err transparency_check(
    const struct proof_case *of, const struct entitlement *entitlement, struct reason *ret_reason)
{
    const struct proof_roster *by = of->roster;
    struct certificate first, made;
    AUTO(buf) promised = buf_make(CERTIFICATE_MAX_BYTES);
    AUTO(buf) kept = buf_make(CERTIFICATE_MAX_BYTES);
    size_t issuer = (size_t)(entitlement->issuer - by->roster.issuers);
    if (of->precertificate.len == 0 || certificate_parse(of->precertificate, &first) != OK ||
        certificate_parse(of->certificate, &made) != OK ||
        certificate_find_extension(&first, oid_ct_poison) == NULL ||
        certificate_find_extension(&made, oid_ct_poison) != NULL) {
        return denied(ret_reason, "proof.precertificate");
    }
    TRY(sct_signed_tbs(first.tbs, &promised));
    TRY(sct_signed_tbs(made.tbs, &kept));
    if (!span_equal(buf_span(&promised), buf_span(&kept))) {
        return denied(ret_reason, "proof.correspondence");
    }
    const struct ct_logs logs = { by->roster.logs, by->log_keys, by->roster.log_count };
    const struct ct_subject subject = { key_spki_sha256(by->issuer_keys[issuer]).data,
        buf_span(&promised), made.not_after, of->completion_time };
    return ct_list_check(&logs, inner_octets(&made, oid_sct_list), &subject,
        made.not_after - made.not_before + 1, ret_reason);
}

static bool names_same(const struct certificate *made, const struct entitlement *entitlement)
{
    bool same = made->dns_name_count == entitlement->name_count;
    for (size_t i = 0; same && i < entitlement->name_count; i++) {
        same = span_equal_text(made->dns_names[i], entitlement->names[i]);
    }
    return same;
}

static bool organisation_same(const struct certificate *made, const struct entitlement *entitlement)
{
    struct name subject;
    char text[4 * SUBJECT_ORGANISATION_MAX + 1];
    return name_parse(made->subject, &subject) == OK &&
           name_text(&subject, oid_organisation, text, sizeof text) == OK &&
           strcmp(text, entitlement->organisation) == 0;
}

/* The organizational units of a classic certificate, in their order; elsewhere there are none. */
static bool units_same(const struct certificate *made, const struct entitlement *entitlement)
{
    struct name subject;
    size_t count = 0;
    if (name_parse(made->subject, &subject) != OK) {
        return false;
    }
    for (size_t i = 0; i < subject.count; i++) {
        const struct name_attribute *attribute = &subject.attributes[i];
        if (!span_equal(attribute->oid, oid_organisational_unit)) {
            continue;
        }
        if (count == entitlement->units.count ||
            !span_equal_text(attribute->value, entitlement->units.text[count])) {
            return false;
        }
        count++;
    }
    return count == entitlement->units.count;
}

static enum err certificate_check(const struct proof_case *of, struct span der, struct span tbs,
    const struct entitlement *entitlement, struct reason *ret_reason)
{
    struct certificate made, issuer;
    struct policy policy;
    if (certificate_parse(der, &made) != OK ||
        certificate_parse(entitlement->issuer->certificate, &issuer) != OK) {
        return denied(ret_reason, "proof.certificate");
    }
    policy_at(of->time, of->roster->roster.policy_set, &policy);
    int64_t life = made.not_after - made.not_before + 1;
    const struct {
        const char *code;
        bool holds;
    } checks[] = {
        { "proof.intended", span_equal(made.tbs, tbs) },
        { "proof.serial", span_equal(made.serial, of->intent.serial) },
        { "proof.issuer", span_equal(made.issuer, issuer.subject) },
        { "proof.key", span_equal(made.spki, entitlement->spki) },
        { "proof.names", names_same(&made, entitlement) },
        { "proof.organisation", organisation_same(&made, entitlement) },
        { "proof.begin", made.not_before == of->time },
        { "proof.end", life <= policy.validity_max_seconds &&
                           made.not_after < entitlement->subscription_end &&
                           made.not_after <= issuer.not_after },
        { "proof.leaf", !made.is_ca && made.server_auth && !made.any_usage },
        { "proof.units", units_same(&made, entitlement) },
        { "proof.policy",
            profile_policy_only(entitlement->profile, made.policies, made.policy_count) },
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (!checks[i].holds) {
            return denied(ret_reason, checks[i].code);
        }
    }
    return signature_check(of, &made, entitlement->issuer, ret_reason);
}

static enum err signature_check(const struct proof_case *of, const struct certificate *made,
    const struct issuer *issuer, struct reason *ret_reason)
{
    const struct key *key = of->roster->issuer_keys[issuer - of->roster->roster.issuers];
    return certificate_verify(made, key) == OK ? OK : denied(ret_reason, "proof.signature");
}
