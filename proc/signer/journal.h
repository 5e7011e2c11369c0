#pragma once
/* The signer's memory: an append-only file in which every record carries the hash of the one
 * before. A record is on disk before its effect leaves the process; waiting records share one
 * fdatasync. Nothing here ever changes or removes what was acknowledged: only a torn tail, written
 * by a process that died before it could acknowledge, is cut off. One process holds the file at a
 * time. The file's form is lib/journal/chain.h's. */
#include "lib/base/buf.h"
#include "lib/der/writer.h"
#include "lib/journal/chain.h"

#include <semaphore.h>
#include <stdatomic.h>

/* Called for each record, in order. */
typedef enum err (*journal_visitor)(void *ctx, const struct journal_record *record);

struct journal;

/* Opens or makes the file, reads it through from `from` (a place that it holds; NULL: all of it),
 * cuts off a torn tail (`ret_cut` bytes, may be NULL). ERR_CONFLICT "journal.held" if another
 * process holds it, "journal.behind" if it hasn't what `from` says it had; ERR_INPUT with
 * "journal.broken" (seen: the offset) if the chain doesn't hold: then nothing is changed. */
enum err journal_open(const char *path, const struct journal_state *from, journal_visitor visit,
    void *ctx, struct journal **ret_journal, int64_t *ret_cut, struct reason *ret_reason) MUST_USE;
/* From now on every record that has reached the disk is shown to `visit`, in order, before anybody
 * hears that it is there. A visitor that fails ends the process: memory that lags behind the
 * journal would sign twice, and the next process reads. */
void journal_teach(struct journal *journal, journal_visitor visit, void *ctx);
void journal_free(struct journal *journal);
AUTO_PTR_DEFINE(journal, journal_free)

/* A record's place in the queue. */
struct journal_ticket {
    int64_t seq;
    int64_t offset;
    unsigned generation;
};

/* Puts a record into the queue: its order among all records is fixed now, its being on disk is not.
 * ERR_IO once the journal has failed for good. */
enum err journal_add(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* The same for a record that means nothing without an earlier one: refused, as that one was, if
 * that has been lost on the way to the disk. */
enum err journal_add_behind(struct journal *journal, const struct journal_ticket *earlier,
    enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* Returns when the record is on disk, which is begun at once. ERR_NO_SPACE: it isn't, nor is
 * anything queued behind it, and the file is as it was. ERR_IO: the disk failed, and no further
 * record will be taken. */
enum err journal_wait(struct journal *journal, const struct journal_ticket *ticket) MUST_USE;
/* The same between journal_enter and journal_leave, for what is in no hurry: one sync for six in
 * seven of those who are between the two, or after twenty milliseconds. */
enum err journal_gather(struct journal *journal, const struct journal_ticket *ticket) MUST_USE;
/* journal_gather in two halves, for a caller whose records another thread queues: he makes a waiter
 * and sleeps in journal_await, and is woken once, when the record that the other enlisted him for
 * is settled (its fate is the answer), or when he is dismissed since there is none (OK). What the
 * other did before is the caller's to read then; the other must not touch the waiter any more. */
struct journal_waiter {
    struct journal_waiter *next; /* all private */
    struct journal_ticket ticket;
    bool gathers;
    enum err fate; /* his record's, once it is settled */
    _Atomic enum { NOT_YET, NOTHING, LOOK_AGAIN, SETTLED } told;
    sem_t woken; /* once for each time that he was told something */
};
void journal_waiter_init(struct journal_waiter *waiter);
void journal_enlist(
    struct journal *journal, struct journal_waiter *waiter, const struct journal_ticket *ticket);
void journal_dismiss(struct journal_waiter *waiter);
enum err journal_await(struct journal *journal, struct journal_waiter *waiter) MUST_USE;
/* Around a call that will have records to wait for: others' journal_gather reckons with it. */
void journal_enter(struct journal *journal);
void journal_leave(struct journal *journal);
/* journal_add and journal_wait at once. */
enum err journal_append(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket) MUST_USE;
/* Appends the body of the record at `offset` to `body`. */
enum err journal_read_body(struct journal *journal, int64_t offset, struct buf *body) MUST_USE;
void journal_look(struct journal *journal, struct journal_state *ret_state);
/* The descriptor, for reading what journal_look says is there. */
int journal_fd(const struct journal *journal);
