#pragma once
/* What `audit verify` with files holds beside the journal. */
#include "cli/ecertadm/command.h"
#include "lib/journal/proof.h"
#include "lib/store/store.h"

struct audit_counts {
    int64_t published; /* certificates of the folder that the journal has */
    int64_t foreign;   /* files of the folder that none of our issuers signed */
    int64_t audit_rows;
    int64_t rows;    /* of certificates in the store */
    int64_t unknown; /* certificates that the store doesn't know, revoked for it */
};

/* Reads the anchors of the store's audit chain, which it checks first, into malloced memory. */
enum err audit_anchors(struct store *store, struct proof_anchor **ret_anchors, size_t *ret_count,
    int64_t *ret_rows, struct reason *ret_reason) MUST_USE;
/* Every row of the store against the journal, and every certificate of the journal against the
 * store. */
enum err audit_store(struct store *store, const struct proof *proof, struct audit_counts *counts,
    struct reason *ret_reason) MUST_USE;
/* Every certificate in a folder that one of our issuers signed must be in the journal. */
enum err audit_folder(const char *path, const struct proof_setup *setup, const struct proof *proof,
    struct audit_counts *counts, struct reason *ret_reason) MUST_USE;
