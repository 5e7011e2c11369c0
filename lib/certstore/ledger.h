#pragma once
/* What is where: for each place that a certificate was put to, one text that only its writer reads.
 * Content, sync, rename: after a power cut it is the old text or the new one. */
#include "lib/certstore/store.h"

enum { LEDGER_NAME_MAX = 65, LEDGER_TEXT_MAX = 64 * 1024, LEDGER_ENTRIES_MAX = 256 };

/* Letters, digits, '.', '_', '-' and '@'; at most 64, and the first is a letter or a digit. */
bool ledger_name_valid(const char *name);

struct ledger_names {
    char names[LEDGER_ENTRIES_MAX][LEDGER_NAME_MAX];
    size_t count;
};
/* Sorted. ERR_LIMIT beyond the maximum. */
enum err certstore_ledger_list(
    const struct certstore *store, struct ledger_names *ret_names) MUST_USE;
/* ERR_NOT_FOUND; ERR_INPUT for a name that is none. */
enum err certstore_ledger_read(
    const struct certstore *store, const char *name, struct buf *ret_text) MUST_USE;
enum err certstore_ledger_write(
    struct certstore *store, const char *name, struct span text) MUST_USE;
enum err certstore_ledger_remove(struct certstore *store, const char *name) MUST_USE;
