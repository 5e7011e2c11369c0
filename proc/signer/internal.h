#pragma once
/* What the files of the issuing core share. */
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
    pthread_mutex_t mutex; /* over the ledger, and over the order of what the journal gets */
    struct ledger ledger;
    pthread_mutex_t requests[REQUEST_LOCKS]; /* a request is worked on by one thread at a time */
};

/* Appends the record and, once it is on disk, teaches it to the ledger. */
enum err issuing_record(struct issuing *issuing, enum journal_type type, int64_t time,
    body_writer write, const void *object) MUST_USE;
/* Teaches the ledger what has just been added to the journal. The caller holds the mutex. */
void issuing_learn(struct issuing *issuing, enum journal_type type,
    const struct journal_ticket *ticket, body_writer write, const void *object);
struct issuer_key *issuing_issuer(struct issuing *issuing, const char *id);
/* Signs the to-be-signed bytes of an intent that is in the journal, journals the certificate,
 * appends it. */
enum err issuing_finish(struct issuing *issuing, const struct record_intent *intent,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
