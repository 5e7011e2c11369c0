#pragma once
/* The bodies of the journal's records (doc/architecture.md §4), both directions. Spans borrow. */
#include "lib/ca/halt.h"
#include "lib/ca/revocation.h"
#include "lib/ca/warrant.h"
#include "lib/der/reader.h"
#include "lib/der/writer.h"

enum { AUTHORITY_NAME_MAX = 64 };
/* Of a completion that was written before its precertificate's place was noted in it. */
enum { RECORD_PLACE_UNKNOWN = -1 };

struct record_reserved {
    struct request_id request;
    struct span serial;
};

/* Of a certificate, or of a precertificate. */
struct record_intent {
    struct request_id request;
    struct span serial;
    char issuer[ISSUER_ID_MAX];
    uint8_t warrant_hash[HASH_BYTES];
    struct span warrant;
    struct span tbs;
};

struct record_issued {
    struct request_id request;
    struct span certificate;
};

struct record_precertificate {
    struct request_id request;
    int64_t intent; /* where in the journal its intent stands */
    struct span precertificate;
};

/* What the certificate of a precertificate will be, its SCTs in it. */
struct record_completion {
    struct request_id request;
    char issuer[ISSUER_ID_MAX];
    struct span tbs;
    int64_t precertificate; /* where in the journal its precertificate stands */
};

/* Nothing is ever signed for it again. If a precertificate was intended, its serial is revoked from
 * this date on, as superseded: it was a promise. */
struct record_abandoned {
    struct request_id request;
    int64_t date;
};

struct record_refused {
    struct request_id request;
    uint8_t warrant_hash[HASH_BYTES];
    char code[REASON_CODE_MAX];
};

struct record_revoked {
    char issuer[ISSUER_ID_MAX];
    struct span serial;
    enum revocation_reason reason;
    int64_t date;
    struct span blocked; /* SHA-256 of the key nobody gets a certificate for again; or empty */
};

struct record_withdrawn {
    uint8_t application_hash[HASH_BYTES];
};

struct record_blocked {
    uint8_t spki_hash[HASH_BYTES];
};

struct record_crl {
    char issuer[ISSUER_ID_MAX];
    int64_t number;
    int64_t this_update, next_update;
};

struct record_epoch {
    int64_t epoch;
    enum policy_set policy_set;
    uint8_t roster_hash[HASH_BYTES];
};

/* No request and no warrant: who can have it signed is at the signer's own machine. */
struct record_responder {
    char issuer[ISSUER_ID_MAX];
    struct span tbs;
};

/* What a ceremony made ("root", "arl", "cross", "issuer", "old issuer", "roster") and the name of
 * its file. */
struct record_ceremony {
    char what[ISSUER_ID_MAX];
    char name[AUTHORITY_NAME_MAX];
    struct span made;
};

void record_reserved_write(struct der_writer *writer, const void *object);
enum err record_reserved_read(struct span body, struct record_reserved *ret_record) MUST_USE;
void record_intent_write(struct der_writer *writer, const void *object);
enum err record_intent_read(struct span body, struct record_intent *ret_record) MUST_USE;
void record_issued_write(struct der_writer *writer, const void *object);
enum err record_issued_read(struct span body, struct record_issued *ret_record) MUST_USE;
void record_precertificate_write(struct der_writer *writer, const void *object);
enum err record_precertificate_read(
    struct span body, struct record_precertificate *ret_record) MUST_USE;
void record_completion_write(struct der_writer *writer, const void *object);
enum err record_completion_read(struct span body, struct record_completion *ret_record) MUST_USE;
void record_abandoned_write(struct der_writer *writer, const void *object);
enum err record_abandoned_read(struct span body, struct record_abandoned *ret_record) MUST_USE;
void record_refused_write(struct der_writer *writer, const void *object);
enum err record_refused_read(struct span body, struct record_refused *ret_record) MUST_USE;
void record_revoked_write(struct der_writer *writer, const void *object);
enum err record_revoked_read(struct span body, struct record_revoked *ret_record) MUST_USE;
void record_withdrawn_write(struct der_writer *writer, const void *object);
enum err record_withdrawn_read(struct span body, struct record_withdrawn *ret_record) MUST_USE;
void record_blocked_write(struct der_writer *writer, const void *object);
enum err record_blocked_read(struct span body, struct record_blocked *ret_record) MUST_USE;
void record_crl_write(struct der_writer *writer, const void *object);
enum err record_crl_read(struct span body, struct record_crl *ret_record) MUST_USE;
void record_epoch_write(struct der_writer *writer, const void *object);
enum err record_epoch_read(struct span body, struct record_epoch *ret_record) MUST_USE;
void record_responder_write(struct der_writer *writer, const void *object);
enum err record_responder_read(struct span body, struct record_responder *ret_record) MUST_USE;
void record_ceremony_write(struct der_writer *writer, const void *object);
enum err record_ceremony_read(struct span body, struct record_ceremony *ret_record) MUST_USE;
/* Written by halt_write and resumption_write (lib/ca/halt.h). */
enum err record_halted_read(struct span body, struct halt *ret_record) MUST_USE;
enum err record_resumed_read(struct span body, struct resumption *ret_record) MUST_USE;
