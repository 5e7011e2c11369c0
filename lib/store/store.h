#pragma once
/* The store: one SQLite database that the portal, the registrar and the courier share. A process
 * opens it once and hands the same `struct store` to all its threads.
 *
 * Reading sentences may be called with the process's store at any time. Writing sentences may be
 * called only inside store_transact, with the store that the callback is given; anything else is a
 * bug and asserts. Times are seconds UTC. Texts and bytes of variable length live in the arena that
 * the caller gives. Every sentence may answer ERR_IO, ERR_MEMORY, ERR_NO_SPACE and ERR_AGAIN;
 * their own comments name only what a caller has to tell apart. */
#include "lib/base/arena.h"

struct store;

/* Opens, and brings the tables up to this version under the writers' lock. Reasons: "store.newer"
 * (made by a later version: ERR_UNSUPPORTED), "store.open" (path in `field`, SQLite's word in
 * `seen`). The directory must exist. */
enum err store_open(const char *path, struct store **ret_store, struct reason *ret_reason) MUST_USE;
/* Opens one that is there, for reading sentences in this thread only; changes nothing.
 * ERR_NOT_FOUND "store.open"; "store.newer", also for an older version than this program's. */
enum err store_open_reading(
    const char *path, struct store **ret_store, struct reason *ret_reason) MUST_USE;
/* No thread may be using it. */
void store_free(struct store *store);
AUTO_PTR_DEFINE(store, store_free)

/* Runs `change` in a transaction and returns what it returned, or why committing failed; OK means
 * that the change is on disk. On any other value nothing was changed. Waits its turn among all
 * writers of all processes; transactions of threads that wait together share one commit, so
 * `change` may run in another thread of the process and may run more than once: it touches nothing
 * but the store it is given and what `ctx` points to. */
enum err store_transact(
    struct store *store, enum err (*change)(struct store *store, void *ctx), void *ctx) MUST_USE;

/* SQLite's own check of its pages; for the start after an unclean end. ERR_IO with
 * "store.damaged".*/
enum err store_check(struct store *store, struct reason *ret_reason) MUST_USE;

/* Who does something, and when: goes into the audit row that every domain sentence writes in the
 * same transaction. `actor` is "officer:<id>", "portal", "registrar", "courier" or "operator". */
struct act {
    const char *actor;
    int64_t time;
};
