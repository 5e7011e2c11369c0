#pragma once
/* The issuing core: reserve, issue, complete, abandon, revoke, withdraw, CRL. All it touches beyond
 * memory is the journal; time and randomness come in. Every function may be called from several
 * threads at once, and again after any failure: a request has one serial and at most one
 * certificate, for ever. */
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/crypto/weaklist.h"
#include "lib/wire/signer.h"
#include "proc/signer/build.h"
#include "proc/signer/checkpoint.h"
#include "proc/signer/journal.h"

struct issuing;

struct issuing_setup {
    const struct roster *roster; /* stays with the caller, unchanged */
    const uint8_t *roster_hash;  /* HASH_BYTES: SHA-256 of the sealed file */
    const struct weaklist *weak; /* the same; NULL: none is known */
    struct issuer_key *issuers;  /* the same; every issuer of the roster that we hold */
    size_t issuer_count;
    const char *journal_path;
    /* CHECKPOINT_KEY_BYTES: of the index beside the journal; NULL: none, and every start reads all
     * of the journal. */
    const uint8_t *index_key;
    int64_t index_records; /* the index is at most so far behind; 0: FOLLOW_RECORDS */
    struct clock clock;
    /* Seconds since boot, held against the clock while it runs; without a function nothing is. */
    struct clock elapsed;
    struct random random;
};

/* Loads an issuing CA: its certificate must be that of the key. `key` is taken over. Reasons
 * "issuer.certificate", "issuer.key". */
enum err issuer_key_init(const struct roster *roster, const struct issuer *issuer, struct key *key,
    struct issuer_key *ret_issuer, struct reason *ret_reason) MUST_USE;
void issuer_key_release(struct issuer_key *issuer);

/* For issuing_setup: what only somebody with the issuing keys can know. Where none can be read
 * (they never leave their device) it comes from a secret in the file `path`, which is drawn and put
 * there if there is none. ERR_DENIED or ERR_INPUT "signer.index_key" for a file that others may
 * read or that is no such secret; a disk that is full costs the index and nothing else. */
enum err issuing_index_key(const struct issuer_key *issuers, size_t issuer_count, const char *path,
    const struct random *random, uint8_t ret_key[CHECKPOINT_KEY_BYTES],
    struct reason *ret_reason) MUST_USE;

/* Reads the journal, from the index's place on if there is one, and signs again what was intended
 * and not finished. ERR_CONFLICT "journal.held" if another signer runs, "journal.behind" if the
 * index has seen more of this journal than there is; ERR_DENIED "roster.epoch" for an older roster
 * than the journal has seen, "roster.classic" for one that claims less or more than a classic one
 * may (classic_roster_check), or that would make a public hierarchy of a classic one. */
enum err issuing_open(const struct issuing_setup *setup, struct issuing **ret_issuing,
    int64_t *ret_cut, struct reason *ret_reason) MUST_USE;
/* Starts the thread that keeps the index up; apart, because a process makes no thread before it is
 * in its sandbox. */
enum err issuing_follow(struct issuing *issuing) MUST_USE;
void issuing_free(struct issuing *issuing);
AUTO_PTR_DEFINE(issuing, issuing_free)

enum err issuing_reserve(struct issuing *issuing, const struct request_id *request,
    struct signer_serial *ret_serial, struct reason *ret_reason) MUST_USE;
/* Appends the certificate or, where the roster has logs and it is not completed yet, its
 * precertificate (`ret_precertificate`, may be NULL). ERR_CONFLICT "request.unreserved"; ERR_DENIED
 * with the warrant's reason, "warrant.withdrawn", "warrant.malformed" or "request.abandoned";
 * ERR_AGAIN "clock.backwards" against the journal, "clock.jumped" while it runs; ERR_NO_SPACE. */
enum err issuing_issue(struct issuing *issuing, const struct request_id *request,
    struct span warrant, struct buf *certificate, bool *ret_precertificate,
    struct reason *ret_reason) MUST_USE;
/* Appends the certificate of the request's precertificate, with these SCTs. ERR_CONFLICT
 * "request.unlogged" if there is none; ERR_DENIED with ct_list_check's reason or one of
 * issuing_issue's. */
enum err issuing_complete(struct issuing *issuing, const struct request_id *request,
    struct span scts, struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* Gives a request's serial up for good: nothing is signed for it any more, and its precertificate
 * is revoked. ERR_CONFLICT "request.unreserved"; "request.issued" if there is a certificate or will
 * be: revoke that. */
enum err issuing_abandon(
    struct issuing *issuing, const struct request_id *request, struct reason *ret_reason) MUST_USE;
/* ERR_NOT_FOUND "revocation.serial" for one that was never reserved; ERR_CONFLICT
 * "revocation.reason" for a change that isn't graver. */
enum err issuing_revoke(struct issuing *issuing, const struct signer_revoke *revoke,
    struct reason *ret_reason) MUST_USE;
enum err issuing_withdraw(
    struct issuing *issuing, const uint8_t application_hash[HASH_BYTES]) MUST_USE;
/* From now on nothing is signed for this key; a certificate that has it stays as it is. */
enum err issuing_block(struct issuing *issuing, const uint8_t spki_hash[HASH_BYTES]) MUST_USE;
/* From the moment of this call on no intent is taken and no certificate signed, even where the
 * record can't be written, until resumed. Asking twice is no error: the first stop stands. */
enum err issuing_halt(
    struct issuing *issuing, const struct halt *halt, struct reason *ret_reason) MUST_USE;
/* resumption_check's reasons; ERR_CONFLICT "issuance.not_stopped". */
enum err issuing_resume(struct issuing *issuing, const struct resumption *resumption,
    struct reason *ret_reason) MUST_USE;
/* Appends the signed CRL to an empty buffer. ERR_INPUT "crl.window". */
enum err issuing_crl(struct issuing *issuing, const struct signer_crl *wanted,
    struct signer_crl_made *ret_made, struct buf *crl, struct reason *ret_reason) MUST_USE;
/* All but the sandbox's level. */
void issuing_status(struct issuing *issuing, struct signer_status *ret_status);

/* How far the journal is, if it has what somebody noted of it earlier. ERR_CONFLICT
 * "journal.behind" if not: records were lost, or it is another journal (doc/threats.md S18). */
enum err issuing_anchor(struct issuing *issuing, const struct signer_place *noted,
    struct signer_place *ret_now, struct reason *ret_reason) MUST_USE;
/* What happened behind that place, a piece of it. */
enum err issuing_since(struct issuing *issuing, const struct signer_place *noted,
    struct signer_past *ret_past, struct reason *ret_reason) MUST_USE;
