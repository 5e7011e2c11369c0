#pragma once
/* The stop switch. Anybody who may speak to the service may stop all issuance, with a reason and
 * without a key: a stop must never fail for want of one. Going on takes two people of the roster,
 * who sign this very stop. Revocations, withdrawals and CRLs are never stopped. */
#include "lib/ca/roster.h"

enum { HALT_BY_MAX = 96, HALT_WHY_MAX = 256, RESUMPTION_SIGNATURES = 2, HALT_MAX_BYTES = 1024 };

struct halt {
    char by[HALT_BY_MAX]; /* who, as the operating system knows them */
    char why[HALT_WHY_MAX];
    int64_t time;
};

void halt_write(struct der_writer *writer, const void *object);
/* ERR_INPUT for texts that are empty or would not print as they are. */
enum err halt_read(struct der *reader, struct halt *ret_halt) MUST_USE;
/* SHA-256 over a tag and the DER: what a resumption names. */
enum err halt_hash(const struct halt *halt, uint8_t ret_hash[HASH_BYTES]) MUST_USE;

struct resumption {
    uint8_t halt_hash[HASH_BYTES];
    int64_t time;
    struct {
        uint8_t key_id[HASH_BYTES];
        struct span signature; /* Ed25519 over resumption_message */
    } signatures[RESUMPTION_SIGNATURES];
};

void resumption_write(struct der_writer *writer, const void *object);
/* The signatures borrow from the reader. */
enum err resumption_read(struct der *reader, struct resumption *ret_resumption) MUST_USE;
/* SEQUENCE { UTF8String "ecert resumption v1", OCTET STRING halt's hash, GeneralizedTime };
 * appended. */
enum err resumption_message(const struct resumption *resumption, struct buf *message) MUST_USE;
/* Two different people of the roster, officers or administrators, and this stop. ERR_DENIED;
 * reasons "resumption.other" (another stop), "resumption.time", "resumption.same_person",
 * "resumption.unknown", "resumption.role", "resumption.signature". */
enum err resumption_check(const struct resumption *resumption, const struct halt *halt,
    const struct roster *roster, int64_t now, struct reason *ret_reason) MUST_USE;
