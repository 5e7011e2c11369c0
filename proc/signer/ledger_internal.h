#pragma once
/* What ledger.c has and lessons.c learns with. */
#include "proc/signer/ledger.h"

void ledger_request_key(const struct request_id *request, uint8_t ret_key[REQUEST_KEY_BYTES]);
/* The row in memory, brought there from the base if that has it. NULL: unknown, or no memory. */
struct ledger_row *ledger_row_own(struct ledger *ledger, const uint8_t *key);
enum err ledger_row_add(struct ledger *ledger, const struct ledger_row *row) MUST_USE;
/* `seq`: INT64_MAX while it is only pending. New: no record said so before. */
enum err ledger_hash_add(struct ledger *ledger, struct ledger_hashes *hashes,
    enum segment_table table, const uint8_t *hash, int64_t seq, bool *ret_new) MUST_USE;
