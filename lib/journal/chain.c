/* Reading the chain. */
#include "lib/journal/chain.h"

#include <errno.h>
#include <unistd.h>

enum { WINDOW_BYTES = 1024 * 1024, WINDOW_MAX = JOURNAL_LENGTH_BYTES + JOURNAL_RECORD_MAX };

static enum err window_fill(struct journal_reader *reader, size_t want, const uint8_t **ret_bytes);

enum err pread_all(int fd, void *ret_bytes, size_t len, int64_t offset)
{
    uint8_t *bytes = ret_bytes;
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

enum err journal_record_parse(struct span der, int64_t offset, struct journal_record *ret_record)
{
    struct der reader = der_reader(der), inner;
    struct journal_record record = { .offset = offset };
    unsigned type;
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_finish(&reader));
    TRY(der_read_int64(&inner, &record.seq));
    TRY(der_read_generalized_time(&inner, &record.time));
    TRY(der_read_uint(&inner, JOURNAL_TYPE_COUNT - 1, &type));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.previous));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &record.body));
    TRY(der_finish(&inner));
    if (type == 0 || record.previous.len != SHA256_BYTES) {
        return ERR_INPUT;
    }
    record.type = (enum journal_type)type;
    *ret_record = record;
    return OK;
}

struct journal_reader journal_reader_make(int fd, const struct journal_state *from, int64_t end)
{
    struct journal_reader reader = { .fd = fd, .end = end, .window = buf_make(WINDOW_MAX) };
    if (from != NULL) {
        reader.state = *from;
    }
    return reader;
}

void journal_reader_release(struct journal_reader *reader)
{
    buf_release(&reader->window);
}

enum err journal_reader_next(struct journal_reader *reader, struct journal_record *ret_record)
{
    struct journal_state *state = &reader->state;
    struct journal_record record;
    uint8_t head[SHA256_BYTES];
    const uint8_t *bytes;
    if (state->bytes >= reader->end) {
        return ERR_NOT_FOUND;
    }
    TRY(window_fill(reader, JOURNAL_LENGTH_BYTES, &bytes));
    size_t length = load_be32(bytes);
    if (length == 0 || length > JOURNAL_RECORD_MAX) {
        return ERR_INPUT;
    }
    TRY(window_fill(reader, JOURNAL_LENGTH_BYTES + length, &bytes));
    struct span der = span_make(bytes + JOURNAL_LENGTH_BYTES, length);
    TRY(journal_record_parse(der, state->bytes, &record));
    if (record.seq != state->records + 1 || !span_equal(record.previous, SPAN_OF(state->head))) {
        return ERR_INPUT;
    }
    TRY(sha256(der, head));
    memcpy(state->head, head, sizeof head);
    state->records = record.seq;
    state->last_time = record.time;
    state->last_offset = record.offset;
    state->bytes += JOURNAL_LENGTH_BYTES + (int64_t)length;
    reader->der = der;
    *ret_record = record;
    return OK;
}

/* `want` bytes at the state's place; ERR_INPUT if the end comes before. */
static enum err window_fill(struct journal_reader *reader, size_t want, const uint8_t **ret_bytes)
{
    struct buf *window = &reader->window;
    int64_t at = reader->state.bytes, left = reader->end - at;
    if (left < (int64_t)want) {
        return ERR_INPUT;
    }
    if (at < reader->window_at || at + (int64_t)want > reader->window_at + (int64_t)window->len) {
        size_t len = want > WINDOW_BYTES ? want : WINDOW_BYTES;
        len = (int64_t)len > left ? (size_t)left : len;
        buf_clear(window);
        uint8_t *room = buf_reserve(window, len);
        if (room == NULL) {
            return buf_check(window);
        }
        enum err err = pread_all(reader->fd, room, len, at);
        if (err != OK) {
            return err == ERR_NOT_FOUND ? ERR_INPUT : err;
        }
        window->len = len;
        reader->window_at = at;
    }
    *ret_bytes = window->data + (at - reader->window_at);
    return OK;
}

/* A dying process leaves a record without its end, or, where the disk was slower than the file's
 * length, one with holes: the last one, or nothing but zeros. Anything else is damage. */
bool journal_reader_at_torn_tail(const struct journal_reader *reader)
{
    uint8_t bytes[4096];
    int64_t offset = reader->state.bytes;
    if (reader->end - offset < JOURNAL_LENGTH_BYTES) {
        return true;
    }
    if (pread_all(reader->fd, bytes, JOURNAL_LENGTH_BYTES, offset) != OK) {
        return false;
    }
    size_t length = load_be32(bytes);
    if (length > 0 && length <= JOURNAL_RECORD_MAX) {
        return offset + JOURNAL_LENGTH_BYTES + (int64_t)length >= reader->end;
    }
    while (offset < reader->end) {
        int64_t left = reader->end - offset;
        size_t want = left < (int64_t)sizeof bytes ? (size_t)left : sizeof bytes;
        if (pread_all(reader->fd, bytes, want, offset) != OK) {
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

enum err journal_holds(int fd, const struct journal_state *place)
{
    struct journal_record record;
    uint8_t hash[SHA256_BYTES];
    AUTO(buf) der = buf_make(JOURNAL_RECORD_MAX);
    if (place->records == 0) {
        return OK;
    }
    enum err err = journal_record_load(fd, place->last_offset, &der);
    err = err == OK ? journal_record_parse(buf_span(&der), place->last_offset, &record) : err;
    if (err != OK) {
        return err == ERR_INPUT ? ERR_NOT_FOUND : err;
    }
    TRY(sha256(buf_span(&der), hash));
    bool same = record.seq == place->records && memcmp(hash, place->head, sizeof hash) == 0 &&
                place->last_offset + JOURNAL_LENGTH_BYTES + (int64_t)der.len == place->bytes;
    return same ? OK : ERR_NOT_FOUND;
}

enum err journal_record_load(int fd, int64_t offset, struct buf *buf)
{
    uint8_t head[JOURNAL_LENGTH_BYTES];
    if (offset < 0) {
        return ERR_INPUT;
    }
    TRY(pread_all(fd, head, sizeof head, offset));
    size_t length = load_be32(head);
    if (length == 0 || length > JOURNAL_RECORD_MAX) {
        return ERR_INPUT;
    }
    buf_clear(buf);
    uint8_t *room = buf_reserve(buf, length);
    if (room == NULL) {
        return buf_check(buf);
    }
    TRY(pread_all(fd, room, length, offset + JOURNAL_LENGTH_BYTES));
    buf->len = length;
    return OK;
}
