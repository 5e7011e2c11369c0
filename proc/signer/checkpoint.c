/* Slots, room, merging. */
#include "proc/signer/checkpoint.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/crypto/mac.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLOT_BYTES = 256 * 1024,
    SLOT_HEAD_BYTES = 12, /* generation 8 ‖ length 4; then the content, then its MAC */
    CONTENT_MAX = SLOT_BYTES - SLOT_HEAD_BYTES - SHA256_BYTES,
    SEGMENTS_FROM = 2 * SLOT_BYTES,
    /* So many records in memory at once while a long journal is read. */
    ADVANCE_RECORDS = 1024 * 1024,
    OPEN_MAX = 8192,
    VERSION = 2,
    KEPT_MAX = 4 * SEGMENTS_MAX,
    ENTRIES_MAX = 1024 * 1024 * 1024,
};

#define LABEL "ecert journal index v1"

struct checkpoint {
    int fd;
    uint8_t key[CHECKPOINT_KEY_BYTES];
    uint64_t generation;
    pthread_mutex_t mutex; /* over what follows, against readers; one thread writes */
    struct ledger_roster roster;
    struct journal_state place;
    struct segments segments;
    struct segment *kept[KEPT_MAX]; /* all that anybody may still read, held once here */
    size_t kept_count;
    struct ledger_sums sums;
    uint8_t (*open)[REQUEST_KEY_BYTES];
    size_t open_count;
};

/* What a slot says. */
struct content {
    struct journal_state place;
    struct ledger_sums sums;
    uint8_t (*open)[REQUEST_KEY_BYTES];
    size_t open_count;
    struct segment_shape shapes[SEGMENTS_MAX];
    size_t shape_count;
};

static enum err slots_read(struct checkpoint *checkpoint);
static enum err slot_read(const struct checkpoint *checkpoint, unsigned slot,
    struct buf *ret_content, uint64_t *ret_generation);
static enum err slot_write(struct checkpoint *checkpoint, const struct content *content);
static enum err slot_mac(const struct checkpoint *checkpoint, struct span head_and_content,
    uint8_t ret_mac[SHA256_BYTES]);
static enum err content_take(struct checkpoint *checkpoint, struct span der);
static void content_write(struct der_writer *writer, const void *object);
static enum err content_read(struct span der, struct content *content);
static enum err segments_load(struct checkpoint *checkpoint, const struct content *content);
static enum err stretch_learn(struct journal_reader *reader, struct ledger *ledger);
static enum err stretch_write(
    struct checkpoint *checkpoint, const struct ledger *ledger, const struct journal_state *place);
static enum err segment_merge(struct checkpoint *checkpoint, const struct ledger *ledger,
    const struct segments *merged, struct segment **ret_segment);
static enum err table_merge(struct segment_writer *writer, enum segment_table table,
    const struct ledger *ledger, const struct segments *merged);
static enum err room_find(struct checkpoint *checkpoint, int64_t bytes, int64_t *ret_offset);

enum err checkpoint_open(const char *path, const uint8_t key[CHECKPOINT_KEY_BYTES],
    const struct ledger_roster *roster, struct checkpoint **ret_checkpoint,
    struct reason *ret_reason)
{
    AUTO_PTR(checkpoint) checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint == NULL) {
        return ERR_MEMORY;
    }
    pthread_mutex_init(&checkpoint->mutex, NULL);
    memcpy(checkpoint->key, key, sizeof checkpoint->key);
    checkpoint->roster = *roster;
    checkpoint->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (checkpoint->fd < 0) {
        return reason_set(
            ret_reason, err_from_errno(errno), "journal.index", path, strerror(errno), NULL);
    }
    if (flock(checkpoint->fd, LOCK_EX | LOCK_NB) != 0) {
        return reason_set(ret_reason, ERR_CONFLICT, "journal.held", NULL, NULL, NULL);
    }
    TRY(slots_read(checkpoint));
    *ret_checkpoint = checkpoint;
    checkpoint = NULL;
    return OK;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (checkpoint == NULL) {
        return;
    }
    if (checkpoint->fd >= 0) {
        close(checkpoint->fd);
    }
    segments_release(&checkpoint->segments);
    for (size_t i = 0; i < checkpoint->kept_count; i++) {
        struct segments alone = { .list = { checkpoint->kept[i] }, .count = 1 };
        segments_release(&alone);
    }
    free(checkpoint->open);
    explicit_bzero(checkpoint->key, sizeof checkpoint->key);
    pthread_mutex_destroy(&checkpoint->mutex);
    free(checkpoint);
}

/* The younger slot that is whole. */
static enum err slots_read(struct checkpoint *checkpoint)
{
    struct buf contents[2] = { buf_make(SLOT_BYTES), buf_make(SLOT_BYTES) };
    uint64_t generations[2] = { 0 };
    enum err err = OK;
    for (unsigned i = 0; i < 2 && err == OK; i++) {
        err = slot_read(checkpoint, i, &contents[i], &generations[i]);
        err = err == ERR_INPUT ? OK : err;
    }
    unsigned young = generations[1] > generations[0];
    for (unsigned i = 0; i < 2 && err == OK && checkpoint->generation == 0; i++) {
        unsigned slot = i == 0 ? young : 1 - young;
        if (generations[slot] > 0) {
            err = content_take(checkpoint, buf_span(&contents[slot]));
            checkpoint->generation = err == OK ? generations[slot] : 0;
            err = err == ERR_INPUT || err == ERR_NOT_FOUND ? OK : err;
        }
    }
    buf_release(&contents[0]);
    buf_release(&contents[1]);
    return err;
}

/* ERR_INPUT: nothing to be believed. */
static enum err slot_read(const struct checkpoint *checkpoint, unsigned slot,
    struct buf *ret_content, uint64_t *ret_generation)
{
    int64_t at = (int64_t)slot * SLOT_BYTES;
    uint8_t head[SLOT_HEAD_BYTES], mac[SHA256_BYTES];
    if (fd_read_at(checkpoint->fd, head, sizeof head, at) != OK) {
        return ERR_INPUT;
    }
    size_t len = load_be32(head + 8);
    if (len == 0 || len > CONTENT_MAX) {
        return ERR_INPUT;
    }
    uint8_t *room = buf_reserve(ret_content, SLOT_BYTES);
    if (room == NULL) {
        return ERR_MEMORY;
    }
    if (fd_read_at(checkpoint->fd, room, sizeof head + len + sizeof mac, at) != OK) {
        return ERR_INPUT;
    }
    TRY(slot_mac(checkpoint, span_make(room, sizeof head + len), mac));
    if (!bytes_equal_secret(SPAN_OF(mac), span_make(room + sizeof head + len, sizeof mac))) {
        return ERR_INPUT;
    }
    memmove(room, room + sizeof head, len);
    ret_content->len = len;
    *ret_generation = load_be64(head);
    return OK;
}

static enum err slot_mac(const struct checkpoint *checkpoint, struct span head_and_content,
    uint8_t ret_mac[SHA256_BYTES])
{
    AUTO(buf) message = buf_make(2 * SLOT_BYTES);
    buf_append(&message, SPAN_OF(LABEL)); /* with its terminator */
    buf_append(&message, head_and_content);
    TRY(buf_check(&message));
    return hmac_sha256(SPAN_OF(checkpoint->key), buf_span(&message), ret_mac);
}

static enum err content_take(struct checkpoint *checkpoint, struct span der)
{
    struct content content = { .open = calloc(OPEN_MAX, REQUEST_KEY_BYTES) };
    enum err err = content.open == NULL ? ERR_MEMORY : content_read(der, &content);
    err = err == OK ? segments_load(checkpoint, &content) : err;
    if (err != OK) {
        free(content.open);
        return err;
    }
    checkpoint->place = content.place;
    checkpoint->sums = content.sums;
    checkpoint->open = content.open;
    checkpoint->open_count = content.open_count;
    return OK;
}

static enum err segments_load(struct checkpoint *checkpoint, const struct content *content)
{
    AUTO(segments) segments = { .count = 0 };
    for (size_t i = 0; i < content->shape_count; i++) {
        TRY(segment_load(checkpoint->fd, &content->shapes[i], &segments.list[i]));
        segments.count++;
    }
    checkpoint->segments = segments_hold(&segments);
    memcpy(checkpoint->kept, segments.list, sizeof segments.list);
    checkpoint->kept_count = segments.count;
    segments.count = 0; /* moved into kept */
    return OK;
}

void checkpoint_place(struct checkpoint *checkpoint, struct journal_state *ret_place)
{
    pthread_mutex_lock(&checkpoint->mutex);
    *ret_place = checkpoint->place;
    pthread_mutex_unlock(&checkpoint->mutex);
}

enum err checkpoint_fill(struct checkpoint *checkpoint, struct ledger *ledger)
{
    ledger->sums = checkpoint->sums;
    if (checkpoint->open_count > 0) {
        ledger->open = calloc(checkpoint->open_count, REQUEST_KEY_BYTES);
        if (ledger->open == NULL) {
            return ERR_MEMORY;
        }
        memcpy(ledger->open, checkpoint->open, checkpoint->open_count * REQUEST_KEY_BYTES);
    }
    ledger->open_count = ledger->open_capacity = checkpoint->open_count;
    return ledger_rebase(ledger, &checkpoint->segments, checkpoint->place.records, checkpoint->fd);
}

enum err checkpoint_relieve(struct checkpoint *checkpoint, struct ledger *ledger)
{
    pthread_mutex_lock(&checkpoint->mutex);
    AUTO(segments) segments = segments_hold(&checkpoint->segments);
    int64_t records = checkpoint->place.records;
    pthread_mutex_unlock(&checkpoint->mutex);
    return ledger_rebase(ledger, &segments, records, checkpoint->fd);
}

enum err checkpoint_advance(struct checkpoint *checkpoint, int journal_fd, int64_t end,
    int64_t records_min, bool *ret_advanced)
{
    *ret_advanced = false;
    for (;;) {
        AUTO(ledger) ledger = { 0 };
        AUTO(journal_reader) reader = journal_reader_make(journal_fd, &checkpoint->place, end);
        TRY(ledger_init(&ledger, &checkpoint->roster));
        TRY(checkpoint_fill(checkpoint, &ledger));
        enum err err = stretch_learn(&reader, &ledger);
        if (err != OK && err != ERR_NOT_FOUND && err != ERR_INPUT) {
            return err;
        }
        int64_t records = reader.state.records - checkpoint->place.records;
        if (records == 0 || records < records_min) {
            return OK;
        }
        TRY(stretch_write(checkpoint, &ledger, &reader.state));
        *ret_advanced = true;
    }
}

/* The state stays before a record that the ledger does not take. */
static enum err stretch_learn(struct journal_reader *reader, struct ledger *ledger)
{
    for (int64_t i = 0; i < ADVANCE_RECORDS; i++) {
        struct journal_record record;
        struct journal_state before = reader->state;
        TRY(journal_reader_next(reader, &record));
        enum err err = ledger_learn(ledger, &record);
        if (err != OK) {
            reader->state = before;
            return err;
        }
    }
    return OK;
}

/* Takes in what the ledger has in memory: the journal up to `place`. The youngest segments that are
 * not much larger go into the new one, so that there are never more than the logarithm of all. */
static enum err stretch_write(
    struct checkpoint *checkpoint, const struct ledger *ledger, const struct journal_state *place)
{
    struct content content = { .place = *place,
        .sums = ledger->sums,
        .open = ledger->open,
        .open_count = ledger->open_count };
    struct segments next = { .count = checkpoint->segments.count };
    struct segments merged = { .count = 0 };
    struct segment *segment = NULL;
    size_t entries = 2 * ledger->count;
    if (content.open_count > OPEN_MAX) {
        return ERR_LIMIT;
    }
    memcpy(next.list, checkpoint->segments.list, sizeof next.list);
    while (next.count > 0 &&
           segment_entries(&next.list[next.count - 1]->shape) < 2 * entries + LEAF_ENTRIES) {
        entries += segment_entries(&next.list[--next.count]->shape);
    }
    for (size_t i = next.count; i < checkpoint->segments.count; i++) {
        merged.list[merged.count++] = checkpoint->segments.list[i];
    }
    if (next.count == SEGMENTS_MAX) {
        return ERR_LIMIT;
    }
    TRY(segment_merge(checkpoint, ledger, &merged, &segment));
    AUTO(segments) own = { .list = { segment }, .count = 1 };
    next.list[next.count++] = segment;
    for (size_t i = 0; i < next.count; i++) {
        content.shapes[content.shape_count++] = next.list[i]->shape;
    }
    void *open = malloc(content.open_count * REQUEST_KEY_BYTES + 1);
    if (open == NULL) {
        return ERR_MEMORY;
    }
    if (content.open_count > 0) {
        memcpy(open, content.open, content.open_count * REQUEST_KEY_BYTES);
    }
    enum err err = slot_write(checkpoint, &content);
    if (err != OK) {
        free(open);
        return err;
    }
    pthread_mutex_lock(&checkpoint->mutex);
    segments_release(&checkpoint->segments);
    checkpoint->segments = segments_hold(&next);
    checkpoint->place = content.place;
    checkpoint->sums = content.sums;
    free(checkpoint->open);
    checkpoint->open = open;
    checkpoint->open_count = content.open_count;
    pthread_mutex_unlock(&checkpoint->mutex);
    return OK;
}

/* The new segment is on the disk when this returns, and held once, by the caller. */
static enum err segment_merge(struct checkpoint *checkpoint, const struct ledger *ledger,
    const struct segments *merged, struct segment **ret_segment)
{
    struct segment_shape shape = { .offset = 0 };
    int64_t offset;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        size_t in_memory = i == TABLE_WITHDRAWN ? ledger->withdrawn.count
                           : i == TABLE_BLOCKED ? ledger->blocked.count
                                                : ledger->count;
        size_t count = in_memory;
        for (size_t n = 0; n < merged->count; n++) {
            count += merged->list[n]->shape.counts[i];
        }
        if (count > UINT32_MAX) {
            return ERR_LIMIT;
        }
        shape.counts[i] = (uint32_t)count;
    }
    TRY(room_find(checkpoint, segment_bytes(&shape), &offset));
    AUTO(segment_writer) writer = segment_writer_make(checkpoint->fd, offset);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        TRY(table_merge(&writer, (enum segment_table)i, ledger, merged));
    }
    TRY(segment_writer_finish(&writer, &shape));
    if (fdatasync(checkpoint->fd) != 0) {
        return err_from_errno(errno);
    }
    TRY(segment_load(checkpoint->fd, &shape, ret_segment));
    atomic_fetch_add(&(*ret_segment)->holders, 1);
    checkpoint->kept[checkpoint->kept_count++] = *ret_segment;
    return OK;
}

static enum err table_merge(struct segment_writer *writer, enum segment_table table,
    const struct ledger *ledger, const struct segments *merged)
{
    uint8_t entry[ENTRY_MAX];
    AUTO(buf) entries = buf_make(ENTRIES_MAX);
    AUTO(merge) merge = { .sources = NULL };
    TRY(ledger_entries(ledger, table, &entries));
    TRY(merge_begin(merged, buf_span(&entries), table, /* key= */ NULL, &merge));
    enum err err = merge_next(&merge, entry);
    while (err == OK) {
        TRY(segment_writer_add(writer, table, entry));
        err = merge_next(&merge, entry);
    }
    if (err != ERR_NOT_FOUND) {
        checkpoint_condemn(writer->fd);
    }
    return OK;
}

/* The first room in the file that no segment takes which anybody still reads. */
static enum err room_find(struct checkpoint *checkpoint, int64_t bytes, int64_t *ret_offset)
{
    size_t kept = 0;
    for (size_t i = 0; i < checkpoint->kept_count; i++) {
        struct segments alone = { .list = { checkpoint->kept[i] }, .count = 1 };
        if (atomic_load(&checkpoint->kept[i]->holders) == 1) {
            segments_release(&alone);
        } else {
            checkpoint->kept[kept++] = checkpoint->kept[i];
        }
    }
    checkpoint->kept_count = kept;
    if (kept == KEPT_MAX) {
        return ERR_AGAIN;
    }
    int64_t offset = SEGMENTS_FROM;
    for (size_t i = 0; i < kept; i++) {
        const struct segment_shape *shape = &checkpoint->kept[i]->shape;
        int64_t end = shape->offset + segment_bytes(shape);
        if (shape->offset < offset + bytes && end > offset) {
            offset = end;
            i = SIZE_MAX; /* from the beginning */
        }
    }
    *ret_offset = offset;
    return OK;
}

static enum err slot_write(struct checkpoint *checkpoint, const struct content *content)
{
    uint8_t head[SLOT_HEAD_BYTES], mac[SHA256_BYTES];
    uint64_t generation = checkpoint->generation + 1;
    AUTO(buf) der = buf_make(CONTENT_MAX);
    AUTO(buf) slot = buf_make(SLOT_BYTES);
    TRY(der_encode(content_write, content, &der));
    store_be64(head, generation);
    store_be32(head + 8, (uint32_t)der.len);
    buf_append(&slot, SPAN_OF(head));
    buf_append(&slot, buf_span(&der));
    TRY(buf_check(&slot));
    TRY(slot_mac(checkpoint, buf_span(&slot), mac));
    buf_append(&slot, SPAN_OF(mac));
    TRY(buf_check(&slot));
    TRY(fd_write_at(checkpoint->fd, buf_span(&slot), (int64_t)(generation % 2) * SLOT_BYTES));
    checkpoint->generation = generation; /* whether it is on the disk or not: never again */
    return fdatasync(checkpoint->fd) == 0 ? OK : err_from_errno(errno);
}

static void content_write(struct der_writer *writer, const void *object)
{
    const struct content *content = object;
    const struct ledger_sums *sums = &content->sums;
    der_open(writer, DER_SEQUENCE);
    der_write_int64(writer, VERSION);
    der_write_int64(writer, content->place.records);
    der_write_int64(writer, content->place.bytes);
    der_write_generalized_time(writer, content->place.last_time);
    der_write_int64(writer, content->place.last_offset);
    der_write_octets(writer, SPAN_OF(content->place.head));
    der_write_int64(writer, sums->issued);
    der_write_int64(writer, sums->revoked);
    der_write_int64(writer, sums->withdrawn);
    der_write_int64(writer, sums->blocked);
    record_epoch_write(writer, &sums->epoch);
    der_write_boolean(writer, sums->halted);
    if (sums->halted) {
        halt_write(writer, &sums->halt);
    }
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < sums->issuer_count; i++) {
        der_write_text(writer, DER_UTF8_STRING, sums->issuers[i].id);
        der_write_int64(writer, sums->issuers[i].crl_number);
    }
    der_close(writer);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < content->open_count; i++) {
        der_write_octets(writer, SPAN_OF(content->open[i]));
    }
    der_close(writer);
    der_open(writer, DER_SEQUENCE);
    for (size_t i = 0; i < content->shape_count; i++) {
        der_write_int64(writer, content->shapes[i].offset);
        for (size_t table = 0; table < TABLE_COUNT; table++) {
            der_write_int64(writer, content->shapes[i].counts[table]);
        }
        der_write_octets(writer, SPAN_OF(content->shapes[i].fences_hash));
    }
    der_close(writer);
    der_close(writer);
}

static enum err sums_read(struct der *reader, struct ledger_sums *sums)
{
    struct span epoch;
    struct der issuers;
    TRY(der_read_int64(reader, &sums->issued));
    TRY(der_read_int64(reader, &sums->revoked));
    TRY(der_read_int64(reader, &sums->withdrawn));
    TRY(der_read_int64(reader, &sums->blocked));
    TRY(der_read_whole(reader, DER_SEQUENCE, &epoch));
    TRY(record_epoch_read(epoch, &sums->epoch));
    TRY(der_read_boolean(reader, &sums->halted));
    if (sums->halted) {
        TRY(halt_read(reader, &sums->halt));
    }
    TRY(der_enter(reader, DER_SEQUENCE, &issuers));
    while (!der_empty(&issuers)) {
        if (sums->issuer_count == ISSUERS_MAX) {
            return ERR_INPUT;
        }
        struct ledger_issuer *issuer = &sums->issuers[sums->issuer_count++];
        TRY(der_read_cstring(&issuers, DER_UTF8_STRING, issuer->id, sizeof issuer->id));
        TRY(der_read_int64(&issuers, &issuer->crl_number));
    }
    return OK;
}

static enum err shapes_read(struct der *reader, struct content *content)
{
    struct der shapes;
    TRY(der_enter(reader, DER_SEQUENCE, &shapes));
    while (!der_empty(&shapes)) {
        if (content->shape_count == SEGMENTS_MAX) {
            return ERR_INPUT;
        }
        struct segment_shape *shape = &content->shapes[content->shape_count++];
        TRY(der_read_int64(&shapes, &shape->offset));
        for (size_t table = 0; table < TABLE_COUNT; table++) {
            int64_t count;
            TRY(der_read_int64(&shapes, &count));
            if (count > UINT32_MAX) {
                return ERR_INPUT;
            }
            shape->counts[table] = (uint32_t)count;
        }
        TRY(der_read_fixed(&shapes, shape->fences_hash, sizeof shape->fences_hash));
    }
    return OK;
}

static enum err content_read(struct span der, struct content *content)
{
    struct der reader = der_reader(der), inner, open;
    int64_t version;
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_int64(&inner, &version));
    if (version != VERSION) {
        return ERR_INPUT;
    }
    TRY(der_read_int64(&inner, &content->place.records));
    TRY(der_read_int64(&inner, &content->place.bytes));
    TRY(der_read_generalized_time(&inner, &content->place.last_time));
    TRY(der_read_int64(&inner, &content->place.last_offset));
    TRY(der_read_fixed(&inner, content->place.head, sizeof content->place.head));
    TRY(sums_read(&inner, &content->sums));
    TRY(der_enter(&inner, DER_SEQUENCE, &open));
    while (!der_empty(&open)) {
        if (content->open_count == OPEN_MAX) {
            return ERR_INPUT;
        }
        TRY(der_read_fixed(&open, content->open[content->open_count++], REQUEST_KEY_BYTES));
    }
    TRY(shapes_read(&inner, content));
    return der_finish(&inner);
}

void checkpoint_condemn(int fd)
{
    static const uint8_t nothing[SLOT_BYTES];
    log_event(LOG_ERROR, "journal.index_damaged", NULL);
    bool gone = fd_write_at(fd, SPAN_OF(nothing), 0) == OK &&
                fd_write_at(fd, SPAN_OF(nothing), SLOT_BYTES) == OK && fdatasync(fd) == 0;
    if (!gone) {
        log_event(LOG_ERROR, "journal.index_stays", NULL);
    }
    abort();
}
