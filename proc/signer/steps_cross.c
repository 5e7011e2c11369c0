/* Being cross-signed: the request that goes to another CA, and the certificate that comes back. */
#include "lib/crypto/keycheck.h"
#include "lib/der/pem.h"
#include "lib/pki/certificate.h"
#include "lib/pki/csr.h"
#include "proc/signer/holding.h"
#include "proc/signer/linted.h"

#include <string.h>

static enum err import_check(struct holding *holding, const struct script_step *step,
    const struct certificate *ours, const struct certificate *theirs);
static enum err certificate_input(
    struct holding *holding, const struct script_input *input, struct certificate *ret_certificate);

/* Signed by the root itself: it proves that the key is here. */
enum err step_cross_request(struct holding *holding, const struct script_step *step)
{
    const struct authority *root = NULL;
    const struct key *key = NULL;
    struct certificate certificate;
    AUTO(buf) der = buf_make(CSR_MAX_BYTES);
    AUTO(buf) pem = buf_make(2 * CSR_MAX_BYTES);
    TRY(holding_root(holding, step->of, &root, &key));
    TRY(certificate_parse(root->certificate, &certificate));
    if (!holding->rehearsal) {
        const struct csr_fields fields = { .subject = certificate.subject };
        TRY(csr_write(&fields, key, &der));
        TRY(pem_write("CERTIFICATE REQUEST", buf_span(&der), &pem));
    }
    TRY(holding_note(holding, "request", step->authority.name, buf_span(&der)));
    return holding_file(holding, "requests", step->authority.name, ".csr", buf_span(&pem), 0644);
}

static enum err import_refused(
    struct holding *holding, const char *code, const char *seen, const char *expected)
{
    return reason_set(holding->reason, ERR_DENIED, code,
        holding->script->steps[holding->at].certificate.path, seen, expected);
}

enum err step_cross_import(struct holding *holding, const struct script_step *step)
{
    const struct authority *root = NULL;
    const char *name = step->authority.name;
    struct certificate ours, theirs;
    struct ceremony_verdict verdict;
    AUTO(buf) pem = buf_make(2 * CERTIFICATE_MAX_BYTES);
    TRY(holding_authority(holding, step->of, &root));
    if (root->kind != AUTHORITY_ROOT) {
        return reason_set(
            holding->reason, ERR_INPUT, "ceremony.no_root", step->title, step->of, NULL);
    }
    if (facts_by_name(&holding->hierarchy->during, name) != NULL) {
        return reason_set(
            holding->reason, ERR_CONFLICT, "ceremony.name_taken", step->title, name, NULL);
    }
    TRY(certificate_parse(root->certificate, &ours));
    TRY(certificate_input(holding, &step->certificate, &theirs));
    TRY(import_check(holding, step, &ours, &theirs));
    TRY(holding_look(holding, theirs.der, LINT_CROSS_CA, &verdict));
    TRY(holding_note(holding, "imported", name, theirs.der));
    TRY(holding_note_object(holding, "linted", name, ceremony_verdict_write, &verdict));
    TRY(pem_write("CERTIFICATE", theirs.der, &pem));
    TRY(holding_file(holding, "ca", name, ".crt", theirs.der, 0644));
    return holding_file(holding, "ca", name, ".pem.crt", buf_span(&pem), 0644);
}

/* It lives as long as the pass. */
static enum err certificate_input(
    struct holding *holding, const struct script_input *input, struct certificate *ret_certificate)
{
    struct span file;
    AUTO(buf) der = buf_make(CERTIFICATE_MAX_BYTES);
    TRY(holding_input(holding, input, &file));
    if (certificate_read_any(file, &der) != OK) {
        return reason_set(
            holding->reason, ERR_INPUT, "ceremony.input_certificate", input->path, NULL, NULL);
    }
    struct span kept = holding_keep(holding, buf_span(&der));
    if (kept.data == NULL || certificate_parse(kept, ret_certificate) != OK ||
        !ret_certificate->is_ca) {
        return reason_set(holding->reason, ERR_INPUT, "ceremony.input_certificate", input->path,
            NULL, "a CA certificate");
    }
    return OK;
}

/* What a client needs that takes this path: our name and key, to issue below it, for servers, for
 * now, and really from them. */
static enum err import_check(struct holding *holding, const struct script_step *step,
    const struct certificate *ours, const struct certificate *theirs)
{
    struct certificate issuing;
    AUTO_PTR(key) key = NULL;
    TRY(certificate_input(holding, &step->issuer_certificate, &issuing));
    TRY(key_check(issuing.spki, holding->reason, &key));
    if (!span_equal(theirs->spki, ours->spki)) {
        return import_refused(holding, "ceremony.import_key", NULL, "the key of our root");
    }
    if (!span_equal(theirs->subject, ours->subject)) {
        return import_refused(
            holding, "ceremony.import_name", NULL, "the subject of our root, byte for byte");
    }
    if (!span_equal(theirs->subject_key_id, ours->subject_key_id)) {
        return import_refused(holding, "ceremony.import_key_id", NULL,
            "the subject key identifier of our root, to which what it signed points");
    }
    if (!span_equal(theirs->issuer, issuing.subject) || certificate_verify(theirs, key) != OK) {
        return import_refused(
            holding, "ceremony.import_signature", NULL, "signed by the issuer that is named");
    }
    if (theirs->not_before > holding->now || theirs->not_after <= holding->now) {
        return import_refused(holding, "ceremony.import_time", NULL, "valid now");
    }
    bool signs = theirs->has_key_usage && (theirs->key_usage & KEY_USAGE_CERT_SIGN) != 0;
    bool serves = theirs->has_ext_key_usage && theirs->server_auth && !theirs->any_usage;
    bool fits = signs && serves && !theirs->unknown_critical && theirs->path_length != 0;
    return fits ? OK
                : import_refused(holding, "ceremony.import_extensions", NULL,
                      "keyCertSign, serverAuth, room for a CA below it, nothing critical that is "
                      "unknown");
}
