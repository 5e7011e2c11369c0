#pragma once
/* The registrar's conversation with the signer: reserve a serial, have a certificate signed for a
 * warrant, and tell it what it must never forget. */
#include "lib/ca/halt.h"
#include "lib/ca/revocation.h"
#include "lib/ca/warrant.h"
#include "lib/wire/client.h"

enum signer_message {
    SIGNER_RESERVE = 1,
    SIGNER_ISSUE,
    SIGNER_REVOKE,
    SIGNER_WITHDRAW,
    SIGNER_CRL,
    SIGNER_STATUS,
    SIGNER_HALT,   /* struct halt, its time not looked at -> nothing */
    SIGNER_RESUME, /* struct resumption -> nothing */
    SIGNER_ANCHOR, /* signer_place -> signer_place */
    SIGNER_SINCE,  /* signer_place -> signer_past */
    SIGNER_BLOCK,
    SIGNER_COMPLETE,
    SIGNER_ABANDON, /* struct signer_reserve -> nothing */
};

enum { SIGNER_CRL_MAX_BYTES = FILE_MAX_BYTES, SIGNER_LEVEL_MAX = 160 };

struct signer_reserve {
    struct request_id request;
};

struct signer_serial {
    uint8_t bytes[SERIAL_MAX_BYTES]; /* magnitude */
    size_t len;
};

/* A warrant too large for a packet is empty here and comes as a memory file. */
struct signer_issue {
    struct request_id request;
    struct span warrant;
};

/* What was signed for it: the certificate, or the precertificate that logs have to be shown first.
 */
struct signer_certificate {
    struct span der;
    bool precertificate;
};

/* The logs' promises to show the precertificate. */
struct signer_complete {
    struct request_id request;
    struct span scts; /* a SignedCertificateTimestampList */
};

struct signer_revoke {
    char issuer[ISSUER_ID_MAX];
    struct signer_serial serial;
    enum revocation_reason reason;
    int64_t date;
};

struct signer_withdraw {
    uint8_t application_hash[HASH_BYTES];
};

/* A key that nobody gets a certificate for any more. Its certificates are revoked by `revoke`. */
struct signer_block {
    uint8_t spki_hash[HASH_BYTES];
};

struct signer_crl {
    char issuer[ISSUER_ID_MAX];
    int64_t this_update, next_update;
};

struct signer_crl_made {
    int64_t number;
    int64_t entries;
};

struct signer_status {
    int64_t epoch;
    enum policy_set policy_set;
    int64_t journal_records;
    int64_t journal_bytes;
    uint8_t journal_head[HASH_BYTES];
    int64_t issued, revoked, withdrawn, blocked;
    int64_t weak_keys, weak_keys_time; /* known ones, and when the list was made; 0 without one */
    char sandbox[SIGNER_LEVEL_MAX];
    bool halted;
    struct halt halt; /* if halted */
};

/* A place in the journal, behind so many records. All zero: before the first. */
struct signer_place {
    int64_t records;
    int64_t last_offset; /* of the last of them in the file */
    uint8_t head[HASH_BYTES];
};

enum signer_event_kind {
    SIGNER_EVENT_RESERVED,
    SIGNER_EVENT_ISSUED,
    SIGNER_EVENT_REVOKED,
    SIGNER_EVENT_WITHDRAWN,
    SIGNER_EVENT_BLOCKED,
    SIGNER_EVENT_COUNT,
};

/* What the journal tells a store that may not know it; fields that a kind has no use for are empty.
 */
struct signer_event {
    enum signer_event_kind kind;
    struct request_id request;
    struct signer_serial serial;
    char issuer[ISSUER_ID_MAX];
    enum revocation_reason reason;
    uint8_t hash[HASH_BYTES]; /* withdrawn: the application's; blocked: the key's */
};

enum { SIGNER_EVENTS_MAX = 256 };

struct signer_past {
    struct signer_event events[SIGNER_EVENTS_MAX];
    size_t count;
    struct signer_place place; /* where to go on */
    bool more;
};

void request_id_write(struct der_writer *writer, const struct request_id *request);
enum err request_id_read(struct der *reader, struct request_id *ret_request) MUST_USE;

void signer_reserve_write(struct der_writer *writer, const void *object);
enum err signer_reserve_read(struct der *body, struct signer_reserve *ret_reserve) MUST_USE;
void signer_serial_write(struct der_writer *writer, const void *object);
enum err signer_serial_read(struct der *body, struct signer_serial *ret_serial) MUST_USE;
void signer_issue_write(struct der_writer *writer, const void *object);
/* The warrant borrows from the message. */
enum err signer_issue_read(struct der *body, struct signer_issue *ret_issue) MUST_USE;
/* The answer to it and to what completes it. */
void signer_certificate_write(struct der_writer *writer, const void *object);
enum err signer_certificate_read(
    struct der *body, struct signer_certificate *ret_certificate) MUST_USE;
void signer_complete_write(struct der_writer *writer, const void *object);
enum err signer_complete_read(struct der *body, struct signer_complete *ret_complete) MUST_USE;
void signer_revoke_write(struct der_writer *writer, const void *object);
enum err signer_revoke_read(struct der *body, struct signer_revoke *ret_revoke) MUST_USE;
void signer_withdraw_write(struct der_writer *writer, const void *object);
enum err signer_withdraw_read(struct der *body, struct signer_withdraw *ret_withdraw) MUST_USE;
void signer_block_write(struct der_writer *writer, const void *object);
enum err signer_block_read(struct der *body, struct signer_block *ret_block) MUST_USE;
void signer_crl_write(struct der_writer *writer, const void *object);
enum err signer_crl_read(struct der *body, struct signer_crl *ret_crl) MUST_USE;
void signer_crl_made_write(struct der_writer *writer, const void *object);
enum err signer_crl_made_read(struct der *body, struct signer_crl_made *ret_made) MUST_USE;
void signer_status_write(struct der_writer *writer, const void *object);
enum err signer_status_read(struct der *body, struct signer_status *ret_status) MUST_USE;
void signer_place_write(struct der_writer *writer, const void *object);
enum err signer_place_read(struct der *body, struct signer_place *ret_place) MUST_USE;
void signer_past_write(struct der_writer *writer, const void *object);
enum err signer_past_read(struct der *body, struct signer_past *ret_past) MUST_USE;

/* The registrar's side. Each may be repeated: reserve, issue and complete give the
 * same answer again. */
enum err signer_call_reserve(struct client *client, const struct signer_reserve *reserve,
    struct signer_serial *ret_serial, struct reason *ret_reason) MUST_USE;
/* Appends what was signed, a precertificate where the roster has logs. ERR_DENIED with
 * warrant_check's reason. */
enum err signer_call_issue(struct client *client, const struct signer_issue *issue,
    struct buf *certificate, bool *ret_precertificate, struct reason *ret_reason) MUST_USE;
/* Appends the certificate. ERR_DENIED with ct_list_check's reason; "request.abandoned". */
enum err signer_call_complete(struct client *client, const struct signer_complete *complete,
    struct buf *certificate, struct reason *ret_reason) MUST_USE;
/* ERR_CONFLICT "request.issued" if there is a certificate already. */
enum err signer_call_abandon(struct client *client, const struct signer_reserve *abandoned,
    struct reason *ret_reason) MUST_USE;
enum err signer_call_revoke(
    struct client *client, const struct signer_revoke *revoke, struct reason *ret_reason) MUST_USE;
enum err signer_call_withdraw(struct client *client, const struct signer_withdraw *withdraw,
    struct reason *ret_reason) MUST_USE;
enum err signer_call_halt(
    struct client *client, const struct halt *halt, struct reason *ret_reason) MUST_USE;
enum err signer_call_resume(
    struct client *client, const struct resumption *resumption, struct reason *ret_reason) MUST_USE;
enum err signer_call_block(
    struct client *client, const struct signer_block *block, struct reason *ret_reason) MUST_USE;
enum err signer_call_crl(struct client *client, const struct signer_crl *crl,
    struct signer_crl_made *ret_made, struct mapping *ret_crl, struct reason *ret_reason) MUST_USE;
enum err signer_call_status(
    struct client *client, struct signer_status *ret_status, struct reason *ret_reason) MUST_USE;
/* Tells the signer what was acknowledged last, hears how far its journal is now. Until somebody has
 * done so, the signer reserves and issues nothing ("journal.unanchored"). ERR_CONFLICT
 * "journal.behind": its journal hasn't got that place, and it will not reserve or issue. */
enum err signer_call_anchor(struct client *client, const struct signer_place *place,
    struct signer_place *ret_now, struct reason *ret_reason) MUST_USE;
/* What happened behind that place, a piece of it. ERR_CONFLICT "journal.behind". */
enum err signer_call_since(struct client *client, const struct signer_place *place,
    struct signer_past *ret_past, struct reason *ret_reason) MUST_USE;
