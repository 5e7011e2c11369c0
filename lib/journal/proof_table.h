#pragma once
/* Inside lib/journal: how the walk fills the tables that proof.h lets others look things up in. */
#include "lib/journal/proof.h"

enum err proof_tables_init(struct proof *proof) MUST_USE;
/* Tables that were never filled are fine. */
void proof_tables_release(struct proof *proof);

/* NULL if nothing was reserved for it. The next proof_row_add may move the row. */
struct proof_row *proof_row_of(const struct proof *proof, const struct request_id *request);
/* A serial of 1 to SERIAL_MAX_BYTES octets that no row has, for a request that has none. */
enum err proof_row_add(struct proof *proof, const struct request_id *request, struct span serial,
    int64_t seq) MUST_USE;

/* The first place counts: a hash that is there already changes nothing. */
enum err proof_hash_add(struct proof_hashes *hashes, const uint8_t *hash, int64_t seq) MUST_USE;
/* True if it was added before the record `seq`. */
bool proof_hash_stood(const struct proof_hashes *hashes, const uint8_t *hash, int64_t seq);
