#pragma once
/* The checkpointed index: one file beside the journal that holds what the journal taught up to a
 * place in it, so that a start reads only what lies behind. It is a memory of the journal, never
 * more: missing, torn or forged it is not believed, and the journal is read. Whoever can write the
 * file can't make it lie: it is bound to the journal by the hash at its place, and to the signer by
 * an HMAC under a key that is not on the disk.
 *
 * File: two slots that take turns, then segments (segment.h) wherever there is room. A slot is
 * written when all it speaks of is on the disk; the one before stays whole meanwhile. */
#include "lib/journal/chain.h"
#include "proc/signer/ledger.h"

enum { CHECKPOINT_KEY_BYTES = 32 };

struct checkpoint;

/* Opens or makes the file. Nothing in it that can be believed is no failure: then it is empty.
 * ERR_CONFLICT "journal.held" if another process holds it. `roster`: ledger_init's, for what it
 * reads of the journal. */
enum err checkpoint_open(const char *path, const uint8_t key[CHECKPOINT_KEY_BYTES],
    const struct ledger_roster *roster, struct checkpoint **ret_checkpoint,
    struct reason *ret_reason) MUST_USE;
void checkpoint_free(struct checkpoint *checkpoint);
AUTO_PTR_DEFINE(checkpoint, checkpoint_free)

/* The place in the journal up to which it knows everything. */
void checkpoint_place(struct checkpoint *checkpoint, struct journal_state *ret_place);
/* Makes an empty ledger one that knows what the checkpoint knows. */
enum err checkpoint_fill(struct checkpoint *checkpoint, struct ledger *ledger) MUST_USE;
/* Lets a ledger in use forget what the checkpoint knows. The caller holds the ledger's lock. */
enum err checkpoint_relieve(struct checkpoint *checkpoint, struct ledger *ledger) MUST_USE;

/* Reads the journal on from the checkpoint's place up to `end` and takes it in, if that are at
 * least `records_min` records. By one thread at a time; nobody else waits. A journal that does not
 * hold up is left to who reads it next. ERR_NO_SPACE, ERR_IO: the checkpoint is as it was. */
enum err checkpoint_advance(struct checkpoint *checkpoint, int journal_fd, int64_t end,
    int64_t records_min, bool *ret_advanced) MUST_USE;

/* The file of this descriptor has something else than was written: it is never believed again, and
 * the process ends; the next one reads the journal. */
void checkpoint_condemn(int fd) __attribute__((noreturn));
