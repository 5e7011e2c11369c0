/* Reading the chain. */
#include "lib/journal/chain.h"

#include "lib/base/file.h"

enum { WINDOW_BYTES = 1024 * 1024, SECTOR_BYTES = 512 };
/* A record that was not written in full, and what was written with it. */
enum { TORN_MAX = JOURNAL_LENGTH_BYTES + JOURNAL_RECORD_MAX + JOURNAL_WRITE_MAX };

static enum err window_fill(struct journal_reader *reader, size_t want, const uint8_t **ret_bytes);
static enum err window_load(struct journal_reader *reader, size_t len);

enum err journal_record_parse(struct span bytes, int64_t offset, struct journal_record *ret_record)
{
    struct der reader = der_reader(bytes), inner;
    struct journal_record record = { .offset = offset };
    unsigned type;
    TRY(der_read_whole(&reader, DER_SEQUENCE, &record.der));
    record.seal = span_make(bytes.data + record.der.len, bytes.len - record.der.len);
    reader = der_reader(record.der);
    TRY(der_enter(&reader, DER_SEQUENCE, &inner));
    TRY(der_read_int64(&inner, &record.seq));
    TRY(der_read_generalized_time(&inner, &record.time));
    TRY(der_read_uint(&inner, JOURNAL_TYPE_COUNT - 1, &type));
    TRY(der_read(&inner, DER_OCTET_STRING, &record.previous));
    TRY(der_read_whole(&inner, DER_SEQUENCE, &record.body));
    TRY(der_finish(&inner));
    if (type == 0 || record.previous.len != SHA256_BYTES ||
        (record.seal.len != 0 && record.seal.len != JOURNAL_SEAL_BYTES)) {
        return ERR_INPUT;
    }
    record.type = (enum journal_type)type;
    *ret_record = record;
    return OK;
}

/* The hash of a record that is what was written. */
static enum err record_hash(const struct journal_record *record, uint8_t ret_hash[SHA256_BYTES])
{
    TRY(sha256(record->der, ret_hash));
    return span_equal(record->seal, span_make(ret_hash, record->seal.len)) ? OK : ERR_INPUT;
}

struct journal_reader journal_reader_make(int fd, const struct journal_state *from, int64_t end)
{
    struct journal_reader reader = { .fd = fd, .end = end, .window = buf_make(TORN_MAX) };
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
    TRY(journal_record_parse(
        span_make(bytes + JOURNAL_LENGTH_BYTES, length), state->bytes, &record));
    if (record.seq != state->records + 1 || !span_equal(record.previous, SPAN_OF(state->head))) {
        return ERR_INPUT;
    }
    TRY(record_hash(&record, head));
    memcpy(state->head, head, sizeof head);
    state->records = record.seq;
    state->last_time = record.time;
    state->last_offset = record.offset;
    state->bytes += JOURNAL_LENGTH_BYTES + (int64_t)length;
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
        TRY(window_load(reader, want > WINDOW_BYTES ? want : WINDOW_BYTES));
        if (window->len < want) {
            return ERR_INPUT;
        }
    }
    *ret_bytes = window->data + (at - reader->window_at);
    return OK;
}

/* The next `len` bytes from the state's place on, as they are now; fewer if the end comes before.
 */
static enum err window_load(struct journal_reader *reader, size_t len)
{
    struct buf *window = &reader->window;
    int64_t at = reader->state.bytes, left = reader->end - at;
    len = (int64_t)len > left ? (size_t)left : len;
    buf_clear(window);
    uint8_t *room = buf_reserve(window, len);
    if (room == NULL) {
        return buf_check(window);
    }
    TRY(fd_read_upto(reader->fd, room, len, at, &window->len));
    reader->window_at = at;
    return OK;
}

/* Behind the last nonzero octet of `bytes`. */
static size_t zeros_begin(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0) {
        len--;
    }
    return len;
}

static enum err zeros_only(const struct journal_reader *reader, int64_t offset)
{
    uint8_t bytes[4096];
    size_t got = sizeof bytes;
    while (offset < reader->end && got == sizeof bytes) {
        TRY(fd_read_upto(reader->fd, bytes, sizeof bytes, offset, &got));
        if (zeros_begin(bytes, got) > 0) {
            return ERR_INPUT;
        }
        offset += (int64_t)got;
    }
    return OK;
}

/* Whether a sector that the record at the window's beginning stands in was never written. */
static bool sector_missing(const struct journal_reader *reader, size_t extent)
{
    const struct buf *window = &reader->window;
    size_t first = SECTOR_BYTES - (size_t)(reader->window_at % SECTOR_BYTES);
    for (size_t at = 0, next = first; at < extent && at < window->len;
         at = next, next += SECTOR_BYTES) {
        size_t len = (next < window->len ? next : window->len) - at;
        if (len >= JOURNAL_LENGTH_BYTES && zeros_begin(window->data + at, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the record's length lies in two sectors of which the first is missing: its DER, which
 * says its own length, is longer than that by just the octets there. */
static bool length_missing(const struct journal_reader *reader)
{
    const struct buf *window = &reader->window;
    size_t first = SECTOR_BYTES - (size_t)(reader->window_at % SECTOR_BYTES);
    if (first >= JOURNAL_LENGTH_BYTES || window->len < JOURNAL_LENGTH_BYTES) {
        return false;
    }
    struct der der = der_reader(
        span_make(window->data + JOURNAL_LENGTH_BYTES, window->len - JOURNAL_LENGTH_BYTES));
    struct span record;
    uint8_t length[JOURNAL_LENGTH_BYTES];
    if (der_read_whole(&der, DER_SEQUENCE, &record) != OK) {
        return false;
    }
    store_be32(length, (uint32_t)(record.len + JOURNAL_SEAL_BYTES));
    return zeros_begin(length, first) > 0 && zeros_begin(window->data, first) == 0 &&
           memcmp(length + first, window->data + first, JOURNAL_LENGTH_BYTES - first) == 0;
}

/* Whether all of the record is there, whatever stands before it for its length. */
static bool is_sealed(const struct journal_reader *reader)
{
    const struct buf *window = &reader->window;
    uint8_t hash[SHA256_BYTES];
    struct span record;
    if (window->len < JOURNAL_LENGTH_BYTES) {
        return false;
    }
    struct der der = der_reader(
        span_make(window->data + JOURNAL_LENGTH_BYTES, window->len - JOURNAL_LENGTH_BYTES));
    return der_read_whole(&der, DER_SEQUENCE, &record) == OK &&
           der.rest.len >= JOURNAL_SEAL_BYTES && sha256(record, hash) == OK &&
           memcmp(der.rest.data, hash, JOURNAL_SEAL_BYTES) == 0;
}

/* The last write may be there in part: to some octet, where zeros follow or the file ends, or,
 * after a power failure, any sectors of it, the others still zero. A record that is wrong in any
 * other way, or has more behind it than one write, is damage; one that is right by now was written
 * meanwhile. */
enum err journal_reader_end(struct journal_reader *reader, int64_t *ret_torn)
{
    const struct journal_state here = reader->state;
    struct buf *window = &reader->window;
    struct journal_record record;
    TRY(window_load(reader, TORN_MAX));
    size_t written = zeros_begin(window->data, window->len);
    size_t length = window->len < JOURNAL_LENGTH_BYTES ? 0 : load_be32(window->data);
    size_t extent = JOURNAL_LENGTH_BYTES + length;
    TRY(zeros_only(reader, reader->window_at + (int64_t)window->len));
    bool cut = length <= JOURNAL_RECORD_MAX &&
               (written < extent || extent > window->len || sector_missing(reader, extent)) &&
               (length == 0 || !is_sealed(reader));
    bool torn = (cut || length_missing(reader)) && written <= extent + JOURNAL_WRITE_MAX;
    if (!torn) {
        TRY(journal_reader_next(reader, &record));
        reader->state = here;
        written = 0;
    }
    *ret_torn = (int64_t)written;
    return ERR_NOT_FOUND;
}

enum err journal_holds(int fd, const struct journal_state *place)
{
    struct journal_record record;
    uint8_t hash[SHA256_BYTES];
    AUTO(buf) bytes = buf_make(JOURNAL_RECORD_MAX);
    if (place->records == 0) {
        return OK;
    }
    enum err err = journal_record_load(fd, place->last_offset, &bytes);
    err = err == OK ? journal_record_parse(buf_span(&bytes), place->last_offset, &record) : err;
    err = err == OK ? record_hash(&record, hash) : err;
    if (err != OK) {
        return err == ERR_INPUT ? ERR_NOT_FOUND : err;
    }
    bool same = record.seq == place->records && memcmp(hash, place->head, sizeof hash) == 0 &&
                place->last_offset + JOURNAL_LENGTH_BYTES + (int64_t)bytes.len == place->bytes;
    return same ? OK : ERR_NOT_FOUND;
}

enum err journal_record_load(int fd, int64_t offset, struct buf *buf)
{
    uint8_t head[JOURNAL_LENGTH_BYTES];
    if (offset < 0) {
        return ERR_INPUT;
    }
    TRY(fd_read_at(fd, head, sizeof head, offset));
    size_t length = load_be32(head);
    if (length == 0 || length > JOURNAL_RECORD_MAX) {
        return ERR_INPUT;
    }
    buf_clear(buf);
    uint8_t *room = buf_reserve(buf, length);
    if (room == NULL) {
        return buf_check(buf);
    }
    TRY(fd_read_at(fd, room, length, offset + JOURNAL_LENGTH_BYTES));
    buf->len = length;
    return OK;
}
