#pragma once
/* The proof, from public keys alone, that a signer's journal is whole and that the signer did
 * right: the chain holds; every certificate had its warrant at its time and is what that entitles
 * to, signed by its issuer; no serial and no request was used twice; nothing was signed behind its
 * withdrawal or revocation, nor for a key that is blocked; revocations are never undone, CRL
 * numbers and epochs only grow. Where the roster has logs, every certificate had its precertificate
 * before it, is that one's byte for byte, and holds promises of these logs that verify and are
 * enough; what was abandoned stays so. It reads all of the journal, and no index.
 *
 * Memory: about 120 bytes for each request that the journal has. */
#include "lib/base/index.h"
#include "lib/journal/chain.h"
#include "lib/journal/proof_pool.h"

enum proof_state {
    PROOF_RESERVED,
    PROOF_INTENDED,
    PROOF_ISSUED,
    PROOF_PRECERTIFICATE_INTENDED,
    PROOF_PRECERTIFIED,
    PROOF_COMPLETING,
    PROOF_ABANDONED,
};

struct proof_row {
    uint8_t request[ENROLMENT_ID_BYTES + 4];
    uint8_t serial[SERIAL_MAX_BYTES];
    uint8_t serial_len;
    uint8_t state;  /* enum proof_state */
    uint8_t issuer; /* place in the proof's list */
    uint8_t revoked;
    uint8_t reason;
    int64_t record; /* offset of the last record that moved its state */
    int64_t seq;    /* of the last record about it */
};

struct proof_hash {
    uint8_t hash[HASH_BYTES];
    int64_t seq; /* from this record on */
};

struct proof_hashes {
    struct proof_hash *list;
    size_t count, capacity;
    struct index index;
};

struct proof_issuer {
    char id[ISSUER_ID_MAX];
    int64_t crl_number;
};

/* What somebody else noted of the journal, when it was so many records long. */
struct proof_anchor {
    int64_t records;
    uint8_t head[SHA256_BYTES];
};

struct proof_setup {
    int fd;                             /* the journal, open for reading */
    const struct proof_roster *rosters; /* every one that the journal names */
    size_t roster_count;
    const struct proof_anchor *anchors; /* in the order of their records */
    size_t anchor_count;
    unsigned threads;
    /* Told now and then how far it is; may be NULL. */
    void (*progress)(void *ctx, int64_t bytes, int64_t of);
    void *ctx;
};

struct proof {
    struct proof_setup setup;
    struct journal_state state; /* how far it holds */
    int64_t torn;               /* bytes of an unfinished write behind it */
    int64_t counts[JOURNAL_TYPE_COUNT];
    int64_t revoked;      /* certificates and serials, each once */
    int64_t unsigned_yet; /* intents that have no certificate */
    int64_t abandoned;    /* requests that never will have one */
    struct proof_row *rows;
    size_t count, capacity;
    struct index by_request, by_serial;
    struct proof_hashes withdrawn, blocked;
    struct proof_issuer issuers[ISSUERS_MAX];
    size_t issuer_count;
    const struct proof_roster *roster; /* in force */
    bool halted;
    struct halt halt;
    int64_t epoch;
    struct proof_job *open; /* intents whose certificate has not come yet */
    struct proof_pool *pool;
    size_t anchors_held;
    int64_t failed_seq; /* the first record that fails; 0: none */
    struct reason failure;
};

/* ERR_DENIED with "proof.<what>" or a warrant's reason, `ret_proof->failed_seq` saying at which
 * record. What `ret_proof` holds is the caller's either way. */
enum err proof_run(
    const struct proof_setup *setup, struct proof *ret_proof, struct reason *ret_reason) MUST_USE;
void proof_release(struct proof *proof);
AUTO_DEFINE(proof, proof_release)

/* NULL if the journal has no such serial. */
const struct proof_row *proof_by_serial(const struct proof *proof, struct span serial);
const struct proof_row *proof_by_request(
    const struct proof *proof, const struct request_id *request);
bool proof_is_withdrawn(const struct proof *proof, const uint8_t hash[HASH_BYTES]);
bool proof_is_blocked(const struct proof *proof, const uint8_t spki_hash[HASH_BYTES]);
/* Appends an issued row's certificate. */
enum err proof_certificate_of(
    const struct proof *proof, const struct proof_row *row, struct buf *certificate) MUST_USE;
