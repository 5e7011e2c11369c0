#pragma once
/* What the journal says, in memory: every request with its serial and how far it came, every
 * revocation, every withdrawal, the last CRL number of each issuer. It learns from journal records
 * only, the same way at start and while running. Not locked: its owner is. */
#include "proc/signer/index.h"
#include "proc/signer/journal.h"
#include "proc/signer/records.h"
#include "proc/signer/serial.h"

enum ledger_state { LEDGER_RESERVED, LEDGER_INTENDED, LEDGER_ISSUED };

struct ledger_row {
    uint8_t request[ENROLMENT_ID_BYTES + 4]; /* enrolment and ordinal */
    uint8_t serial[SERIAL_BYTES];
    uint8_t state;  /* enum ledger_state */
    uint8_t issuer; /* place in the ledger's list; known from the intent on */
    bool revoked;
    bool settled; /* the revocation is on disk, or on its way there without mishap */
    uint8_t reason;
    int64_t revoked_at;
    int64_t record; /* offset of the intent, later of the issued record */
};

struct ledger_issuer {
    char id[ISSUER_ID_MAX];
    int64_t crl_number;
};

struct ledger {
    struct ledger_row *rows;
    size_t count, capacity;
    struct index by_request, by_serial;
    uint8_t (*withdrawn)[HASH_BYTES];
    size_t withdrawn_count, withdrawn_capacity;
    struct index by_withdrawn;
    uint8_t (*blocked)[HASH_BYTES]; /* keys nobody gets a certificate for again */
    size_t blocked_count, blocked_capacity;
    struct index by_blocked;
    uint32_t *revoked; /* rows, in order of revocation */
    size_t revoked_count, revoked_capacity;
    size_t issued_count;
    struct ledger_issuer issuers[ISSUERS_MAX];
    size_t issuer_count;
    struct record_epoch epoch;
};

enum err ledger_init(struct ledger *ledger) MUST_USE;
void ledger_release(struct ledger *ledger);
/* Learns one record; the journal's visitor with the ledger as context. ERR_INPUT for a record that
 * contradicts what is known. */
enum err ledger_learn(void *ledger, const struct journal_record *record) MUST_USE;

/* NULL if unknown; stays in place until the next ledger_learn. */
struct ledger_row *ledger_by_request(const struct ledger *ledger, const struct request_id *request);
struct ledger_row *ledger_by_serial(const struct ledger *ledger, struct span serial);
bool ledger_is_withdrawn(const struct ledger *ledger, const uint8_t hash[HASH_BYTES]);
bool ledger_is_blocked(const struct ledger *ledger, const uint8_t spki_hash[HASH_BYTES]);
/* The issuer's entry, made if it isn't there. ERR_LIMIT. */
enum err ledger_issuer(
    struct ledger *ledger, const char *id, struct ledger_issuer **ret_issuer) MUST_USE;
