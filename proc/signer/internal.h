#pragma once
/* What the files of the issuing core share. */
#include "proc/signer/follow.h"
#include "proc/signer/issue.h"
#include "proc/signer/ledger.h"

#include <pthread.h>

enum { REQUEST_LOCKS = 64 };

struct issuing {
    const struct roster *roster;
    const struct weaklist *weak;
    struct issuer_key *issuers;
    size_t issuer_count;
    struct key *perspective_keys[PERSPECTIVES_MAX]; /* by their place in the roster */
    struct key *officer_keys[OFFICERS_MAX];         /* the same */
    struct clock clock;
    struct random random;
    struct journal *journal;
    struct checkpoint *checkpoint; /* NULL: none */
    struct follower *follower;     /* NULL before issuing_follow */
    int64_t index_records;
    pthread_mutex_t mutex; /* over the ledger, and over the order of what the journal gets */
    struct ledger ledger;
    int64_t crl_taken[ISSUERS_MAX]; /* by issuer: the last number given out, on disk or not yet */
    /* Stops asked for, and how many of them an order to go on has ended: one that is queued, or
     * that the disk refused, counts all the same. */
    unsigned halts, halts_ended;
    bool resuming;                           /* such an order is on its way to the disk */
    pthread_mutex_t requests[REQUEST_LOCKS]; /* a request is worked on by one thread at a time */
};

/* Appends the record; when this returns OK the ledger has learnt it. */
enum err issuing_record(struct issuing *issuing, enum journal_type type, int64_t time,
    body_writer write, const void *object) MUST_USE;
/* ERR_AGAIN "issuance.stopped", with who stopped it and why, while issuance is stopped; under the
 * mutex. */
enum err halt_gate(const struct issuing *issuing, struct reason *ret_reason) MUST_USE;
struct issuer_key *issuing_issuer(struct issuing *issuing, const char *id);
/* Signs the to-be-signed bytes of an intent that is in the journal, journals the certificate,
 * appends it. */
enum err issuing_finish(struct issuing *issuing, const struct record_intent *intent,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
