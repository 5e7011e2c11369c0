/* The journal: reading it through at start, and group commit.
 *
 * Whoever waits for a record that is not on disk becomes the writer if there is none: takes all
 * that is queued, writes and syncs it without the lock, wakes those whose records it wrote, and one
 * of the next batch to write that. A failed batch takes with it everything queued behind it, since
 * the chain would be broken otherwise: the generation counts such failures. */
#include "proc/signer/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A waiter may sleep through failures; more than so many before it wakes can't be. */
enum { LENGTH_BYTES = 4, QUEUE_MAX = 16 * 1024 * 1024, FAILURES_KEPT = 64 };

struct failure {
    int64_t safe; /* the last record on disk when it happened */
    enum err err;
};

struct journal {
    int fd;
    pthread_mutex_t mutex;
    pthread_cond_t
        settled[2];      /* of the batch being written and of the one in the queue, by parity */
    unsigned batch;      /* the number of the one in the queue */
    struct buf queue;    /* records not yet handed to the disk */
    struct buf writing;  /* records being written, without the lock */
    bool busy;           /* somebody is writing */
    bool broken;         /* the disk failed: never again */
    unsigned generation; /* failed batches so far */
    struct failure failures[FAILURES_KEPT]; /* by generation */
    struct journal_state next;              /* including what is queued */
    struct journal_state disk;              /* what is safe */
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
static enum err record_parse(
    struct span der, const struct journal_state *state, struct journal_record *ret_record);
static bool tail_is_torn(int fd, int64_t offset, int64_t end, size_t length);
static void batch_write(struct journal *journal);
static enum err batch_to_disk(struct journal *journal);

enum err journal_open(const char *path, journal_visitor visit, void *ctx,
    struct journal **ret_journal, int64_t *ret_cut, struct reason *ret_reason)
{
    AUTO_PTR(journal) journal = calloc(1, sizeof *journal);
    if (journal == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&journal->mutex, NULL);
    pthread_cond_init(&journal->settled[0], NULL);
    pthread_cond_init(&journal->settled[1], NULL);
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
        close(journal->fd);
    }
    buf_release(&journal->queue);
    buf_release(&journal->writing);
    pthread_cond_destroy(&journal->settled[0]);
    pthread_cond_destroy(&journal->settled[1]);
    pthread_mutex_destroy(&journal->mutex);
    free(journal);
}

static enum err pread_all(int fd, uint8_t *bytes, size_t len, int64_t offset)
{
    while (len > 0) {
        ssize_t got = pread(fd, bytes, len, offset);
        if (got == 0) {
            return ERR_NOT_FOUND;
        }
        if (got < 0 && errno != EINTR) {
            return err_from_errno(errno);
        }
        if (got > 0) {
            bytes += got;
            len -= (size_t)got;
            offset += got;
        }
    }
    return OK;
}

/* The DER of the record at `offset`, replacing `buf`'s content. ERR_NOT_FOUND if the file ends
 * before it does, ERR_INPUT for an impossible length; `ret_length` as far as it is known. */
static enum err record_load(int fd, int64_t offset, struct buf *buf, size_t *ret_length)
{
    uint8_t head[LENGTH_BYTES];
    *ret_length = 0;
    TRY(pread_all(fd, head, sizeof head, offset));
    size_t length = load_be32(head);
    *ret_length = length;
    if (length == 0 || length > JOURNAL_RECORD_MAX) {
        return ERR_INPUT;
    }
    buf_clear(buf);
    uint8_t *room = buf_reserve(buf, length);
    if (room == NULL) {
        return ERR_MEMORY;
    }
    TRY(pread_all(fd, room, length, offset + LENGTH_BYTES));
    buf->len = length;
    return OK;
}

static enum err journal_replay(struct journal *journal, journal_visitor visit, void *ctx,
    int64_t *ret_cut, struct reason *ret_reason)
{
    struct stat status;
    AUTO(buf) buf = buf_make(JOURNAL_RECORD_MAX);
    if (fstat(journal->fd, &status) != 0) {
        return err_from_errno(errno);
    }
    struct journal_state *state = &journal->disk;
    while (state->bytes < status.st_size) {
        size_t length;
        struct journal_record record = { 0 };
        enum err err = record_load(journal->fd, state->bytes, &buf, &length);
        err = err == OK ? record_parse(buf_span(&buf), state, &record) : err;
        if (err == ERR_IO || err == ERR_MEMORY) {
            return err;
        }
        if (err != OK) {
            if (!tail_is_torn(journal->fd, state->bytes, status.st_size, length)) {
                char seen[32];
                snprintf(seen, sizeof seen, "%lld", (long long)state->bytes);
                return reason_set(ret_reason, ERR_INPUT, "journal.broken", NULL, seen, NULL);
            }
            break;
        }
        TRY(visit(ctx, &record));
        TRY(sha256(buf_span(&buf), state->head));
        state->bytes += LENGTH_BYTES + (int64_t)length;
        state->records = record.seq;
        state->last_time = record.time;
    }
    if (ret_cut != NULL) {
        *ret_cut = status.st_size - state->bytes;
    }
    if (state->bytes < status.st_size &&
        (ftruncate(journal->fd, state->bytes) != 0 || fsync(journal->fd) != 0)) {
        return err_from_errno(errno);
    }
    return OK;
}

static enum err record_parse(
    struct span der, const struct journal_state *state, struct journal_record *ret_record)
{
    struct der reader = der_reader(der), inner;
    struct journal_record record = { .offset = state->bytes };
    uint8_t previous[SHA256_BYTES];
    unsigned type;
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_int64(&inner, &record.seq));
    TRY(der_read_generalized_time(&inner, &record.time));
    TRY(der_read_uint(&inner, JOURNAL_TYPE_COUNT - 1, &type));
    TRY(der_read_fixed(&inner, previous, sizeof previous));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &record.body));
    TRY(der_finish(&inner));
    if (record.seq != state->records + 1 || type == 0 ||
        memcmp(previous, state->head, sizeof previous) != 0) {
        return ERR_INPUT;
    }
    record.type = (enum journal_type)type;
    *ret_record = record;
    return OK;
}

/* A dying process leaves a record without its end, or, where the disk was slower than the file's
 * length, one with holes: the last one, or nothing but zeros. Anything else is damage. */
static bool tail_is_torn(int fd, int64_t offset, int64_t end, size_t length)
{
    if (length > 0 && length <= JOURNAL_RECORD_MAX) {
        return offset + LENGTH_BYTES + (int64_t)length >= end;
    }
    uint8_t bytes[4096];
    while (offset < end) {
        size_t want = end - offset < (int64_t)sizeof bytes ? (size_t)(end - offset) : sizeof bytes;
        if (pread_all(fd, bytes, want, offset) != OK) {
            return false;
        }
        for (size_t i = 0; i < want; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        offset += (int64_t)want;
    }
    return true;
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

/* Appends length and DER to the queue and moves the chain's head on. */
static enum err record_queue(struct journal *journal, const struct record_fields *fields)
{
    struct buf *queue = &journal->queue;
    size_t before = queue->len;
    static const uint8_t room_for_length[LENGTH_BYTES] = { 0 };
    buf_append(queue, SPAN_OF(room_for_length));
    enum err err = buf_check(queue);
    err = err == OK ? der_encode(record_write, fields, queue) : err;
    size_t length = queue->len - before - LENGTH_BYTES;
    if (err == OK && length > JOURNAL_RECORD_MAX) {
        err = ERR_LIMIT;
    }
    if (err == OK) {
        struct span der = span_make(queue->data + before + LENGTH_BYTES, length);
        err = sha256(der, journal->next.head);
    }
    if (err != OK) {
        queue->len = before;
        queue->failed = OK;
        return err;
    }
    store_be32(queue->data + before, (uint32_t)length);
    journal->next.records = fields->seq;
    journal->next.bytes += LENGTH_BYTES + (int64_t)length;
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
    const struct journal_ticket ticket = { fields.seq, journal->next.bytes, journal->generation,
        journal->batch };
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
    pthread_mutex_lock(&journal->mutex);
    while (journal->generation == ticket->generation && journal->disk.records < ticket->seq) {
        if (journal->busy) {
            pthread_cond_wait(&journal->settled[ticket->batch % 2], &journal->mutex);
        } else {
            batch_write(journal);
        }
    }
    enum err err = ticket_fate(journal, ticket);
    pthread_mutex_unlock(&journal->mutex);
    return err;
}

/* Called with the lock, which it gives back while the disk works. */
static void batch_write(struct journal *journal)
{
    struct buf swapped = journal->writing;
    struct journal_state reached = journal->next;
    journal->writing = journal->queue;
    journal->queue = swapped;
    buf_clear(&journal->queue);
    unsigned batch = journal->batch++;
    journal->busy = true;
    pthread_mutex_unlock(&journal->mutex);
    enum err err = batch_to_disk(journal);
    pthread_mutex_lock(&journal->mutex);
    journal->busy = false;
    if (err == OK) {
        journal->disk = reached;
    } else {
        buf_clear(&journal->queue);
        journal->next = journal->disk;
        journal->failures[journal->generation % FAILURES_KEPT] =
            (struct failure){ journal->disk.records, err };
        journal->generation++;
        journal->broken = err != ERR_NO_SPACE;
        pthread_cond_broadcast(&journal->settled[(batch + 1) % 2]);
    }
    pthread_cond_broadcast(&journal->settled[batch % 2]);
    pthread_cond_signal(&journal->settled[(batch + 1) % 2]);
}

/* After a full disk the file is cut back to what is acknowledged; after any other failure nobody
 * knows what the disk holds, and the journal takes no more. */
static enum err batch_to_disk(struct journal *journal)
{
    struct span left = buf_span(&journal->writing);
    int64_t offset = journal->disk.bytes;
    enum err err = OK;
    while (left.len > 0 && err == OK) {
        ssize_t wrote = pwrite(journal->fd, left.data, left.len, offset);
        if (wrote < 0 && errno != EINTR) {
            err = errno == EFBIG ? ERR_NO_SPACE : err_from_errno(errno);
        } else if (wrote > 0) {
            left.data += wrote;
            left.len -= (size_t)wrote;
            offset += wrote;
        }
    }
    if (err == OK && fdatasync(journal->fd) != 0) {
        err = err_from_errno(errno);
    }
    if (err == ERR_NO_SPACE &&
        (ftruncate(journal->fd, journal->disk.bytes) != 0 || fdatasync(journal->fd) != 0)) {
        err = ERR_IO;
    }
    return err;
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
    size_t length;
    struct span der, skipped;
    struct der reader, inner;
    AUTO(buf) buf = buf_make(JOURNAL_RECORD_MAX);
    TRY(record_load(journal->fd, offset, &buf, &length));
    reader = der_reader(buf_span(&buf));
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_read(&inner, DER_INTEGER, &skipped));
    TRY(der_read(&inner, DER_GENERALIZED_TIME, &skipped));
    TRY(der_read(&inner, DER_INTEGER, &skipped));
    TRY(der_read(&inner, DER_OCTET_STRING, &skipped));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &der));
    buf_append(body, der);
    return buf_check(body);
}

void journal_look(struct journal *journal, struct journal_state *ret_state)
{
    pthread_mutex_lock(&journal->mutex);
    *ret_state = journal->disk;
    pthread_mutex_unlock(&journal->mutex);
}
