#pragma once
/* What the files of the issuing core share. */
#include "proc/signer/pool.h"
#include "proc/signer/follow.h"
#include "proc/signer/issue.h"
#include "proc/signer/ledger.h"
#include "proc/signer/watch.h"

#include <pthread.h>

enum { REQUEST_LOCKS = 1024 };

struct issuing {
    const struct roster *roster;
    const struct weaklist *weak;
    struct issuer_key *issuers;
    size_t issuer_count;
    struct key *perspective_keys[PERSPECTIVES_MAX]; /* by their place in the roster */
    struct key *officer_keys[OFFICERS_MAX];         /* the same */
    struct key *log_keys[CT_LOGS_MAX];              /* the same */
    struct watch watch;
    struct clock clock; /* the watch's */
    struct random random;
    struct journal *journal;
    int64_t found; /* its octets when it was opened: anybody may have written them */
    struct checkpoint *checkpoint; /* NULL: none */
    struct follower *follower;     /* NULL before issuing_follow */
    size_t processors;
    struct pool *pool; /* NULL before issuing_follow, and where a token signs */
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

/* One call for a certificate: what is asked, what comes out, and what must be on disk before that
 * leaves. */
struct errand {
    struct issuing *issuing;
    const struct request_id *request;
    struct span given; /* the warrant, or the logs' promises */
    enum err (*run)(struct errand *errand, struct reason *ret_reason); /* waits for no disk */
    struct buf made;                                                   /* the certificate */
    bool recorded;                 /* there is a record to wait for: */
    struct journal_ticket awaited; /* the last one */
};

/* Runs it on one of the pool, waits for its record, and appends the certificate. */
enum err errand_do(
    struct errand *errand, struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* The errand's answer waits for this record, and for all before it. */
void errand_await(struct errand *errand, const struct journal_ticket *ticket);

/* One issuance on its way. */
struct issuance {
    struct errand *errand; /* NULL: one of the past, confirmed */
    struct issuing *issuing;
    const struct request_id *request;
    struct span warrant_der;
    uint8_t warrant_hash[HASH_BYTES];
    uint8_t application_hash[HASH_BYTES];
    uint8_t spki_hash[HASH_BYTES];
    uint8_t serial[SERIAL_BYTES];
    int64_t now;  /* as of which the warrant entitles: its intent's */
    int64_t time; /* of what is recorded */
    struct warrant warrant;
    struct entitlement entitlement;
    struct policy policy;
    struct build_request build;
};

/* Around all that is done for a request: one caller at a time, whom the journal reckons with. */
void request_enter(struct issuing *issuing, const struct request_id *request);
void request_leave(struct issuing *issuing, const struct request_id *request);
/* What the ledger says of a request. */
bool issuing_row(
    struct issuing *issuing, const struct request_id *request, struct ledger_row *ret_row) MUST_USE;
enum err issuing_clock_check(
    struct issuing *issuing, int64_t now, struct reason *ret_reason) MUST_USE;
/* Everything that decides whether there may be a certificate, short of the journal's order; fills
 * in what is to be built. `verified`: the warrant's signatures were, before it was intended. */
enum err issuance_entitle(struct issuance *issuance, bool verified, struct arena *arena,
    struct reason *ret_reason) MUST_USE;
/* Queues a refusal for the journal and returns it; a machine in trouble is none. */
enum err issuance_refuse(
    struct issuance *issuance, const struct reason *reason, enum err verdict) MUST_USE;
/* Lints what is to be signed, and looks whether it says what was asked for. */
enum err issuance_look(
    struct issuance *issuance, struct span tbs, struct reason *ret_reason) MUST_USE;

/* An intent that was read is asked for its warrant once more: the chain that holds the journal
 * together needs no key, so whoever can write the file could have written it too. ERR_DENIED if the
 * warrant doesn't bear it out, or not any more. */
enum err issuance_confirm(struct issuing *issuing, const struct record_intent *intent,
    struct reason *ret_reason) MUST_USE;
/* The same of a completion: derived again from its precertificate, whose warrant is asked once
 * more, and from its own promises. `row`: what stands open. */
enum err completion_confirm(struct issuing *issuing, const struct ledger_row *row,
    const struct record_completion *completion, struct reason *ret_reason) MUST_USE;
/* What the journal says by now against what was once intended: a withdrawal, a blocked key. */
enum err issuance_standing(const struct issuance *issuance, struct reason *ret_reason) MUST_USE;
/* The same, under the mutex: ERR_DENIED "warrant.withdrawn", "warrant.earlier_withdrawn" where it
 * is one whose evidence serves again, "key.blocked". */
enum err issuance_stands(const struct issuance *issuance, struct reason *ret_reason) MUST_USE;

/* What is to be signed now, and which record then says that it was. */
struct signing {
    struct request_id request;
    char issuer[ISSUER_ID_MAX];
    struct span tbs;
    enum journal_type result; /* JOURNAL_ISSUED or JOURNAL_PRECERTIFICATE */
    int64_t intent;           /* the intent's place, for a precertificate's record */
};

/* Queues the intent, if nothing stands before it that forbids, signs, and queues what was signed:
 * the errand has it, and waits for both. */
enum err signing_run(struct issuance *issuance, struct signing *signing, enum journal_type type,
    body_writer write, const void *record, struct reason *ret_reason) MUST_USE;
/* Signs the to-be-signed bytes of an intent that is in the journal, queues what was signed and
 * appends it: the errand waits for the record. Without one (NULL) it is on disk on return. */
enum err issuing_finish(struct issuing *issuing, const struct ledger_row *row,
    struct errand *errand, struct buf *der, struct reason *ret_reason) MUST_USE;
