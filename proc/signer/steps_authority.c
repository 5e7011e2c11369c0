/* Steps that end in a CA certificate: a root, an issuing CA, one re-issued with its key, one for
 * another CA.
 *
 * Certificates of one name tell by their beginnings which is the later one: roots begin two minutes
 * before the ceremony, new CAs one, what is re-issued with it. */
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "proc/signer/authority.h"
#include "proc/signer/holding.h"
#include "proc/signer/keyfile.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { GENERATION_SECONDS = 60, PASSPHRASE_MAX = 1024 };

static enum err names_free(struct holding *holding, const struct script_step *step);
static enum err signer_folder(struct holding *holding);
static enum err policy_rule(const struct script_step *step, enum lint_kind *ret_kind);
static enum err other_authority(struct holding *holding, const struct script_step *step,
    struct certificate *ret_existing, struct key **ret_key);
static enum err signed_request(
    struct holding *holding, const struct script_step *step, const struct certificate *existing);

static const char *title(const struct holding *holding)
{
    return holding->script->steps[holding->at].title;
}

static struct ceremony_profile profile_make(
    const struct holding *holding, const struct script_step *step)
{
    return (struct ceremony_profile){ .url = holding->script->url,
        .country = step->country,
        .state_or_province = step->state_or_province,
        .locality = step->locality,
        .organisation = step->authority.organisation };
}

enum err step_new_root(struct holding *holding, const struct script_step *step)
{
    const struct ceremony_authority *authority = &step->authority;
    const struct ceremony_profile profile = profile_make(holding, step);
    const struct key *key = NULL;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(names_free(holding, step));
    TRY(holding_new_key(
        holding, authority, "root", authority->name, &holding->roots->passphrase, &key));
    TRY(authority_root_tbs(
        &profile, authority, key, holding->now - 2 * GENERATION_SECONDS, &tbs, holding->reason));
    const struct certifying certifying = { "root", authority->name, authority->id,
        authority->crl_name, authority->name, LINT_ROOT, key };
    TRY(holding_certify(holding, &certifying, buf_span(&tbs)));
    /* Later steps sign with it. */
    if (holding->opened_count == HOLDING_ROOTS_MAX) {
        return ERR_LIMIT;
    }
    struct opened_key *opened = &holding->opened[holding->opened_count++];
    snprintf(opened->name, sizeof opened->name, "%s", authority->name);
    opened->key = holding->made_keys[holding->at];
    opened->made = true;
    return OK;
}

/* An id names a key's file and the numbers of its lists, a list's name an address in certificates:
 * each is one CA's. */
static enum err names_free(struct holding *holding, const struct script_step *step)
{
    const struct facts *facts = &holding->hierarchy->during;
    for (size_t i = 0; i < facts->authority_count; i++) {
        const struct authority *known = &facts->authorities[i];
        bool same_id = strcmp(known->id, step->authority.id) == 0;
        if (same_id || strcmp(known->crl_name, step->authority.crl_name) == 0) {
            return reason_set(holding->reason, ERR_CONFLICT, "ceremony.name_taken", title(holding),
                same_id ? step->authority.id : step->authority.crl_name, NULL);
        }
    }
    return OK;
}

enum err step_new_issuing_ca(struct holding *holding, const struct script_step *step)
{
    const struct ceremony_authority *authority = &step->authority;
    const struct ceremony_profile profile = profile_make(holding, step);
    const struct authority *root = NULL;
    const struct key *root_key = NULL, *key = NULL;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(names_free(holding, step));
    TRY(holding_root(holding, step->by, &root, &root_key));
    TRY(signer_folder(holding));
    TRY(holding_new_key(
        holding, authority, "signer", authority->id, &holding->signer_passphrase, &key));
    const struct ceremony_authority by = { .name = root->name, .crl_name = root->crl_name };
    struct authority_request request = { .profile = &profile,
        .authority = authority,
        .key = key,
        .root = &by,
        .root_key = root_key,
        .root_certificate = root->certificate,
        .not_before = holding->now - GENERATION_SECONDS,
        .not_after = years_after(holding->now, authority->years) - 1 };
    TRY(policy_rule(step, &request.kind));
    TRY(authority_subordinate_tbs(&request, &tbs, holding->reason));
    const struct certifying certifying = { "issuer", authority->name, authority->id,
        authority->crl_name, root->name, request.kind, root_key };
    return holding_certify(holding, &certifying, buf_span(&tbs));
}

/* The old issuing CAs of 2017 have no extended key usage; they are made for trials only. */
static enum err policy_rule(const struct script_step *step, enum lint_kind *ret_kind)
{
    bool old = strcmp(step->authority.policy, "2017") == 0;
    *ret_kind = old ? LINT_ISSUING_CA_OLD : LINT_ISSUING_CA;
    return OK;
}

/* The first ceremony that makes an issuing CA makes the signer's passphrase and its empty journal:
 * the service makes none itself, since without its memory it must not sign (doc/threats.md S18).
 * Later ones find the passphrase there. */
static enum err signer_folder(struct holding *holding)
{
    char path[PATH_MAX];
    bool first = true;
    if (holding->rehearsal || holding->signer_passphrase.len > 0) {
        return OK;
    }
    const struct facts *held = &holding->hierarchy->held;
    for (size_t i = 0; i < held->authority_count; i++) {
        first = first && held->authorities[i].kind != AUTHORITY_ISSUER;
    }
    if (first) {
        TRY(holding_file(holding, "signer", "journal", "", (struct span){ 0 }, 0600));
        TRY(holding_path(holding, "signer", "passphrase", "", path));
        return passphrase_create(path, &holding->signer_passphrase);
    }
    TRY(path_join(path, sizeof path, holding->directory, "signer/passphrase"));
    enum err err = file_read_secret(path, PASSPHRASE_MAX, &holding->signer_passphrase);
    return err == OK ? OK
                     : reason_set(holding->reason, err, "ceremony.signer_passphrase", path,
                           err_name(err), NULL);
}

/* The same name, key and, unless years are given, end: what the issuing CAs of 2017 became in 2025
 *. */
enum err step_reissue(struct holding *holding, const struct script_step *step)
{
    const struct ceremony_profile profile = profile_make(holding, step);
    const struct authority *root = NULL, *old = NULL;
    const struct key *root_key = NULL;
    struct certificate existing, issuing;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(holding_authority(holding, step->of, &old));
    TRY(holding_root(holding, step->by, &root, &root_key));
    TRY(certificate_parse(old->certificate, &existing));
    TRY(certificate_parse(root->certificate, &issuing));
    if (old->kind != AUTHORITY_ISSUER || !span_equal(existing.issuer, issuing.subject)) {
        return reason_set(holding->reason, ERR_DENIED, "ceremony.reissue", title(holding),
            old->name, "an issuing CA that this root signed");
    }
    TRY(key_from_spki(existing.spki, &key));
    const struct ceremony_authority by = { .name = root->name, .crl_name = root->crl_name };
    unsigned years = step->authority.years;
    struct authority_request request = { .profile = &profile,
        .authority = &step->authority,
        .subject = existing.subject,
        .subject_key_id = existing.subject_key_id,
        .key = key,
        .root = &by,
        .root_key = root_key,
        .root_certificate = root->certificate,
        .not_before = holding->now,
        .not_after = years == 0 ? existing.not_after : years_after(holding->now, years) - 1 };
    TRY(policy_rule(step, &request.kind));
    TRY(authority_subordinate_tbs(&request, &tbs, holding->reason));
    const struct certifying certifying = { "reissued", step->authority.name, old->id, old->crl_name,
        root->name, request.kind, root_key };
    return holding_certify(holding, &certifying, buf_span(&tbs));
}

/* BR 7.1.2.2: for a CA that exists, under its own name to the byte, with its own key. Whose it is
 * the request proves; for a root of ours our own journal does. */
enum err step_cross_sign(struct holding *holding, const struct script_step *step)
{
    const struct ceremony_profile profile = profile_make(holding, step);
    const struct authority *root = NULL;
    const struct key *root_key = NULL;
    struct certificate existing;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(holding_root(holding, step->by, &root, &root_key));
    TRY(other_authority(holding, step, &existing, &key));
    if (key_same_public(key, root_key)) {
        return reason_set(
            holding->reason, ERR_DENIED, "ceremony.cross_itself", title(holding), step->by, NULL);
    }
    const struct ceremony_authority by = { .name = root->name, .crl_name = root->crl_name };
    const struct authority_request request = { .profile = &profile,
        .kind = LINT_CROSS_CA,
        .authority = &step->authority,
        .subject = existing.subject,
        .subject_key_id = existing.subject_key_id,
        .key = key,
        .root = &by,
        .root_key = root_key,
        .root_certificate = root->certificate,
        .not_before = holding->now - GENERATION_SECONDS,
        .not_after = years_after(holding->now, step->authority.years) - 1 };
    TRY(authority_subordinate_tbs(&request, &tbs, holding->reason));
    const struct certifying certifying = { "cross", step->authority.name, "", "", root->name,
        LINT_CROSS_CA, root_key };
    return holding_certify(holding, &certifying, buf_span(&tbs));
}

static enum err other_authority(struct holding *holding, const struct script_step *step,
    struct certificate *ret_existing, struct key **ret_key)
{
    const struct authority *ours = NULL;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    struct span file;
    if (*step->of != '\0') {
        TRY(holding_authority(holding, step->of, &ours));
        TRY(certificate_parse(ours->certificate, ret_existing));
        return ours->kind == AUTHORITY_ROOT
                   ? key_from_spki(ret_existing->spki, ret_key)
                   : reason_set(holding->reason, ERR_INPUT, "ceremony.no_root", title(holding),
                         step->of, NULL);
    }
    TRY(holding_input(holding, &step->certificate, &file));
    TRY(certificate_read_any(file, &der) == OK
            ? OK
            : reason_set(holding->reason, ERR_INPUT, "ceremony.input_certificate",
                  step->certificate.path, NULL, NULL));
    struct span kept = holding_keep(holding, buf_span(&der));
    if (kept.data == NULL || certificate_parse(kept, ret_existing) != OK || !ret_existing->is_ca) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.input_certificate",
            step->certificate.path, NULL, "a CA certificate");
    }
    TRY(signed_request(holding, step, ret_existing));
    return key_from_spki(ret_existing->spki, ret_key);
}

/* Key quality and proof of possession, and that it is this CA's request. */
static enum err signed_request(
    struct holding *holding, const struct script_step *step, const struct certificate *existing)
{
    struct csr csr;
    struct span file;
    AUTO(csr_reading) reading = { .private_key = false };
    TRY(holding_input(holding, &step->csr, &file));
    TRY(csr_read_any(file, holding->reason, &reading));
    TRY(csr_parse(buf_span(&reading.der), holding->reason, &csr));
    TRY(csr_verify(&csr, holding->reason, /* ret_key= */ NULL));
    if (!span_equal(csr.spki, existing->spki)) {
        return reason_set(holding->reason, ERR_DENIED, "ceremony.request_key", step->csr.path, NULL,
            "the key of the CA certificate");
    }
    if (!span_equal(csr.subject, existing->subject)) {
        return reason_set(holding->reason, ERR_DENIED, "ceremony.request_name", step->csr.path,
            NULL, "the subject of the CA certificate, byte for byte");
    }
    return OK;
}
