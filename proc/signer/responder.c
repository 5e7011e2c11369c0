/* From a request to the certificate of an OCSP responder. */
#include "proc/signer/responder.h"
#include "lib/base/clock.h"
#include "lib/crypto/sign.h"
#include "lib/crypto/weaklist.h"
#include "lib/der/oid.h"
#include "lib/pki/csr.h"
#include "lib/pki/name.h"
#include "proc/signer/internal.h"
#include "proc/signer/linted.h"
#include "proc/signer/serial.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 1024, EXTENSIONS_MAX_BYTES = 1024, TEXT_MAX = 512 };

static enum err subject_write(const struct responder_request *request,
    const struct profile *profile, struct buf *name, struct reason *ret_reason);
static enum err key_admit(struct issuing *issuing, struct span csr, struct csr *ret_csr,
    struct key **ret_key, struct reason *ret_reason);

enum err responder_tbs(
    const struct responder_request *request, struct buf *tbs, struct reason *ret_reason)
{
    const struct profile *profile = profile_by_id("ocsp-responder-1");
    const struct certificate *issuer = &request->issuer->certificate;
    uint8_t extensions[EXTENSIONS_MAX_BYTES], key_id[KEY_IDENTIFIER_BYTES];
    size_t extensions_len = 0;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) subject = buf_make(NAME_MAX_BYTES);
    struct der_writer writer = der_writer_make(extensions, sizeof extensions);
    int64_t end = request->now + RESPONDER_DAYS * DAY_SECONDS - 1;
    TRY(key_from_spki(request->spki, &key));
    TRY(key_identifier(request->spki, key_id));
    TRY(subject_write(request, profile, &subject, ret_reason));
    const struct profile_values values = {
        .authority_key_id = issuer->subject_key_id,
        .subject_key_id = SPAN_OF(key_id),
        .key_kind = key_kind(key),
    };
    profile_write_extensions(&writer, profile, &values);
    TRY(der_writer_finish(&writer, &extensions_len));
    const struct certificate_fields fields = {
        .serial = request->serial,
        .algorithm = signature_algorithm_of_key(request->issuer->key),
        .issuer = issuer->subject,
        .not_before = request->now,
        .not_after = end < issuer->not_after ? end : issuer->not_after,
        .subject = buf_span(&subject),
        .spki = request->spki,
        .extensions = span_make(extensions, extensions_len),
    };
    size_t before = tbs->len;
    TRY(certificate_write_tbs(&fields, tbs));
    return linted(
        span_make(tbs->data + before, tbs->len - before), LINT_RESPONDER, request->now, ret_reason);
}

/* Country and organisation are the CA's; "… OCSP Responder" behind its common name. */
static enum err subject_write(const struct responder_request *request,
    const struct profile *profile, struct buf *name, struct reason *ret_reason)
{
    struct name issuer;
    char country[TEXT_MAX], organisation[TEXT_MAX], authority[TEXT_MAX];
    char common_name[TEXT_MAX + sizeof " OCSP Responder"];
    TRY(name_parse(request->issuer->certificate.subject, &issuer));
    TRY(name_text(&issuer, oid_country, country, sizeof country));
    TRY(name_text(&issuer, oid_organisation, organisation, sizeof organisation));
    TRY(name_text(&issuer, oid_common_name, authority, sizeof authority));
    snprintf(common_name, sizeof common_name, "%s OCSP Responder", authority);
    const struct name_entry entries[] = {
        { oid_country, span_from_text(country) },
        { oid_organisation, span_from_text(organisation) },
        { oid_common_name, span_from_text(common_name) },
    };
    return profile_write_subject(
        profile, entries, sizeof entries / sizeof entries[0], ret_reason, name);
}

enum err issuing_responder(struct issuing *issuing, const char *issuer, struct span csr,
    struct buf *certificate, struct reason *ret_reason)
{
    struct csr asked;
    AUTO_PTR(key) key = NULL;
    AUTO(buf) tbs = buf_make(CERTIFICATE_MAX_BYTES);
    uint8_t serial[SERIAL_BYTES];
    struct record_responder record;
    struct responder_request of = { issuing_issuer(issuing, issuer), .serial = SPAN_OF(serial),
        .now = clock_now(&issuing->clock) };
    if (of.issuer == NULL) {
        return reason_set(ret_reason, ERR_NOT_FOUND, "issuer.key", issuer, NULL, NULL);
    }
    TRY(issuing_clock_check(issuing, of.now, ret_reason));
    TRY(key_admit(issuing, csr, &asked, &key, ret_reason));
    TRY(serial_draw(&issuing->random, serial));
    of.spki = asked.spki;
    TRY(responder_tbs(&of, &tbs, ret_reason));
    memcpy(record.issuer, of.issuer->id, sizeof record.issuer);
    record.tbs = buf_span(&tbs);
    TRY(issuing_record(issuing, JOURNAL_RESPONDER, of.now, record_responder_write, &record));
    return certificate_sign(
        record.tbs, signature_algorithm_of_key(of.issuer->key), of.issuer->key, certificate);
}

/* While issuance is stopped, so is this; what no subscriber may have, no responder has. */
static enum err key_admit(struct issuing *issuing, struct span csr, struct csr *ret_csr,
    struct key **ret_key, struct reason *ret_reason)
{
    uint8_t spki_hash[HASH_BYTES];
    TRY(csr_parse(csr, ret_reason, ret_csr));
    TRY(csr_verify(ret_csr, ret_reason, ret_key));
    TRY(weaklist_check(issuing->weak, ret_csr->spki, ret_reason));
    TRY(sha256(ret_csr->spki, spki_hash));
    pthread_mutex_lock(&issuing->mutex);
    enum err err = halt_gate(issuing, ret_reason);
    bool blocked = ledger_is_blocked(&issuing->ledger, spki_hash);
    pthread_mutex_unlock(&issuing->mutex);
    TRY(err);
    return blocked ? reason_set(ret_reason, ERR_DENIED, "key.blocked", "csr", NULL, NULL) : OK;
}
