#pragma once
/* What the journal says: every request with its serial and how far it came, every revocation, every
 * withdrawal, the last CRL number of each issuer. What lies behind the last checkpoint is in
 * memory, the rest in the index's segments. It learns from journal records only, in their order,
 * the same way at start and while running; what is queued for the journal and must count at once is
 * noted apart as pending. Not locked: its owner is. */
#include "lib/base/index.h"
#include "lib/journal/chain.h"
#include "lib/journal/record.h"
#include "proc/signer/segments.h"
#include "proc/signer/serial.h"

enum ledger_state {
    LEDGER_RESERVED,
    LEDGER_INTENDED,
    LEDGER_ISSUED,
    /* With Certificate Transparency. */
    LEDGER_PRECERTIFICATE_INTENDED,
    LEDGER_PRECERTIFIED,
    LEDGER_COMPLETING,
    LEDGER_ABANDONED,
};

enum { REQUEST_KEY_BYTES = ENROLMENT_ID_BYTES + 4 };

struct ledger_row {
    uint8_t request[REQUEST_KEY_BYTES]; /* enrolment and ordinal */
    uint8_t serial[SERIAL_BYTES];
    uint8_t state;  /* enum ledger_state */
    uint8_t issuer; /* place in the ledger's list; known from the intent or the revocation on */
    uint8_t revoked;
    uint8_t reason;
    int64_t revoked_at;
    int64_t record; /* offset of what made it what it is: the intent, later the issued record, … */
    /* In memory only. */
    int64_t seq;  /* of the last record that changed the row */
    bool pending; /* a revocation is queued, or was and the disk refused it */
    uint8_t pending_reason;
};

struct ledger_issuer {
    char id[ISSUER_ID_MAX];
    int64_t crl_number;
};

/* All that is not looked up by a key; part of every checkpoint. */
struct ledger_sums {
    int64_t issued, revoked, withdrawn, blocked;
    struct ledger_issuer issuers[ISSUERS_MAX];
    size_t issuer_count;
    struct record_epoch epoch;
    bool halted;
    struct halt halt; /* the last stop */
};

struct ledger_hash {
    uint8_t hash[HASH_BYTES];
    int64_t seq; /* of the record; INT64_MAX while it is only pending */
};

struct ledger_hashes {
    struct ledger_hash *list;
    size_t count, capacity;
    struct index index;
};

/* Who may say that issuance goes on; `roster` stays with its owner. NULL: not judged. */
struct ledger_roster {
    const struct roster *roster;
    uint8_t hash[HASH_BYTES]; /* of the sealed file, as the journal has it */
};

struct ledger {
    struct ledger_roster roster;
    bool resumption_refused; /* a record says that it goes on, and our roster says no */
    struct segments base;
    int64_t base_records; /* what the base knows */
    int index_fd;         /* the base's file */
    struct ledger_row *rows;
    size_t count, capacity;
    struct index by_request, by_serial;
    struct ledger_hashes withdrawn;
    struct ledger_hashes blocked; /* keys nobody gets a certificate for again */
    struct ledger_sums sums;
    uint8_t (*open)[REQUEST_KEY_BYTES]; /* intents without a certificate */
    size_t open_count, open_capacity;
};

enum err ledger_init(struct ledger *ledger, const struct ledger_roster *roster) MUST_USE;
void ledger_release(struct ledger *ledger);
AUTO_DEFINE(ledger, ledger_release)
/* Learns one record; the journal's visitor with the ledger as context. ERR_INPUT for a record that
 * contradicts what is known. */
enum err ledger_learn(void *ledger, const struct journal_record *record) MUST_USE;
/* Everything up to the record number `records` is in these segments: forgets what they have. */
enum err ledger_rebase(
    struct ledger *ledger, const struct segments *base, int64_t records, int index_fd) MUST_USE;
/* What memory has of one table, sorted, as a segment has it. */
enum err ledger_entries(
    const struct ledger *ledger, enum segment_table table, struct buf *entries) MUST_USE;

/* Whose list its revocation would belong on is not decided: nothing has been intended for it. */
static inline bool ledger_row_blank(const struct ledger_row *row)
{
    return (row->state == LEDGER_RESERVED || row->state == LEDGER_ABANDONED) && !row->revoked;
}

/* True if it is known; the row is copied. */
bool ledger_by_request(const struct ledger *ledger, const struct request_id *request,
    struct ledger_row *ret_row) MUST_USE;
bool ledger_by_serial(
    const struct ledger *ledger, struct span serial, struct ledger_row *ret_row) MUST_USE;
/* The row of a key out of `open`. */
bool ledger_by_key(const struct ledger *ledger, const uint8_t key[REQUEST_KEY_BYTES],
    struct ledger_row *ret_row) MUST_USE;
bool ledger_is_withdrawn(const struct ledger *ledger, const uint8_t hash[HASH_BYTES]);
bool ledger_is_blocked(const struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES]);

/* What is to count before its record is on disk: nothing can be signed behind it. */
enum err ledger_pend_revocation(
    struct ledger *ledger, struct span serial, enum revocation_reason reason) MUST_USE;
enum err ledger_pend_withdrawal(struct ledger *ledger, const uint8_t hash[HASH_BYTES]) MUST_USE;
/* New: no record says so yet, whoever else may have pended it. */
enum err ledger_pend_block(
    struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES], bool *ret_new) MUST_USE;
/* The issuer's place in the list; ERR_NOT_FOUND if no record has named it yet. */
enum err ledger_issuer(const struct ledger *ledger, const char *id, size_t *ret_at) MUST_USE;
