#pragma once
/* The issuing core: reserve, issue, revoke, withdraw, CRL. All it touches beyond memory is the
 * journal; time and randomness come in. Every function may be called from several threads at once,
 * and again after any failure: a request has one serial and at most one certificate, for ever. */
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/crypto/weaklist.h"
#include "lib/wire/signer.h"
#include "proc/signer/build.h"
#include "proc/signer/journal.h"

struct issuing;

struct issuing_setup {
    const struct roster *roster; /* stays with the caller, unchanged */
    const uint8_t *roster_hash;  /* HASH_BYTES: SHA-256 of the sealed file */
    const struct weaklist *weak; /* the same; NULL: none is known */
    struct issuer_key *issuers;  /* the same; every issuer of the roster that we hold */
    size_t issuer_count;
    const char *journal_path;
    struct clock clock;
    struct random random;
};

/* Loads an issuing CA: its certificate must be that of the key. `key` is taken over. Reasons
 * "issuer.certificate", "issuer.key". */
enum err issuer_key_init(const struct roster *roster, const struct issuer *issuer, struct key *key,
    struct issuer_key *ret_issuer, struct reason *ret_reason) MUST_USE;
void issuer_key_release(struct issuer_key *issuer);

/* Reads the journal through and signs again what was intended and not finished. ERR_CONFLICT
 * "journal.held" if another signer runs; ERR_DENIED "roster.epoch" for an older roster than the
 * journal has seen. */
enum err issuing_open(const struct issuing_setup *setup, struct issuing **ret_issuing,
    int64_t *ret_cut, struct reason *ret_reason) MUST_USE;
void issuing_free(struct issuing *issuing);
AUTO_PTR_DEFINE(issuing, issuing_free)

enum err issuing_reserve(struct issuing *issuing, const struct request_id *request,
    struct signer_serial *ret_serial, struct reason *ret_reason) MUST_USE;
/* Appends the certificate. ERR_CONFLICT "request.unreserved"; ERR_DENIED with the warrant's reason,
 * "warrant.withdrawn" or "warrant.malformed"; ERR_AGAIN "clock.backwards"; ERR_NO_SPACE. */
enum err issuing_issue(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* ERR_NOT_FOUND "revocation.serial" for one that was never reserved; ERR_CONFLICT
 * "revocation.reason" for a change that isn't graver. */
enum err issuing_revoke(struct issuing *issuing, const struct signer_revoke *revoke,
    struct reason *ret_reason) MUST_USE;
enum err issuing_withdraw(
    struct issuing *issuing, const uint8_t application_hash[HASH_BYTES]) MUST_USE;
/* From now on nothing is signed for this key; a certificate that has it stays as it is. */
enum err issuing_block(struct issuing *issuing, const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
/* Appends the signed CRL to an empty buffer. ERR_INPUT "crl.window". */
enum err issuing_crl(struct issuing *issuing, const struct signer_crl *wanted,
    struct signer_crl_made *ret_made, struct buf *crl, struct reason *ret_reason) MUST_USE;
/* All but the sandbox's level. */
void issuing_status(struct issuing *issuing, struct signer_status *ret_status);
