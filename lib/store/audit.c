/* The audit chain. A row's hash is SHA-256 over a tag, the hash before, and every field with its
 * length in front, so that no two rows have the same bytes. */
#include "lib/store/audit.h"
#include "lib/crypto/digest.h"
#include "lib/store/query.h"

#include <stdio.h>
#include <stdlib.h>

enum { AUDIT_ROW_MAX = 16 * 1024, AUDIT_OBJECT_MAX = 129 };

struct audit_link {
    struct audit_row row;
    uint8_t previous[HASH_BYTES];
    uint8_t hash[HASH_BYTES];
};

static enum err head_read(struct store *store, int64_t *ret_seq, uint8_t ret_hash[HASH_BYTES]);
static enum err link_hash(const struct audit_link *link, uint8_t ret_hash[HASH_BYTES]);
static void piece_append(struct buf *buf, const char *text);
static enum err link_read(struct query *query, struct arena *arena, struct audit_link *ret_link);
static enum err link_check(const struct audit_link *link, int64_t seq,
    const uint8_t previous[HASH_BYTES], struct reason *ret_reason);
static enum err row_read(struct query *query, struct arena *arena, void *row);

enum err store_audit_add(struct store *store, const struct act *act, const char *action,
    const char *object, const char *detail)
{
    struct audit_link link = { .row = {
                                   .time = act->time,
                                   .actor = act->actor,
                                   .action = action,
                                   .object = object,
                                   .detail = detail == NULL ? "" : detail,
                               } };
    TRY(head_read(store, &link.row.seq, link.previous));
    link.row.seq++;
    TRY(link_hash(&link, link.hash));
    AUTO(query) query = query_write(store,
        "INSERT INTO audit (seq, time, actor, action, object, detail, previous, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    bind_int64(&query, link.row.seq);
    bind_int64(&query, link.row.time);
    bind_text(&query, link.row.actor);
    bind_text(&query, link.row.action);
    bind_text(&query, link.row.object);
    bind_text(&query, link.row.detail);
    bind_bytes(&query, SPAN_OF(link.previous));
    bind_bytes(&query, SPAN_OF(link.hash));
    return query_run(&query);
}

enum err store_audit_add_id(struct store *store, const struct act *act, const char *action,
    struct span object, const char *detail)
{
    char text[AUDIT_OBJECT_MAX];
    if (object.len * 2 >= sizeof text) {
        return ERR_LIMIT;
    }
    hex_format(object, text);
    return store_audit_add(store, act, action, text, detail);
}

/* Sequence number 0 and a hash of zeros before the first row. */
static enum err head_read(struct store *store, int64_t *ret_seq, uint8_t ret_hash[HASH_BYTES])
{
    AUTO(query) query = query_read(store, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    enum err err = query_row(&query);
    if (err == ERR_NOT_FOUND) {
        *ret_seq = 0;
        memset(ret_hash, 0, HASH_BYTES);
        return OK;
    }
    TRY(err);
    *ret_seq = column_int64(&query, 0);
    return column_fixed(&query, 1, ret_hash, HASH_BYTES);
}

static enum err link_hash(const struct audit_link *link, uint8_t ret_hash[HASH_BYTES])
{
    AUTO(buf) buf = buf_make(AUDIT_ROW_MAX);
    uint8_t number[8];
    piece_append(&buf, "ecert audit v1");
    buf_append(&buf, SPAN_OF(link->previous));
    store_be64(number, (uint64_t)link->row.seq);
    buf_append(&buf, SPAN_OF(number));
    store_be64(number, (uint64_t)link->row.time);
    buf_append(&buf, SPAN_OF(number));
    piece_append(&buf, link->row.actor);
    piece_append(&buf, link->row.action);
    piece_append(&buf, link->row.object);
    piece_append(&buf, link->row.detail);
    TRY(buf_check(&buf));
    return sha256(buf_span(&buf), ret_hash);
}

static void piece_append(struct buf *buf, const char *text)
{
    uint8_t length[4];
    store_be32(length, (uint32_t)strlen(text));
    buf_append(buf, SPAN_OF(length));
    buf_append_text(buf, text);
}

enum err store_audit_verify(
    struct store *store, int64_t *ret_rows, uint8_t ret_head[HASH_BYTES], struct reason *ret_reason)
{
    AUTO(query) query = query_read(store,
        "SELECT seq, time, actor, action, object, detail, previous, hash FROM audit ORDER BY seq");
    uint8_t head[HASH_BYTES] = { 0 };
    int64_t rows = 0;
    for (;;) {
        AUTO(arena) arena = arena_make(2 * AUDIT_ROW_MAX);
        struct audit_link link = { 0 };
        enum err err = query_row(&query);
        if (err == ERR_NOT_FOUND) {
            break;
        }
        TRY(err);
        TRY(link_read(&query, &arena, &link));
        rows++;
        TRY(link_check(&link, rows, head, ret_reason));
        memcpy(head, link.hash, sizeof head);
    }
    *ret_rows = rows;
    memcpy(ret_head, head, sizeof head);
    return OK;
}

static enum err link_read(struct query *query, struct arena *arena, struct audit_link *ret_link)
{
    TRY(row_read(query, arena, &ret_link->row));
    TRY(column_fixed(query, 6, ret_link->previous, HASH_BYTES));
    return column_fixed(query, 7, ret_link->hash, HASH_BYTES);
}

static enum err link_check(const struct audit_link *link, int64_t seq,
    const uint8_t previous[HASH_BYTES], struct reason *ret_reason)
{
    uint8_t hash[HASH_BYTES];
    TRY(link_hash(link, hash));
    bool whole = link->row.seq == seq && memcmp(link->previous, previous, HASH_BYTES) == 0 &&
                 memcmp(link->hash, hash, HASH_BYTES) == 0;
    if (whole) {
        return OK;
    }
    char number[24];
    char seen[2 * HASH_BYTES + 1];
    char expected[2 * HASH_BYTES + 1];
    snprintf(number, sizeof number, "%lld", (long long)seq);
    hex_format(SPAN_OF(link->hash), seen);
    hex_format(SPAN_OF(hash), expected);
    return reason_set(ret_reason, ERR_DENIED, "audit.broken", number, seen, expected);
}

enum err store_audit_list(struct store *store, int64_t after, size_t limit, struct arena *arena,
    struct audit_row **ret_rows, size_t *ret_count)
{
    static const size_t size = sizeof(struct audit_row);
    AUTO(query) query = query_read(store,
        "SELECT seq, time, actor, action, object, detail FROM audit WHERE seq > ? ORDER BY seq");
    bind_int64(&query, after);
    struct query_list list = { .row_size = size, .limit = limit, .read = row_read };
    void *rows = NULL;
    TRY(query_list(&query, &list, arena, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

static enum err row_read(struct query *query, struct arena *arena, void *row)
{
    struct audit_row *audit = row;
    audit->seq = column_int64(query, 0);
    audit->time = column_int64(query, 1);
    TRY(column_text(query, 2, arena, &audit->actor));
    TRY(column_text(query, 3, arena, &audit->action));
    TRY(column_text(query, 4, arena, &audit->object));
    return column_text(query, 5, arena, &audit->detail);
}
