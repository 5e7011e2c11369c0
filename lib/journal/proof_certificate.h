#pragma once
/* What one certificate must have had before it was signed: its warrant, by the roster of its day.
 * Of its own, sharing nothing with what builds and signs but the rules of lib/ca. */
#include "lib/ca/warrant.h"
#include "lib/journal/record.h"

/* A roster with all its keys ready to verify; may be shared by threads. */
struct proof_roster {
    struct roster roster;
    uint8_t hash[HASH_BYTES]; /* of the sealed file: what the journal's epoch record says */
    struct key *perspective_keys[PERSPECTIVES_MAX];
    struct key *officer_keys[OFFICERS_MAX];
    struct key *issuer_keys[ISSUERS_MAX];
    struct key *log_keys[CT_LOGS_MAX];
    struct arena arena;
};

enum { PROOF_ROSTER_ARENA_BYTES = 2 * 1024 * 1024 };

/* Opens a sealed roster by the ceremony's public key. roster_open's reasons. */
enum err proof_roster_init(struct span sealed, struct span ceremony_spki,
    struct proof_roster *ret_roster, struct reason *ret_reason) MUST_USE;
/* The same of one that is open already and outlives it. */
enum err proof_roster_take(const struct roster *roster, const uint8_t hash[HASH_BYTES],
    struct proof_roster *ret_roster) MUST_USE;
void proof_roster_release(struct proof_roster *roster);

/* One intent and, as far as there are any, its precertificate, its certificate's intent and its
 * certificate. */
struct proof_case {
    const struct proof_roster *roster; /* in force when it was intended */
    int64_t seq;                       /* of the intent */
    int64_t time;
    struct record_intent intent;
    struct span certificate; /* empty: never signed */
    bool logged;             /* the intent is a precertificate's */
    struct span precertificate;
    struct span completion; /* to-be-signed bytes of the certificate */
    int64_t completion_seq; /* 0: not completed */
    int64_t completion_time;
};

/* A certificate for OCSP answers, and for nothing else: ERR_DENIED "proof.responder". */
enum err proof_responder(const struct proof_roster *by, const struct record_responder *responder,
    int64_t time, struct reason *ret_reason) MUST_USE;

/* What other records are held against. */
struct proof_outcome {
    uint8_t application_hash[HASH_BYTES];
    uint8_t spki_hash[HASH_BYTES];
    uint8_t earlier[EARLIER_APPLICATIONS_MAX][HASH_BYTES]; /* whose evidence served again */
    size_t earlier_count;
};

/* ERR_DENIED with warrant_check's reason if the warrant does not entitle at that time, or
 * "proof.<what>" if the certificate is not what it entitles to. */
enum err proof_certificate(const struct proof_case *of, struct proof_outcome *ret_outcome,
    struct reason *ret_reason) MUST_USE;
