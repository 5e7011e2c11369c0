/* The journal: reading it through at start, and group commit.
 *
 * Whoever waits for a record that is not on disk becomes the writer if there is none and the batch
 * is due: takes all that is queued, writes and syncs it without the lock, tells those whose records
 * it wrote, and has one of the next batch write that if it is due by then. A batch is due when
 * somebody in a hurry waits for it, or enough of those who work. Each sleeps on a semaphore of his
 * own and is told what became of his record, so that nobody whom a sync serves has to stand in line
 * for the lock once more. A failed batch takes with it everything queued behind it, since the chain
 * would be broken otherwise: the generation counts such failures. */
#include "proc/signer/journal.h"

#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* So many wait for each that is still at work, and so long at most: a batch's sync costs about as
 * much as the signatures of one warrant, and takes as long as one or several. Of sixteen callers
 * two are at work meanwhile, and two processors have something to do. */
enum { WAITERS_A_WORKER = 6, GATHER_NANOSECONDS = 20000000, NANOSECONDS = 1000000000 };

/* What is put behind the last record at a time, and in one call. */
enum { ROOM_BYTES = 1024 * 1024, ZEROS_BYTES = 256 * 1024 };

/* A waiter may sleep through failures; more than so many before it wakes can't be. */
enum { QUEUE_MAX = 16 * 1024 * 1024, FAILURES_KEPT = 64 };

struct failure {
    int64_t safe; /* the last record on disk when it happened */
    enum err err;
};

struct journal {
    int fd;
    pthread_mutex_t mutex;
    struct journal_waiter *waiters;
    int waiting;                            /* of those who entered, so many gather */
    int at_work;                            /* and so many don't */
    bool hurry;                             /* the queue's batch is due, whoever is at work */
    bool called;                            /* somebody was told to write it */
    struct buf queue;                       /* records not yet handed to the disk */
    struct buf writing;                     /* records being written, without the lock */
    bool busy;                              /* somebody is writing */
    bool broken;                            /* the disk failed: never again */
    unsigned generation;                    /* failed batches so far */
    struct failure failures[FAILURES_KEPT]; /* by generation */
    struct journal_state next;              /* including what is queued */
    struct journal_state disk;              /* what is safe */
    int64_t room_end;                       /* of the file: zeros, behind what was written */
    journal_visitor visit;                  /* of what has become safe; NULL: nobody */
    void *visitor;
};

struct record_fields {
    int64_t seq, time;
    enum journal_type type;
    struct span previous;
    void (*write)(struct der_writer *writer, const void *object);
    const void *object;
};

static enum err journal_replay(struct journal *journal, journal_visitor visit, void *ctx,
    int64_t *ret_cut, struct reason *ret_reason);
static enum err wait_for(
    struct journal *journal, const struct journal_ticket *ticket, bool gathers);
static bool batch_due(const struct journal *journal);
static void enlist(struct journal *journal, struct journal_waiter *waiter);
static enum err await(struct journal *journal, struct journal_waiter *waiter, bool patient);
static void turn_take(struct journal *journal);
static void waiters_tell(struct journal *journal);
static bool waiter_sleep(struct journal_waiter *waiter, const struct timespec *until);
static struct journal_waiter *waiters_take(struct journal *journal);
static void waiters_wake(struct journal_waiter *taken);
static void batch_write(struct journal *journal);
static enum err batch_to_disk(struct journal *journal);
static void room_close(struct journal *journal);
static void batch_teach(struct journal *journal);

enum err journal_open(const char *path, const struct journal_state *from, journal_visitor visit,
    void *ctx, struct journal **ret_journal, int64_t *ret_cut, struct reason *ret_reason)
{
    AUTO_PTR(journal) journal = calloc(1, sizeof *journal);
    if (journal == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&journal->mutex, NULL);
    journal->queue = buf_make(QUEUE_MAX);
    journal->writing = buf_make(QUEUE_MAX);
    journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0) {
        return reason_set(
            ret_reason, err_from_errno(errno), "journal.open", NULL, strerror(errno), NULL);
    }
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0) {
        return reason_set(ret_reason, ERR_CONFLICT, "journal.held", NULL, NULL, NULL);
    }
    if (from != NULL) {
        if (journal_holds(journal->fd, from) != OK) {
            return reason_set(ret_reason, ERR_CONFLICT, "journal.behind", NULL, NULL, NULL);
        }
        journal->disk = *from;
    }
    TRY(journal_replay(journal, visit, ctx, ret_cut, ret_reason));
    journal->next = journal->disk;
    *ret_journal = journal;
    journal = NULL;
    return OK;
}

void journal_free(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    if (journal->fd >= 0) {
        room_close(journal);
        close(journal->fd);
    }
    buf_release(&journal->queue);
    buf_release(&journal->writing);
    pthread_mutex_destroy(&journal->mutex);
    free(journal);
}

void journal_teach(struct journal *journal, journal_visitor visit, void *ctx)
{
    journal->visit = visit;
    journal->visitor = ctx;
}

static enum err journal_replay(struct journal *journal, journal_visitor visit, void *ctx,
    int64_t *ret_cut, struct reason *ret_reason)
{
    struct stat status;
    struct journal_record record;
    if (fstat(journal->fd, &status) != 0) {
        return err_from_errno(errno);
    }
    AUTO(journal_reader) reader = journal_reader_make(journal->fd, &journal->disk, status.st_size);
    enum err err = journal_reader_next(&reader, &record);
    while (err == OK) {
        TRY(visit(ctx, &record));
        err = journal_reader_next(&reader, &record);
    }
    const struct journal_state *state = &reader.state;
    int64_t torn = 0;
    err = err == ERR_INPUT ? journal_reader_end(&reader, &torn) : err;
    if (err == ERR_INPUT) {
        char seen[32];
        snprintf(seen, sizeof seen, "%lld", (long long)state->bytes);
        return reason_set(ret_reason, ERR_INPUT, "journal.broken", NULL, seen, NULL);
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (ret_cut != NULL) {
        *ret_cut = torn;
    }
    if (state->bytes < status.st_size &&
        (ftruncate(journal->fd, state->bytes) != 0 || fsync(journal->fd) != 0)) {
        return err_from_errno(errno);
    }
    journal->disk = *state;
    journal->room_end = state->bytes;
    return OK;
}

static void record_write(struct der_writer *writer, const void *object)
{
    const struct record_fields *fields = object;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, fields->seq);
    der_write_generalized_time(writer, fields->time);
    der_write_int64(writer, fields->type);
    der_write_octets(writer, fields->previous);
    fields->write(writer, fields->object);
    der_close(writer);
}

/* Appends length, DER and seal to the queue and moves the chain's head on. */
static enum err record_queue(struct journal *journal, const struct record_fields *fields)
{
    struct buf *queue = &journal->queue;
    size_t before = queue->len;
    uint8_t head[SHA256_BYTES];
    static const uint8_t room_for_length[JOURNAL_LENGTH_BYTES] = { 0 };
    buf_append(queue, SPAN_OF(room_for_length));
    enum err err = buf_check(queue);
    err = err == OK ? der_encode(record_write, fields, queue) : err;
    size_t length = queue->len - before - JOURNAL_LENGTH_BYTES;
    if (err == OK && length > JOURNAL_RECORD_MAX - JOURNAL_SEAL_BYTES) {
        err = ERR_LIMIT;
    }
    if (err == OK) {
        err = sha256(span_make(queue->data + before + JOURNAL_LENGTH_BYTES, length), head);
    }
    if (err == OK) {
        buf_append(queue, span_make(head, JOURNAL_SEAL_BYTES));
        err = buf_check(queue);
        length += JOURNAL_SEAL_BYTES;
    }
    if (err != OK) {
        queue->len = before;
        queue->failed = OK;
        return err;
    }
    store_be32(queue->data + before, (uint32_t)length);
    memcpy(journal->next.head, head, sizeof head);
    journal->next.records = fields->seq;
    journal->next.last_offset = journal->next.bytes;
    journal->next.bytes += JOURNAL_LENGTH_BYTES + (int64_t)length;
    journal->next.last_time = fields->time;
    return OK;
}

/* After a failure, numbers are given anew: what counts is how far the ticket's own generation came.
 */
static enum err ticket_fate(const struct journal *journal, const struct journal_ticket *ticket)
{
    const struct failure *failure = &journal->failures[ticket->generation % FAILURES_KEPT];
    bool lost = journal->generation != ticket->generation && ticket->seq > failure->safe;
    return lost ? failure->err : OK;
}

enum err journal_add(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket)
{
    return journal_add_behind(journal, /* earlier= */ NULL, type, time, write, object, ret_ticket);
}

enum err journal_add_behind(struct journal *journal, const struct journal_ticket *earlier,
    enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket)
{
    pthread_mutex_lock(&journal->mutex);
    uint8_t previous[SHA256_BYTES];
    memcpy(previous, journal->next.head, sizeof previous);
    const struct record_fields fields = { journal->next.records + 1, time, type, SPAN_OF(previous),
        write, object };
    const struct journal_ticket ticket = { fields.seq, journal->next.bytes, journal->generation };
    enum err err = journal->broken ? ERR_IO : OK;
    err = err == OK && earlier != NULL ? ticket_fate(journal, earlier) : err;
    err = err == OK ? record_queue(journal, &fields) : err;
    if (err == OK) {
        *ret_ticket = ticket;
    }
    pthread_mutex_unlock(&journal->mutex);
    return err;
}

enum err journal_wait(struct journal *journal, const struct journal_ticket *ticket)
{
    return wait_for(journal, ticket, /* gathers= */ false);
}

enum err journal_gather(struct journal *journal, const struct journal_ticket *ticket)
{
    return wait_for(journal, ticket, /* gathers= */ true);
}

void journal_enter(struct journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    journal->at_work++;
    pthread_mutex_unlock(&journal->mutex);
}

void journal_leave(struct journal *journal)
{
    pthread_mutex_lock(&journal->mutex);
    journal->at_work--;
    waiters_tell(journal);
}

static bool is_settled(const struct journal *journal, const struct journal_ticket *ticket)
{
    return journal->generation != ticket->generation || journal->disk.records >= ticket->seq;
}

static bool batch_due(const struct journal *journal)
{
    return !journal->busy &&
           (journal->hurry || journal->waiting >= WAITERS_A_WORKER * journal->at_work);
}

static void waiter_add(struct journal *journal, struct journal_waiter *waiter)
{
    atomic_store(&waiter->told, NOTHING);
    waiter->next = journal->waiters;
    journal->waiters = waiter;
}

void journal_waiter_init(struct journal_waiter *waiter)
{
    *waiter = (struct journal_waiter){ .told = NOT_YET };
    sem_init(&waiter->woken, /* pshared= */ 0, 0);
}

void journal_enlist(
    struct journal *journal, struct journal_waiter *waiter, const struct journal_ticket *ticket)
{
    waiter->ticket = *ticket;
    waiter->gathers = true;
    enlist(journal, waiter);
}

void journal_dismiss(struct journal_waiter *waiter)
{
    waiter->fate = OK;
    atomic_store(&waiter->told, SETTLED);
    sem_post(&waiter->woken);
}

/* Whoever enlists another leaves the writing to him. */
static void enlist(struct journal *journal, struct journal_waiter *waiter)
{
    pthread_mutex_lock(&journal->mutex);
    journal->at_work -= waiter->gathers;
    journal->waiting += waiter->gathers;
    journal->hurry = journal->hurry || !(waiter->gathers || is_settled(journal, &waiter->ticket));
    waiter_add(journal, waiter);
    waiters_tell(journal);
}

static struct timespec patience_from_now(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (until.tv_nsec + GATHER_NANOSECONDS) / NANOSECONDS;
    until.tv_nsec = (until.tv_nsec + GATHER_NANOSECONDS) % NANOSECONDS;
    return until;
}

enum err journal_await(struct journal *journal, struct journal_waiter *waiter)
{
    return await(journal, waiter, /* patient= */ true);
}

/* Patience begins anew for as long as nobody has enlisted him. */
static enum err await(struct journal *journal, struct journal_waiter *waiter, bool patient)
{
    const bool gathers = patient;
    struct timespec patience = patience_from_now();
    for (;;) {
        bool woken = waiter_sleep(waiter, patient ? &patience : NULL);
        if (woken && atomic_load(&waiter->told) == SETTLED) {
            break;
        }
        pthread_mutex_lock(&journal->mutex);
        if (woken) {
            journal->called = false;
            waiter_add(journal, waiter);
            journal->hurry = journal->hurry || patient != gathers;
        } else if (atomic_load(&waiter->told) == NOT_YET) {
            patience = patience_from_now();
        } else {
            patient = false;
            journal->hurry = journal->hurry || atomic_load(&waiter->told) == NOTHING;
        }
        turn_take(journal);
    }
    sem_destroy(&waiter->woken);
    return waiter->fate;
}

static enum err wait_for(struct journal *journal, const struct journal_ticket *ticket, bool gathers)
{
    struct journal_waiter self;
    journal_waiter_init(&self);
    self.ticket = *ticket;
    self.gathers = gathers;
    enlist(journal, &self);
    return await(journal, &self, gathers);
}

/* False if he was told nothing until then; NULL: he sleeps on. */
static bool waiter_sleep(struct journal_waiter *waiter, const struct timespec *until)
{
    int failed;
    do {
        failed = until == NULL ? sem_wait(&waiter->woken)
                               : sem_clockwait(&waiter->woken, CLOCK_MONOTONIC, until);
    } while (failed != 0 && errno == EINTR);
    return failed == 0;
}

/* Called with the lock, which it gives back: writes the batch if it is due and nobody does, and
 * tells whoever is to know. */
static void turn_take(struct journal *journal)
{
    if (batch_due(journal)) {
        batch_write(journal);
    }
    waiters_tell(journal);
}

/* Called with the lock, which it gives back. */
static void waiters_tell(struct journal *journal)
{
    struct journal_waiter *taken = waiters_take(journal);
    pthread_mutex_unlock(&journal->mutex);
    waiters_wake(taken);
}

/* Off the list: whose records are settled, and one more if somebody has to write. */
static struct journal_waiter *waiters_take(struct journal *journal)
{
    struct journal_waiter *taken = NULL, **link = &journal->waiters;
    while (*link != NULL) {
        struct journal_waiter *waiter = *link;
        bool settled = is_settled(journal, &waiter->ticket);
        if (!settled) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        journal->waiting -= waiter->gathers;
        journal->at_work += waiter->gathers;
        waiter->fate = ticket_fate(journal, &waiter->ticket);
        waiter->next = taken;
        taken = waiter;
    }
    struct journal_waiter *writer =
        batch_due(journal) && !journal->called ? journal->waiters : NULL;
    for (struct journal_waiter *waiter = taken; waiter != NULL; waiter = waiter->next) {
        atomic_store(&waiter->told, SETTLED);
    }
    if (writer != NULL) {
        journal->called = true;
        journal->waiters = writer->next;
        writer->next = taken;
        atomic_store(&writer->told, LOOK_AGAIN);
    }
    return writer != NULL ? writer : taken;
}

/* A waiter is gone as soon as he is woken. */
static void waiters_wake(struct journal_waiter *taken)
{
    while (taken != NULL) {
        struct journal_waiter *next = taken->next;
        sem_post(&taken->woken);
        taken = next;
    }
}

/* Called with the lock, which it gives back while the disk works. */
static void batch_write(struct journal *journal)
{
    struct buf swapped = journal->writing;
    struct journal_state reached = journal->next;
    journal->writing = journal->queue;
    journal->queue = swapped;
    buf_clear(&journal->queue);
    journal->hurry = false;
    journal->busy = true;
    pthread_mutex_unlock(&journal->mutex);
    enum err err = batch_to_disk(journal);
    if (err == OK && journal->visit != NULL) {
        batch_teach(journal);
    }
    pthread_mutex_lock(&journal->mutex);
    journal->busy = false;
    if (err == OK) {
        journal->disk = reached;
        return;
    }
    buf_clear(&journal->queue);
    journal->next = journal->disk;
    journal->failures[journal->generation % FAILURES_KEPT] =
        (struct failure){ journal->disk.records, err };
    journal->generation++;
    journal->broken = err != ERR_NO_SPACE;
}

/* Fills the file with zeros up to a multiple of so many octets, at least to `end`: a sync then has
 * nothing but the records to bring to disk, neither a length nor a place. A disk too full for that
 * much may still have room for these records. */
static enum err room_make(struct journal *journal, int64_t end)
{
    static uint8_t zeros[ZEROS_BYTES]; /* constant, but no part of the program's file */
    int64_t from =
        journal->room_end > journal->disk.bytes ? journal->room_end : journal->disk.bytes;
    int64_t to = (end + ROOM_BYTES - 1) / ROOM_BYTES * ROOM_BYTES;
    if (from >= end) {
        return OK;
    }
    for (int64_t at = from; at < to;) {
        size_t len = ZEROS_BYTES - (size_t)(at % ZEROS_BYTES);
        enum err err = fd_write_at(journal->fd, span_make(zeros, len), at);
        if (err == ERR_NO_SPACE && ftruncate(journal->fd, from) == 0) {
            return OK;
        }
        TRY(err);
        at += (int64_t)len;
    }
    journal->room_end = to;
    return OK;
}

/* Whoever reads the file by other means sees nothing but the records. */
static void room_close(struct journal *journal)
{
    if (!journal->broken && journal->room_end > journal->disk.bytes) {
        (void)!ftruncate(journal->fd, journal->disk.bytes);
    }
}

/* After a full disk the file is cut back to what is acknowledged; after any other failure nobody
 * knows what the disk holds, and the journal takes no more. */
static enum err batch_to_disk(struct journal *journal)
{
    struct span left = buf_span(&journal->writing);
    int64_t offset = journal->disk.bytes;
    enum err err = room_make(journal, offset + (int64_t)left.len);
    while (left.len > 0 && err == OK) {
        size_t len = left.len < JOURNAL_WRITE_MAX ? left.len : JOURNAL_WRITE_MAX;
        err = fd_write_at(journal->fd, span_make(left.data, len), offset);
        if (err == OK && fdatasync(journal->fd) != 0) {
            err = err_from_errno(errno);
        }
        left = span_make(left.data + len, left.len - len);
        offset += (int64_t)len;
    }
    if (err == ERR_NO_SPACE) {
        journal->room_end = journal->disk.bytes;
        if (ftruncate(journal->fd, journal->disk.bytes) != 0 || fdatasync(journal->fd) != 0) {
            err = ERR_IO;
        }
    }
    return err;
}

static void batch_teach(struct journal *journal)
{
    struct span left = buf_span(&journal->writing);
    int64_t offset = journal->disk.bytes;
    while (left.len > 0) {
        struct journal_record record;
        size_t length = load_be32(left.data), whole = JOURNAL_LENGTH_BYTES + length;
        struct span bytes = span_make(left.data + JOURNAL_LENGTH_BYTES, length);
        enum err err = journal_record_parse(bytes, offset, &record);
        err = err == OK ? journal->visit(journal->visitor, &record) : err;
        if (err != OK) {
            abort();
        }
        left = span_make(left.data + whole, left.len - whole);
        offset += (int64_t)whole;
    }
}

enum err journal_append(struct journal *journal, enum journal_type type, int64_t time,
    void (*write)(struct der_writer *writer, const void *object), const void *object,
    struct journal_ticket *ret_ticket)
{
    struct journal_ticket ticket;
    TRY(journal_add(journal, type, time, write, object, &ticket));
    TRY(journal_wait(journal, &ticket));
    if (ret_ticket != NULL) {
        *ret_ticket = ticket;
    }
    return OK;
}

enum err journal_read_body(struct journal *journal, int64_t offset, struct buf *body)
{
    struct journal_record record;
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    TRY(journal_record_load(journal->fd, offset, &der));
    TRY(journal_record_parse(buf_span(&der), offset, &record));
    buf_append(body, record.body);
    return buf_check(body);
}

void journal_look(struct journal *journal, struct journal_state *ret_state)
{
    pthread_mutex_lock(&journal->mutex);
    *ret_state = journal->disk;
    pthread_mutex_unlock(&journal->mutex);
}

int journal_fd(const struct journal *journal)
{
    return journal->fd;
}
